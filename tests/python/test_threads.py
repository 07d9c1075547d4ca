# SPDX-License-Identifier: BSD-2-Clause
"""Threads of all kinds, with every probe watched."""

from running import ProgramTest


class Threads(ProgramTest):
    def test_changes_from_any_thread(self):
        # While others run code that is traced, and tracers come and go.
        self.check(
            """
            import threading
            import pyusdt, semaphores
            from pyusdt import Event

            def fibonacci(n):
                return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
            def compute():
                while not done:
                    assert fibonacci(10) == 55
            def arm(events):
                for _ in range(30):
                    pyusdt.enable(events)
                    pyusdt.poll()
                    pyusdt.active()
                    pyusdt.disable()
            def configure(options):
                for _ in range(15):
                    for option in options:
                        pyusdt.configure(**option)
            def flip():
                while not done:
                    semaphores.add(-1)
                    semaphores.add(1)

            filters = [{"include": "nothing.*"}, {"exclude": "*.fib*"},
                       {"include": "", "exclude": ""}]
            rest = [{"poll_msec": 0}, {"poll_msec": 1}, {"values": 2}, {"values": 0},
                    {"value_max": 64}, {"value_max": 4096, "values": 1}]
            done = False
            background = [threading.Thread(target=target)
                          for target in (compute, compute, flip)]
            threads = [threading.Thread(target=arm, args=(events,))
                       for events in (None, Event.LINE, Event.CALL | Event.C_RETURN)]
            threads += [threading.Thread(target=configure, args=(options,))
                        for options in (filters, rest)]
            for thread in background + threads: thread.start()
            for thread in threads: thread.join()
            done = True
            for thread in background: thread.join()
            pyusdt.configure(include="", exclude="")
            pyusdt.enable()
            def traced(): pass
            traced()
            assert semaphores.told(traced)
            assert pyusdt.active() == pyusdt.enabled() == pyusdt.supported()
            """,
            PYUSDT_CHECK_MSEC="1",
        )

    def test_everybody_gets_a_turn(self):
        # Two that change events in a loop do not keep out a third.
        self.check(
            """
            import threading
            import pyusdt
            def toggle(begun):
                while not done:
                    pyusdt.enable()
                    pyusdt.disable()
                    begun.set()
            done = False
            threads = []
            for _ in range(3):
                begun = threading.Event()
                threads.append(threading.Thread(target=toggle, args=(begun,)))
                threads[-1].start()
                begun.wait()
            for _ in range(10): pyusdt.enable()
            done = True
            for thread in threads: thread.join()
            """
        )

    def test_short_lived(self):
        self.same(
            """
            import threading
            results = []
            def work(number):
                try: raise KeyError(number)
                except KeyError: results.append(number)
            for start in range(0, 500, 50):
                threads = [threading.Thread(target=work, args=(start + i,))
                           for i in range(50)]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
            print(sorted(results) == list(range(500)), threading.active_count())
            """,
            says="True 1",
        )

    def test_threads_of_c(self):
        # They meet Python for the first time, in a thread state that ends with the call.
        self.same(
            """
            import ctypes, threading
            libc = ctypes.CDLL(None)
            results = []
            def inner(number):
                yield number
            @ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
            def function(argument):
                results.extend(inner(argument or 0))
                try: {}["key"]
                except KeyError: pass
            for start in range(0, 200, 20):
                threads = []
                for number in range(start, start + 20):
                    thread = ctypes.c_ulong()
                    assert not libc.pthread_create(
                        ctypes.byref(thread), None, function, ctypes.c_void_p(number))
                    threads.append(thread)
                for thread in threads:
                    libc.pthread_join(thread, None)
            print(sorted(results) == list(range(200)))
            """,
            says="True",
        )

    def test_thread_of_c_for_ever(self):
        self.same(
            """
            import ctypes, threading
            libc = ctypes.CDLL(None)
            called = threading.Event()
            @ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)
            def function(argument):
                called.set()
                libc.pause()
            thread = ctypes.c_ulong()
            libc.pthread_create(ctypes.byref(thread), None, function, None)
            called.wait()
            print("end")
            """,
            says="end",
        )

    def test_the_program_does_not_see_the_watcher(self):
        self.same(
            """
            import faulthandler, sys, threading
            faulthandler.dump_traceback(all_threads=True)
            print(threading.enumerate() == [threading.main_thread()])
            print(len(sys._current_frames()))
            """,
            says="True", PYUSDT_CHECK_MSEC="1",
        )

    def test_asynchronous_exception(self):
        self.same(
            """
            import ctypes, threading
            class Stop(Exception): pass
            def work():
                try:
                    begun.set()
                    while True: [abs(number) for number in range(10)]
                except Stop: print("stopped")
            begun = threading.Event()
            thread = threading.Thread(target=work)
            thread.start()
            begun.wait()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
            thread.join()
            """,
            says="stopped", values=("safe",),
        )


class Library(ProgramTest):
    def test_dlclose(self):
        # By an embedder or a plugin: the watcher and the handlers are still there.
        self.check(
            """
            import _ctypes, ctypes, os
            def loaded():
                with open("/proc/self/maps") as maps:
                    return "/libpyusdt.so" in maps.read()
            builddir = os.environ["PYUSDT_BUILDDIR"]
            path = os.path.join(builddir, "libpyusdt/.libs/libpyusdt.so.0")
            for _ in range(3):
                library = ctypes.PyDLL(path)
                assert library.pyusdt_enable(ctypes.c_uint64(1 << 5)) == 0
                assert len(os.listdir("/proc/self/task")) == 2
                _ctypes.dlclose(library._handle)
                assert loaded()
            child = os.fork()
            if not child: os._exit(3)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
            """,
            "-W", "error", watched=False,
        )
