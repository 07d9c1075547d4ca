# SPDX-License-Identifier: BSD-2-Clause
"""A thousand tracers come and go, a thousand forks: nothing is kept of any of them."""

import unittest

import uprobe
from live import LIBRARY, LiveTest, wait_until

TIMES = 1000
# CPython's caches, and those of malloc, are full after so many.
WARM_UP = 100
# A tenth of a second is between two changes that the watcher makes.
TIMES_BY_THE_WATCHER = 15
TIMES_TRACED = 200

# What may be more after than before. Of what malloc() gave out, less than the 16 bytes at
# least of one block each time; of Python's blocks, less than one each time: asking the
# worker leaves some. Pages, since CPython's caches of objects begin new ones, 4 KiB each,
# a few times in a thousand: less than 150 bytes each time.
MARGINS = {"heap": 8 * 1024, "blocks": TIMES // 2, "resident": 128 * 1024}

# By probe: what is set in all code, what is asked of the worker, and how often that hits the
# probe, where only work() is told of. Lines are set there alone; what is set in all code
# tells of code that is new.
PROBES = {
    "PY_START": (["PY_START"], "run(3)", 3),
    "PY_RETURN": (["PY_RETURN"], "run(2)", 2),
    "LINE": (["PY_RESUME", "PY_START", "PY_THROW"], "run(3)", 3),
    "CALL": (["CALL"], "run(5)", 5),
    "GC_START": ([], "[gc.collect(), gc.collect()]", 2),
}
ONLY_WORK = {"PYUSDT_INCLUDE": "__main__.work"}


class Cycles(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reason = uprobe.why_not()
        if reason:
            raise unittest.SkipTest(reason)

    def uprobe(self, name):
        probe = uprobe.Uprobe(LIBRARY, "pyusdt", name)
        self.addCleanup(probe.close)
        return probe

    def start(self, **environment):
        self.traced = self.worker(environment=ONLY_WORK | environment)
        return self.traced.ask

    def run_flat(self, repeat, times=TIMES):
        """repeat(times), after a warm-up: it leaves nothing behind."""
        ask = self.traced.ask
        repeat(WARM_UP)
        held, memory = ask("resources.held()"), ask("resources.memory()")
        repeat(times)
        self.assertEqual(ask("resources.held()"), held)
        after = ask("resources.memory()")
        grown = {name: after[name] - memory[name] for name in memory}
        too_much = {name for name in grown if grown[name] > MARGINS[name]}
        self.assertFalse(too_much, f"{grown} more after {times} times")

    def test_a_thousand_tracers(self):
        ask = self.start(PYUSDT_CHECK_MSEC="0")
        probes = [(self.uprobe(name), *row) for name, row in PROBES.items()]

        def attach_and_detach(times):
            for number in range(times):
                probe, events, expression, hits = probes[number % len(probes)]
                self.assertEqual(ask("int(pyusdt.active())"), 0)
                with probe.attach(self.traced.pid) as tracer:
                    self.assertEqual(ask("settle()"), events)
                    self.assertNotEqual(ask("int(pyusdt.active())"), 0)
                    ask(expression)
                    self.assertEqual(tracer.hits(), hits)
                self.assertEqual(ask("settle()"), [])

        self.run_flat(attach_and_detach)
        self.assertEqual(ask("resources.held()['threads']").count("pyusdt"), 0)

    def test_tracers_that_the_watcher_sees(self):
        ask = self.start(PYUSDT_CHECK_MSEC="1")
        probe = self.uprobe("PY_START")
        held = ask("resources.held()")
        for _ in range(TIMES_BY_THE_WATCHER):
            with probe.attach(self.traced.pid) as tracer:
                wait_until(lambda: ask("instrumented()") == ["PY_START"], "it is set")
                ask("run(4)")
                self.assertEqual(tracer.hits(), 4)
            wait_until(lambda: ask("instrumented()") == [], "nothing is set")
        self.assertEqual(ask("resources.held()"), held)
        self.assertEqual(held["threads"].count("pyusdt"), 1)

    def test_a_thousand_times_disabled(self):
        ask = self.start()
        with self.uprobe("PY_START").attach(self.traced.pid) as tracer:
            ask("settle()")
            self.run_flat(lambda times: ask(f"resources.rearm({times}, work)"))
            self.assertEqual(tracer.hits(), WARM_UP + TIMES)
        self.assertEqual(ask("resources.held()['threads']").count("pyusdt"), 1)

    def fork(self, times):
        good = self.traced.ask(f"resources.fork({times}, work)")
        self.assertEqual(good, times)

    def test_a_thousand_forks(self):
        # CPython warns of other threads, if it sees any.
        ask = self.start(PYTHONWARNINGS="error::DeprecationWarning")
        probe = self.uprobe("PY_START")
        self.run_flat(self.fork)
        with probe.attach(self.traced.pid) as tracer:
            wait_until(lambda: ask("instrumented()") == ["PY_START"], "it is set")
            self.run_flat(self.fork, TIMES_TRACED)
            self.assertEqual(tracer.hits(), 0)
            ask("run(6)")
            self.assertEqual(tracer.hits(), 6)
        # The watcher is there, and works.
        wait_until(lambda: ask("instrumented()") == [], "nothing is set")
        self.assertEqual(ask("resources.held()['threads']").count("pyusdt"), 1)
