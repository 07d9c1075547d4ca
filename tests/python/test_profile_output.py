# SPDX-License-Identifier: BSD-2-Clause
"""Files of profiles as they are there as a whole or not at all, and pyusdt.profile."""

import contextlib
import io
import os
import pathlib
import pstats
import stat
import tempfile
import unittest
from unittest import mock

from counting import Binding
from pyusdt.profiling import output, session
from pyusdt.profiling.model import Profile
from pyusdt.profiling.table import table

HERE = __file__
ONE = [(-1, 1, "main", "main", "/srv/a.py", 1, 1, 1_000, 1_000, 1_000, 0, 0)]


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def failing():
    raise ValueError


class Replacing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name):
        output.Output(str(self.folder / name)).write(Profile(ONE), "title")

    def check_fails(self, name, message):
        with self.assertRaises((OSError, ValueError)) as caught:
            output.Output(str(self.folder / name))
        self.assertRegex(str(caught.exception), message)

    def test_before_anything_is_written(self):
        self.check_fails("x.txt", r"end in one of \.pstats, \.folded, \.svg, \.json, \.pb\.gz")
        self.check_fails("absent/x.svg", "there is no folder .*absent")
        (self.folder / "d.svg").mkdir()
        self.check_fails("d.svg", "not a regular file")

    def test_folder_that_is_not_ours(self):
        with mock.patch("os.access", return_value=False):  # root may write anywhere
            self.check_fails("x.svg", "cannot be written to")

    def test_modes(self):
        self.write("x.svg")
        self.assertEqual(stat.S_IMODE((self.folder / "x.svg").stat().st_mode), 0o600)
        (self.folder / "x.svg").chmod(0o644)
        self.write("x.svg")
        self.assertEqual(stat.S_IMODE((self.folder / "x.svg").stat().st_mode), 0o644)

    def test_link(self):
        (self.folder / "sub").mkdir()
        (self.folder / "x.svg").symlink_to("sub/y.data")
        self.write("x.svg")
        self.assertTrue((self.folder / "x.svg").is_symlink())
        self.assertTrue((self.folder / "sub/y.data").read_bytes().startswith(b"<svg"))

    def test_failure_leaves_what_was_there(self):
        target = self.folder / "x.folded"
        target.write_text("before")
        made = output.Output(str(target))
        with (mock.patch("os.rename", side_effect=OSError(28, "No space left on device")),
              self.assertRaises(OSError)):
            made.write(Profile(ONE), "")
        self.assertEqual(target.read_text(), "before")
        self.assertEqual(os.listdir(self.folder), ["x.folded"])

    def test_in_a_child(self):
        made = output.Output(str(self.folder / "x.pb.gz"))
        with mock.patch("os.getpid", return_value=4711):
            made.write(Profile(ONE), "")
        self.assertEqual(os.listdir(self.folder), ["x.4711.pb.gz"])

    def test_after_the_current_folder_has_changed(self):
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder)
        made = output.Output("x.svg")
        os.chdir("/")
        made.write(Profile(ONE), "")
        self.assertTrue((self.folder / "x.svg").exists())


class Session(unittest.TestCase):
    """pyusdt.profile, with counting.py in place of the library."""

    def setUp(self):
        patched = mock.patch.object(session, "_pyusdt", Binding())
        patched.start()
        self.addCleanup(patched.stop)

    def test_functions(self):
        with session.profile() as taken:
            fib(5)
        first, *_ = taken.functions()
        self.assertEqual((first.name, first.filename, first.line, first.calls),
                         ("fib", HERE, fib.__code__.co_firstlineno, 15))
        self.assertLessEqual(first.own, first.total)
        self.assertEqual(first.max, first.total)
        self.assertEqual([function.name for function in taken.functions()], ["fib"])

    def test_print(self):
        with session.profile(stacks=False) as taken:
            fib(5)
        told = io.StringIO()
        taken.print(file=told)
        self.assertEqual(told.getvalue(), table(taken._result()))
        with contextlib.redirect_stdout(io.StringIO()) as told:
            taken.print(limit=0)
        self.assertIn("and 1 more function: ", told.getvalue())

    def test_write(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.pstats")
            with session.profile() as taken:
                fib(5)
            taken.write(path)
            self.assertEqual(pstats.Stats(path).total_calls, 15)
            self.assertRaisesRegex(ValueError, "has to end in one of", taken.write, "x.txt")

    def test_write_needs_stacks(self):
        with session.profile(stacks=False) as taken:
            fib(5)
        self.assertRaisesRegex(ValueError, "stacks", taken.write, "/tmp/x.pstats")

    def test_one_at_a_time(self):
        with session.profile() as taken:
            with self.assertRaisesRegex(RuntimeError, "one at a time"):
                with session.profile():
                    self.fail()
            fib(5)
        self.assertIn(("fib", 15), [function[0::4][:2] for function in taken.functions()])
        with session.profile() as taken, self.assertRaisesRegex(RuntimeError, "before the end"):
            taken.functions()

    def test_again(self):
        taken = session.profile()
        for n, calls in ((5, 15), (1, 1)):
            with taken:
                fib(n)
            self.assertEqual(taken.functions()[0].calls, calls)

    def test_exception_goes_on(self):
        with self.assertRaises(ValueError), session.profile() as taken:
            failing()
        self.assertEqual(taken.functions()[0].exceptions, 1)

    def test_begin_fails(self):
        with mock.patch.object(Binding, "profile_begin", side_effect=OSError(16, "busy")):
            self.assertRaises(OSError, session.profile().__enter__)
        with session.profile():
            pass


if __name__ == "__main__":
    unittest.main()
