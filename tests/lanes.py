# SPDX-License-Identifier: BSD-2-Clause
"""The tests of one tier in several lanes beside each other, for tests/run.py.

Mostly they wait for tracers to attach and to leave. A tracer watches every process that has
the library's file, so each lane has a copy of the build tree, mounted in its place for
itself alone. A lane takes one class of tests after the other.
"""

import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import again

RUN = pathlib.Path(__file__).resolve().parent / "run.py"
SUMMARY = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped\n\Z")
# From here on in $2, the place of the build tree, its copy $1.
IN_PRIVATE = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'


def unshare_mounts():
    """A command's first words, for mounts of its own."""
    # In a chroot, as the matrix has them, they are private already and cannot be made so.
    is_private = subprocess.run(["unshare", "--mount", "true"], check=False,
                                stderr=subprocess.DEVNULL).returncode != 0
    return ["unshare", "--mount", "--propagation", "unchanged" if is_private else "private"]


def names_of_classes(suite):
    """Of all tests in it, in their order."""
    names = {}
    for test in suite:
        if hasattr(test, "__iter__"):
            names.update(dict.fromkeys(names_of_classes(test)))
        else:
            names[f"{type(test).__module__}.{type(test).__qualname__}"] = None
    return list(names)


def run_class(name, tier, command):
    """Returns: what it printed, and the counts of passed, failed, skipped tests."""
    result = subprocess.run(
        [*command, sys.executable, RUN, tier, name], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env={**os.environ, "PYUSDT_TEST_LANES": "1"}, check=False,
    )
    match = SUMMARY.search(result.stdout)
    if match is None:
        return f"{result.stdout}\n{name}: ended with status {result.returncode}\n", (0, 1, 0)
    # It imports the module again, which says again what is left out.
    lines = [line for line in result.stdout[:match.start()].splitlines(keepends=True)
             if not line.startswith("left out: ")]
    return "".join(lines), tuple(map(int, match.groups()))


class Lanes:
    def __init__(self, tier, names):
        self._tier = tier
        self._names = queue.SimpleQueue()
        for name in names:
            self._names.put(name)
        self._lock = threading.Lock()
        self._counts = [0, 0, 0]
        self._unsteady = 0

    def run(self, count):
        """Returns: how many have passed, failed and were skipped."""
        with tempfile.TemporaryDirectory() as folder:
            copies = [f"{folder}/{number}" for number in range(count)]
            with ThreadPoolExecutor(count) as pool:
                # What goes wrong in one is raised here.
                list(pool.map(self._run_lane, copies))
        return self.counts()

    def counts(self):
        passed, failed, skipped = self._counts
        # Each class has run its own again; so many in all are not by chance.
        if self._unsteady > again.MOST:
            print(f"{self._unsteady} tests are unsteady: they count as failed")
            return passed - self._unsteady, failed + self._unsteady, skipped
        return passed, failed, skipped

    def _run_lane(self, copy):
        builddir = os.environ["PYUSDT_BUILDDIR"]
        shutil.copytree(builddir, copy, symlinks=True)
        command = ["setpriv", "--pdeathsig", "TERM", *unshare_mounts(), "sh", "-c", IN_PRIVATE,
                   "sh", copy, builddir]
        while True:
            try:
                name = self._names.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            output, counts = run_class(name, self._tier, command)
            self.add(f"{output}-- {name}: {time.monotonic() - began:.0f} s\n", counts)

    def add(self, output, counts):
        with self._lock:
            sys.stdout.write(output)
            sys.stdout.flush()
            self._counts = [old + new for old, new in zip(self._counts, counts)]
            self._unsteady += len(re.findall("^unsteady: ", output, re.MULTILINE))
