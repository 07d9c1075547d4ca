# SPDX-License-Identifier: BSD-2-Clause
"""Forks of all forms, with every probe watched: no warning, no hang, children are armed.

PYUSDT_FORKS=N: how often the first of them forks (default 500).
"""

import os

from running import ProgramTest

FORKS = os.environ.get("PYUSDT_FORKS", "500")

# What the programs share: children that are waited for, and what they find.
HELPERS = """
import os, signal, sys, threading, time
import pyusdt, semaphores

def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.001)

def has_watcher():
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as file:
                names.append(file.read())
        except OSError:
            pass
    return names.count("pyusdt\\n") == 1

def instrumented():
    tool = sys.monitoring.get_tool(4) == "pyusdt"
    return tool and sys.monitoring.get_events(4) != 0

def follows_tracers():
    # By its own watcher: nothing here looks at the semaphores.
    semaphores.add(-1)
    until(lambda: not instrumented())
    semaphores.add(1)
    until(instrumented)
    def traced(): pass
    traced()
    return semaphores.told(traced)

def in_child(function):
    child = os.fork()
    if not child:
        signal.alarm(60)
        status = 99
        try:
            status = function() or 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    return child

def wait(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def look():
    def traced(): pass
    traced()
    assert semaphores.told(traced)
    until(has_watcher)
    assert follows_tracers()
    assert pyusdt.enabled() == pyusdt.supported()
    pyusdt.disable()
    assert len(os.listdir("/proc/self/task")) == 1
    pyusdt.enable()
    pyusdt.configure(poll_msec=50)
    until(has_watcher)
"""


class Fork(ProgramTest):
    maxDiff = None

    def forks(self, source, *options, **extra):
        # The helpers are a module, for what runs the program again.
        with open(os.path.join(self.directory, "helpers.py"), "w") as file:
            file.write(HELPERS)
        lines = source.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        source = "\n".join(["from helpers import *", *(line[indent:] for line in lines)])
        self.check(source, *options, PYUSDT_CHECK_MSEC="1", **extra)

    def test_no_warning_of_threads(self):
        self.forks(
            """
            for i in range(FORKS):
                child = os.fork()
                if not child:
                    os._exit(i % 100)
                assert wait(child) == i % 100
            """.replace("FORKS", FORKS),
            "-W", "error",
        )

    def test_no_warning_while_tracers_come_and_go(self):
        # The watcher is at it, or wants the GIL, when the program forks.
        self.forks(
            """
            for i in range(100):
                semaphores.add(-1 if i % 2 else 1)
                for _ in range(i % 7 * 100): pass
                child = os.fork()
                if not child:
                    os._exit(3)
                assert wait(child) == 3
            until(has_watcher)
            """,
            "-W", "error",
        )

    def test_no_warning_of_other_forms(self):
        self.forks(
            """
            import pty, subprocess
            for fork in (os.forkpty, pty.fork):
                child, terminal = fork()
                if not child:
                    os._exit(4)
                assert wait(child) == 4
                os.close(terminal)
                until(has_watcher)
            for _ in range(20):
                subprocess.run(["true"], preexec_fn=os.setsid, check=True)
            subprocess.run(["true"], check=True)
            assert wait(os.posix_spawnp("true", ["true"], os.environ)) == 0
            until(has_watcher)
            """,
            "-W", "error",
        )

    def test_no_warning_in_a_signal_handler(self):
        self.forks(
            """
            statuses = []
            def handler(*arguments):
                child = os.fork()
                if not child:
                    os._exit(5)
                statuses.append(wait(child))
            signal.signal(signal.SIGUSR1, handler)
            for _ in range(50):
                os.kill(os.getpid(), signal.SIGUSR1)
            until(lambda: statuses == [5] * 50)
            until(has_watcher)
            """,
            "-W", "error",
        )

    def test_children_are_armed(self):
        self.forks(
            """
            assert wait(in_child(look)) == 0
            # And theirs, from a child that has not run anything in between.
            assert wait(in_child(lambda: wait(in_child(look)))) == 0
            look()
            """
        )

    def test_tracer_that_comes_after_the_fork(self):
        self.forks(
            """
            semaphores.add(-1)
            pyusdt.poll()
            def child():
                assert not instrumented()
                semaphores.add(1)
                until(instrumented)
                look()
            assert wait(in_child(child)) == 0
            # What a child sees is its own.
            assert not instrumented()
            """
        )

    def test_tracers_of_a_program_that_forks_all_the_time(self):
        # It has no tick in between: each fork looks, for the child as well.
        self.forks(
            """
            pyusdt.configure(poll_msec=60000)
            def child():
                def traced(): pass
                traced()
                return 10 + semaphores.told(traced)
            def is_told():
                return {10: False, 11: True}[wait(in_child(child))]
            semaphores.add(-1)
            until(lambda: not is_told())
            assert not instrumented()
            semaphores.add(1)
            until(is_told)
            assert instrumented()
            """,
            "-W", "error",
        )

    def test_from_a_thread(self):
        self.forks(
            """
            results = []
            def work():
                results.append(wait(in_child(look)))
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            assert results == [0], results
            until(has_watcher)
            """,
            "-W", "ignore",
        )

    def test_from_several_threads_at_once(self):
        self.forks(
            """
            def child():
                until(has_watcher)
            def work():
                for _ in range(25):
                    results.append(wait(in_child(child)))
            results = []
            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            assert results == [0] * 100, results
            until(has_watcher)
            look()
            """,
            "-W", "ignore",
        )

    def test_while_other_threads_arm_and_disarm(self):
        # Whatever they were at, the child can do the same, and end.
        self.forks(
            """
            done = False
            def work():
                while not done:
                    pyusdt.enable()
                    pyusdt.disable()
            threads = [threading.Thread(target=work) for _ in range(2)]
            for thread in threads: thread.start()
            for _ in range(60):
                child = os.fork()
                if not child:
                    signal.alarm(60)
                    pyusdt.enable()
                    assert pyusdt.enabled() == pyusdt.supported()
                    sys.exit(6)
                assert wait(child) == 6
            done = True
            for thread in threads: thread.join()
            pyusdt.enable()
            look()
            """,
            "-W", "ignore",
        )

    def test_multiprocessing(self):
        for method in ("fork", "forkserver", "spawn"):
            with self.subTest(method=method):
                self.forks(
                    f"""
                    import multiprocessing
                    if __name__ == "__main__":
                        context = multiprocessing.get_context("{method}")
                        processes = [context.Process(target=look) for _ in range(2)]
                        for process in processes: process.start()
                        for process in processes: process.join()
                        assert [p.exitcode for p in processes] == [0, 0], processes
                        look()
                    """,
                    "-W", "error",
                )

    def test_in_a_callback(self):
        # repr() is the program's code, and may do anything.
        self.forks(
            """
            class Forks:
                done = False
                def __repr__(self):
                    if not Forks.done:
                        Forks.done = True
                        child = os.fork()
                        if not child:
                            os._exit(7)
                        assert wait(child) == 7
                    return "Forks()"
            def give(): return Forks()
            give()
            assert Forks.done
            until(has_watcher)
            assert wait(in_child(look)) == 0
            """,
            "-W", "error", PYUSDT_VALUES="repr",
        )

    def test_in_atexit_handlers(self):
        # One that was there before us runs after ours, with nothing armed any more.
        self.forks(
            """
            import atexit
            def handler():
                assert wait(in_child(lambda: 8)) == 8
            atexit.register(handler)
            atexit._run_exitfuncs()
            handler()
            assert not has_watcher()
            """,
            "-W", "error",
        )

    def test_handler_that_fails(self):
        self.same(
            """
            import os
            def fail(): raise ValueError("handler")
            os.register_at_fork(before=fail, after_in_parent=fail)
            child = os.fork()
            if not child: os._exit(9)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """,
            says="ValueError: handler",
        )

    def test_other_programs_are_not_touched(self):
        self.forks(
            """
            import subprocess
            show = "import os, sys; print(sorted(os.environ.items()) == eval(sys.argv[1]), " \\
                   "'libpyusdt' in open('/proc/self/maps').read())"
            words = [sys.executable, "-S", "-c", show, repr(sorted(os.environ.items()))]
            for preexec in (None, os.setsid):
                said = subprocess.check_output(words, preexec_fn=preexec, text=True)
                assert said == "True False\\n", said
            child = in_child(lambda: os.execv(sys.executable, [*words[:3], "import sys; sys.exit(3)"]))
            assert wait(child) == 3
            """
        )

    def test_unwatched_and_unarmed(self):
        source = """
            import os, pyusdt
            for _ in range(20):
                child = os.fork()
                if not child:
                    os._exit(0 if not pyusdt.active() else 1)
                assert os.waitpid(child, 0)[1] == 0
            """
        self.check(source, "-W", "error", watched=False)
        self.check(source, "-W", "error", watched=False, PYUSDT_EVENTS="none")
