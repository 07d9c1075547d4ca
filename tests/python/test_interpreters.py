# SPDX-License-Identifier: BSD-2-Clause
"""Subinterpreters, with and without a GIL of their own, with every probe watched."""

import textwrap

from running import ProgramTest

# The module's name, and its functions, differ by version.
HELPERS = """
import os, sys, threading, time
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def create(own_gil=True):
    if sys.version_info >= (3, 13):
        return interpreters.create("isolated" if own_gil else "legacy")
    return interpreters.create(isolated=own_gil)

def run(number, source):
    error = interpreters.run_string(number, source)
    assert error is None, error

def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.001)
"""

# In each: armed, traced, and what it computes is right.
WORK = """
import pyusdt, semaphores
assert pyusdt.enabled() == pyusdt.active() == pyusdt.supported()
def fibonacci(n):
    try:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
    finally:
        list(generate(n))
def generate(n):
    yield from range(n)
for _ in range(3): assert fibonacci(10) == 55
assert semaphores.told(fibonacci)
assert semaphores.told(generate)
"""

TOGGLE = """
import pyusdt
for events in [None, pyusdt.Event.LINE] * 10:
    pyusdt.enable(events)
    pyusdt.disable()
pyusdt.enable()
"""


class Interpreters(ProgramTest):
    def interpreters(self, source, **extra):
        source = "\n".join([HELPERS, f"WORK, TOGGLE = {WORK!r}, {TOGGLE!r}",
                            textwrap.dedent(source)])
        self.check(source, PYUSDT_CHECK_MSEC="1", **extra)

    def test_each_is_armed_by_itself(self):
        self.interpreters(
            """
            for own_gil in (True, False):
                number = create(own_gil)
                run(number, WORK)
                run(number, "pyusdt.disable(); assert not pyusdt.enabled()")
                exec(WORK)
                run(number, "pyusdt.enable()" + WORK)
                interpreters.destroy(number)
            """
        )

    def test_torn_down_in_any_order(self):
        self.interpreters(
            """
            import itertools
            for order in itertools.permutations(range(3)):
                numbers = [create(own_gil) for own_gil in (True, False, True)]
                for number in numbers: run(number, WORK)
                for i in order: interpreters.destroy(numbers[i])
                exec(WORK)
            """
        )

    def test_in_parallel(self):
        self.interpreters(
            """
            numbers = [create() for _ in range(3)]
            for source in (WORK, TOGGLE, WORK):
                threads = [threading.Thread(target=run, args=(number, source))
                           for number in numbers]
                for thread in threads: thread.start()
                exec(source)
                for thread in threads: thread.join()
            for number in numbers: interpreters.destroy(number)
            """
        )

    def test_come_and_go_while_tracers_do(self):
        self.interpreters(
            """
            import semaphores
            def flip():
                while not done:
                    semaphores.add(-1)
                    time.sleep(0.001)
                    semaphores.add(1)
                    time.sleep(0.001)
            def work(own_gil):
                for _ in range(10):
                    number = create(own_gil)
                    run(number, TOGGLE)
                    interpreters.destroy(number)
            done = False
            flipper = threading.Thread(target=flip)
            threads = [threading.Thread(target=work, args=(own_gil,))
                       for own_gil in (True, False)]
            for thread in [flipper, *threads]: thread.start()
            for thread in threads: thread.join()
            done = True
            flipper.join()
            import pyusdt
            pyusdt.poll()
            exec(WORK)
            """
        )

    def test_followed_by_the_watcher(self):
        # The main one is not armed, and waits in C: that is no matter.
        self.interpreters(
            """
            import pyusdt
            pyusdt.disable()
            number = create()
            run(number, '''if True:
                import sys, time
                import pyusdt, semaphores
                def until(condition):
                    end = time.monotonic() + 60
                    while not condition():
                        assert time.monotonic() < end, "in vain"
                        time.sleep(0.001)
                semaphores.add(-1)
                until(lambda: not sys.monitoring.get_events(4))
                semaphores.add(1)
                until(lambda: sys.monitoring.get_events(4))
            ''')
            run(number, WORK)
            interpreters.destroy(number)
            assert len(os.listdir("/proc/self/task")) == 1
            """
        )

    def test_left_at_the_end(self):
        self.same(
            HELPERS + textwrap.dedent(
                """
                for own_gil in (True, False):
                    number = create(own_gil)
                    run(number, '''if True:
                        import os
                        if os.environ["PYUSDT_WATCHED"] == "1":
                            import pyusdt
                            pyusdt.enable()
                        def f(): pass
                        f()
                    ''')
                print("left")
                """
            ),
            says="left", values=("safe",),
        )

    def test_exception_out_of_one(self):
        self.same(
            HELPERS + textwrap.dedent(
                """
                number = create()
                try: print(type(interpreters.run_string(number, "1 / 0")))
                except Exception as error: print(error)
                interpreters.destroy(number)
                """
            ),
            values=("safe",),
        )
