# SPDX-License-Identifier: BSD-2-Clause
"""What the watcher thread does while nobody watches: a timed wait, ten times a second."""

import re
import shutil
import subprocess
import sys

from live import SECONDS, LiveTest

PROGRAM = """
import os, time
print("threads", *os.listdir("/proc/self/task"), flush=True)
began = time.monotonic()
os.write(1, b"begin\\n")
time.sleep(2)
os.write(1, b"end\\n")
print("seconds", time.monotonic() - began)
"""


class Idle(LiveTest):
    def test_system_calls_of_the_watcher(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        log = self.directory() / "log"
        result = subprocess.run(
            ["strace", "-f", "-o", log, sys.executable, "-m", "pyusdt", "-c", PROGRAM],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        threads, *_, last = result.stdout.splitlines()
        main, watcher = sorted(map(int, threads.split()[1:]))
        seconds = float(last.split()[1])

        lines = log.read_text().splitlines()
        begin = next(i for i, line in enumerate(lines) if 'write(1, "begin' in line)
        end = next(i for i, line in enumerate(lines) if 'write(1, "end' in line)
        # The last thing that it does before it begins to wait.
        begun = next(i for i, line in enumerate(lines)
                     if re.match(rf"{watcher} +(gettid\(\)|<\.\.\. gettid resumed)", line))
        calls = [line.split(None, 1)[1] for line in lines[max(begin, begun + 1) : end]
                 if line.startswith(f"{watcher} ")]
        # Two lines each where the main thread's calls come in between; strace itself may
        # interrupt a wait, which is then restarted.
        wait = (r"futex\(0x\w+, FUTEX_WAIT_BITSET_PRIVATE\b|<\.\.\. futex resumed>"
                r"|restart_syscall\(<\.\.\. resuming interrupted futex|<\.\.\. restart_syscall")
        self.assertEqual([call for call in calls if not re.match(wait, call)], [])
        waits = sum("ETIMEDOUT" in call for call in calls)
        # Fewer where the machine is busy, and never more.
        self.assertGreater(waits, 5)
        self.assertLessEqual(waits, 10 * seconds + 1)
