# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-trace and pyusdt-announce do for a user who is not root."""

import os
import platform
import shutil
import subprocess
import sys
import unittest

from live import ENVIRONMENT, SECONDS, TRACE, once
from test_outside import ANNOUNCE, OutsideTest, Plain

NOBODY = "65534"
# What bpftrace 0.27 asks for.
FOR_BPFTRACE = ("bpf", "perfmon", "dac_read_search", "dac_override")

CODE = "import os\ntry: os.open('/nowhere-first', 0)\nexcept OSError: pass\n"


def as_nobody(*capabilities):
    """The beginning of a command."""
    some = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            f"--inh-caps={some}", f"--ambient-caps={some}"]


@once
@unittest.skipIf(platform.machine() != "x86_64", "threads are known on x86-64 only")
class Rights(OutsideTest):
    def run_it(self, capabilities, *words):
        """Returns: status, output, errors."""
        result = subprocess.run(
            [*as_nobody(*capabilities), *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, text=True,
            cwd="/", env={**os.environ, **ENVIRONMENT},
        )
        return result.returncode, result.stdout, result.stderr

    def test_announcer(self):
        """Others' processes by CAP_SYS_PTRACE, and by no other right."""
        announcer = shutil.copy(ANNOUNCE, self.folder)
        self.folder.chmod(0o755)
        program = Plain(sys.executable, "-c", "print('ready', flush=True); input()")
        self.addCleanup(program.kill)
        program.expect("ready")
        words = announcer, "-p", program.pid, "--once"
        self.assertEqual(self.run_it(["sys_ptrace"], *words), (0, "", ""))
        for capabilities in ([], FOR_BPFTRACE):
            status, _, errors = self.run_it(capabilities, *words)
            self.assertEqual(status, 1)
            self.assertRegex(errors, rf"\Apyusdt-announce: process {program.pid}: .*\n\Z")

    def trace(self, capabilities):
        return self.run_it(capabilities, sys.executable, "-I", TRACE, "pyopen", "-c", CODE)

    def refused(self, capabilities, missing):
        """One line, whatever bpftrace would say."""
        others = f", or {missing}, too" if self.bpftrace >= (0, 27) else ""
        self.assertEqual(self.trace(capabilities), (
            1, "", f"pyusdt-trace: bpftrace needs root{others}: run this as root, for example "
            "with sudo\n",
        ))

    def test_one_is_missing(self):
        self.refused(FOR_BPFTRACE[1:], "CAP_BPF")

    def test_most_are_missing(self):
        # That by which the files of this build can be read wherever it is.
        self.refused(["dac_read_search"], "CAP_BPF, CAP_PERFMON, CAP_DAC_OVERRIDE")

    def test_all_that_bpftrace_needs(self):
        if self.bpftrace < (0, 27):
            self.refused(FOR_BPFTRACE, "")
            return
        for more in ([], ["sys_ptrace"]):
            with self.subTest(capabilities=more):
                status, output, errors = self.trace([*FOR_BPFTRACE, *more])
                self.assertEqual(status, 0, errors)
                # It may end before its line has been read.
                self.assertRegex(output, r"/nowhere-first, by <module> \(<string>:(?:2|1\+)\)\n")
