# SPDX-License-Identifier: BSD-2-Clause
"""Programs with every probe watched end as they end without pyusdt.

More of them, exit statuses and tracebacks above all, are in test_runner.
"""

import signal

from running import ProgramTest


class Exit(ProgramTest):
    def test_sys_exit_in_a_thread(self):
        self.same(
            """
            import sys, threading
            thread = threading.Thread(target=sys.exit, args=(9,))
            thread.start()
            thread.join()
            print("joined")
            """,
            says="joined",
        )

    def test_exception_in_a_thread(self):
        self.same(
            """
            import threading
            def fail(): {}["key"]
            threading.Thread(target=fail, name="failing").start()
            """,
            says="Exception in thread failing",
        )

    def test_thread_that_outlives_the_main_one(self):
        self.same(
            """
            import threading, time
            main = threading.main_thread()
            def last():
                main.join()
                print("last")
            threading.Thread(target=last).start()
            """,
            says="last",
        )

    def test_daemon_thread_for_ever_in_c(self):
        self.same(
            """
            import ctypes, threading
            libc = ctypes.CDLL(None)
            ready = threading.Event()
            def stay():
                ready.set()
                libc.pause()
            threading.Thread(target=stay, daemon=True).start()
            ready.wait()
            print("end")
            """,
            says="end",
        )

    def test_daemon_threads_at_work(self):
        self.same(
            """
            import threading
            def generate():
                yield from range(10)
            def work(ready):
                while True:
                    try: sum(generate()); {}["key"]
                    except KeyError: ready.set()
            for _ in range(4):
                ready = threading.Event()
                threading.Thread(target=work, args=(ready,), daemon=True).start()
                ready.wait()
            print("end")
            """,
            says="end",
        )

    def test_daemon_thread_that_arms_and_disarms(self):
        for _ in range(3):
            self.check(
                """
                import contextlib, threading
                import pyusdt
                def work(ready):
                    while True:
                        # At the end enable() says that it is too late.
                        with contextlib.suppress(OSError):
                            pyusdt.enable()
                        pyusdt.disable()
                        ready.set()
                for _ in range(2):
                    ready = threading.Event()
                    threading.Thread(target=work, args=(ready,), daemon=True).start()
                    ready.wait()
                """
            )

    def test_atexit_handlers(self):
        self.same(
            """
            import atexit
            @atexit.register
            def fail():
                raise ValueError("at exit")
            atexit.register(print, "first")
            class Last:
                def __del__(self): print("deleted"); raise LookupError("in vain")
            last = Last()
            def suspended():
                try: yield
                finally: print("closed")
            running = suspended()
            next(running)
            """,
            says="at exit",
        )

    def test_coroutine_never_awaited(self):
        self.same(
            """
            async def forgotten(): pass
            kept = forgotten()
            """,
            says="never awaited",
        )

    def test_os_exit_from_a_thread(self):
        self.same(
            """
            import os, threading
            threading.Thread(target=os._exit, args=(3,)).start()
            threading.Event().wait()
            """,
            status=3,
        )

    def test_abort(self):
        self.same("import os; os.abort()", status=-signal.SIGABRT)

    def test_fatal_error_under_faulthandler(self):
        self.same(
            """
            import ctypes
            def crash(): ctypes.string_at(0)
            crash()
            """,
            "-X", "faulthandler", says="in crash", status=-signal.SIGSEGV,
        )

    def test_exec(self):
        self.same(
            """
            import os, threading
            ready = threading.Event()
            def stay():
                ready.set()
                threading.Event().wait()
            threading.Thread(target=stay, daemon=True).start()
            ready.wait()
            os.execvp("sh", ["sh", "-c", "echo replaced; exit 5"])
            """,
            says="replaced", status=5,
        )

    def test_exhausted_standard_output(self):
        self.same(
            """
            import os, sys
            os.close(1)
            sys.stdout = open("/dev/full", "w")
            print("lost")
            """,
            says="No space left", status=120,
        )


class Signals(ProgramTest):
    def test_interrupted_in_c(self):
        self.same(
            """
            import time
            def outer():
                print("ready", flush=True) or time.sleep(100)
            outer()
            """,
            # It may not be asleep yet: no column is told.
            "-X", "no_debug_ranges", says="in outer", status=-signal.SIGINT, interrupt=signal.SIGINT,
        )

    def test_terminated(self):
        for name, status in (("SIG_DFL", -signal.SIGTERM), ("SIG_IGN", 0)):
            self.same(
                f"""
                import signal, sys, time
                signal.signal(signal.SIGTERM, signal.{name})
                print("ready", flush=True)
                while signal.getsignal(signal.SIGTERM) == signal.SIG_DFL: abs(1)
                """,
                status=status, interrupt=signal.SIGTERM,
            )

    def test_handler_that_exits(self):
        self.same(
            """
            import atexit, signal, sys
            atexit.register(print, "atexit")
            signal.signal(signal.SIGTERM, lambda *arguments: sys.exit(7))
            def spin():
                while True: abs(1)
            print("ready", flush=True)
            spin()
            """,
            says="atexit", status=7, interrupt=signal.SIGTERM,
        )

    def test_handler_that_returns(self):
        self.same(
            """
            import signal
            received = []
            signal.signal(signal.SIGUSR1, lambda *arguments: received.append(1))
            print("ready", flush=True)
            while not received: signal.pause()
            print(received)
            """,
            says="[1]", interrupt=signal.SIGUSR1,
        )

    def test_timer(self):
        self.same(
            """
            import signal
            class Enough(Exception): pass
            count = 0
            def tick(*arguments):
                global count
                count += 1
                if count == 20:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    raise Enough
            signal.signal(signal.SIGALRM, tick)
            def work(): return [1]
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
                while True: work()
            except Enough:
                print("enough")  # one more tick may be on its way
            """,
            # repr() cannot tell it from an exception of its own.
            says="enough", values=("safe",),
        )

    def test_killed(self):
        self.same(
            """
            import signal, threading
            print("ready", flush=True)
            signal.pause()
            """,
            status=-signal.SIGKILL, interrupt=signal.SIGKILL,
        )
