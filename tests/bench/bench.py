#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Measure what libpyusdt costs.

usage: scripts/bench [--quick] [--only NAME]... [--workload NAME]... [--json FILE]
                     [--svg FILE] [--list]

  --quick          fewer ways of running, workloads, rounds and restarts: some minutes
  --only NAME      only this table; may be given more than once
  --workload NAME  only this program of workloads/; may be given more than once
  --json FILE      all figures also as JSON
  --svg FILE       a chart of the tables "events", "profilers" and "clock"
  --list           the names of the tables, with what each measures

Instructions are counted by valgrind's callgrind, with probes watched by their semaphores.
Times are CPU times, user and system, above those of untraced processes that run in turns
with the others, with a real bpftrace; told are median and quartiles. A row whose quartiles
are further apart than its median is large says that it cannot be measured here, and is not
in the chart. A table that cannot be had says why.

PYTHON is the interpreter to measure (default: that of the build); PYUSDT_BUILDDIR the
build tree.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
os.environ.setdefault("PYUSDT_BUILDDIR", os.getcwd())
BUILDDIR = pathlib.Path(os.environ["PYUSDT_BUILDDIR"]).resolve()
sys.path.insert(1, str(HERE.parent / "live"))
sys.path.insert(1, str(HERE.parent))

import callgrind  # noqa: E402
import chart  # noqa: E402
import clock  # noqa: E402
import events  # noqa: E402
import figures  # noqa: E402
import instructions  # noqa: E402
import live  # noqa: E402
import scale  # noqa: E402
from variants import CODE_EVENTS, VARIANTS  # noqa: E402
from workloads import NAMES  # noqa: E402

QUICK_WORKLOADS = "fib", "objects", "lines"
QUICK = (
    *("plain", "idle", "PY_START", "PY_RETURN", "LINE", "CALL", "START+RETURN"),
    *("include-json", "include-nothing", "stacks", "noop-PY_START", "cProfile"),
    *("PROFILE", "accounts", "noop-activations"),
)
# What counts and times each function, beside each other.
COUNTING = "plain", "PROFILE", "accounts", "accounts+C", "cProfile-python", "cProfile"
CLOCK = (
    *("plain", "idle", "PY_START", "PY_RETURN", "LINE", "CALL", "START+RETURN", "all"),
    *("include-json", "include-nothing", "stacks", "noop-PY_START"),
    *("noop-START+RETURN", "noop-LINE", "setprofile", "X-perf"),
    *("own-entry", "own-entry+return"),
)
QUICK_CLOCK = (
    *("plain", "idle", "PY_START", "START+RETURN", "LINE", "stacks", "noop-PY_START"),
    *("noop-START+RETURN", "own-entry"),
)


class Bench:
    """Each method that measures is a table: its docstring, columns and rows."""

    def __init__(self, quick, workloads):
        self.quick = quick
        self.rounds = 7 if quick else 15
        self.restarts = 7 if quick else 11
        self.workloads = workloads or (QUICK_WORKLOADS if quick else NAMES)

    def events(self):
        """Instructions per event, above an untraced program."""
        rows = [
            [c.event, c.loop, *(round(n, 1) for n in (c.noop, c.watched, c.above_noop))]
            for c in events.measure(BUILDDIR)
        ]
        columns = ["event", "loop", "no-op callback", "pyusdt", "pyusdt above no-op"]
        return columns, rows

    def instructions(self):
        """Instructions of whole workloads, in percent above plain."""
        variants = [
            variant
            for variant in VARIANTS.values()
            if not variant.own
            and (not self.quick or variant.name in QUICK)
            and is_known(variant)
        ]
        pairs = [(w, variant) for variant in variants for w in self.workloads]
        counts = instructions.count(pairs, BUILDDIR)
        rows = [
            [v.name]
            + [
                round(100 * (counts[w, v.name].steady / counts[w, "plain"].steady - 1), 2)
                for w in self.workloads
            ]
            for v in variants
            if v.name != "plain"
        ]
        return ["variant", *self.workloads], rows

    def profilers(self):
        """CPU ns per call of whole workloads, above plain, of what counts and times all."""
        traced = not live.why_not()
        names = [name for name in COUNTING if traced or not VARIANTS[name].watched]
        return self.times(names)

    def clock(self):
        """CPU ns per call of whole workloads, above plain, with bpftrace: count()."""
        own = clock.own_probes()
        names = QUICK_CLOCK if self.quick else CLOCK
        return self.times([name for name in names if own or not VARIANTS[name].own])

    def times(self, names):
        """Where a plain process more has figures, those like them say nothing."""
        results = clock.measure(
            [VARIANTS[name] for name in names],
            self.workloads,
            BUILDDIR,
            self.rounds,
            self.restarts,
        )
        rows = []
        for name in names:
            for workload in self.workloads:
                added, times = results[workload, name]
                rows.append(
                    [
                        *(name, workload),
                        figures.digits(times) if added.is_measurable else None,
                        *added.cells(),
                    ]
                )
        return ["variant", "workload", "times plain", *figures.COLUMNS], rows

    def nops(self):
        """CPU ns of a hit in C, by bpftrace and instruction: @ = count()."""
        rows = scale.nops(BUILDDIR, self.rounds)
        return ["bpftrace", "instruction", *figures.COLUMNS], rows

    def keys(self):
        """CPU ns of a hit in C, by bpftrace and the key that the script has."""
        rows = scale.keys(BUILDDIR, self.rounds)
        return ["bpftrace", "key", *figures.COLUMNS], rows

    def threads(self):
        """CPU ns of PY_START in Python threads, and of a hit in C threads."""
        rows = scale.threads(BUILDDIR, self.rounds)
        return ["threads", "hit", *figures.COLUMNS], rows

    def processes(self):
        """CPU ns of PY_START, with that many processes traced at once."""
        numbers = (1, 4) if self.quick else (1, 2, 4, 8, 16)
        rows = scale.processes(BUILDDIR, self.rounds, numbers)
        return ["processes", *figures.COLUMNS], rows

    def walks(self):
        """CPU ns of a system call more, with the script attached."""
        rows = scale.walks(BUILDDIR, self.rounds)
        return ["script", "depth of the stack", *figures.COLUMNS], rows

    def depth(self):
        """Instructions per PY_START above the no-op, at that depth of recursion."""
        return ["depth", "instructions"], scale.by_callgrind(
            BUILDDIR, "depth", [1, 100, 5000]
        )

    def codes(self):
        """Instructions per PY_START above the no-op, of 1,000 of so many code objects."""
        numbers = [1000, 10000] if self.quick else [1000, 10000, 100000]
        return ["code objects", "instructions"], scale.by_callgrind(
            BUILDDIR, "codes", numbers
        )

    def memory(self):
        """Bytes of metadata for each code object."""
        return ["code objects", "heap", "resident"], scale.memory(
            BUILDDIR, [1000, 100000]
        )


CALLGRIND = "events", "instructions", "depth", "codes"
TRACED = "clock", "nops", "keys", "threads", "processes", "walks"
TABLES = *CALLGRIND, "memory", "profilers", *TRACED


def is_known(variant):
    """BRANCH_LEFT and BRANCH_RIGHT are not, before 3.14."""
    return len(variant.watched) != 1 or (
        variant.name not in CODE_EVENTS
        or variant.name == "BRANCH"
        or hasattr(sys.monitoring.events, variant.name)
    )


def machine():
    """What the figures hold for."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libpyusdt": first_line(["git", "-C", HERE, "describe", "--always", "--dirty"]),
        "compiler": first_line([make_variable("CC"), "--version"]),
        "CFLAGS": make_variable("CFLAGS"),
        "valgrind": first_line(["valgrind", "--version"]),
        "bpftrace": ", ".join(scale.bpftraces(BUILDDIR)),
        "load": round(os.getloadavg()[0], 1),
    }


def make_variable(name):
    for line in (BUILDDIR / "Makefile").read_text().splitlines():
        if line.startswith(f"{name} = "):
            return line.partition(" = ")[2]
    return ""


def first_line(words):
    try:
        text = subprocess.run(
            list(map(str, words)),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return text.partition("\n")[0]


def why_not(name):
    if name in CALLGRIND:
        return callgrind.why_not()
    return live.why_not() if name in TRACED else None


def text_table(columns, rows):
    cells = [columns, *[["" if c is None else str(c) for c in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells)]
    numeric = [any(isinstance(cell, int | float) for cell in c) for c in zip(*rows)]
    lines = []
    for row in cells:
        padded = (
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, [*numeric, *[True] * len(row)])
        )
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", usage=__doc__.split("usage: ")[1], add_help=False
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=TABLES)
    parser.add_argument("--workload", action="append", choices=NAMES)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("-h", "--help", action="help")
    return parser.parse_args()


def main():
    options = arguments()
    bench = Bench(options.quick, options.workload)
    titles = {name: getattr(bench, name).__doc__ for name in TABLES}
    if options.list:
        for name, title in titles.items():
            print(f"{name:<13} {title}")
        return 0
    result = {"machine": machine(), "tables": {}}
    for name, value in result["machine"].items():
        print(f"{name:<10} {value}")
    for name in options.only or TABLES:
        print(f"\n== {name}: {titles[name]}", flush=True)
        reason = why_not(name)
        if reason:
            print(f"skipped: {reason}")
            continue
        started = time.monotonic()
        columns, rows = getattr(bench, name)()
        result["tables"][name] = {
            "title": titles[name],
            "columns": columns,
            "rows": rows,
        }
        print(text_table(columns, rows))
        print(f"({time.monotonic() - started:.0f} s)", flush=True)
        # What there is, also where a later table fails.
        if options.json:
            options.json.write_text(json.dumps(result, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(chart.draw(result))
    return 0 if result["tables"] else 77


if __name__ == "__main__":
    sys.exit(main())
