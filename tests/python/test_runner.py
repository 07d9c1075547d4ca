# SPDX-License-Identifier: BSD-2-Clause
"""``python -m pyusdt X`` against ``python X``: same output, errors and exit status."""

import os
import py_compile
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from unittest import mock

import pyusdt
import semaphores
from pyusdt import cli

SECONDS = 60
TESTS = Path(__file__).resolve().parents[1]
WATCHED_PATH = [str(TESTS / "watched"), str(TESTS)]
# What pyusdt-trace runs.
BY_PATH = os.path.join(pyusdt.__path__[0], "__main__.py")
RUNNERS = {"module": ("-m", "pyusdt"), "path": (BY_PATH,)}
SCRIPT_DESCRIPTOR = 42  # the same in both runs: it is part of the output
DEDENTS = sys.version_info >= (3, 14)
SURROUNDINGS = """
    import os
    import sys
    print(__file__, sys.argv, sys.path)
    print(sys.orig_argv, sys.executable, sys.flags, sorted(os.environ))
"""
NAMESPACE = """
    import sys
    for name, value in list(globals().items()):
        print(name, type(value) if "object at" in repr(value) else value)
    print(sys.modules["__main__"].__dict__ is globals())
"""
FAILING = """
    def inner():
        raise ValueError("wrong")

    def outer():
        inner()

    outer()
"""
PROCESSES = """
    import multiprocessing
    import sys

    def work(connection):
        connection.send([__name__, sys.argv])

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs,))
        process.start()
        print(ours.recv())
        process.join()
        print(process.exitcode)
"""


def environment(**extra: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items()
                 if name not in ("PYUSDT_EVENTS", "PYTHONSAFEPATH")}
    return inherited | extra


def python(*words: str, cwd: str, stdin: str = "",
           **extra: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *words], cwd=cwd, env=environment(**extra),
                          input=stdin.encode(), capture_output=True, timeout=SECONDS)


def write(directory: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path(directory, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


class InDirectory(unittest.TestCase):
    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def write(self, **files: str) -> None:
        write(self.directory, {f"{name}.py": text for name, text in files.items()})

    def pyusdt(self, *words: str, **options: str) -> subprocess.CompletedProcess[bytes]:
        return python("-m", "pyusdt", *words, cwd=self.directory, **options)


def link_script(directory: Path) -> None:
    (directory / "links").mkdir()
    (directory / "links" / "relative.py").symlink_to("../real/prog.py")
    (directory / "links" / "absolute.py").symlink_to(directory / "real" / "prog.py")
    (directory / "links" / "again.py").symlink_to("relative.py")


def compile_script(directory: Path) -> None:
    source = directory / "prog.py"
    py_compile.compile(str(source), cfile=str(directory / "prog.pyc"), doraise=True)
    shutil.copy(directory / "prog.pyc", directory / "compiled")


def zip_script(directory: Path) -> None:
    with zipfile.ZipFile(directory / "prog.zip", "w") as archive:
        archive.write(directory / "prog.py", "__main__.py")


def link_module(directory: Path) -> None:
    (directory / "linked").symlink_to("pack")


@dataclass
class Case:
    """A program, and what shows that it has really done what is to be compared."""

    name: str
    args: list[str]
    says: str
    status: int = 0
    files: dict[str, str] = field(default_factory=dict)
    stdin: str = ""
    python: tuple[str, ...] = ()
    prepare: Callable[[Path], None] | None = None
    since: tuple[int, int] = (3, 12)  # plain python does so from this version on


def script(name: str, text: str, says: str, status: int = 0, *args: str,
           python: tuple[str, ...] = ()) -> Case:
    return Case(name, ["prog.py", *args], says, status, {"prog.py": text}, python=python)


SURROUNDING_CASES = [
    script("script", SURROUNDINGS, "'--x', '-e', '--wait'", 0,
           "a", "--x", "-e", "--wait"),
    Case("script_dotted_path", ["./sub/../sub/prog.py"], "sub/../sub/prog.py",
         files={"sub/prog.py": SURROUNDINGS}),
    Case("script_imports_neighbour", ["sub/prog.py"], "neighbour",
         files={"sub/prog.py": "import other", "sub/other.py": "print('neighbour')"}),
    *(Case(f"{kind}_has_modules_named_as_others", words, "own operator, own enum",
           files={f"{folder}prog.py": "import operator, enum",
                  f"{folder}__main__.py": "import operator, enum",
                  f"{folder}operator.py": "print('own operator', end=', ')",
                  f"{folder}enum.py": "print('own enum')"})
      for kind, folder, words in [("script", "", ["prog.py"]),
                                  ("script_elsewhere", "sub/", ["sub/prog.py"]),
                                  ("command", "", ["-c", "import operator, enum"]),
                                  ("module", "", ["-m", "prog"]),
                                  ("directory", "sub/", ["sub"])]),
    Case("script_has_a_module_pyusdt", ["prog.py"], "own pyusdt",
         files={"sub/prog.py": "import pyusdt", "sub/pyusdt.py": "print('own pyusdt')"},
         prepare=lambda directory: (directory / "prog.py").symlink_to("sub/prog.py")),
    script("script_options_of_the_interpreter", SURROUNDINGS, "'-s'", 0,
           python=("-X", "dev", "-s")),
    script("script_safe_path", SURROUNDINGS, "prog.py", python=("-P",)),
    script("script_without_site", SURROUNDINGS, "prog.py", python=("-S",)),
    *(Case(f"script_{kind}_link", [f"links/{kind}.py"], f"links/{kind}.py",
           files={"real/prog.py": SURROUNDINGS}, prepare=link_script)
      for kind in ("relative", "absolute", "again")),
    script("script_namespace", NAMESPACE, "__builtins__"),
    script("script_namespace_doc", '"""Doc."""\nprint(__doc__, sorted(globals()))',
           "Doc."),
    script("script_annotations", """
        import sys
        x: int = 1
        print(sys.modules["__main__"].__annotations__, sorted(globals()))
     """, "{'x': <class 'int'>}"),
    script("script_coding", "# coding: latin-1\nprint(ascii('\u00e9'))", "xc3"),
    Case("script_byte_order_mark", ["prog.py"], "bom",
         prepare=lambda directory: (directory / "prog.py").write_bytes(
             b"\xef\xbb\xbfprint('bom')\n")),
    *(Case(f"command_{name}", ["-c", text], says, status)
      for name, text, says, status in [
          ("coding", "# coding: latin-1\nprint(ascii('\u00e9'))", "'\\xe9'", 0),
          ("coding_that_is_none", "# coding: nonsense\nprint('said')", "said", 0),
          ("not_ascii", "print('\u00e9\u0142')\n1 / 0", "ZeroDivisionError", 1),
          ("byte_order_mark", "\ufeffprint('bom')", "SyntaxError", 1),
          ("warning", "print('\\z')", "SyntaxWarning", 0),
      ]),
    # To the filters of 3.15 a script is __main__, before it is what its file is named.
    script("script_warning_by_module", "print('\\z')", "escape sequence",
           int(sys.version_info >= (3, 15)),
           python=("-W", "error::SyntaxWarning:__main__")),
    script("script_warning", "print('\\z', 1 is 1)", "SyntaxWarning"),
    script("script_optimised", "assert False\nprint(__debug__)", "False", python=("-O",)),
    script("script_future_not_inherited",
           "def f(x: 1 + 1): pass\nprint(f.__annotations__)", "{'x': 2}"),
    script("script_warnings_are_errors", SURROUNDINGS, "prog.py", python=("-W", "error")),
    Case("command_warnings_are_errors", ["-c", "import sys; print(sys.flags)"], "sys.flags",
         python=("-W", "error")),
    script("script_development_mode", "open(__file__)", "ResourceWarning",
           python=("-X", "dev")),
    Case("module", ["-m", "prog", "a", "-m"], "'a', '-m'",
         files={"prog.py": SURROUNDINGS}),
    Case("module_namespace", ["-m", "prog"], "ModuleSpec", files={"prog.py": NAMESPACE}),
    Case("module_safe_path", ["-m", "this"], "Zen", python=("-P",)),
    Case("module_package", ["-m", "pack"], "main of pack ['-m'",
         files={"pack/__init__.py": "import sys\nseen = sys.argv[:1]",
                "pack/__main__.py": "from . import seen\n"
                                    "print('main of', __package__, seen)\n"
                                    + dedent(SURROUNDINGS)}),
    Case("module_in_package", ["-m", "pack.prog"], "first\npack",
         files={"pack/__init__.py": "print('first')",
                "pack/prog.py": "print(__package__, __name__, __spec__.name)"}),
    Case("module_in_namespace_package", ["-m", "space.prog", "x"], "space/prog.py",
         files={"space/prog.py": SURROUNDINGS}),
    Case("module_linked_package", ["-m", "linked"], "linked/__main__.py",
         files={"pack/__init__.py": "", "pack/__main__.py": SURROUNDINGS},
         prepare=link_module),
    Case("module_imported_by_its_package", ["-m", "pack.prog"], "RuntimeWarning",
         files={"pack/__init__.py": "import pack.prog",
                "pack/prog.py": "print(__name__)"}),
    Case("module_at_once", ["-mprog", "a", "-m"], "'a', '-m'",
         files={"prog.py": SURROUNDINGS}),
    Case("directory", ["sub", "a"], "sub/__main__.py",
         files={"sub/__main__.py": SURROUNDINGS}),
    Case("directory_slash", ["./sub/"], "./sub/",
         files={"sub/__main__.py": SURROUNDINGS}),
    Case("directory_namespace", ["sub"], "ModuleSpec",
         files={"sub/__main__.py": NAMESPACE}),
    Case("directory_safe_path", ["sub"], "sub", files={"sub/__main__.py": SURROUNDINGS},
         python=("-P",)),
    Case("zip", ["prog.zip", "a"], "prog.zip/__main__.py",
         files={"prog.py": SURROUNDINGS}, prepare=zip_script),
    Case("pyc", ["prog.pyc", "a"], "prog.pyc", files={"prog.py": SURROUNDINGS},
         prepare=compile_script),
    Case("pyc_namespace", ["prog.pyc"], "SourcelessFileLoader",
         files={"prog.py": NAMESPACE}, prepare=compile_script),
    Case("pyc_without_suffix", ["compiled"], "compiled", files={"prog.py": SURROUNDINGS},
         prepare=compile_script),
    Case("stdin", ["-", "a"], "<stdin> ['-', 'a']", stdin=dedent(SURROUNDINGS)),
    Case("stdin_namespace", ["-"], "<stdin>", stdin=dedent(NAMESPACE)),
    Case("stdin_is_read_up", ["-"], "rest: ''",
         stdin="import sys\nprint('rest:', repr(sys.stdin.read()))"),
    Case("stdin_for_script", ["prog.py"], "HELLO", stdin="hello",
         files={"prog.py": "print(input().upper())"}),
    Case("command", ["-c", "import sys; print(sys.argv, sys.path[:2])", "a", "-c"],
         "'a', '-c'"),
    Case("command_namespace", ["-c", dedent(NAMESPACE)], "BuiltinImporter"),
    Case("command_safe_path", ["-c", "import sys; print(sys.path[0] == '')"], "False",
         python=("-P",)),
    Case("command_empty", ["-c", ""], ""),
    Case("command_indented", ["-c", "  print(2)"],
         "2" if DEDENTS else "unexpected indent", 0 if DEDENTS else 1),
    Case("command_dedented",
         ["-c", "  if 1:\n   \n     print('''a\n   \n   b''')\n  print(2)"],
         "2", since=(3, 14)),
    Case("command_dedented_tabs", ["-c", "\n\t \tprint(1)\n\t \tprint('\\t')\n"], "1",
         since=(3, 14)),
]

EXIT_CASES = [
    script("exit_int", "raise SystemExit(7)", "", 7),
    script("exit_none", "import sys; print('x'); sys.exit()", "x"),
    script("exit_text", "import sys; sys.exit('over')", "over", 1),
    script("exit_tuple", "import sys; sys.exit((1, 2))", "(1, 2)", 1),
    script("exit_large", "import sys; sys.exit(256 + 3)", "", 3),
    script("exit_at_once", "import os; os._exit(9)", "", 9),
    Case("exit_module", ["-m", "prog"], "over", 1,
         {"prog.py": "raise SystemExit('over')"}),
    Case("exit_command", ["-c", "raise SystemExit(4)"], "", 4),
    script("exit_inspected", "def f(): raise SystemExit(4)\nf()", "SystemExit: 4", 0,
           python=("-i",)),
    script("atexit_order", """
        import atexit, threading
        class Last:
            def __del__(self): print("deleted")
        last = Last()
        atexit.register(print, "atexit")
        thread = threading.Thread(target=print, args=("thread",))
        thread.start()
        thread.join()
        print("end")
     """, "atexit\ndeleted"),
    script("killed", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "",
           -signal.SIGTERM),
]

INTERRUPT = """
    import os, signal
    def wait():
        os.kill(os.getpid(), signal.SIGINT)
        while True: pass
    wait()
"""
INTERRUPT_CASES = [
    Case(f"interrupt_{name}", args, "KeyboardInterrupt", -signal.SIGINT, files, stdin)
    for name, args, files, stdin in [
        ("script", ["prog.py"], {"prog.py": INTERRUPT}, ""),
        ("module", ["-m", "prog"], {"prog.py": INTERRUPT}, ""),
        ("directory", ["sub"], {"sub/__main__.py": INTERRUPT}, ""),
        ("command", ["-c", "raise KeyboardInterrupt('now')"], {}, ""),
        ("stdin", ["-"], {}, dedent(INTERRUPT)),
    ]
] + [script("interrupt_caught", """
        try: raise KeyboardInterrupt
        except KeyboardInterrupt: print("caught")
     """, "caught")]

TRACEBACK_CASES = [
    script("traceback_script", FAILING, "ValueError: wrong", 1),
    Case("traceback_module", ["-m", "prog"], "<frozen runpy>", 1, {"prog.py": FAILING}),
    Case("traceback_package", ["-m", "pack"], "ValueError", 1,
         {"pack/__init__.py": FAILING, "pack/__main__.py": ""}),
    Case("traceback_directory", ["sub"], "<frozen runpy>", 1,
         {"sub/__main__.py": FAILING}),
    Case("traceback_zip", ["prog.zip"], "ValueError", 1, {"prog.py": FAILING},
         prepare=zip_script),
    Case("traceback_pyc", ["prog.pyc"], "ValueError", 1, {"prog.py": FAILING},
         prepare=compile_script),
    Case("traceback_stdin", ["-"], 'File "<stdin>", line', 1, stdin=dedent(FAILING)),
    Case("traceback_command", ["-c", dedent(FAILING)], "ValueError: wrong", 1),
    Case("traceback_command_source", ["-c", dedent(FAILING)],
         'raise ValueError("wrong")', 1, since=(3, 13)),
    Case("traceback_command_nested", ["-c", "def f():\n  return lambda: 1 / 0\nf()()"],
         "ZeroDivisionError", 1),
    Case("traceback_command_dedented", ["-c", "\n    def f():\n        1 / 0\n    f()\n"],
         "1 / 0", 1, since=(3, 14)),
    script("traceback_chain", """
        def load(): {}["key"]
        try: load()
        except KeyError as error: raise RuntimeError("chained") from error
     """, "direct cause", 1),
    script("traceback_context", """
        try: 1 / 0
        except ZeroDivisionError: undefined
     """, "During handling", 1),
    script("traceback_group", """
        def fail(): raise ExceptionGroup("several", [ValueError(1), TypeError(2)])
        fail()
     """, "ExceptionGroup", 1),
    script("traceback_note", """
        error = OSError(2, "gone"); error.add_note("a note"); raise error
     """, "a note", 1),
    script("traceback_limit", "import sys; sys.tracebacklimit = 1\n" + dedent(FAILING),
           "ValueError", 1),
    script("traceback_none", "import sys; sys.tracebacklimit = 0\n" + dedent(FAILING),
           "ValueError", 1),
    script("traceback_in_thread", """
        import threading
        thread = threading.Thread(target=lambda: 1 / 0, name="worker")
        thread.start(); thread.join()
        raise ValueError("main")
     """, "in thread worker", 1),
    script("traceback_kept", """
        import atexit, sys, traceback
        @atexit.register
        def show():
            print(sys.last_type, sys.last_value is sys.last_exc)
            print(sys.last_exc.__traceback__ is sys.last_traceback)
            traceback.print_tb(sys.last_traceback, file=sys.stdout)
            print(sys.excepthook is sys.__excepthook__)
        raise ValueError
     """, "True\nTrue", 1),
    script("excepthook", """
        import sys, traceback
        def hook(kind, error, frames):
            print(kind, error, sys.excepthook is hook, sys.exc_info())
            print(frames is error.__traceback__ is sys.last_traceback)
            traceback.print_tb(frames, file=sys.stdout)
        sys.excepthook = hook
        raise ValueError("hooked")
     """, "hooked True", 1),
    script("excepthook_exits", """
        import sys
        sys.excepthook = lambda *details: sys.exit(5)
        raise ValueError
     """, "", 5),
    script("excepthook_fails", """
        import sys
        def hook(*details): raise TypeError("hook")
        sys.excepthook = hook
        raise ValueError("original")
     """, "Error in sys.excepthook", 1),
    script("traceback_inspected", FAILING, "ValueError", 0, python=("-i",)),
]

ERROR_CASES = [
    Case("no_script", ["absent.py"], "can't open file", 2),
    Case("no_script_in_directory", ["no/such/dir.py"], "can't open file", 2),
    Case("no_main_in_directory", ["sub"], "can't find '__main__' module", 1,
         {"sub/other.py": ""}),
    Case("no_module", ["-m", "absent_module"], "No module named absent_module", 1),
    Case("no_submodule", ["-m", "pack.absent"], "No module named pack.absent", 1,
         {"pack/__init__.py": ""}),
    Case("no_module_but_file_name", ["-m", "prog.py"], "Try using 'prog'", 1,
         {"prog.py": ""}),
    Case("no_main_in_package", ["-m", "pack"], "cannot be directly executed", 1,
         {"pack/__init__.py": ""}),
    Case("no_module_relative", ["-m", ".prog"], "Relative module names", 1),
    Case("no_main_in_namespace_package", ["-m", "space"], "space", 1,
         {"space/prog.py": ""}),
    Case("pyc_bad_magic", ["prog.pyc"], "Bad magic number", 1, {"prog.pyc": "x" * 40}),
    script("syntax_script", "def f(:\n    pass\n", "SyntaxError", 1),
    script("syntax_open_string", 'def f():\n    x = """abc\n\nfoo', "unterminated", 1),
    script("syntax_open_bracket", "def f(\n  x,\n", "never closed", 1),
    script("syntax_indent", "if 1:\n    a\n  b\n", "IndentationError", 1),
    script("syntax_tabs", "if 1:\n        a\n\tb\n", "TabError", 1),
    script("syntax_late", "return 1\n", "outside function", 1),
    script("syntax_hook", "import sys\nx =", "SyntaxError", 1),
    script("syntax_warning", "print('\\d')", "Warning"),
    script("syntax_warning_error", "print('\\d')", "SyntaxError", 1,
           python=("-W", "error")),
    Case("syntax_module", ["-m", "prog"], "SyntaxError", 1, {"prog.py": "x =="}),
    Case("syntax_directory", ["sub"], "SyntaxError", 1, {"sub/__main__.py": "x =="}),
    Case("syntax_command", ["-c", "x =="], "SyntaxError", 1),
    Case("syntax_stdin", ["-"], "SyntaxError", 1, stdin="x = 1\ny ==\n"),
    script("import_error", "import absent_module", "ModuleNotFoundError", 1),
]

PROGRAM_CASES = [
    script("pickle", """
        import pickle
        class Thing: pass
        print(type(pickle.loads(pickle.dumps(Thing()))), Thing.__module__)
     """, "__main__.Thing"),
    *(script(f"processes_{method}", PROCESSES, "__mp_main__" if method != "fork" else "",
             0, method) for method in ("spawn", "forkserver", "fork")),
    *(Case(f"processes_{method}_module", ["-m", "pack.prog", method], "pack/prog.py",
           files={"pack/__init__.py": "", "pack/prog.py": PROCESSES})
      for method in ("spawn", "forkserver")),
    script("main_importable", "import __main__\nprint(vars(__main__) is globals())",
           "True"),
    script("dataclass", """
        from __future__ import annotations
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
        print(Point(1))
     """, "Point(x=1)"),
    script("asyncio", """
        import asyncio
        async def main():
            await asyncio.sleep(0)
            raise LookupError("async")
        asyncio.run(main())
     """, "LookupError", 1),
    script("unittest_main", """
        import unittest
        class Test(unittest.TestCase):
            def test(self): self.assertTrue(False)
        unittest.main(argv=["prog"], testRunner=unittest.TextTestRunner(
            stream=__import__("io").StringIO()))
     """, "", 1),
    script("doctest_main", '''
        """
        >>> 1 + 1
        3
        """
        import doctest, sys
        print(doctest.testmod())
     ''', "failed=1"),
    script("inspect_source", """
        import inspect
        def f(): return 1
        print(inspect.getsource(f), inspect.getmodule(f).__name__)
     """, "def f(): return 1"),
    Case("stdlib_module", ["-m", "json.tool"], '"a": 1', stdin='{"a":1}'),
]

CASES = (SURROUNDING_CASES + EXIT_CASES + INTERRUPT_CASES + TRACEBACK_CASES + ERROR_CASES
         + PROGRAM_CASES)
# These run a program to its end; the others differ in what becomes of the arguments.
WATCHED_CASES = EXIT_CASES + INTERRUPT_CASES + TRACEBACK_CASES + PROGRAM_CASES


class SameAsPython(InDirectory):
    def compare(self, case: Case) -> None:
        write(self.directory, case.files)
        if case.prepare is not None:
            case.prepare(Path(self.directory))
        plain = self.run_case(case, PYUSDT_WATCHED="0")
        said = (plain.stdout + plain.stderr).decode()
        self.assertIn(case.says, said)
        self.assertEqual(plain.returncode, case.status, said)
        runs = [("module", "0"), ("path", "0")]
        if case in WATCHED_CASES:
            runs.append(("module", "1"))
        for runner, watched in runs:
            with self.subTest(runner=runner, watched=watched):
                ours = self.run_case(case, *RUNNERS[runner], PYUSDT_WATCHED=watched)
                self.assertEqual(ours.stderr.decode(), plain.stderr.decode())
                self.assertEqual(ours.stdout.decode(), plain.stdout.decode())
                self.assertEqual(ours.returncode, plain.returncode)

    def run_case(self, case: Case, *runner: str,
                 **extra: str) -> subprocess.CompletedProcess[bytes]:
        path = os.pathsep.join([*WATCHED_PATH, os.environ.get("PYTHONPATH", "")])
        return python(*case.python, *runner, *case.args, cwd=self.directory,
                      stdin=case.stdin, PYTHONPATH=path, PYUSDT_COMPAT="1", **extra)

    def test_script_from_pipe(self) -> None:
        plain, ours = (self.piped(*runner) for runner in ((), ("-m", "pyusdt")))
        self.assertIn("/dev/fd", plain)
        self.assertEqual(ours, plain)

    def piped(self, *runner: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, dedent(SURROUNDINGS).encode())
        os.close(writing)
        os.dup2(reading, SCRIPT_DESCRIPTOR)
        os.close(reading)
        try:
            return subprocess.check_output(
                [sys.executable, *runner, f"/dev/fd/{SCRIPT_DESCRIPTOR}"], text=True,
                cwd=self.directory, env=environment(), pass_fds=[SCRIPT_DESCRIPTOR])
        finally:
            os.close(SCRIPT_DESCRIPTOR)


def add_comparisons() -> None:
    for case in CASES:
        if sys.version_info < case.since:
            continue

        def test(self: SameAsPython, case: Case = case) -> None:
            self.compare(case)

        setattr(SameAsPython, f"test_{case.name}", test)


add_comparisons()


class CurrentFolder(InDirectory):
    """Nothing of it is run for the sake of the runner."""

    def traps(self, *spared: str) -> None:
        """A module in the current folder for each name, the program's folder apart."""
        names = {*sys.stdlib_module_names, "pyusdt"} - {*spared}
        text = "import os\nprint('trapped by', __name__, flush=True)\nos._exit(3)\n"
        write(self.directory, {f"{name}.py": text for name in names})
        write(self.directory, {"elsewhere/ok.py": "print('ok')"})

    def check(self, *words: str) -> None:
        done = python(*words, "elsewhere/ok.py", cwd=self.directory)
        self.assertEqual((done.stdout, done.stderr, done.returncode), (b"ok\n", b"", 0))

    def test_by_path(self) -> None:
        self.traps()
        self.check()  # as Python itself
        self.check(BY_PATH)
        self.check(BY_PATH, "--only-program", "--no-stdlib")

    def test_as_a_module(self) -> None:
        self.write(show="import sys; print(*sys.modules)")
        pythons_own = python("-m", "show", cwd=self.directory).stdout.decode().split()
        self.assertIn("runpy", pythons_own)
        self.assertNotIn("enum", pythons_own)
        self.traps("pyusdt", *pythons_own)
        self.check("-m", "pyusdt")
        self.check("-m", "pyusdt", "--only-program", "--no-stdlib")

    def test_as_a_module_with_safe_path(self) -> None:
        self.traps()
        self.check("-P", "-m", "pyusdt")


class ByPath(InDirectory):
    def test_package_is_found_beside_the_file(self) -> None:
        done = python(BY_PATH, "-c", "import sys, pyusdt; print(pyusdt.__path__, sys.path)",
                      cwd=self.directory, PYTHONPATH="")
        self.assertEqual(done.stderr, b"")
        package, path = done.stdout.decode().split("] [")
        self.assertIn(pyusdt.__path__[0], package)
        self.assertNotIn(os.path.dirname(pyusdt.__path__[0]), path)

    def test_interpreter_that_cannot(self) -> None:
        lines = "import sys; sys.version_info = (3, 11); sys.argv.pop(0)"
        run = f"{lines}; import runpy; runpy.run_path({BY_PATH!r}, run_name='__main__')"
        done = python("-c", run, "x", cwd=self.directory)
        line, = done.stderr.decode().splitlines()
        self.assertTrue(line.startswith("pyusdt: "), line)
        self.assertIn("pyusdt needs CPython 3.12 or later", line)
        self.assertEqual(done.returncode, 1)


class Words(InDirectory):
    def test_options_before_m(self) -> None:
        self.write(prog="import sys; print(sys.orig_argv[1:], sys.flags.no_user_site)")
        for words in (["-sm", "pyusdt"], ["-smpyusdt"], ["-s", "-mpyusdt"]):
            with self.subTest(words=words):
                done = python(*words, "-e", "none", "--", "prog.py", "-m", "pyusdt",
                              cwd=self.directory)
                self.assertEqual(done.stdout, b"['-s', 'prog.py', '-m', 'pyusdt'] 1\n",
                                 done.stderr)


class Imports(InDirectory):
    def test_no_module_more_than_the_package_needs(self) -> None:
        show = "import sys; print(*sys.modules, sep='\\n')"
        self.write(prog=show, base="import pyusdt\n" + show)
        base = python("-m", "base", cwd=self.directory).stdout.split()
        ours = self.pyusdt("prog.py").stdout.split()
        self.assertEqual(set(ours) - set(base),
                         {b"pyusdt.cli", b"pyusdt.commandline", b"pyusdt.run"})


class Usage(InDirectory):
    WRONG = [
        ([], "no program given"),
        (["-e", "all"], "no program given"),
        (["--"], "no program given"),
        (["-m"], "option -m needs an argument"),
        (["-c"], "option -c needs an argument"),
        (["-e"], "option -e needs an argument"),
        (["--events"], "option --events needs an argument"),
        (["-e", "py_start,nonsense", "prog.py"], "nonsense"),
        (["--events=nonsense", "prog.py"], "nonsense"),
        (["-y", "prog.py"], "unknown option -y"),
        (["--wai", "prog.py"], "unknown option --wai"),
        (["--wait=soon", "prog.py"], "--wait=soon: not a number of seconds"),
        (["--wait=-1", "prog.py"], "--wait=-1: not a number of seconds"),
        (["--wait=nan", "prog.py"], "--wait=nan: not a number of seconds"),
        (["--wait=", "prog.py"], "--wait=: not a number of seconds"),
        (["--wait", "-e", "none", "prog.py"], "--wait needs at least one event"),
        (["--wait-fd"], "option --wait-fd needs an argument"),
        (["--wait-fd", "x", "prog.py"], "--wait-fd x: not a descriptor number"),
        (["--wait-fd=-1", "prog.py"], "--wait-fd -1: not a descriptor number"),
        (["--wait-fd=999", "prog.py"], "--wait-fd 999: Bad file descriptor"),
        (["--wait-fd=2147483647", "prog.py"], "--wait-fd 2147483647: Bad file descriptor"),
        (["--wait-fd=2147483648", "prog.py"], "--wait-fd 2147483648: not a descriptor number"),
        (["--wait-fd", "9" * 5000, "prog.py"], "999: not a descriptor number"),
        (["--help=x"], "option --help takes no argument"),
        (["--version=x"], "option --version takes no argument"),
    ]

    def test_wrong(self) -> None:
        self.write(prog="print('ran')")
        for words, message in self.WRONG:
            with self.subTest(words=words):
                done = self.pyusdt(*words)
                usage, error = done.stderr.decode().splitlines()
                self.assertTrue(usage.startswith("usage: python -m pyusdt "), usage)
                self.assertTrue(error.startswith("pyusdt: error: "), error)
                self.assertIn(message.lower(), error.lower())
                self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_version(self) -> None:
        done = self.pyusdt("--version")
        self.assertEqual(done.stdout.decode(), f"pyusdt {pyusdt.__version__}\n")
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_help(self) -> None:
        long, short = self.pyusdt("--help"), self.pyusdt("-h")
        self.assertEqual(long.stdout, short.stdout)
        self.assertEqual((long.returncode, long.stderr), (0, b""))
        for word in ("-e, --events EVENTS", "--wait[=SECONDS]", "--wait-fd FD",
                     "--version", "-h, --help", "-m MODULE", "-c COMMAND",
                     "PYUSDT_EVENTS", "PYUSDT_CHECK_MSEC", "Exit status", "bpftrace"):
            self.assertIn(word, long.stdout.decode())

    def test_forms(self) -> None:
        self.write(prog="import sys; print(sys.argv[1:])", **{"-odd": "print('odd')"})
        for words, output in [
            (["-mprog", "-e"], "['-e']"),
            (["-cimport sys; print(sys.argv)", "--wait"], "['-c', '--wait']"),
            (["-enone", "prog.py", "--", "-h"], "['--', '-h']"),
            (["-e", "none", "--", "prog.py"], "[]"),
            (["--", "-odd.py"], "odd"),
        ]:
            with self.subTest(words=words):
                done = self.pyusdt(*words)
                self.assertEqual(done.stdout.decode(), output + "\n",
                                 done.stderr.decode())


class Events(InDirectory):
    def setUp(self) -> None:
        super().setUp()
        self.write(prog="import pyusdt; print(int(pyusdt.enabled()))")

    def armed(self, *words: str, **extra: str) -> pyusdt.Event:
        done = self.pyusdt(*words, "prog.py", **extra)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return pyusdt.Event(int(done.stdout))

    def test_default_is_all(self) -> None:
        everything = pyusdt.parse_events("all")
        self.assertEqual(self.armed(), everything)
        self.assertEqual(self.armed(PYUSDT_EVENTS="all"), everything)

    def test_option(self) -> None:
        two = pyusdt.Event.PY_START | pyusdt.Event.CALL
        for words in (["-e", "py_start,call"], ["-ePY_START,CALL"],
                      ["--events=call,py_start"], ["--events", "py_start,call"]):
            self.assertEqual(self.armed(*words), two)

    def test_none(self) -> None:
        self.assertFalse(self.armed("-e", "none"))
        self.assertFalse(self.armed(PYUSDT_EVENTS="none"))

    def test_environment(self) -> None:
        self.assertEqual(self.armed(PYUSDT_EVENTS="line"), pyusdt.Event.LINE)

    def test_option_wins(self) -> None:
        for text in ("line", "none", "rubbish"):
            self.assertEqual(self.armed("-e", "call", PYUSDT_EVENTS=text),
                             pyusdt.Event.CALL)

    def test_rubbish_in_environment(self) -> None:
        done = self.pyusdt("prog.py", PYUSDT_EVENTS="rubbish")
        line, = done.stderr.decode().splitlines()
        self.assertTrue(line.startswith("pyusdt: error: PYUSDT_EVENTS: "), line)
        self.assertIn("rubbish", line.lower())
        self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_cannot_arm(self) -> None:
        self.write(sitecustomize="""
            import sys
            for tool in range(6):
                if sys.monitoring.get_tool(tool) is None:
                    sys.monitoring.use_tool_id(tool, "other")
        """)
        path = os.pathsep.join([self.directory, os.environ.get("PYTHONPATH", "")])
        done = self.pyusdt("prog.py", PYTHONPATH=path)
        line, = done.stderr.decode().splitlines()
        self.assertTrue(line.startswith("pyusdt: cannot arm: "), line)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        unarmed = self.pyusdt("-e", "none", "prog.py", PYTHONPATH=path)
        self.assertEqual((unarmed.returncode, unarmed.stdout), (0, b"0\n"))


class WaitForTracer(InDirectory):
    def test_gives_up(self) -> None:
        self.write(prog="print('ran')")
        done = self.pyusdt("--wait=0.1", "prog.py")
        waiting, over = done.stderr.decode().splitlines()
        self.assertRegex(waiting, r"^pyusdt: process (\d+) is waiting for a tracer "
                                  r"\(bpftrace -p \1 SCRIPT\.bt\)$")
        self.assertEqual(over, "pyusdt: no tracer after 0.1 s, running without one")
        self.assertEqual((done.returncode, done.stdout), (0, b"ran\n"))

    def test_missing_script_does_not_wait(self) -> None:
        done = self.pyusdt("--wait", "absent.py")
        self.assertNotIn(b"waiting", done.stderr)
        self.assertEqual(done.returncode, 2)

    def test_interrupted(self) -> None:
        self.write(prog="print('ran')")
        with subprocess.Popen([sys.executable, "-m", "pyusdt", "--wait", "prog.py"],
                              cwd=self.directory, env=environment(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            self.assertIn("waiting", process.stderr.readline())
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=SECONDS)
        self.assertEqual(errors, "KeyboardInterrupt\n")
        self.assertEqual((process.returncode, output), (-signal.SIGINT, ""))


class FakeTracers:
    """A clock that only sleeping moves on, and what is watched by it from when on."""

    def __init__(self, *changes: tuple[float, pyusdt.Event]) -> None:
        self.changes = changes
        self.now = 0.0
        self.watched = pyusdt.Event(0)
        self.come_and_go()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.come_and_go()

    def come_and_go(self) -> None:
        wanted = pyusdt.Event(0)
        for since, events in self.changes:
            if self.now >= since:
                wanted = events
        self.watch(wanted)

    def watch(self, wanted: pyusdt.Event) -> None:
        for event in self.watched ^ wanted:
            semaphores.add(1 if event in wanted else -1, event.name)
        self.watched = wanted


class TracerSettles(unittest.TestCase):
    def settle(self, tracers: FakeTracers, limit: float) -> bool:
        pyusdt.enable(pyusdt.supported())
        self.addCleanup(pyusdt.disable)
        self.addCleanup(tracers.watch, pyusdt.Event(0))
        with (mock.patch("time.monotonic", tracers.monotonic),
              mock.patch("time.sleep", tracers.sleep)):
            return cli.tracer_settles(limit)

    def test_already_there(self) -> None:
        tracers = FakeTracers((0, pyusdt.Event.LINE))
        self.assertTrue(self.settle(tracers, 0))
        self.assertAlmostEqual(tracers.now, 0.2, delta=0.05)

    def test_attaches_probe_by_probe(self) -> None:
        start, call = pyusdt.Event.PY_START, pyusdt.Event.CALL
        tracers = FakeTracers((5, start), (5.15, start | call),
                              (5.3, start | call | pyusdt.Event.LINE))
        self.assertTrue(self.settle(tracers, float("inf")))
        self.assertAlmostEqual(tracers.now, 5.5, delta=0.05)

    def test_nobody_comes(self) -> None:
        tracers = FakeTracers()
        self.assertFalse(self.settle(tracers, 3))
        self.assertAlmostEqual(tracers.now, 3, delta=0.05)

    def test_leaves_again(self) -> None:
        tracers = FakeTracers((1, pyusdt.Event.LINE), (1.1, pyusdt.Event(0)))
        self.assertFalse(self.settle(tracers, 2))

    def test_attaching_at_the_limit(self) -> None:
        tracers = FakeTracers((1.95, pyusdt.Event.LINE))
        self.assertTrue(self.settle(tracers, 2))


class WaitForDescriptor(InDirectory):
    PROGRAM = """
        import os, sys
        try:
            os.fstat(int(sys.argv[1]))
        except OSError as error:
            print(error.strerror, flush=True)
    """

    def hold(self, release: Callable[[int], object], status: int = 0,
             printed: bytes = b"Bad file descriptor\n") -> None:
        self.write(prog=self.PROGRAM)
        held, releasing = os.pipe()
        with subprocess.Popen([sys.executable, "-m", "pyusdt", "--wait-fd", str(held),
                               "prog.py", str(held)],
                              cwd=self.directory, env=environment(), pass_fds=[held],
                              stdout=subprocess.PIPE) as process:
            os.close(held)
            early, _, _ = select.select([process.stdout], [], [], 0.5)
            release(releasing)
            output, _ = process.communicate(timeout=SECONDS)
        self.assertFalse(early, "the program did not wait")
        self.assertEqual((process.returncode, output), (status, printed))

    def test_byte(self) -> None:
        def release(descriptor: int) -> None:
            self.addCleanup(os.close, descriptor)
            os.write(descriptor, b"x")

        self.hold(release)

    def test_end_of_file(self) -> None:
        self.hold(os.close, 1, b"")


if __name__ == "__main__":
    unittest.main()
