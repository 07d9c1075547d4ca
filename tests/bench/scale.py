# SPDX-License-Identifier: BSD-2-Clause
"""What events, hits and stack walks cost with more of everything. Each function returns
the rows of a table."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import callgrind
import clock
import figures
import live
from variants import VARIANTS

HERE = pathlib.Path(__file__).resolve().parent
EVENTS = 1000  # of scale_loops.py
DEBIAN = HERE.parent / "debian/folder"


def by_callgrind(builddir, kind, numbers):
    """Rows of: number, instructions per event of the no-op callback above nothing."""
    _, counts = callgrind.count(
        [sys.executable, str(HERE / "scale_loops.py"), kind, *map(str, numbers)], builddir
    )
    return [
        [number, round((watched - noop) / EVENTS, 1)]
        for number, noop, watched in zip(numbers, counts[0::2], counts[1::2])
    ]


def memory(builddir, numbers):
    """Rows of: code objects, bytes for each."""
    rows = []
    for number in numbers:
        output = subprocess.run(
            [sys.executable, str(HERE / "memory.py"), str(number)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**callgrind.environment(builddir), "LD_PRELOAD": ""},
        ).stdout
        result = json.loads(output)
        rows.append([number, round(result["bytes"]), round(result["resident"])])
    return rows


def bpftraces(builddir):
    """{version: command} of those there are: the machine's, and that of Debian unstable."""
    commands = [["bpftrace"]]
    inside = [str(DEBIAN), "unstable", "run", "--bind", str(builddir), "--"]
    # It starts with an environment of its own.
    variables = [f"{name}={value}" for name, value in live.ENVIRONMENT.items()]
    commands.append([*inside, "env", *variables, "bpftrace"])
    found = {}
    for command in commands:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            text = subprocess.run(
                [*command, "--version"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=True,
            ).stdout
            found[text.split()[1].lstrip("v")] = command
    return found


def hits(builddir, nop):
    return clock.Process([builddir / f"tests/bench/hits-{nop}"])


def hit_cost(builddir, nop, action, command, rounds, count=4000, threads=1):
    """The spread of the CPU time of a hit in ns, by a program that does no more."""
    with hits(builddir, nop) as plain, hits(builddir, nop) as other:
        binary = builddir / f"tests/bench/hits-{nop}"
        script = f"usdt:{binary}:bench:hit {{ {action} }}"
        with clock.traced(script, other.pid, command):
            turns = clock.in_turns(plain, [other], rounds, count, threads)
    return figures.spread([added / count / threads for added in turns.added[0]])


def nops(builddir, rounds):
    """Rows of: bpftrace, instruction at the site, ns per hit."""
    return [
        [version, nop, *hit_cost(builddir, nop, "@ = count();", command, rounds).cells()]
        for version, command in bpftraces(builddir).items()
        for nop in ("nop", "nop5", "nop10")
    ]


KEYS = {
    "none": "@ = count();",
    "arg0, the pointer": "@[arg0] = count();",
    "arg7, the code id": "@[arg7] = count();",
    "str(arg0)": "@[str(arg0)] = count();",
    "str(arg0), str(arg1)": "@[str(arg0), str(arg1)] = count();",
}


def keys(builddir, rounds):
    """Rows of: bpftrace, key of the map, ns per hit."""
    rows = []
    for version, command in bpftraces(builddir).items():
        for key, action in KEYS.items():
            # bpftrace 0.17 reaches arg0 to arg5.
            if "arg7" in action and version.startswith("0.17"):
                continue
            cost = hit_cost(builddir, "nop10", action, command, rounds)
            rows.append([version, key, *cost.cells()])
    return rows


def threads(builddir, rounds, numbers=(1, 2, 4), count=4000):
    """Rows of: threads, PY_START in Python or a hit in C, CPU ns for each."""
    rows = []
    start = VARIANTS["PY_START"]
    for number in numbers:
        with (
            clock.worker(builddir, "plain") as plain,
            clock.worker(builddir, "PY_START") as other,
            clock.watched(start, other, builddir),
        ):
            turns = clock.in_turns(plain, [other], rounds, "threads", number, count)
        python = figures.spread([added / count for added in turns.added[0]])
        rows.append([number, "PY_START", *python.cells()])
        c = hit_cost(
            builddir, "nop10", "@ = count();", ["bpftrace"], rounds, threads=number
        )
        rows.append([number, "hit in C", *c.cells()])
    return rows


def processes(builddir, rounds, numbers=(1, 2, 4, 8, 16), count=4000):
    """Rows of: processes that are traced at once, CPU ns per PY_START in each."""
    rows = []
    script = clock.count_hits(live.LIBRARY, "pyusdt", ["PY_START"])
    for number in numbers:
        with contextlib.ExitStack() as stack:
            plain, other = (
                [stack.enter_context(clock.worker(builddir, name)) for _ in range(number)]
                for name in ("plain", "PY_START")
            )
            for process in other:
                process.ask("active")
            stack.enter_context(clock.traced(script))
            for process in other:
                live.wait_until(lambda: process.ask("active") != [0], "it is watched")
            differences = []
            for turn in range(rounds + 1):
                used = []
                for together in plain, other:
                    for process in together:
                        process.tell("threads", 1, count)
                    used.append([process.hear()[0] for process in together])
                if turn:
                    differences += [(o - p) / count for p, o in zip(*used)]
        rows.append([number, *figures.spread(differences).cells()])
    return rows


def walks(builddir, rounds, depths=(10, 100, 500), count=1000):
    """Rows of: depth of the Python stack, CPU ns for a system call and its stack."""
    rows = []
    for depth in depths:
        with (
            clock.worker(builddir, "plain") as plain,
            clock.worker(builddir, "stacks") as other,
        ):
            other.ask("active")
            for script in "pysyscall", "pysyscall-stacks":
                path = builddir / "bt" / f"{script}.bt"
                with clock.traced(path, other.pid):
                    clock.wait_for_layout(other)
                    turns = clock.in_turns(plain, [other], rounds, "calls", depth, count)
                cost = figures.spread([added / count for added in turns.added[0]])
                rows.append([script, depth, *cost.cells()])
    return rows
