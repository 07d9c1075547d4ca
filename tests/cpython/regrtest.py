# SPDX-License-Identifier: BSD-2-Clause
"""One module of CPython's own tests, run by CPython's own test runner in an environment."""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as xml

from lists import matches

# The runner itself gives up, with the stacks of all threads, before we end it.
GRACE_SECONDS = 60

# The tests' order and their random numbers are the same each time.
SEED = "1"


# Process groups: to be ended with us.
groups = set()


class Outcome:
    """What a module's run came to."""

    def __init__(self, pid, status, output, suites, hung):
        self.pid = pid
        self.status = status
        self.output = output
        self.hung = hung
        self.tests = collections.defaultdict(list)
        self.details = {}
        for case in suites.iter("testcase") if suites is not None else ():
            self._add(case)

    def _add(self, case):
        # A failed subtest leaves its test without a name: one such more is a difference, too.
        name = case.get("name", "(a test of which a subtest failed)")
        self.tests[name].append(verdict(case))
        text = "\n".join(filter(None, (element.text for element in case)))
        self.details[name] = self.details.get(name, "") + text

    def result(self):
        """As the runner put it: SUCCESS, FAILURE, ENV CHANGED and so on."""
        found = re.findall(r"^Result: (.*)$", self.output, re.MULTILINE)
        return found[-1] if found else "no result"

    def killed(self):
        """How it was ended from outside, or None."""
        if self.hung:
            return "no end in time"
        if self.status < 0:
            return f"killed by {signal.Signals(-self.status).name}"
        return None

    def summary(self, left_out=()):
        """All that is compared: {test: verdicts}, and the whole under names of its own."""
        found = {
            name: " ".join(sorted(verdicts))
            for name, verdicts in self.tests.items()
            if not matches(name, left_out)
        }
        found["(exit status)"] = str(self.status)
        found["(result)"] = self.result()
        return found

    def count(self):
        return sum(map(len, self.tests.values()))


def verdict(case):
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return kind
    if case.get("outcome") or case.find("outcome") is not None:
        return "unexpected success"
    if case.find("output") is not None:
        return "expected failure"
    return "ok" if case.get("name") else "subtest failed"


def clean_environment():
    """Without anything that changes the interpreter under test, or arms it."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYUSDT", "BPFTRACE", "VIRTUAL_ENV"))
    }


def run(python, module, left_out, seconds, options=()):
    """Run a module's tests, all but those left out."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="pyusdt-cpython-"))
    try:
        return run_in(directory, python, module, left_out, seconds, options)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run_in(directory, python, module, left_out, seconds, options):
    report = directory / "report.xml"
    temporary = directory / "tmp"
    temporary.mkdir()
    words = [str(python), *options, "-m", "test", "--junit-xml", str(report)]
    words += ["--randseed", SEED, "--timeout", str(seconds)]
    for pattern in left_out:
        words += ["--ignore", pattern]
    with (directory / "output").open("w+", errors="replace") as output:
        process = subprocess.Popen(
            [*words, module],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=temporary,
            env={**clean_environment(), "TMPDIR": str(temporary)},
            start_new_session=True,
        )
        groups.add(process.pid)
        hung = not ended(process, seconds + GRACE_SECONDS)
        text = (directory / "output").read_text(errors="replace")
    suites = None
    with contextlib.suppress(OSError, xml.ParseError):
        suites = xml.parse(report)
    return Outcome(process.pid, process.returncode, text, suites, hung or timed_out(text))


def ended(process, seconds):
    """Wait for the end; afterwards nothing that the tests left behind goes on."""
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        end_group(process.pid)
        process.wait()


def end_group(group):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    groups.discard(group)


def end_all():
    for group in list(groups):
        end_group(group)


def timed_out(output):
    return re.search(r"^Timeout \(\d+:\d+:\d+\)!$", output, re.MULTILINE) is not None
