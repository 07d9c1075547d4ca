# SPDX-License-Identifier: BSD-2-Clause
"""Programs run with every probe watched, and held against the same without pyusdt."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
# Only a failing test takes so long.
SECONDS = 300


def environment(watched, **extra):
    path = [str(TESTS / "watched"), str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "PYUSDT_WATCHED": "1" if watched else "0",
        # Also those probes that Debian's interpreter fires itself.
        "PYUSDT_COMPAT": "1",
        **extra,
    }


def comparable(text):
    """Without addresses, and what faulthandler tells of extension modules and of C."""
    text = re.sub(r"\nCurrent thread's C stack trace.*", "", text, flags=re.DOTALL)
    text = re.sub(r"\nExtension modules: .*", "", text)
    return re.sub(r"0x[0-9a-f]{6,}", "0x...", text).rstrip("\n")


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def run_program(self, source, *options, watched=True, interrupt=None, **extra):
        """Returns: (exit status, stdout, stderr).

        @interrupt: a signal to send once the program has printed its first line.
        """
        file = pathlib.Path(self.directory, "program.py")
        file.write_text(textwrap.dedent(source))
        with subprocess.Popen(
            [sys.executable, *options, str(file)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.directory, env=environment(watched, **extra), text=True,
        ) as process:
            first = ""
            try:
                if interrupt is not None:
                    first = process.stdout.readline()
                    process.send_signal(interrupt)
                output, errors = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, first + output, errors

    def check(self, source, *options, output="", **extra):
        """It ends well, with that output, and says nothing else."""
        self.assertEqual(self.run_program(source, *options, **extra), (0, output, ""))

    def same(self, source, *options, says="", status=0, values=("safe", "repr"), **extra):
        """With pyusdt as without: exit status, output, errors.

        @says: what shows that the program did what it is about.
        """
        plain = self.run_program(source, *options, watched=False, **extra)
        self.assertIn(says, plain[1] + plain[2])
        self.assertEqual(plain[0], status, plain)
        for kind in values:
            with self.subTest(values=kind):
                ours = self.run_program(source, *options, PYUSDT_VALUES=kind, **extra)
                self.assertEqual(ours[0], plain[0], ours)
                for text, expected in zip(ours[1:], plain[1:]):
                    self.assertEqual(comparable(text), comparable(expected))
