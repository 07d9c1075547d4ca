# SPDX-License-Identifier: BSD-2-Clause
"""import pyusdt, and what it leaves behind."""

import errno
import os
import pathlib
import re
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
import unittest

import pyusdt
from pyusdt import Event

ALL = pyusdt.supported()

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def run_python(source, *options, arguments=(), **environment):
    """Returns: (exit status, stdout, stderr) of a fresh interpreter."""
    result = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(source), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    return result.returncode, result.stdout, result.stderr


class Api(unittest.TestCase):
    def tearDown(self):
        pyusdt.disable()
        pyusdt.configure(poll_msec=100, values=1, value_max=256, tool_id=-1)

    def test_enable_replaces(self):
        pyusdt.enable()
        self.assertEqual(pyusdt.enabled(), ALL)
        pyusdt.enable(Event.CALL | Event.LINE)
        self.assertEqual(pyusdt.enabled(), Event.CALL | Event.LINE)
        self.assertIsInstance(pyusdt.enabled(), Event)

    def test_disable_gives_the_tool_id_back(self):
        pyusdt.enable()
        self.assertEqual(sys.monitoring.get_tool(4), "pyusdt")
        pyusdt.disable()
        self.assertIsNone(sys.monitoring.get_tool(4))
        self.assertEqual(pyusdt.enabled(), Event(0))
        pyusdt.disable()

    def test_armed_restores(self):
        pyusdt.enable(Event.LINE)
        with self.assertRaises(ZeroDivisionError), pyusdt.armed(Event.CALL):
            self.assertEqual(pyusdt.enabled(), Event.CALL)
            1 / 0
        self.assertEqual(pyusdt.enabled(), Event.LINE)
        pyusdt.disable()
        with pyusdt.armed():
            self.assertEqual(pyusdt.enabled(), ALL)
        self.assertEqual(pyusdt.enabled(), Event(0))

    def test_bad_masks(self):
        for bad in (0, 1 << 63, Event.LINE | 1 << 62):
            with self.assertRaises(OSError) as caught:
                pyusdt.enable(bad)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
        for bad in ("LINE", 1.5, None.__class__):
            self.assertRaises(TypeError, pyusdt.enable, bad)
        self.assertRaises(OverflowError, pyusdt.enable, 1 << 64)
        self.assertRaises(OverflowError, pyusdt.enable, -1)

    def test_error_changes_nothing(self):
        pyusdt.enable(Event.CALL)
        self.assertRaises(OSError, pyusdt.enable, 1 << 63)
        self.assertEqual(pyusdt.enabled(), Event.CALL)
        self.assertEqual(sys.monitoring.get_tool(4), "pyusdt")

    def test_tool_ids_of_others(self):
        for taken in ([4], [4, 3], [5, 4, 3], [5, 4, 3, 2, 1]):
            for tool in taken:
                sys.monitoring.use_tool_id(tool, "other")
            pyusdt.enable()
            free = next(i for i in (4, 3, 5, 1, 0, 2) if i not in taken)
            self.assertEqual(sys.monitoring.get_tool(free), "pyusdt")
            pyusdt.disable()
            for tool in taken:
                self.assertEqual(sys.monitoring.get_tool(tool), "other")
                sys.monitoring.free_tool_id(tool)

    def test_no_tool_id_free(self):
        for tool in range(6):
            sys.monitoring.use_tool_id(tool, "other")
        try:
            with self.assertRaises(OSError) as caught:
                pyusdt.enable()
        finally:
            for tool in range(6):
                sys.monitoring.free_tool_id(tool)
        self.assertEqual(caught.exception.errno, errno.EBUSY)
        self.assertIn("tool id", caught.exception.strerror)

    def test_configure(self):
        pyusdt.configure(value_max=1024, tool_id=5)
        self.assertEqual(
            pyusdt.options(),
            {"poll_msec": 100, "values": 1, "value_max": 1024, "tool_id": 5,
             "include": "", "exclude": ""},
        )
        pyusdt.enable()
        self.assertEqual(sys.monitoring.get_tool(5), "pyusdt")
        with self.assertRaises(OSError) as caught:
            pyusdt.configure(tool_id=3)
        self.assertEqual(caught.exception.errno, errno.EBUSY)
        self.assertEqual(pyusdt.options()["tool_id"], 5)

    def test_configure_out_of_range(self):
        before = pyusdt.options()
        for bad in ({"value_max": 15}, {"value_max": 4097}, {"poll_msec": 60001},
                    {"values": 7}, {"tool_id": 6}, {"tool_id": -2},
                    # What C's integers have no room for.
                    {"poll_msec": 2**32}, {"poll_msec": -1}, {"poll_msec": -(2**32) + 5},
                    {"poll_msec": 2**64}, {"value_max": 2**32 + 256}, {"values": 2**32 + 1},
                    {"values": -(2**70)}, {"tool_id": 2**32}, {"tool_id": 2**64 - 1}):
            with self.assertRaises(OSError, msg=bad) as caught:
                pyusdt.configure(**bad)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
        for bad in ({"nonsense": 1}, {"poll_msec": 1.5}, {"value_max": "64"}):
            self.assertRaises(TypeError, pyusdt.configure, **bad)
        self.assertEqual(pyusdt.options(), before)

    def test_parse_events(self):
        self.assertEqual(pyusdt.parse_events("py_start, LINE"), Event.PY_START | Event.LINE)
        self.assertEqual(pyusdt.parse_events("all"), ALL)
        self.assertEqual(pyusdt.parse_events("none"), Event(0))
        with self.assertRaisesRegex(ValueError, "'NOPE'.*PY_START"):
            pyusdt.parse_events("LINE,nope")

    def test_poll_without_a_tracer(self):
        pyusdt.enable()
        self.assertIs(pyusdt.poll(), False)
        self.assertEqual(pyusdt.active(), Event(0))

    def test_stubs_name_every_event(self):
        stub = pathlib.Path(pyusdt.__file__).with_suffix(".pyi").read_text()
        named = re.findall(r"^    ([A-Z_]+) = \.\.\.$", stub, re.MULTILINE)
        self.assertEqual(named, list(Event.__members__))
        for name in pyusdt.__all__:
            self.assertRegex(stub, rf"(?m)^(def|class) {name}\b")


class Import(unittest.TestCase):
    def check(self, source, *options, output="", **environment):
        self.assertEqual(run_python(source, *options, **environment), (0, output, ""))

    def test_commands_do_not_arm(self):
        for command in ("pyusdt-trace", "pyusdt-stacks"):
            file = os.path.join(os.environ["PYUSDT_BUILDDIR"], "python", command)
            self.check(f"""
                import contextlib, io, runpy, sys, threading
                sys.argv[1:] = ["--help"]
                with contextlib.redirect_stdout(io.StringIO()) as told:
                    with contextlib.suppress(SystemExit):
                        runpy.run_path({file!r}, run_name="__main__")
                assert "usage: {command}" in told.getvalue()
                import pyusdt
                assert not pyusdt.enabled() and "pyusdt.arming" not in sys.modules
            """)

    def test_imports_what_it_needs_and_no_more(self):
        names = "pyusdt pyusdt._pyusdt pyusdt.api pyusdt.arming pyusdt.events"
        self.check(f"""
            import atexit, gc, sys
            before = set(sys.modules)
            import pyusdt
            pyusdt.configure(include=["json.*"])
            pyusdt.enable()
            added = sys.modules.keys() - before
            assert added == set({names!r}.split()), added
            assert pyusdt.enabled() == pyusdt.supported()
            assert "enum" in sys.modules
        """)

    def test_event_is_made_when_asked_for(self):
        self.check("""
            import pickle, pyusdt
            assert "Event" in dir(pyusdt) and "Event" not in vars(pyusdt)
            event = pickle.loads(pickle.dumps(pyusdt.Event.LINE))
            assert event is pyusdt.Event.LINE
            from pyusdt import *
            assert Event is pyusdt.Event is type(pyusdt.supported())
            try:
                pyusdt.Evnt
            except AttributeError as error:
                assert str(error) == "module 'pyusdt' has no attribute 'Evnt'", error
            else:
                raise AssertionError
        """)

    def test_arms_within_a_package_that_is_run(self):
        """As the runner's own does not: python -m finds its package in the same way."""
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder, "own")
            package.mkdir()
            (package / "__init__.py").write_text("import pyusdt\n")
            (package / "__main__.py").write_text(
                "import pyusdt; print(pyusdt.enabled() == pyusdt.supported() != 0)\n")
            done = subprocess.run([sys.executable, "-m", "own"], cwd=folder,
                                  stdout=subprocess.PIPE, text=True, check=True)
            self.assertEqual(done.stdout, "True\n")

    def test_arms_all(self):
        self.check("import pyusdt; assert pyusdt.enabled() == pyusdt.supported() != 0")

    def test_environment_narrows(self):
        self.check(
            "import pyusdt; print(pyusdt.enabled().name)", PYUSDT_EVENTS="call", output="CALL\n"
        )
        self.check("import pyusdt; assert not pyusdt.enabled()", PYUSDT_EVENTS="none")

    def test_never_fails_or_prints(self):
        self.check("import pyusdt; assert not pyusdt.enabled()", PYUSDT_EVENTS="rubbish")
        self.check(
            """
            import sys
            for tool in range(6):
                sys.monitoring.use_tool_id(tool, "other")
            import pyusdt
            assert not pyusdt.enabled()
            """
        )

    def test_before_the_program(self):
        # From a sitecustomize.py: Python 3.15 is not initialised by then, as it says.
        tests = pathlib.Path(__file__).parents[1]
        path = os.pathsep.join([str(tests / "watched"), str(tests), os.environ["PYTHONPATH"]])
        self.check(
            """
            import sys
            assert "pyusdt" in sys.modules
            import pyusdt, semaphores
            def traced(): pass
            traced()
            assert semaphores.told(traced)
            assert pyusdt.active() == pyusdt.supported()
            """,
            PYTHONPATH=path, PYUSDT_WATCHED="1", PYUSDT_COMPAT="1",
        )

    def test_poll_interval_from_the_environment(self):
        for text, msec in (("25", 25), ("0", 0), ("", 100), ("-1", 100), ("x", 100),
                           ("60001", 100), (f"{2**32 + 25}", 100), (f"{2**64 + 25}", 100),
                           ("9" * 5000, 100)):
            self.check(
                "import pyusdt; print(pyusdt.options()['poll_msec'])",
                PYUSDT_CHECK_MSEC=text, output=f"{msec}\n",
            )

    def test_no_thread_where_the_host_polls(self):
        self.check(
            "import os, pyusdt; assert len(os.listdir('/proc/self/task')) == 1",
            PYUSDT_CHECK_MSEC="0",
        )


class Layout(unittest.TestCase):
    def test_of_this_process(self):
        if FREE_THREADED:
            with self.assertRaisesRegex(OSError, "free-threaded"), pyusdt.armed():
                pyusdt.layout()
            return
        with pyusdt.armed():
            layout = pyusdt.layout()
        self.assertEqual(layout["python"], sys.hexversion)
        # All of its fields, of 4 bytes but one.
        self.assertEqual(layout["size"], 80)
        self.assertEqual(len(layout), 80 // 4 - 1)
        for field in "tstate", "interpreter", "gil":
            self.assertNotEqual(layout[field], 0)

    def test_takes_no_tool_id(self):
        with pyusdt.armed(Event.LAYOUT):
            self.assertEqual(pyusdt.enabled(), Event.LAYOUT)
            self.assertNotIn("pyusdt", map(sys.monitoring.get_tool, range(6)))

    def test_where_it_cannot_be_found(self):
        # All else works, and it is said why.
        status, output, errors = run_python(
            """
            import sys
            sys.path.insert(0, sys.argv[1])
            import no_layout
            no_layout.refuse()
            import pyusdt
            assert pyusdt.enabled() == pyusdt.supported()
            try:
                pyusdt.layout()
            except OSError as error:
                print(error.errno, error.strerror)
            """,
            arguments=[str(pathlib.Path(__file__).parents[1])],
        )
        self.assertEqual((status, errors), (0, ""))
        why = "the frames of a free-" if FREE_THREADED else "process_vm_readv: "
        self.assertRegex(output, f"^{errno.ENOTSUP} {why}")


class OtherTools(unittest.TestCase):
    """A traced program's own tools give their own results."""

    def check(self, source, output=""):
        self.assertEqual(run_python("import pyusdt\n" + textwrap.dedent(source)),
                         (0, output, ""))

    def test_cprofile(self):
        self.check(
            """
            import cProfile
            profile = cProfile.Profile()
            profile.runcall(len, "x")
            assert profile.getstats()
            """
        )

    def test_settrace(self):
        self.check(
            """
            import sys
            lines = []
            def tracer(frame, event, argument):
                lines.append(event)
                return tracer
            def traced():
                return 1
            sys.settrace(tracer)
            traced()
            sys.settrace(None)
            assert lines[:3] == ["call", "line", "return"], lines
            """
        )


class Shutdown(unittest.TestCase):
    """No hang, no crash, no output of ours, and the program's exit status."""

    def check(self, source, status=0, output="", errors=""):
        for options in ([], ["-X", "dev"]):
            with self.subTest(options=options):
                result = run_python("import pyusdt\n" + textwrap.dedent(source), *options)
                self.assertEqual(result[:2], (status, output), result[2])
                self.assertEqual(result[2].splitlines()[-1:], errors.splitlines()[-1:])

    def test_normal(self):
        self.check("print(1)", output="1\n")

    def test_exit_status(self):
        self.check("raise SystemExit(5)", status=5)

    def test_exception(self):
        self.check("1 / 0", status=1, errors="ZeroDivisionError: division by zero")

    def test_os_exit(self):
        self.check("import os; os._exit(3)", status=3)

    def test_daemon_thread(self):
        self.check(
            """
            import threading, time
            threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
            """
        )

    def test_busy_daemon_threads(self):
        self.check(
            """
            import threading
            def spin():
                while True:
                    sum(range(100))
            for _ in range(4):
                threading.Thread(target=spin, daemon=True).start()
            """
        )

    def test_exit_in_a_thread(self):
        self.check(
            """
            import threading, sys
            thread = threading.Thread(target=sys.exit, args=(9,))
            thread.start()
            thread.join()
            """
        )

    def test_enable_in_a_later_atexit_handler(self):
        self.check(
            """
            import atexit, errno
            def late():
                try:
                    pyusdt.enable()
                except OSError as error:
                    print(error.errno == errno.ESHUTDOWN, error.strerror)
            atexit._run_exitfuncs()
            late()
            """,
            output="True this interpreter is shutting down\n",
        )

    def test_thread_is_gone_after_disable(self):
        self.check(
            """
            import os
            assert len(os.listdir("/proc/self/task")) == 2
            pyusdt.disable()
            assert len(os.listdir("/proc/self/task")) == 1
            for _ in range(1000):
                pyusdt.enable()
                pyusdt.disable()
            assert len(os.listdir("/proc/self/task")) == 1
            """
        )

    def test_enable_from_many_threads(self):
        self.check(
            """
            import threading
            def toggle():
                for _ in range(50):
                    pyusdt.enable(pyusdt.Event.LINE)
                    pyusdt.disable()
                    pyusdt.poll()
            threads = [threading.Thread(target=toggle) for _ in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            pyusdt.enable()
            assert pyusdt.enabled() == pyusdt.supported()
            """
        )


class Fork(unittest.TestCase):
    def check(self, source, output=""):
        result = run_python("import os, pyusdt\n" + textwrap.dedent(source), "-W", "always")
        self.assertEqual(result, (0, output, ""))

    def test_no_warning_of_threads(self):
        self.check(
            """
            for _ in range(300):
                pid = os.fork()
                if not pid:
                    os._exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            """
        )

    def test_no_warning_with_handlers_in_python(self):
        # They run pending calls before CPython counts the threads.
        self.check(
            """
            import logging, time
            def handler():
                for _ in range(1000): abs(0)
            os.register_at_fork(before=handler, after_in_parent=handler, after_in_child=handler)
            for _ in range(300):
                pid = os.fork()
                if not pid:
                    os._exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            while len(os.listdir("/proc/self/task")) == 1:
                time.sleep(0.01)
            """
        )

    def test_child_and_parent_have_a_watcher(self):
        self.check(
            """
            import pathlib, time
            def threads():
                # The parent's is started when the fork has returned.
                for _ in range(1000):
                    tasks = list(pathlib.Path("/proc/self/task").glob("*/comm"))
                    if "pyusdt\\n" in [task.read_text() for task in tasks]:
                        return len(tasks)
                    time.sleep(0.01)
            pid = os.fork()
            assert threads() == 2
            assert pyusdt.enabled() == pyusdt.supported()
            if pid:
                assert os.waitpid(pid, 0)[1] == 0
            """
        )

    def test_child_of_a_thread_ends_with_it(self):
        # CPython does not end such a child by exit(): its last thread just returns.
        source = """
            import os, threading, pyusdt
            for count in range(20):
                pids = []
                def fork():
                    pid = os.fork()
                    if pid:
                        pids.append(pid)
                thread = threading.Thread(target=fork)
                thread.start()
                thread.join()
                for pid in pids:
                    assert os.waitpid(pid, 0)[1] == 0
            """
        self.assertEqual(run_python(source)[:2], (0, ""))

    def test_multiprocessing(self):
        # Not under -W error: a Pool has threads of its own when it forks.
        source = """
            import multiprocessing, pyusdt
            for method in ("fork", "forkserver", "spawn"):
                with multiprocessing.get_context(method).Pool(2) as pool:
                    assert pool.map(abs, range(-3, 0)) == [3, 2, 1]
            """
        self.assertEqual(run_python(source)[:2], (0, ""))

    def test_subprocess_with_preexec(self):
        self.check(
            """
            import subprocess
            subprocess.run(["true"], check=True)
            subprocess.run(["true"], preexec_fn=os.setsid, check=True)
            """
        )
