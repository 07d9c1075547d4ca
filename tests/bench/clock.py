# SPDX-License-Identifier: BSD-2-Clause
"""Times, with real tracers, as ratios of two processes that run in turns.

A machine's speed drifts, and other programs come and go: so both run again and again for a
few milliseconds each, and what is told is the median and the quartiles of the ratios.
"""

import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
from typing import NamedTuple

import callgrind
from variants import VARIANTS

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "live"))
sys.path.insert(1, str(HERE.parent))

import live  # noqa: E402


class Spread(NamedTuple):
    low: float
    median: float
    high: float

    def __str__(self):
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g})"


def spread(values):
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, median, high)


class Process:
    """One that answers a line of numbers to each line."""

    def __init__(self, words, environment=None):
        self._process = subprocess.Popen(
            list(map(str, words)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.pid = self._process.pid

    def tell(self, *words):
        print(*words, file=self._process.stdin, flush=True)

    def hear(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} has ended early")
        return [int(word) for word in line.split()]

    def ask(self, *words):
        self.tell(*words)
        return self.hear()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def worker(builddir, name):
    environment = callgrind.environment(builddir)
    for variable in "LD_PRELOAD", "PYTHONMALLOC":
        environment.pop(variable)
    # Watched at once, not at the next tick.
    return Process(
        [sys.executable, *VARIANTS[name].flags, HERE / "worker.py", name], environment
    )


def count_hits(library, provider, names):
    """A bpftrace program that counts."""
    probes = ",\n".join(f"usdt:{library}:{provider}:{name}" for name in names)
    return f"{probes} {{ @ = count(); }}"


@contextlib.contextmanager
def traced(script, pid=None, command=("bpftrace",)):
    options = [] if pid is None else ["-p", pid]
    tracer = live.Tracer(script, *options, command=command)
    try:
        yield tracer
    finally:
        tracer.stop()


@contextlib.contextmanager
def watched(variant, process, builddir):
    """A tracer on a worker that is the variant."""
    if variant.own:
        with traced(count_hits(own_probes(), "python", variant.own), process.pid):
            yield
        return
    if not variant.watched:
        yield
        return
    process.ask("active")  # the library is there
    if variant.script:
        script = builddir / "bt" / f"{variant.script}.bt"
    else:
        script = count_hits(live.LIBRARY, "pyusdt", variant.watched)
    with traced(script, process.pid):
        live.wait_until(lambda: process.ask("active") != [0], "the probes are watched")
        if variant.script:
            wait_for_layout(process)
        yield


def wait_for_layout(process):
    """Until the layout has been told again: a script that is attached knows it then."""
    script = f'usdt:{live.LIBRARY}:pyusdt:PROCESS {{ printf("told\\n"); exit(); }}'
    with traced(script, process.pid) as tracer:
        live.wait_until(lambda: "told" in tracer.output(), "the layout is told")


class Turns(NamedTuple):
    """Pairs of nanoseconds: the one compared, and the plain one beside it."""

    wall: list
    cpu: list

    def ratio(self, kind):
        return spread([other / plain for other, plain in getattr(self, kind)])

    def difference(self):
        """The median, of CPU time."""
        return statistics.median(other - plain for other, plain in self.cpu)


def in_turns(plain, other, rounds, *words):
    """Ask both in turns, each first as often as the other."""
    for process in plain, other:
        process.ask(*words)
    turns = Turns([], [])
    for number in range(rounds):
        order = [plain, other] if number % 2 else [other, plain]
        taken = {process: process.ask(*words) for process in order}
        for pairs, one, reference in zip(turns, taken[other], taken[plain]):
            pairs.append((one, reference))
    return turns


CLEARLY_MORE = 1.1


class Result(NamedTuple):
    wall: Spread  # ratio to plain
    cpu: Spread
    per_event: float | None  # CPU time, in ns; where the events are more than noise


def measure(variants, workloads, builddir, rounds):
    """Returns: {(workload, variant name): Result}."""
    results = {}
    with worker(builddir, "plain") as plain:
        for variant in variants:
            per_event = PER_EVENT.get(variant.name, ())
            # All events take a thousand times as long.
            size = 1 if variant.name == "all" else 4
            with (
                worker(builddir, variant.name) as other,
                watched(variant, other, builddir),
            ):
                for workload in workloads:
                    turns = in_turns(plain, other, rounds, "run", workload, size)
                    results[workload, variant.name] = turns
            for workload in workloads:
                turns = results[workload, variant.name]
                number = sum(
                    plain.ask("count", workload, size, event)[0] for event in per_event
                )
                results[workload, variant.name] = Result(
                    turns.ratio("wall"),
                    turns.ratio("cpu"),
                    turns.difference() / number
                    if number and turns.ratio("cpu").low > CLEARLY_MORE
                    else None,
                )
    return results


# Where it makes sense to say what one event costs.
PER_EVENT = {
    "PY_START": ["PY_START"],
    "PY_RETURN": ["PY_RETURN"],
    "START+RETURN": ["PY_START", "PY_RETURN"],
    "LINE": ["LINE"],
    "CALL": ["CALL"],
    "noop-PY_START": ["PY_START"],
    "noop-START+RETURN": ["PY_START", "PY_RETURN"],
    "noop-LINE": ["LINE"],
    "noop-CALL": ["CALL"],
    "own-entry": ["PY_START"],
    "own-entry+return": ["PY_START", "PY_RETURN"],
}


def own_probes():
    """The file of this interpreter that fires function__entry itself, or None."""
    from semaphores import notes

    for line in pathlib.Path("/proc/self/maps").read_text().splitlines():
        words = line.split(maxsplit=5)
        path = words[5] if len(words) == 6 else ""
        if os.path.basename(path).startswith(("libpython3", "python3")):
            with contextlib.suppress(LookupError, ValueError):
                if ("python", "function__entry") in {n[:2] for n in notes(path)}:
                    return path
    return None
