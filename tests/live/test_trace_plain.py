# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace on processes that have nothing of pyusdt, by the installed scripts."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import unittest

from live import BUILDDIR, PROGRAMS, SECONDS, once, wait_until
from test_outside import ANNOUNCE, ENVIRONMENT, find_other_python, find_pythons
from test_trace import TraceTest

# Each round makes so many such calls in each of a thread, a child, and the main thread.
CALL = "clock_nanosleep"
CALL_NUMBER = 230  # on x86-64
CALLS = 1 + 8 + 2


@unittest.skipIf(platform.machine() != "x86_64", "threads are known from outside on x86-64 only")
class PlainTest(TraceTest):
    maxDiff = 10000

    def setUp(self):
        # --all sees the processes of other tests, too: a path of its own tells ours.
        self.program = self.directory() / "plain.py"
        shutil.copy(PROGRAMS / "plain.py", self.program)

    def plain(self, python=sys.executable, own_path=False):
        """@own_path: so that its stacks are unlike those of other processes.

        Returns: (the process, what it writes its stacks to).
        """
        folder = self.directory()
        reference = folder / "reference"
        program = shutil.copy(self.program, folder) if own_path else self.program
        return self.run_plain([python, "-W", "ignore", program, reference]), reference

    def run_plain(self, words):
        """Until it is ready."""
        process = subprocess.Popen(
            words, text=True, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

        def end():
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

        self.addCleanup(end)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def round(self, process):
        process.stdin.write("\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline(), "done\n")

    def traced(self, *words):
        """pyusdt-trace, the trace in a file, in the raw form."""
        file = self.directory() / "trace"
        self.tracer = self.start("-o", str(file), "--raw", *words)
        return self.tracer, file

    def wait_for(self, file, *processes):
        """The script says itself which processes it knows."""
        pids = {process.pid for process in processes}

        def known():
            return file.read_text() if file.exists() else ""

        def unknown():
            return {pid for pid in pids if f"Process {pid}: CPython 3." not in known()}

        try:
            wait_until(lambda: not unknown(), "the script knows the processes")
        except AssertionError as error:
            listed = subprocess.run([ANNOUNCE, "--list"], text=True, capture_output=True)
            self.tracer.send_signal(2)
            _, messages = self.tracer.communicate(timeout=SECONDS)
            self.fail("\n".join([f"{error}: not {unknown()}, it says:", known(), messages,
                                 listed.stdout, listed.stderr]))

    def wait_for_stacks(self, file, *references):
        """All have been told, and their lines read, for which the processes have to be there."""
        stacks = re.compile(r"^STACK\t(\w+)\t0\tcalled\t.*\t\d+$", re.MULTILINE)
        wait_until(
            lambda: len({*stacks.findall(file.read_text())})
            >= sum(len(stacks_told(reference)) for reference in references),
            "the stacks",
        )

    def finish(self, tracer, status=0):
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, status, (output, errors))
        return output, errors


def stacks_in(folded, call):
    """Of that system call: the stacks below it, as the program itself writes them."""
    stacks = (line.rpartition(" ")[0] for line in folded.read_text().splitlines())
    return {stack.partition(";")[2] for stack in stacks if stack.startswith(f"{call};")}


def stacks_told(*references):
    return {
        line.partition(" ")[2]
        for reference in references for line in reference.read_text().splitlines()
    }


class OneProcess(PlainTest):
    def test_stacks_of_system_calls(self):
        process, reference = self.plain()
        folded = self.directory() / "stacks.folded"
        tracer, file = self.traced("--flame", folded, "pysyscall-stacks", "-p", str(process.pid))
        self.wait_for(file, process)
        self.round(process)
        self.round(process)
        self.wait_for_stacks(file, reference)
        process.stdin.close()
        self.finish(tracer)
        self.assertEqual(stacks_in(folded, CALL), stacks_told(reference))

    def test_counts(self):
        process, reference = self.plain()
        tracer, file = self.traced("pysyscall", "-p", str(process.pid))
        self.wait_for(file, process)
        self.round(process)
        process.stdin.close()
        self.finish(tracer)
        counts = [line for line in file.read_text().splitlines()
                  if line.startswith("@calls[clock_nanosleep, called, ")]
        self.assertEqual(len(counts), 1, counts)
        self.assertEqual(int(counts[0].rpartition(" ")[2]), 3 * CALLS)
        self.assertEqual(len(reference.read_text().splitlines()), 3 * CALLS)

    def test_only_that_one(self):
        process, reference = self.plain()
        other, _ = self.plain()
        folded = self.directory() / "stacks.folded"
        tracer, file = self.traced("--flame", folded, "pysyscall-stacks", "-p", str(process.pid))
        self.wait_for(file, process)
        self.round(other)
        self.round(process)
        self.wait_for_stacks(file, reference)
        process.stdin.close()
        self.finish(tracer)
        self.assertEqual(file.read_text().count(": CPython"), 1, file.read_text())
        self.assertEqual(stacks_in(folded, CALL), stacks_told(reference))

    def test_ctrl_c(self):
        process, _ = self.plain()
        tracer, file = self.traced("pysyscall", "-p", str(process.pid))
        self.wait_for(file, process)
        self.round(process)
        tracer.send_signal(2)
        self.finish(tracer)
        self.assertIn("@calls[clock_nanosleep, called, ", file.read_text())
        self.round(process)


INTERPRETER = """\
import sys

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

CODE = '''
import os, time

def inner():
    time.sleep(0.001)

def outer():
    inner()

outer()
# Its code is there until its lines are known.
os.read(0, 1)
'''

other = interpreters.create()
print("ready", flush=True)
for _ in sys.stdin:
    interpreters.run_string(other, CODE)
    print("done", flush=True)
"""


class Interpreters(PlainTest):
    def test_another_interpreter(self):
        """The main thread is in it: its frames, and not those of the main interpreter."""
        self.program.write_text(INTERPRETER)
        process, _ = self.plain()
        folded = self.directory() / "stacks.folded"
        tracer, file = self.traced("--flame", folded, "pysyscall-stacks", "-p", str(process.pid))
        self.wait_for(file, process)
        process.stdin.write("\n")
        process.stdin.flush()
        wait_until(lambda: re.search(r"\t<module>\t.*\t10\n", file.read_text()), "its lines")
        self.round(process)
        process.stdin.close()
        self.finish(tracer)
        # What the code's file is called differs between versions.
        seen = {re.sub(r"\([^;]*:(\d+)\)", r"\1", stack) for stack in stacks_in(folded, CALL)}
        self.assertEqual(seen, {"<module> 10;outer 8;inner 5"})


class Several(PlainTest):
    def test_of_several_versions(self):
        pythons = [sys.executable, find_other_python(), sys.executable]
        started = [self.plain(python) for python in pythons]
        processes = [process for process, _ in started]
        folded = self.directory() / "stacks.folded"
        pids = ",".join(str(process.pid) for process in processes[:2])
        tracer, file = self.traced("--flame", folded, "pysyscall-stacks", "-p", pids,
                                   "-p", str(processes[2].pid))
        self.wait_for(file, *processes)
        for process in processes:
            self.round(process)
        self.wait_for_stacks(file, *(reference for _, reference in started))
        for process in processes:
            process.stdin.close()
        self.finish(tracer)
        told = stacks_told(*(reference for _, reference in started))
        self.assertEqual(stacks_in(folded, CALL), told)

    def script_of_one_call(self):
        """pysyscall-stacks, in which there is room for the stacks of all that runs here."""
        text = (BUILDDIR / "bt/pysyscall-stacks.bt").read_text()
        entered = "sys_enter\n/"
        self.assertEqual(text.count(entered), 1)
        script = self.directory() / "one-call.bt"
        script.write_text(text.replace(entered, f"{entered}args->id == {CALL_NUMBER} && "))
        return script

    def test_all(self):
        """Ten processes, of as many versions as there are."""
        pythons = find_pythons()
        started = [self.plain(pythons[n % len(pythons)], own_path=True) for n in range(5)]
        folded = self.directory() / "stacks.folded"
        tracer, file = self.traced("--flame", folded, self.script_of_one_call(), "--all")
        self.wait_for(file, *(process for process, _ in started))
        # Those that begin later.
        started += [self.plain(pythons[n % len(pythons)], own_path=True) for n in range(5, 10)]
        processes = [process for process, _ in started]
        self.wait_for(file, *processes)
        for process in processes:
            self.round(process)
        tracer.send_signal(2)
        self.finish(tracer)
        told = [stacks_told(reference) for _, reference in started]
        # --all sees the processes of other tests, too.
        folders = {str(reference.parent) for _, reference in started}
        seen = {stack for stack in stacks_in(folded, CALL)
                if any(f"({folder}/" in stack for folder in folders)}
        self.assertNotIn("A map is full", file.read_text())
        self.assertEqual(seen, set.union(*told))
        self.assertEqual(len(set.union(*told)), sum(map(len, told)))

    def test_user(self):
        process, _ = self.plain()
        tracer, file = self.traced("pysyscall", "--all", "--user", "nobody")
        wait_until(lambda: "Ctrl-C" in (file.read_text() if file.exists() else ""), "it begins")
        self.round(process)
        tracer.send_signal(2)
        self.finish(tracer)
        self.assertNotIn(f"Process {process.pid}:", file.read_text())


@once
class Wrong(PlainTest):
    def test_no_python(self):
        sleeper = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(sleeper.wait)
        self.addCleanup(sleeper.kill)
        tracer = self.start("pysyscall", "-p", str(sleeper.pid))
        _, errors = self.finish(tracer, status=1)
        self.assertEqual(
            errors, f"pyusdt-trace: process {sleeper.pid} (sleep): no CPython in it\n"
        )

    def test_one_of_two_cannot_be_read(self):
        process, _ = self.plain()
        sleeper = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(sleeper.wait)
        self.addCleanup(sleeper.kill)
        tracer, file = self.traced("--strict", "pysyscall", "-p", f"{process.pid},{sleeper.pid}")
        self.wait_for(file, process)
        tracer.send_signal(2)
        _, errors = self.finish(tracer, status=3)
        first, *_, last = (line for line in errors.splitlines() if line.startswith("pyusdt-"))
        self.assertRegex(first, rf"^pyusdt-trace: process {sleeper.pid}.*: no CPython in it$")
        self.assertEqual(
            last, "pyusdt-trace: missing in the trace: 1 process could not be read"
        )

    def test_killed(self):
        """Neither bpftrace nor the announcer is left."""
        process, _ = self.plain()
        tracer, file = self.traced("pysyscall", "-p", str(process.pid))
        self.wait_for(file, process)
        children = [
            int(pid) for task in os.listdir(f"/proc/{tracer.pid}/task")
            for pid in open(f"/proc/{tracer.pid}/task/{task}/children").read().split()
        ]
        self.assertEqual(len(children), 2)
        tracer.kill()
        tracer.wait()
        wait_until(lambda: not any(is_running(pid) for pid in children), "both have ended")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Processes(PlainTest):
    def list(self, *words):
        tracer = self.start("--processes", *words)
        output, _ = self.finish(tracer)
        return output

    def test_table(self):
        process, _ = self.plain()
        lines = self.list().splitlines()
        self.assertEqual(
            lines[0].split(), ["PID", "PYTHON", "USER", "STACKS", "PYUSDT", "COMMAND"]
        )
        (line,) = [line for line in lines if line.split()[0] == str(process.pid)]
        version = "{}.{}.{}".format(*sys.version_info)
        self.assertEqual(line.split()[1:5], [version, "root", "yes", "-"])
        self.assertIn(str(self.program), line)

    def test_json(self):
        process, reference = self.plain()
        entries = [json.loads(line) for line in self.list("--json").splitlines()]
        (entry,) = [entry for entry in entries if entry["pid"] == process.pid]
        self.assertEqual(
            entry,
            {
                "pid": process.pid, "version": "{}.{}.{}".format(*sys.version_info),
                "user": "root", "library": None, "stacks": True, "why": None,
                "command": entry["command"],
            },
        )
        self.assertIn(str(reference), entry["command"])


if __name__ == "__main__":
    unittest.main()
