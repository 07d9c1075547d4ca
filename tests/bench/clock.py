# SPDX-License-Identifier: BSD-2-Clause
"""Times: what a process takes more than a plain one, by its CPU clock, with real tracers.

A machine's speed drifts, and other programs come and go: so all run in turns, again and
again for a few milliseconds each, a plain one before and after the others. Where objects
happen to lie in memory makes a process faster or slower for as long as it lives: so all are
started anew several times, and a figure is that of these restarts.
"""

import collections
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
from typing import NamedTuple

import callgrind
import figures
from variants import VARIANTS

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(1, str(HERE.parent / "live"))
sys.path.insert(1, str(HERE.parent))

import live  # noqa: E402


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
        if "PROCESS" in variant.watched:
            wait_for_layout(process)
        yield


def wait_for_layout(process):
    """Until the layout has been told again: a script that is attached knows it then."""
    script = f'usdt:{live.LIBRARY}:pyusdt:PROCESS {{ printf("told\\n"); exit(); }}'
    with traced(script, process.pid) as tracer:
        live.wait_until(lambda: "told" in tracer.output(), "the layout is told")


class Turns(NamedTuple):
    """Nanoseconds of CPU time."""

    plain: list  # of each run of the plain process
    added: list  # for each of the others: what each of its runs took more


def in_turns(plain, others, rounds, *words):
    """Plain, one, another, plain, one, another, plain: each as often as any, or it would find
    more of itself in the caches. Compared is with what plain would have taken at the same
    time, had the machine become slower or faster evenly since it ran."""
    for process in (plain, *others):
        process.ask(*words)  # all is imported, adapted and instrumented
    turns = Turns(plain.ask(*words), [[] for _ in others])
    for _ in range(rounds):
        taken = [process.ask(*words)[0] for process in others]
        before = turns.plain[-1]
        turns.plain.extend(plain.ask(*words))
        slower = (turns.plain[-1] - before) / (len(others) + 1)
        for number, (added, one) in enumerate(zip(turns.added, taken), 1):
            added.append(one - before - number * slower)
    return turns


class Result(NamedTuple):
    added: figures.Spread  # ns per call
    times: float  # as long as plain


def measure(variants, workloads, builddir, rounds, restarts):
    """CPU time above plain for each call of a Python function and each time that one goes
    on, whatever it is that costs it. Returns: {(workload, variant name): Result}."""
    added = collections.defaultdict(list)
    times = collections.defaultdict(list)
    calls = count_calls(workloads, builddir)
    for _ in range(restarts):
        for group in groups(variants):
            # All events take a thousand times as long.
            size = 1 if any(v.name == "all" for v in group) else 4
            for workload, turns in restart(group, workloads, builddir, rounds, size):
                plain = statistics.median(turns.plain)
                for variant, differences in zip(group, turns.added):
                    key = workload, variant.name
                    median = statistics.median(differences)
                    added[key].append(median / calls[workload] / size)
                    times[key].append(1 + median / plain)
    return {
        key: Result(figures.spread(added[key]), statistics.median(times[key]))
        for key in added
    }


def restart(group, workloads, builddir, rounds, size):
    """Yields: each workload with its Turns, in processes that live as long as this."""
    with contextlib.ExitStack() as stack:
        plain = stack.enter_context(worker(builddir, "plain"))
        others = []
        for variant in group:
            others.append(stack.enter_context(worker(builddir, variant.name)))
            stack.enter_context(watched(variant, others[-1], builddir))
        for workload in workloads:
            yield workload, in_turns(plain, others, rounds, "run", workload, size)


def count_calls(workloads, builddir):
    """{workload: calls for each unit of its size}."""
    with worker(builddir, "plain") as process:
        return {
            workload: sum(
                process.ask("count", workload, 1, event)[0]
                for event in ("PY_START", "PY_RESUME")
            )
            for workload in workloads
        }


def groups(variants):
    """Those that can be there at once. A hit costs more where the kernel has another tracer
    of the same probe to leave out, though that is of another process."""
    parts = []
    for variant in variants:
        probes = {*variant.watched, *variant.own}
        for part in parts:
            if not any(probes & {*other.watched, *other.own} for other in part):
                part.append(variant)
                break
        else:
            parts.append([variant])
    return parts


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
