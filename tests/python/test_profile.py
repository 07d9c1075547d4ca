# SPDX-License-Identifier: BSD-2-Clause
"""Profiles as the library takes them: python -m pyusdt --profile, pyusdt.profile()."""

import cProfile
import contextlib
import json
import os
import pathlib
import pstats
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

import pyusdt
import repeatable
from counting import comparable

SECONDS = 120


def setUpModule():
    if not pyusdt.supported() & pyusdt.Event.PROFILE:
        raise unittest.SkipTest("this CPython's frames are not known")


class SameAsCProfile(unittest.TestCase):
    """Counts are exactly its in the same run, by function and by caller."""

    maxDiff = None

    def check(self, work, c_functions):
        theirs = cProfile.Profile(builtins=c_functions)
        work()  # what it does in a first run only, it has done
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ours.pstats")
            with pyusdt.profile(c_functions=c_functions) as ours:
                theirs.enable()
                work()
                theirs.disable()
            ours.write(path)
            counted = comparable(pstats.Stats(path).stats, c_functions)
        expected = comparable(pstats.Stats(theirs).stats, c_functions)
        self.assertGreater(len(expected), 1)
        # What is around the call of disable().
        counted = {function: numbers for function, numbers in counted.items()
                   if function in expected or function[0] != "~"}
        self.assertEqual(counted, expected)


def add_workloads():
    for name, work in repeatable.WORKLOADS.items():
        for c_functions in (False, True):
            def test(self, work=work, c_functions=c_functions):
                self.check(work, c_functions)

            setattr(SameAsCProfile, f"test_{name}{'_and_c' * c_functions}", test)


add_workloads()


def spin(milliseconds):
    """So much work that what profilers themselves take for a call is nothing beside it."""
    end = time.perf_counter() + milliseconds / 1000
    while time.perf_counter() < end:
        pass


def recurse(depth):
    spin(5)
    if depth:
        recurse(depth - 1)


def generate(count):
    for _ in range(count):
        spin(3)
        yield


def fail():
    spin(4)
    raise KeyError


def work_for_a_while():
    spin(10)
    recurse(4)
    for _ in generate(5):
        spin(2)
    with contextlib.suppress(KeyError):
        fail()


class Times(unittest.TestCase):
    def test_those_of_cprofile(self):
        """Both look at the same run: what keeps it from the processor is in both."""
        theirs = cProfile.Profile()
        work_for_a_while()
        with pyusdt.profile() as taken:
            # Not to Profile(), which forgets it from 3.14 on.
            theirs.enable(builtins=False)
            work_for_a_while()
            theirs.disable()
        ours = {(function.filename, function.line): function for function in taken.functions()}
        compared = []
        for (file, line, name), (_, _, own, total, _) in pstats.Stats(theirs).stats.items():
            function = ours[file, line]
            # In a microsecond what they take themselves is not nothing.
            for time_of_ours, time_of_theirs in (function.total, total), (function.own, own):
                if time_of_theirs > 0.001:
                    with self.subTest(function=name):
                        self.assertAlmostEqual(time_of_ours / 1e9, time_of_theirs,
                                               delta=time_of_theirs * 0.05)
                    compared.append(name)
        for name in "spin", "recurse", "generate", "fail", "work_for_a_while":
            self.assertIn(name, compared)


class Session(unittest.TestCase):
    def test_functions(self):
        def called():
            pass

        with pyusdt.profile() as taken:
            for _ in range(7):
                called()
        found = {function.qualname: function for function in taken.functions()}
        name = "Session.test_functions.<locals>.called"
        self.assertEqual((found[name].calls, found[name].line),
                         (7, called.__code__.co_firstlineno))
        self.assertEqual(list(found), [name])

    def test_with_events_armed(self):
        pyusdt.enable()
        self.addCleanup(pyusdt.disable)
        with pyusdt.profile(stacks=False) as taken:
            json.loads("{}")
        self.assertIn("loads", [function.name for function in taken.functions()])
        self.assertEqual(pyusdt.enabled(), pyusdt.supported())

    def test_tool_id_is_given_back(self):
        pyusdt.disable()
        with pyusdt.profile():
            self.assertEqual(sys.monitoring.get_tool(4), "pyusdt")
        self.assertIsNone(sys.monitoring.get_tool(4))

    def test_hostile_names(self):
        """What the library makes of them, whole as far as it keeps them."""
        names = {}
        for number, name in enumerate(["\x1b[31m", "a;b\n", "\ud800x", "y" * 10_000, "'\\"]):
            # In so little as a call takes a clock may not have moved.
            code = compile("def f(): list(range(10_000))", f"/srv/{name}.py", "exec")
            exec(code, names)
            names[f"f{number}"] = names["f"]
            names["f"].__code__ = names["f"].__code__.replace(co_name=name, co_qualname=name)
        with pyusdt.profile() as taken:
            for number in range(5):
                names[f"f{number}"]()
        self.assertEqual(len(taken.functions()), 5)
        with tempfile.TemporaryDirectory() as folder:
            for name in ("x.pstats", "x.folded", "x.svg", "x.json", "x.pb.gz"):
                taken.write(os.path.join(folder, name))
            text = pathlib.Path(folder, "x.folded").read_text()
        self.assertEqual(len(text.splitlines()), 5)
        self.assertTrue(text.replace("\n", "").isprintable())


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text, name="prog.py"):
        (self.folder / name).write_text(textwrap.dedent(text))

    def python(self, *words, **extra):
        environment = {name: value for name, value in os.environ.items()
                       if name != "PYUSDT_EVENTS"}
        return subprocess.run([sys.executable, *words], cwd=self.folder, text=True,
                              env={**environment, **extra}, capture_output=True,
                              timeout=SECONDS)

    def profile(self, *words, **extra):
        return self.python("-m", "pyusdt", *words, **extra)

    def calls(self, name="x.pstats"):
        """{function: calls} of the program's own files."""
        stats = pstats.Stats(str(self.folder / name)).stats
        return {name: numbers[1] for (file, _, name), numbers in stats.items()
                if file.startswith(str(self.folder)) or file == "<string>"}

    def functions(self, told):
        """{function: calls} of the lines of tables."""
        rows = re.findall(r"^ *([\d,]+)(?:  +[\d.,]+ [mun]?s){3} +[\d,]+  (\S+)", told,
                          re.MULTILINE)
        return {name: int(calls.replace(",", "")) for calls, name in rows}


PROGRAM = """
    import atexit, sys, threading
    def late(): print("late")
    def last(): print("last")
    def slowly():
        started.set()
        ended.wait()
        in_thread()
    def in_thread(): pass
    def work(n):
        return n and work(n - 1)
    started, ended = threading.Event(), threading.Event()
    atexit.register(last)
    atexit.register(late)
    thread = threading.Thread(target=slowly)
    thread.start()
    started.wait()
    threading.Timer(0.01, ended.set).start()
    work(4)
    print(sys.argv, __name__, __file__)
"""
COUNTS = {"late": 1, "last": 1, "slowly": 1, "in_thread": 1, "work": 5, "<module>": 1}


class Runner(InFolder):
    def test_table(self):
        self.write(PROGRAM)
        plain = self.python("prog.py", "a", "--profile")
        done = self.profile("--profile", "--include=__main__.*", "prog.py", "a", "--profile")
        self.assertEqual((done.stdout, done.returncode), (plain.stdout, 0))
        self.assertEqual(plain.stderr, "")
        _, title, _, header, *rows = done.stderr.splitlines()
        self.assertEqual(title, "Profile of prog.py")
        self.assertEqual(header.split(), ["calls", "own", "total", "max", "resumes", "function"])
        self.assertEqual(len(rows), len(COUNTS))
        self.assertEqual(self.functions(done.stderr), COUNTS)

    def test_files(self):
        self.write(PROGRAM)
        for name in ("x.pstats", "x.folded", "x.svg", "x.json", "x.pb.gz"):
            for more in ([], ["-e", "none"]):
                done = self.profile(*more, f"--profile={name}", "prog.py")
                self.assertEqual((done.stderr, done.returncode), ("", 0))
                self.assertIn("late\nlast\n", done.stdout)
            self.assertIn(name, os.listdir(self.folder))
        self.assertEqual(self.calls(), COUNTS)
        self.assertIn(";work (", (self.folder / "x.folded").read_text())

    def test_hundred_thousand_functions(self):
        """All of them called by the same one."""
        self.write("""
            COUNT = 100_000
            space = {}
            for first in range(0, COUNT, 1000):
                names = range(first, first + 1000)
                exec("".join(f"def f{n}(): pass\\n" for n in names), space)
            functions = [space[f"f{n}"] for n in range(COUNT)]
            for function in functions:
                function()
        """)
        done = self.profile("--profile=x.pstats", "prog.py")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        counted = {name: calls for name, calls in self.calls().items() if name[1:].isdigit()}
        self.assertEqual(counted, {f"f{n}": 1 for n in range(100_000)})

    def test_c_functions(self):
        self.write("def f(): return len([1])\nfor _ in range(3): f()\n")
        done = self.profile("--profile", "--c-functions", "prog.py")
        self.assertIn("  <built-in method builtins.len>\n", done.stderr)
        self.assertEqual(self.functions(done.stderr)["f"], 3)
        self.assertNotIn("built-in", self.profile("--profile", "prog.py").stderr)
        # What the runner calls is none of the program's.
        for name in ("getpid", "atexit", "profile_", "register_at_fork"):
            self.assertNotIn(name, done.stderr)

    def test_ways_to_name_the_program(self):
        self.write("def f(): pass\nf(), f()\n")
        for words in (["-m", "prog"], ["-c", "from prog import f; f()"], ["--", "prog.py"]):
            done = self.profile("--profile=x.pstats", *words)
            self.assertEqual((done.stderr, done.returncode), ("", 0))
            self.assertEqual(self.calls()["f"], 3 if "-c" in words else 2)

    def test_status_and_traceback(self):
        for text, status in (
            ("def f(): 1 / 0\nf()", 1),
            ("def f(): raise SystemExit(7)\nf()", 7),
            ("import sys\ndef f(): sys.exit('message')\nf()", 1),
            ("import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGINT)\nf()",
             -signal.SIGINT),
        ):
            with self.subTest(text=text):
                self.write(text)
                plain = self.python("prog.py")
                done = self.profile("--profile", "--include=__main__.*", "prog.py")
                self.assertEqual(plain.returncode, status)
                self.assertEqual((done.returncode, done.stdout), (status, plain.stdout))
                said, _, told = done.stderr.partition("\nProfile of prog.py\n")
                self.assertEqual(said, plain.stderr)
                self.assertEqual(self.functions(told), {"f": 1, "<module>": 1})

    def test_ends_that_no_profile_sees(self):
        self.write("import os\nos._exit(3)")
        done = self.profile("--profile=x.svg", "prog.py")
        self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.assertEqual(os.listdir(self.folder), ["prog.py"])

    def test_excepthook(self):
        self.write("""
            import sys
            def hook(*error): print(error[1])
            sys.excepthook = hook
            def f(): 1 / 0
            f()
        """)
        done = self.profile("--profile", "--c-functions", "prog.py")
        self.assertEqual((done.stdout, done.returncode), ("division by zero\n", 1))
        self.assertEqual(self.functions(done.stderr), {
            "f": 1, "hook": 1, "<module>": 1, "<built-in": 1})
        self.assertIn("  <built-in method builtins.print>\n", done.stderr)

    def test_program_that_has_closed_standard_error(self):
        self.write("import os, sys\nprint('out')\nsys.stderr = None\nos.close(2)")
        done = self.profile("--profile", "prog.py")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "out\n", ""))

    def test_program_with_modules_of_our_names(self):
        for name in ("json", "html", "enum", "collections", "re", "zlib", "typing", "marshal"):
            self.write("print('own', __name__)", f"{name}.py")
        self.write("import json, re, zlib")
        plain = self.python("prog.py")
        self.assertIn("own json\nown re\n", plain.stdout)
        for name in ("x.pstats", "x.folded", "x.svg", "x.json", "x.pb.gz"):
            done = self.profile(f"--profile={name}", "prog.py")
            self.assertEqual((done.stdout, done.stderr, done.returncode), (plain.stdout, "", 0))
            self.assertIn(name, os.listdir(self.folder))

    def test_modules_that_the_program_finds(self):
        self.write("import sys; print(*sys.modules)")
        without = set(self.profile("prog.py").stdout.split())
        self.assertFalse([name for name in without if "profiling" in name])
        for words in (["--profile"], ["--profile=x.pstats"]):
            found = set(self.profile(*words, "prog.py").stdout.split())
            self.assertEqual({name.partition(".")[0] for name in found - without}, {"pyusdt"})

    def test_a_profile_within(self):
        self.write("""
            import pyusdt
            try:
                with pyusdt.profile(): pass
            except RuntimeError as error:
                print(error)
        """)
        done = self.profile("--profile=x.svg", "prog.py")
        self.assertEqual(done.stdout, "a profile is being taken already: one at a time\n")
        self.assertEqual(done.stderr, "")


class Wrong(InFolder):
    def check(self, said, *words, status=2):
        self.write("print('ran')")
        done = self.profile(*words, "prog.py")
        self.assertEqual((done.stdout, done.returncode), ("", status))
        self.assertIn(said, done.stderr)
        return done.stderr

    def test_before_the_program_runs(self):
        for said, name in (("x.txt: the name has to end in one of .pstats, ", "x.txt"),
                           ("there is no folder ", "absent/x.svg")):
            told = self.check(said, f"--profile={name}")
            self.assertTrue(told.startswith("pyusdt: error: --profile: "), told)
            self.assertEqual(told.count("\n"), 1)

    def test_usage(self):
        self.check("--c-functions needs --profile", "--c-functions")

    def test_no_tool_id(self):
        self.write("import sys\nfor i in range(6): sys.monitoring.use_tool_id(i, 'other')",
                   "sitecustomize.py")
        path = os.pathsep.join([str(self.folder), os.environ["PYTHONPATH"]])
        self.write("print('ran')")
        done = self.profile("-e", "none", "--profile", "prog.py", PYTHONPATH=path)
        self.assertEqual((done.stdout, done.returncode), ("", 1))
        self.assertRegex(done.stderr, r"^pyusdt: cannot profile: .*\n$")

    def test_disk_that_is_full(self):
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))\n"
        for more, status in (("", 1), ("raise SystemExit(3)", 3)):
            self.write(limit + more)
            done = self.profile("--profile=x.json", "prog.py")
            path = os.path.realpath(self.folder / "x.json")
            self.assertEqual((done.stderr, done.returncode),
                             (f"pyusdt: {path}: File too large\n", status))
            self.assertEqual(os.listdir(self.folder), ["prog.py"])

    def test_nothing_to_draw(self):
        self.write("pass")
        done = self.profile("--profile=x.svg", "--include=nothing", "prog.py")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^pyusdt: .*x\.svg: no stacks to draw\n$")


class Children(InFolder):
    def files(self):
        return sorted(re.sub(r"\d+", "PID", name) for name in os.listdir(self.folder)
                      if name.startswith("x."))

    def child(self):
        name, = (name for name in os.listdir(self.folder) if name.count(".") == 2)
        return name

    def test_fork(self):
        self.write("""
            import os
            def before(): pass
            def ours(): pass
            def theirs(): pass
            before()
            if os.fork() == 0:
                theirs()
                theirs()
            else:
                ours()
                os.wait()
        """)
        done = self.profile("--profile=x.pstats", "prog.py")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        self.assertEqual(self.files(), ["x.PID.pstats", "x.pstats"])
        self.assertEqual(self.calls(), {"<module>": 1, "before": 1, "ours": 1})
        theirs = self.calls(self.child())
        self.assertEqual((theirs["theirs"], theirs.get("before"), theirs.get("ours")),
                         (2, None, None))

    def test_multiprocessing(self):
        self.write("""
            import multiprocessing
            def work(n): return helper(n) + helper(n)
            def helper(n): return n
            if __name__ == "__main__":
                context = multiprocessing.get_context("fork")
                process = context.Process(target=work, args=(3,))
                process.start()
                process.join()
                with context.Pool(2) as pool:
                    print(sum(pool.map(work, range(10), 1)))
                    pool.close()
                    pool.join()
        """)
        done = self.profile("--profile=x.pstats", "prog.py")
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("90\n", "", 0))
        self.assertEqual(self.files(), ["x.PID.pstats"] * 3 + ["x.pstats"])
        found = [self.calls(name) for name in os.listdir(self.folder) if name.count(".") == 2]
        self.assertEqual(sum(calls.get("work", 0) for calls in found), 11)
        self.assertEqual(sum(calls.get("helper", 0) for calls in found), 22)
        self.assertNotIn("work", self.calls())

    def test_multiprocessing_table(self):
        self.write("""
            import multiprocessing
            def work(): pass
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join()
            print(process.pid, process.exitcode)
        """)
        done = self.profile("--profile", "--include=__main__.*", "prog.py")
        pid, status = done.stdout.split()
        child, ours = done.stderr.split("\nProfile of prog.py\n")
        self.assertIn(f"\nProfile of prog.py, process {pid}\n", child)
        self.assertEqual(status, "0")
        self.assertEqual(self.functions(child)["work"], 1)
        self.assertNotIn("work", self.functions(ours))

    def test_child_that_cannot_write(self):
        self.write("""
            import multiprocessing, resource
            def work(): resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join()
            print(process.exitcode)
        """)
        done = self.profile("--profile=x.json", "prog.py")
        self.assertEqual((done.stdout, done.returncode), ("0\n", 0))
        self.assertRegex(done.stderr, r"^pyusdt: .*x\.\d+\.json: File too large\n$")
        self.assertEqual(self.files(), ["x.json"])


if __name__ == "__main__":
    unittest.main()
