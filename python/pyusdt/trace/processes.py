# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace --processes: the running Pythons, as a table or as lines of JSON."""

import json
import os
import pathlib
import shutil
import sys

from pyusdt.bpftrace.escaping import escape
from pyusdt.trace.announcer import RunningPython, list_pythons
from pyusdt.trace.library import installed_announcer

HEAD = ("PID", "PYTHON", "USER", "STACKS", "PYUSDT", "COMMAND")


def show_processes(script_dir: pathlib.Path, as_json: bool) -> int:
    pythons = [
        python for python in list_pythons(installed_announcer(script_dir), [])
        if python.pid != os.getpid()
    ]
    if as_json:
        for python in pythons:
            print(json.dumps(python._asdict()))
    else:
        print_table([HEAD, *map(row, pythons)])
    return 0


def row(python: RunningPython) -> tuple[str, ...]:
    return (
        str(python.pid),
        python.version or "?",
        escape(python.user),
        "yes" if python.stacks else f"no: {escape(python.why or '')}",
        "loaded" if python.library is not None else "-",
        escape(python.command.strip()),
    )


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as what is in them; on a terminal lines are cut at its edge."""
    widths = [max(map(len, column)) for column in zip(*rows)][:-1]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for cells in rows:
        line = "".join(f"{cell:{width}}  " for cell, width in zip(cells, widths)) + cells[-1]
        print(line[:room].rstrip())
