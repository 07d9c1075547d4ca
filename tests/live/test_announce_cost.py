# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-announce does in a second, counted in system calls: not in time, which is the
machine's.

The processes have a namespace of their own, so that others on the machine are none of its
processes. They still wake it up, as often as it lets itself be woken.
"""

import collections
import platform
import re
import shutil
import subprocess
import sys
import time
import unittest

from lanes import unshare_mounts
from live import PROGRAMS, LiveTest, once, wait_until
from test_outside import ANNOUNCE, ENVIRONMENT

PYTHONS = 100
OTHERS = 200

# What is new is looked at in the first seconds.
SECONDS_BEFORE = 4
SECONDS_COUNTED = 10

# The rates in tools/announce, a second, with what is left of a pause's at most.
WAKES = 50 * SECONDS_COUNTED + 60
TRIES = 400 * SECONDS_COUNTED + 800
EXECS = 100 * SECONDS_COUNTED + 300
# Whether those without Python have mapped code since: eight a second, three calls each.
AGAIN = 3 * (8 * SECONDS_COUNTED + 16)
# Whether they have ended is asked by one call, and where records were lost /proc is listed.
ROUND = 10 * SECONDS_COUNTED
# All are looked through once in thirty seconds.
CHECK = PYTHONS + OTHERS + 20
# At a program that begins all the time, until nothing is expected of it.
LOOKS = 8 * 50


@once
@unittest.skipIf(platform.machine() != "x86_64", "threads are known on x86-64 only")
class Cost(LiveTest):
    def count(self, loop=""):
        """Returns: how often it made each system call while the crowd did nothing, or loop."""
        for tool in ("strace", "unshare"):
            if shutil.which(tool) is None:
                self.skipTest(f"{tool} is not installed")
        log = self.directory() / "log"
        crowd = subprocess.Popen(
            [*unshare_mounts(), "--pid", "--fork", "--kill-child", "--mount-proc",
             sys.executable, PROGRAMS / "crowd.py", str(PYTHONS), str(OTHERS), loop,
             "strace", "-ttt", "-o", log, ANNOUNCE, "--all"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
        )
        with crowd:
            self.assertEqual(crowd.stdout.readline(), "ready\n")
            wait_until(lambda: log.exists() and "PR_SET_PDEATHSIG" in log.read_text(),
                       "the announcer has begun")
            # There is nothing to wait for: it is what does not happen that is counted.
            time.sleep(SECONDS_BEFORE + SECONDS_COUNTED)
            crowd.stdin.close()
        calls = re.findall(r"^([\d.]+) (\w+)\(", log.read_text(), re.MULTILINE)
        began = next(float(when) for when, name in calls if name == "ppoll")
        counted = collections.Counter(
            name for when, name in calls
            if SECONDS_BEFORE <= float(when) - began < SECONDS_BEFORE + SECONDS_COUNTED
        )
        self.assertGreaterEqual(counted["ppoll"], SECONDS_COUNTED - 1)
        return counted

    def check(self, counted, most):
        waits = counted.pop("ppoll")
        self.assertLessEqual(waits, WAKES)
        self.assertLessEqual(counted.total(), most, counted)

    def test_processes_that_do_nothing(self):
        self.check(self.count(), ROUND + AGAIN + CHECK)

    def test_program_that_begins_all_the_time(self):
        program = self.directory() / "loop"
        program.write_text('#!/bin/sh\nexec "$0"\n')
        program.chmod(0o755)
        counted = self.count(str(program))
        self.assertLessEqual(counted.pop("kill"), TRIES)
        self.assertLessEqual(counted["newfstatat"], EXECS + CHECK)
        self.check(counted, EXECS + ROUND + AGAIN + CHECK + LOOKS)
