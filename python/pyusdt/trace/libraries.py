# SPDX-License-Identifier: BSD-2-Clause
"""All files of the library that running processes have, for a script on events of Python.

A probe is a place in a file. A container or a virtual environment has a file of its own, of
which the probes in that of the script never fire.
"""

import contextlib
import os
import re

from pyusdt.failure import Failure, complain
from pyusdt.trace.options import PROG
from pyusdt.trace.target import IN_SCRIPT, Process

# Each is as many probes more as the script has; bpftrace takes some hundreds.
MAX_LIBRARIES = 16
PROBE = re.compile(rf"\b(usdt:)({IN_SCRIPT.pattern}):(\w+:\w+)")


def with_all_libraries(script: str, stack: contextlib.ExitStack) -> str:
    """The text of a script, with these beside the one that it names.

    Each is kept open as long as @stack, and found by that: a path may lead to another file
    by then, or nowhere, and have letters that bpftrace does not take.
    """
    seen = {identity(os.stat(path)) for path in IN_SCRIPT.findall(script) if os.path.exists(path)}
    if not seen:
        return script
    files: list[int] = []
    for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
        # It may have ended meanwhile.
        with contextlib.suppress(Failure, OSError), Process(pid) as process:
            mapping = process.mapping_of_library()
            if mapping is None:
                continue
            file = os.open(mapping, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, file)
            if identity(os.fstat(file)) not in seen:
                seen.add(identity(os.fstat(file)))
                files.append(file)
    if len(files) > MAX_LIBRARIES:
        complain(PROG, f"processes have {len(files)} more files of libpyusdt.so: the first "
                       f"{MAX_LIBRARIES} are attached to")
    return add(script, [f"/proc/{os.getpid()}/fd/{file}" for file in files[:MAX_LIBRARIES]])


def identity(status: os.stat_result) -> tuple[int, ...]:
    """The same file in two overlays, as containers have them, is one with two devices.

    Attached to twice it would tell each event twice.
    """
    if os.major(status.st_dev):
        return status.st_dev, status.st_ino
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def add(script: str, places: list[str]) -> str:
    def probes(match: re.Match[str]) -> str:
        kind, path, name = match.groups()
        return ",\n".join(f"{kind}{place}:{name}" for place in [path, *places])

    return PROBE.sub(probes, script)
