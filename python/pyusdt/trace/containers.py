# SPDX-License-Identifier: BSD-2-Clause
"""The control group of a container, by the container's id or name.

Runtimes name a container's group by its id of 64 digits. Only they know the names: docker or
podman is asked for a process of the container, whose group is that which the kernel says.
"""

import contextlib
import os
import pathlib
import re
import subprocess

from pyusdt.failure import Failure
from pyusdt.trace.executables import find_program

CLIENTS = ("docker", "podman")
ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
# The group beside podman's, of the process that keeps the container.
KEEPER = "conmon-"
# Of an id; fewer digits may be those of several.
PREFIX = re.compile(r"[0-9a-f]{12,64}")
# What docker and podman take for one.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


def find_group(container: str) -> str:
    """Returns: its path from the root of the groups on."""
    if not NAME.fullmatch(container):
        raise Failure(f"--container {container}: not a container's name or id", 2)
    groups = set()
    if PREFIX.fullmatch(container):
        groups = {group for group, name in groups_of_ids() if name.startswith(container)}
    if len(groups) > 1:
        raise Failure(f"--container {container}: several begin so, give more of its id", 2)
    return groups.pop() if groups else group_of_name(container)


def groups_of_ids() -> set[tuple[str, str]]:
    """Of the containers that have a process: (group, id)."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        group = group_of(int(pid))
        match = last_id(group or "")
        if group and match and not group[:match.start()].endswith(KEEPER):
            found.add((group_of_id(group, match), match[0]))
    return found


def last_id(group: str) -> re.Match[str] | None:
    """Of the innermost container, where one is within another."""
    return next(reversed(list(ID.finditer(group))), None)


def group_of_id(group: str, match: re.Match[str]) -> str:
    """Without what the container has made below its own."""
    return group[:match.end()] + group[match.end():].partition("/")[0]


def group_of(pid: int) -> str | None:
    """None where it has ended, or there are no groups of version 2."""
    text = ""
    with contextlib.suppress(OSError):
        text = pathlib.Path(f"/proc/{pid}/cgroup").read_text(errors="surrogateescape")
    line = re.search(r"^0::(.*)$", text, re.MULTILINE)
    return line[1] if line else None


def group_of_name(container: str) -> str:
    pid = next(filter(None, (pid_of(client, container) for client in CLIENTS)), None)
    if pid is None:
        raise Failure(f"--container {container}: there is no running container with this id, "
                      "nor, for docker or podman, with this name; --cgroup takes any group")
    group = group_of(pid)
    if group is None or group == "/":
        raise Failure(f"--container {container}: its process {pid} is in no control group of "
                      "version 2 of its own")
    match = last_id(group)
    return group_of_id(group, match) if match else group


def pid_of(client: str, container: str) -> int | None:
    program = find_program(client)
    if program is None:
        return None
    words = [program, "inspect", "--type", "container", "--format", "{{.State.Pid}}", container]
    try:
        result = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, errors="replace", check=False,
        )
    except OSError:
        return None
    text = result.stdout.strip()
    # 0: it does not run.
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return int(text) or None if is_number and not result.returncode else None
