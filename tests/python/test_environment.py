# SPDX-License-Identifier: BSD-2-Clause
"""Variables of the environment, and who may set them."""

import os
import subprocess
import sys
import unittest

VARIABLES = {
    "PYUSDT_EVENTS": "line,call",
    "PYUSDT_CHECK_MSEC": "1234",
    "PYUSDT_VALUES": "repr",
    "PYUSDT_VALUE_MAX": "77",
    "PYUSDT_INCLUDE": "*.included",
    "PYUSDT_EXCLUDE": "*.excluded",
}
TOLD = """
import pyusdt
print(pyusdt.enabled() == pyusdt.Event.LINE | pyusdt.Event.CALL,
      pyusdt.enabled() == pyusdt.supported(), *pyusdt.options().values(), sep="|")
"""
HEEDED = "True|False|1234|2|77|-1|*.included|*.excluded\n"
IGNORED = "False|True|100|1|256|-1||\n"


def told(*options, **keywords):
    return subprocess.run(
        [sys.executable, *options, "-c", TOLD],
        env={**os.environ, **VARIABLES}, stdout=subprocess.PIPE, text=True, check=True,
        **keywords,
    ).stdout


def run_by_another():
    """With root's rights, but started by somebody else: as of a setuid program."""
    os.setresuid(1, 0, 0)


class Environment(unittest.TestCase):
    def test_heeded(self):
        self.assertEqual(told(), HEEDED)
        self.assertEqual(told("-m", "pyusdt"), HEEDED)

    @unittest.skipIf(os.geteuid(), "only root can start a program as if by another")
    def test_ignored_in_a_setuid_program(self):
        self.assertEqual(told(preexec_fn=run_by_another), IGNORED)
        self.assertEqual(told("-m", "pyusdt", preexec_fn=run_by_another), IGNORED)


if __name__ == "__main__":
    unittest.main()
