# SPDX-License-Identifier: BSD-2-Clause
"""Runs workload.py once for each way to arm events, and records what CPython says of it.

usage: stream.py WAYS - WAYS is JSON, {way: [events to arm, events to record]}. Each time
the file of the workload's code is stream/WAY. The recordings are printed: {way: rows}.
"""

import gc
import json
import os
import pathlib
import sys

import pyusdt
from recorder import Recorder

WORKLOAD = pathlib.Path(__file__).with_name("workload.py")


def main():
    # One CPU: bpftrace keeps the order of lines within a CPU only.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # What is dropped in a cycle must not come to its end while events are recorded.
    gc.disable()
    source = WORKLOAD.read_text()
    recorded = {}
    for way, (armed, names) in json.loads(sys.argv[1]).items():
        file = f"stream/{way}"
        code = compile(source, file, "exec")
        recorder = Recorder(file)
        pyusdt.enable(pyusdt.parse_events(",".join(armed)))
        recorder.start(names)
        exec(code, {"__name__": "workload", "__file__": file})
        recorder.stop()
        pyusdt.disable()
        gc.collect()
        recorded[way] = recorder.rows
    json.dump(recorded, sys.stdout)


main()
