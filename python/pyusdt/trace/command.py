# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-trace does, from its command line to the flame graph."""

import os
import pathlib
import sys
import tempfile
from typing import NoReturn

from pyusdt.failure import Failure, complain, end
from pyusdt.stacks import command as stacks
from pyusdt.trace.executables import find_bpftrace, find_python
from pyusdt.trace.library import (
    find_script, installed_scripts, keeps_stacks, read_script, unit_of,
)
from pyusdt.trace.options import HELP, PROG, Options, parse_arguments
from pyusdt.trace.output import Output
from pyusdt.trace.program import EndedEarly
from pyusdt.trace.session import trace_process, trace_program
from pyusdt.trace.target import Process


def main(script_dir: str) -> NoReturn:
    def work() -> int:
        try:
            return trace(parse_arguments(sys.argv[1:]), pathlib.Path(script_dir))
        except EndedEarly as early:
            return early.status

    end(PROG, work)


def trace(options: Options, script_dir: pathlib.Path) -> int:
    if options.wants_help:
        print(HELP, end="")
        return 0
    if options.wants_list:
        print("\n".join(installed_scripts(script_dir)))
        return 0
    assert options.script is not None  # see check_arguments()
    script = find_script(options.script, script_dir)
    if options.flame is not None:
        check_flame(options.flame, script, script_dir)
    bpftrace = find_bpftrace()
    if options.flame is None:
        status, _ = run_script(bpftrace, script, options.output, options)
        return status
    with tempfile.TemporaryDirectory() as directory:
        output = options.output or os.path.join(directory, "trace")
        status, is_whole = run_script(bpftrace, script, output, options)
        return draw(script, output, options.flame, options) or status if is_whole else status


def run_script(
    bpftrace: str, script: pathlib.Path, name: str | None, options: Options
) -> tuple[int, bool]:
    """Returns: the exit status, and whether bpftrace has printed all of its trace."""
    if options.pid is not None:
        with Process(options.pid) as process:
            process.require_library()
            output = Output(name)
            return trace_process(bpftrace, script, process, output)
    python = find_python(options.python)
    output = Output(name)
    return trace_program(bpftrace, script, options.program, python, output)


def draw(script: pathlib.Path, trace: str, graph: str, options: Options) -> int:
    """Returns: 0, or the exit status of what it could not do and has told why."""
    of = " ".join(options.program) if options.pid is None else f"process {options.pid}"
    words = ["--title", f"{script.stem} of {of}", "-o", graph]
    unit = unit_of(read_script(script))
    if unit is not None:
        words += ["--unit", unit]
    try:
        return stacks.run([*words, trace])
    except Failure as failure:
        complain(stacks.PROG, str(failure))
        return 1


def check_flame(name: str, script: pathlib.Path, script_dir: pathlib.Path) -> None:
    """Now, not when the trace has been made."""
    if not keeps_stacks(read_script(script)):
        able = ", ".join(
            other for other in installed_scripts(script_dir)
            if keeps_stacks(read_script(script_dir / f"{other}.bt"))
        )
        raise Failure(f"--flame: {script.stem} keeps no stacks, use one of {able}", 2)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise Failure(f"--flame {name}: there is no folder {folder}", 2)
    if os.path.isdir(name):
        raise Failure(f"--flame {name}: that is a folder, give a file in it", 2)
    if not os.access(name if os.path.exists(name) else folder, os.W_OK):
        raise Failure(f"--flame {name}: cannot be written", 2)
