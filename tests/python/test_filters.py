# SPDX-License-Identifier: BSD-2-Clause
"""Filters and values: the command line, the environment, configure() and the presets."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from fnmatch import fnmatchcase

import pyusdt
from pyusdt import presets

SHOW = "import pyusdt; print(*pyusdt.options().values(), sep='|')"
NAMES = ("PYUSDT_INCLUDE", "PYUSDT_EXCLUDE", "PYUSDT_VALUES", "PYUSDT_VALUE_MAX")


def python(*words, **environment):
    """Returns: (exit status, stdout, stderr)."""
    inherited = {name: value for name, value in os.environ.items() if name not in NAMES}
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True,
                            timeout=120, env=inherited | environment)
    return result.returncode, result.stdout, result.stderr


class CommandLine(unittest.TestCase):
    def check(self, words, include="", exclude="", values=1, value_max=256, **environment):
        status, output, errors = python("-m", "pyusdt", *words, "-c", SHOW, **environment)
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(output, f"100|{values}|{value_max}|-1|{include}|{exclude}\n")

    def test_defaults(self):
        self.check([])

    def test_include_and_exclude(self):
        self.check(["--include", "json.*"], include="json.*")
        self.check(["-i", "a,b", "--include=c ", "-ifile:/d[[]*"], include="a,b,c,file:/d[[]*")
        self.check(["-x", "a", "--exclude", " b , c"], exclude="a,b,c")
        self.check(["-i", "ü.*", "-x", "*"], include="ü.*", exclude="*")
        self.check(["-i", ""])

    def test_values(self):
        for number, name in enumerate(("none", "safe", "repr")):
            self.check(["--values", name], values=number)
            self.check([f"--values={name}", "--value-max", "64"], values=number, value_max=64)
        for size in (16, 4096):
            self.check([f"--value-max={size}"], value_max=size)

    def test_environment(self):
        environment = dict(zip(NAMES, ("a,b", "c", "repr", "99")))
        self.check([], "a,b", "c", 2, 99, **environment)
        self.check(["-i", "x", "--values", "none"], "x", "c", 0, 99, **environment)
        self.check(["-x", "y", "--value-max", "16"], "a,b", "y", 2, 16, **environment)
        self.check(["--only-program"], "__main__.*", "c", 2, 99, **environment)
        self.check([], PYUSDT_VALUES="loud", PYUSDT_VALUE_MAX="4097")

    def test_presets(self):
        self.check(["--only-program"], include="__main__.*")
        self.check(["-i", "json.*", "--only-program"], include="json.*,__main__.*")
        self.check(["--no-stdlib", "-x", "mine"], exclude=f"mine,{presets.stdlib()}")

    def test_errors(self):
        for words, message in (
            (["--include", "a,b["], "bad pattern 'b[': [ without ]"),
            (["-i", "a", "-i", "[z-a]"], "bad pattern '[z-a]': range that ends before it begins"),
            (["--exclude", "file:"], "bad pattern 'file:': empty"),
            (["-x", "ü["], "bad pattern 'ü[': [ without ]"),
            (["--include"], "option --include needs an argument"),
            (["-x"], "option -x needs an argument"),
            (["--no-stdlib=1"], "option --no-stdlib takes no argument"),
            (["--only-program=x"], "option --only-program takes no argument"),
            (["--values", "loud"], "--values loud: use none, safe or repr"),
            (["--values="], "--values : use none, safe or repr"),
            (["--value-max", "15"], "--value-max 15: not a number from 16 to 4096"),
            (["--value-max=4097"], "--value-max 4097: not a number from 16 to 4096"),
            (["--value-max", f"{2**32 + 64}"],
             "--value-max 4294967360: not a number from 16 to 4096"),
            (["--value-max", "9" * 5000],
             f"--value-max {'9' * 5000}: not a number from 16 to 4096"),
            (["--value-max", "64k"], "--value-max 64k: not a number from 16 to 4096"),
            (["--value-max", "٦٤"], "--value-max ٦٤: not a number from 16 to 4096"),
        ):
            with self.subTest(words=words):
                # The last one takes the word after it.
                program = [] if message.endswith("needs an argument") else ["-c", "print(1)"]
                status, output, errors = python("-m", "pyusdt", *words, *program)
                self.assertEqual((status, output), (2, ""))
                self.assertTrue(errors.startswith("usage: "), errors)
                self.assertTrue(errors.endswith(f"\npyusdt: error: {message}\n"), errors)

    def test_bad_environment(self):
        for name in ("PYUSDT_INCLUDE", "PYUSDT_EXCLUDE"):
            status, output, errors = python("-m", "pyusdt", "-c", "print(1)",
                                            **{name: "good.*,bad["})
            self.assertEqual((status, output), (2, ""))
            self.assertIn("bad pattern 'bad[': [ without ]", errors)

    def test_program_keeps_its_words(self):
        words = ["--include", "x", "-x", "--values", "loud", "--no-stdlib"]
        status, output, _ = python("-m", "pyusdt", "-i", "a", "-c",
                                   "import sys; print(sys.argv[1:])", *words)
        self.assertEqual((status, output), (0, f"{words}\n"))

    def test_help_names_all(self):
        _, output, _ = python("-m", "pyusdt", "--help")
        for name in ("--include", "--exclude", "--no-stdlib", "--only-program", "--values",
                     "--value-max", *NAMES):
            self.assertIn(f" {name}", output)


class Import(unittest.TestCase):
    def test_environment(self):
        status, output, errors = python("-c", SHOW, **dict(zip(NAMES, ("a", "b", "none", "16"))))
        self.assertEqual((status, output, errors), (0, "100|0|16|-1|a|b\n", ""))

    def test_bad_environment_arms_nothing(self):
        # More would be told than was asked for; and nothing is printed.
        show = "import pyusdt; print(int(pyusdt.enabled()), sys.monitoring.get_tool(4))"
        for name in ("PYUSDT_INCLUDE", "PYUSDT_EXCLUDE"):
            result = python("-c", f"import sys; {show}", **{name: "[z-a]"})
            self.assertEqual(result, (0, "0 None\n", ""))


class Configure(unittest.TestCase):
    def setUp(self):
        self.addCleanup(pyusdt.configure, **pyusdt.options())

    def filters(self):
        options = pyusdt.options()
        return options["include"], options["exclude"]

    def test_options(self):
        self.assertEqual(list(pyusdt.options()), [
            "poll_msec", "values", "value_max", "tool_id", "include", "exclude"])
        self.assertEqual(self.filters(), ("", ""))

    def test_strings_and_sequences(self):
        for given, kept in (
            ("json.*", "json.*"),
            ("a, b ,,c", "a,b,c"),
            (["a", "b"], "a,b"),
            (("file:/x/*",), "file:/x/*"),
            ((f"m{number}" for number in range(3)), "m0,m1,m2"),
            ("ü.€.😀", "ü.€.😀"),
            ([], ""),
            ("", ""),
        ):
            with self.subTest(given=given):
                pyusdt.configure(include="before", exclude="other")
                pyusdt.configure(include=given)
                self.assertEqual(self.filters(), (kept, "other"))
                pyusdt.configure(exclude=kept)
                self.assertEqual(self.filters(), (kept, kept))
        pyusdt.configure(include="before", exclude="other")
        pyusdt.configure(include=None, exclude=None)
        self.assertEqual(self.filters(), ("", ""))

    def test_other_options_keep_the_filters(self):
        pyusdt.configure(include="a", exclude="b")
        pyusdt.configure(value_max=64, values=pyusdt.VALUES_REPR)
        self.assertEqual(self.filters(), ("a", "b"))
        self.assertRaises(OSError, pyusdt.configure, value_max=15)
        self.assertEqual(self.filters(), ("a", "b"))

    def test_errors_change_nothing(self):
        pyusdt.configure(include="a", exclude="b")
        before = pyusdt.options()
        for bad, error, named in (
            ("x,y[", ValueError, r"'y\['"),
            (["x", "[b-a]"], ValueError, r"'\[b-a\]'"),
            (["x", ""], ValueError, "''"),
            (["x,y"], ValueError, "comma"),
            ("file:", ValueError, "empty"),
            ("\udc80", ValueError, "surrogates"),
            ("a\0b", ValueError, "null"),
            ([1], TypeError, ""),
            (7, TypeError, ""),
            ([b"x"], TypeError, ""),
        ):
            for name in ("include", "exclude"):
                with self.subTest(bad=bad, name=name), self.assertRaisesRegex(error, named):
                    pyusdt.configure(value_max=99, **{name: bad})
                self.assertEqual(pyusdt.options(), before)

    def test_parse_patterns(self):
        self.assertEqual(pyusdt.parse_patterns(None), [])
        self.assertEqual(pyusdt.parse_patterns(" a ,b,"), ["a", "b"])
        self.assertEqual(pyusdt.parse_patterns(("a", "b")), ["a", "b"])
        with self.assertRaisesRegex(ValueError, r"bad pattern 'a\[': \[ without \]"):
            pyusdt.parse_patterns("b,a[")

    def test_while_armed(self):
        pyusdt.enable()
        self.addCleanup(pyusdt.disable)
        armed = pyusdt.enabled()
        pyusdt.configure(include="a")
        self.assertRaises(ValueError, pyusdt.configure, include="[")
        self.assertEqual((self.filters(), pyusdt.enabled()), (("a", ""), armed))


LINES = """
import sys, types
import pyusdt, semaphores

EVENTS = sys.monitoring.events
MEETING = EVENTS.PY_START | EVENTS.PY_RESUME | EVENTS.PY_THROW


def local(function):
    code = getattr(function, "__code__", None) or function.gi_code
    return sys.monitoring.get_local_events(4, code)


def module(name):
    made = types.ModuleType(name)
    exec("def f():\\n  return 1\\ndef g():\\n  yield 1\\n  yield 2\\n", vars(made))
    return made


inside, outside = module("inside"), module("outside")
suspended = inside.g()
next(suspended)
pyusdt.configure(include="inside.*", poll_msec=0)
with semaphores.watched("LINE", "JUMP"):
    # What has not been entered yet comes when it is: a generator where it goes on.
    assert sys.monitoring.get_events(4) == MEETING
    assert not local(inside.f) and not local(suspended)
    for made in inside, outside, inside:
        made.f()
    next(suspended)
    both = EVENTS.LINE | EVENTS.JUMP
    assert local(inside.f) == local(suspended) == both
    assert not local(outside.f) and not local(local)
    pyusdt.configure(include="outside.*,__main__.*")
    assert not local(inside.f) and not local(suspended)
    assert local(outside.f) == both
    assert sys.monitoring.get_local_events(4, sys._getframe().f_code) == both
    pyusdt.configure(include=None, exclude=None)
    assert not local(outside.f)
    assert sys.monitoring.get_events(4) == both
    pyusdt.configure(include="inside.*")
    assert local(inside.f) == both
    pyusdt.disable()
    assert sys.monitoring.get_tool(4) is None
    sys.monitoring.use_tool_id(4, "next")
    assert not any(map(local, (inside.f, suspended, outside.f)))
print("well")
"""


class Lines(unittest.TestCase):
    def test_they_are_events_of_single_codes(self):
        tests = str(pathlib.Path(__file__).resolve().parents[1])
        path = os.pathsep.join([tests, *filter(None, sys.path)])
        status, output, errors = python("-c", LINES, PYTHONPATH=path)
        self.assertEqual((status, output, errors), (0, "well\n", ""))


def matches(patterns, name, file):
    """As the library, whose patterns are those of fnmatch."""
    return any(
        fnmatchcase(file, pattern.removeprefix("file:")) if pattern.startswith("file:")
        else fnmatchcase(name, pattern)
        for pattern in pyusdt.parse_patterns(patterns)
    )


class Presets(unittest.TestCase):
    def directory(self):
        directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, directory)
        return pathlib.Path(directory).resolve()

    def test_stdlib(self):
        import json.encoder

        patterns = presets.stdlib()
        for file in (os.__file__, json.__file__, json.encoder.__file__, unittest.case.__file__,
                     "<frozen os>", "<frozen importlib._bootstrap>", "<frozen zipimport>"):
            self.assertTrue(matches(patterns, "x", file), file)
        folder = pathlib.Path(os.__file__).parent
        for file in (folder / "site-packages/pip/__init__.py", folder / "dist-packages/x.py",
                     sysconfig.get_path("purelib") + "/module.py", pyusdt.__file__, __file__,
                     folder.parent / "other.py", str(folder) + "-more/x.py", "<string>"):
            self.assertFalse(matches(patterns, "x", str(file)), file)

    def test_script(self):
        directory = self.directory()
        script = directory / "main.py"
        script.touch()
        (directory / "link.py").symlink_to(script)
        (self.directory() / "elsewhere.py").symlink_to(script)
        for target in (script, directory / "link.py", os.path.relpath(script)):
            patterns = presets.program("script", str(target))
            self.assertTrue(matches(patterns, "__main__.f", "anywhere"))
            for file in ("main.py", "other.py", "package/deep/module.py"):
                self.assertTrue(matches(patterns, "m.f", str(directory / file)), file)
            for file in (f"{directory}.py", f"{directory}-more/x.py", os.__file__,
                         str(directory.parent / "x.py"), "main.py"):
                self.assertFalse(matches(patterns, "main.f", file), file)

    def test_directory_and_zip(self):
        directory = self.directory()
        for target, inside in ((directory, "pack/m.py"), (directory / "a.zip", "a.zip/m.py")):
            patterns = presets.program("script", str(target))
            self.assertTrue(matches(patterns, "m.f", str(directory / inside)))
            self.assertFalse(matches(patterns, "m.f", f"{directory}x/m.py"))

    def test_folders_with_special_names(self):
        for name in ("[ab]", "a*", "b?", "c,d", "[!x", "]", "ü e"):
            directory = self.directory() / name
            directory.mkdir()
            patterns = presets.program("script", str(directory / "main.py"))
            self.assertTrue(matches(patterns, "m.f", str(directory / "m.py")), name)
            self.assertFalse(matches(patterns, "m.f", str(directory.parent / "axx/m.py")), name)

    def test_module(self):
        patterns = presets.program("module", "pack.sub.module")
        for name in ("__main__.f", "pack.f", "pack.other.C.m"):
            self.assertTrue(matches(patterns, name, "x"), name)
        for name in ("package.f", "other.pack.f", "__main__"):
            self.assertFalse(matches(patterns, name, "x"), name)

    def test_command_and_stdin(self):
        for kind, target in (("command", "print()"), ("script", "-")):
            self.assertEqual(presets.program(kind, target), "__main__.*")
