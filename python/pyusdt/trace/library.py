# SPDX-License-Identifier: BSD-2-Clause
"""The scripts that are installed, and what a script says in its header that it needs."""

import os
import pathlib
import re
from typing import NamedTuple

from pyusdt.failure import Failure


class Installation(NamedTuple):
    """Where the other parts are: root takes them from nowhere else."""

    scripts: pathlib.Path
    attacher: str


def installed_scripts(script_dir: pathlib.Path) -> list[str]:
    return sorted(path.stem for path in script_dir.glob("*.bt"))


def find_script(name: str, script_dir: pathlib.Path) -> pathlib.Path:
    """A name is that of an installed script, whatever is in the current folder."""
    if "/" in name:
        if not os.path.exists(name):
            raise Failure(f"{name}: there is no such script", 2)
        if not os.path.isfile(name):
            raise Failure(f"{name}: not a file", 2)
        return pathlib.Path(name)
    for path in (script_dir / name, script_dir / f"{name}.bt"):
        if path.suffix == ".bt" and path.is_file():
            return path
    if name.endswith(".py"):
        raise Failure(f"{name}: the script comes first, as in pycalls -- {name}", 2)
    if os.path.isfile(name):
        raise Failure(f"no script {name!r} is installed: for the file give ./{name}", 2)
    known = ", ".join(installed_scripts(script_dir))
    raise Failure(f"no script {name!r}: give a file as ./FILE, or one of {known}", 2)


def read_script(path: pathlib.Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", 2) from None


def takes_pid(script: str) -> bool:
    """Is the script told the process by its first argument, and follows its forks?

    With -p, later versions of bpftrace keep all else from kernel events.
    """
    argument = header(script, "ARGUMENT")
    # One that says nothing in its header has to compare with it, at least.
    return "pid == $1" in script if argument is None else argument == "pid"


ANNOUNCER = re.compile(r"\busdt:(/[^:\s]*/pyusdt-announce):pyusdt:PROCESS\b")


def announcer_of(script: str) -> str | None:
    """The pyusdt-announce that tells the script where processes have their stacks.

    None: it is not on kernel events, or cannot be told by its arguments whom to believe.
    """
    found = ANNOUNCER.search(script) if takes_pid(script) else None
    return found[1] if found else None


def installed_announcer(script_dir: pathlib.Path) -> str:
    """That which the installed scripts listen to."""
    for path in sorted(script_dir.glob("*.bt")):
        announcer = announcer_of(read_script(path))
        if announcer is not None:
            return announcer
    raise Failure(f"no script in {script_dir} names pyusdt-announce")


def unit_of(script: str) -> str | None:
    """What the numbers of the stacks that it keeps are."""
    return header(script, "UNIT")


def keeps_stacks(script: str) -> bool:
    return unit_of(script) is not None or STACKS.search(script) is not None


# What a script has that keeps stacks, of whatever kind.
STACKS = re.compile(r"@stacks\b|\b[ku]stack\b")


def header(script: str, name: str) -> str | None:
    """What a script declares in a line of its comment, " * NAME: word"."""
    line = re.search(rf"^ \* {name}: (\w+)$", script, re.MULTILINE)
    return line[1] if line else None
