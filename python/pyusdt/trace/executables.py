# SPDX-License-Identifier: BSD-2-Clause
"""The programs that pyusdt-trace runs: bpftrace and an interpreter."""

import os
import pathlib
import re
import shutil
import sys
from typing import NamedTuple

from pyusdt.failure import Failure
from pyusdt.trace.printer import version


def find_program(name: str) -> str | None:
    """On PATH, without the current folder, which is anybody's."""
    path = os.pathsep.join(filter(os.path.isabs, os.get_exec_path()))
    return shutil.which(name, path=path)


def find_bpftrace() -> str:
    bpftrace = find_program("bpftrace")
    if bpftrace is None:
        raise Failure("bpftrace is not installed: apt-get install bpftrace")
    if os.geteuid() != 0:
        check_rights(version(bpftrace), effective_capabilities())
    return bpftrace


# The first that runs without root, and what it asks for then. It names only one that is missing.
FIRST_WITHOUT_ROOT = (0, 27)
CAPABILITIES = {
    "CAP_BPF": 39, "CAP_PERFMON": 38, "CAP_DAC_READ_SEARCH": 2, "CAP_DAC_OVERRIDE": 1,
}


def check_rights(bpftrace: tuple[int, ...], capabilities: int) -> None:
    """Of a user who is not root."""
    advice = "run this as root, for example with sudo"
    if bpftrace < FIRST_WITHOUT_ROOT:
        raise Failure(f"bpftrace needs root: {advice}")
    missing = [name for name, number in CAPABILITIES.items() if not capabilities >> number & 1]
    if missing:
        raise Failure(f"bpftrace needs root, or {', '.join(missing)}, too: {advice}")


def effective_capabilities() -> int:
    status = pathlib.Path("/proc/self/status").read_text()
    found = re.search(r"^CapEff:\t(\w+)", status, re.MULTILINE)
    return int(found[1], 16) if found else 0


class Python(NamedTuple):
    """An interpreter, and the name by which it is run, from which it knows itself."""

    name: str
    path: str


def find_python(name: str | None) -> Python:
    """By default python3, as for a program that is run without this command.

    But only where that is the very interpreter that this command runs with, be it in a
    virtual environment: another one may be too old.
    """
    if name is None:
        path = find_program("python3")
        if path and os.path.realpath(path) == os.path.realpath(sys.executable):
            return Python("python3", path)
        return Python(sys.executable, sys.executable)
    path = name if "/" in name else find_program(name)
    if path is None:
        raise Failure(f"--python {name}: there is no such program on PATH", 2)
    return Python(name, path)
