# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-trace with a bpftrace that does what a test wants, so that no root is needed."""

import contextlib
import itertools
import os
import platform
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import types
import unittest
from pathlib import Path

import pyusdt
from pyusdt.trace import containers, libraries, library, target
from pyusdt.trace.executables import Python

# Only a failing test takes so long.
SECONDS = 60
BUILDDIR = Path(os.environ["PYUSDT_BUILDDIR"])
SCRIPTS = BUILDDIR / "bt"

# From outside, without any rights.
IS_SEEN = platform.machine() == "x86_64" and os.geteuid() == 0

COMMAND = """
import os, sys
os.geteuid = lambda: 0
sys.modules["pyusdt.arming"] = None  # as pyusdt-trace has it
from pyusdt.trace.command import main
main(sys.argv.pop(1), "/no/such/pyusdt-attach")
"""

# What all of them do. The text for ACTION follows; "say" writes at once.
FAKE = """\
#!{python} -IS
import json, os, select, signal, sys, time
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
words = sys.argv[1:]
if words == ["--version"]:
    print("bpftrace v0.17.0")
    sys.exit()
if words[words.index("-f") + 1] != "json":
    sys.exit("names would not be told from lines")
# A script on kernel events has it for its argument.
pid = int(words[words.index("-p") + 1] if "-p" in words else words[-1])
with open({pids!r}, "w") as file:
    file.write(str(os.getpid()))

def put(line):
    os.write(1, (line + "\\n").encode())

def record(kind, data):
    put(json.dumps(dict(type=kind, data=data)))

def say(text):
    record("printf", text + "\\n")

def maps(*_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    record("map", dict([("@calls", 42)]))
    os._exit(0)

def attach():
    signal.signal(signal.SIGINT, maps)
    put(ATTACHED)

def follow():
    target = select.poll()
    try:
        target.register(os.pidfd_open(pid), select.POLLIN)
    except ProcessLookupError:
        maps()
    target.poll()
    maps()

{action}
"""

ORDINARY = """\
attach()
say("Counting.")
follow()
"""
COMPILES_FOR_EVER = """\
while True:
    time.sleep(3600)
"""
PRINTS_FOR_EVER = """\
attach()
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    say("event" * 100)
"""


# One on events of Python, whose program has pyusdt in it, and one on kernel events, which needs
# none of that.
PROGRAM_SCRIPTS = ("pycalls", "pysyscall")


class TraceTest(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.pids = self.directory / "pids"
        (self.directory / "bin").mkdir()
        (self.directory / "cwd").mkdir()
        self.bpftrace(ORDINARY)

    def bpftrace(self, action):
        file = self.directory / "bin" / "bpftrace"
        file.write_text(FAKE.format(python=sys.executable, pids=str(self.pids), action=action))
        file.chmod(0o755)

    def environment(self, **extra):
        path = [str(self.directory / "bin"), os.environ["PATH"]]
        return {**os.environ, "PATH": os.pathsep.join(path), **extra}

    def start(self, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, environment=None,
              scripts=SCRIPTS, **options):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, scripts, *words],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True,
            cwd=self.directory / "cwd", env=environment or self.environment(), **options,
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        for file in (process.stdin, process.stdout, process.stderr):
            if file is not None:
                file.close()
        process.wait()

    def run_trace(self, *words, **options):
        """Returns: (exit status, stdout, stderr)."""
        process = self.start(*words, **options)
        output, errors = process.communicate(timeout=SECONDS)
        self.assertNotIn("Traceback", errors)
        return process.returncode, output, errors

    def script(self, text):
        file = self.directory / "prog.py"
        file.write_text(textwrap.dedent(text))
        return str(file)

    def target(self, code="import pyusdt\nprint('up', flush=True)\nimport sys\nsys.stdin.read()", **options):
        """A process that has imported pyusdt."""
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, **options,
        )
        self.addCleanup(self.end, process)
        self.assertEqual(process.stdout.readline(), "up\n")
        return process

    def wait_for_pid(self):
        """Returns: a descriptor of the bpftrace that has been started."""
        return self.descriptor(int(self.wait_for_text(self.pids)))

    def wait_for_text(self, file):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                text = file.read_text()
                if text:
                    return text
            time.sleep(0.01)
        self.fail(f"nothing in {file}")

    def descriptor(self, pid):
        descriptor = os.pidfd_open(pid)
        self.addCleanup(os.close, descriptor)
        return descriptor

    def ends(self, descriptor):
        return bool(select.select([descriptor], [], [], SECONDS)[0])


class Signals(TraceTest):
    ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def test_of_a_process(self):
        for number in self.ENDING:
            with self.subTest(signal=number):
                tracer = self.start("pycalls", "-p", str(self.target().pid))
                self.assertEqual(tracer.stdout.readline(), "Counting.\n")
                tracer.send_signal(number)
                output, errors = tracer.communicate(timeout=SECONDS)
                self.assertEqual(
                    (tracer.returncode, output, errors), (0, "@calls: 42\n", "")
                )

    def test_of_a_program(self):
        program = self.script("""
            import signal
            ending = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            signal.pthread_sigmask(signal.SIG_BLOCK, ending)
            print("ready", flush=True)
            exit(100 + signal.sigwait(ending))
        """)
        for number, script in itertools.product(self.ENDING, PROGRAM_SCRIPTS):
            with self.subTest(signal=number, script=script):
                output = self.directory / "output"
                tracer = self.start("-o", output, script, program)
                self.assertEqual(tracer.stdout.readline(), "ready\n")
                tracer.send_signal(number)
                _, errors = tracer.communicate(timeout=SECONDS)
                self.assertEqual((tracer.returncode, errors), (100 + number, ""))
                self.assertEqual(output.read_text(), "Counting.\n@calls: 42\n")

    def test_those_of_the_terminal_reach_the_program_once(self):
        program = self.script("""
            import os, signal
            got = []
            signal.signal(signal.SIGINT, lambda *_: got.append(1))
            print("ready", flush=True)
            while not os.path.exists("end"):
                signal.sigtimedwait([], 0.01)
            print(len(got))
        """)
        main, terminal = os.openpty()
        self.addCleanup(os.close, main)
        lead = "import os, fcntl, termios\nos.setsid()\n"
        lead += f"fcntl.ioctl({terminal}, termios.TIOCSCTTY, 0)\n{COMMAND}"
        tracer = subprocess.Popen(
            [sys.executable, "-c", lead, SCRIPTS, "pycalls", program],
            pass_fds=[terminal], stdin=terminal, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.directory / "cwd",
            env=self.environment(),
        )
        self.addCleanup(self.end, tracer)
        os.close(terminal)
        lines = [tracer.stdout.readline(), tracer.stdout.readline()]
        self.assertEqual(sorted(lines), ["Counting.\n", "ready\n"])
        os.write(main, b"\x03")
        self.assertEqual(tracer.stdout.readline(), "@calls: 42\n")
        (self.directory / "cwd" / "end").touch()
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, output, errors), (0, "1\n", ""))

    def test_killed(self):
        target = self.target()
        tracer = self.start("pycalls", "-p", str(target.pid))
        self.assertEqual(tracer.stdout.readline(), "Counting.\n")
        bpftrace = self.wait_for_pid()
        tracer.kill()
        self.assertTrue(self.ends(bpftrace))
        self.assertIsNone(target.poll())

    def test_killed_while_the_program_is_held(self):
        self.bpftrace(COMPILES_FOR_EVER)
        for script in PROGRAM_SCRIPTS:
            with self.subTest(script=script):
                self.pids.unlink(missing_ok=True)
                tracer = self.start(script, self.script("print('ran')"))
                bpftrace = self.wait_for_pid()
                tracer.kill()
                self.assertTrue(self.ends(bpftrace))
                # The end of file: the program has ended, too.
                self.assertEqual(tracer.stdout.read(), "")

    def test_during_compilation(self):
        self.bpftrace(COMPILES_FOR_EVER)
        program = self.script("print('ran')")
        for words in (
            *([script, program] for script in PROGRAM_SCRIPTS),
            ["pycalls", "-p", str(self.target().pid)],
        ):
            for number in self.ENDING:
                with self.subTest(words=words, signal=number):
                    self.pids.unlink(missing_ok=True)
                    tracer = self.start(*words)
                    bpftrace = self.wait_for_pid()
                    tracer.send_signal(number)
                    output, errors = tracer.communicate(timeout=SECONDS)
                    self.assertEqual((tracer.returncode, output), (128 + number, ""))
                    # On a busy machine it may have been said that the program has not begun.
                    self.assertRegex(errors, r"^(pyusdt-trace: process \d+: .*\n)?"
                                             rf"pyusdt-trace: {number.name}: stopped "
                                             r"before all probes were attached.*\n$")
                    self.assertTrue(self.ends(bpftrace))

    def test_ignored_ones_stay_ignored(self):
        def ignore():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        target = self.target()
        tracer = self.start("pycalls", "-p", str(target.pid), preexec_fn=ignore)
        self.assertEqual(tracer.stdout.readline(), "Counting.\n")
        tracer.send_signal(signal.SIGHUP)
        target.stdin.close()
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, output, errors), (0, "@calls: 42\n", ""))

    def test_a_second_one_ends_what_does_not_end(self):
        told = self.directory / "told"
        self.bpftrace(f"""\
def told(*_):
    with open({str(told)!r}, "w") as file:
        file.write("told")

attach()
signal.signal(signal.SIGINT, told)
while True:
    say("event" * 100)
""")
        tracer = self.start("pycalls", "-p", str(self.target().pid))
        tracer.stdout.read(5)
        # From here on nobody reads.
        bpftrace = self.wait_for_pid()
        tracer.send_signal(signal.SIGINT)
        self.wait_for_text(told)
        self.assertFalse(select.select([bpftrace], [], [], 0)[0])
        tracer.send_signal(signal.SIGINT)
        self.assertTrue(self.ends(bpftrace))
        tracer.send_signal(signal.SIGINT)
        self.assertTrue(self.ends(self.descriptor(tracer.pid)))
        errors = tracer.stderr.read()
        self.assertIn("the trace is not whole", errors)
        self.assertEqual(tracer.wait(), 1)

    def test_a_second_one_does_not_wait_for_what_is_told_each_second(self):
        """The maps come all the same."""
        tracer = self.start("pycalls", "-p", str(self.target().pid))
        self.assertEqual(tracer.stdout.readline(), "Counting.\n")
        tracer.send_signal(signal.SIGINT)
        # Both at once would be one.
        status = Path(f"/proc/{tracer.pid}/status")
        while int(re.search(r"^ShdPnd:\t(\w+)", status.read_text(), re.MULTILINE)[1], 16):
            time.sleep(0.01)
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, output, errors), (0, "@calls: 42\n", ""))

    def test_program_that_ends_before_the_probes_are_attached(self):
        self.bpftrace("os.kill(pid, signal.SIGKILL)\n" + COMPILES_FOR_EVER)
        status, output, errors = self.run_trace("pycalls", self.script("print('ran')"))
        self.assertEqual((status, output, errors), (137, "", ""))
        with self.assertRaises(ProcessLookupError):
            os.pidfd_open(int(self.pids.read_text()))


class Progress(TraceTest):
    """What takes over a second says so on a terminal, and is gone when it is done."""

    SLOW = "time.sleep(2.2)\n" + ORDINARY

    def test_on_a_terminal(self):
        self.bpftrace(self.SLOW)
        main, terminal = os.openpty()
        tracer = self.start("pycalls", self.script("pass"), stderr=terminal,
                            environment=self.environment(TERM="xterm"))
        tracer.communicate(timeout=SECONDS)
        os.close(terminal)
        text = os.read(main, 1 << 16).decode()
        os.close(main)
        self.assertIn("pyusdt-trace: attaching the probes, 1 s ", text)
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text))

    def test_elsewhere(self):
        self.bpftrace(self.SLOW)
        self.assertEqual(self.run_trace("pycalls", self.script("pass"))[2], "")


class LostOutput(TraceTest):
    PROGRAM = "print('ran', file=__import__('sys').stderr)"

    def test_reader_that_has_all_it_wants(self):
        self.bpftrace(PRINTS_FOR_EVER)
        for words in ([self.script(self.PROGRAM)], ["-p", str(self.target().pid)]):
            with self.subTest(words=words):
                tracer = self.start("pycalls", *words)
                tracer.stdout.read(5)
                tracer.stdout.close()
                errors = tracer.stderr.read()
                said = "" if words[0] == "-p" else "ran\n"
                self.assertEqual((tracer.wait(SECONDS), errors), (0, said))

    def test_reader_of_a_script_that_prints_no_more(self):
        self.bpftrace("attach()\nsay('Counting.')\n" + COMPILES_FOR_EVER)
        tracer = self.start("pycalls", "-p", str(self.target().pid))
        self.assertEqual(tracer.stdout.readline(), "Counting.\n")
        tracer.stdout.close()
        self.assertEqual((tracer.wait(SECONDS), tracer.stderr.read()), (0, ""))

    def test_full_disk(self):
        self.bpftrace(PRINTS_FOR_EVER)
        told = "pyusdt-trace: /dev/full: No space left on device: the trace ends there\n"
        for words in ([self.script(self.PROGRAM)], ["-p", str(self.target().pid)]):
            with self.subTest(words=words):
                status, _, errors = self.run_trace("-o", "/dev/full", "pycalls", *words)
                self.assertEqual(errors.replace("ran\n", ""), told)
                self.assertEqual(status, 1)

    def test_help_and_list(self):
        for word in ("--help", "--list"):
            reading, writing = os.pipe()
            os.close(reading)
            with self.subTest(word=word):
                status, _, errors = self.run_trace(word, stdout=writing)
                self.assertEqual((status, errors), (0, ""))
            os.close(writing)

    def test_file_is_for_nobody_else(self):
        output = self.directory / "output"
        self.run_trace("-o", output, "pycalls", self.script(""))
        self.assertEqual(output.stat().st_mode & 0o777, 0o600)
        output.chmod(0o644)
        self.run_trace("-o", output, "pycalls", self.script(""))
        self.assertEqual(output.stat().st_mode & 0o777, 0o644)


class Missing(TraceTest):
    """What is known to be lost: one line at the end."""

    LOSES = """\
attach()
record("lost_events", dict(events=1200))
record("lost_events", dict(events=4))
say("A map is full: new keys are left out.")
follow()
"""
    TOLD = ("pyusdt-trace: missing in the trace: bpftrace has lost 1,204 events; a map was full "
            "(FULL MAPS in pyusdt-trace(1))\n")

    def test_strict(self):
        self.bpftrace(self.LOSES)
        good, bad = self.script(""), ["-c", "raise SystemExit(7)"]
        for words, program, status in (
            ([], [good], 0), (["--strict"], [good], 3), (["--strict"], bad, 7),
            (["--strict", "--raw"], [good], 3), (["--strict", "--json"], [good], 3),
        ):
            with self.subTest(words=words, program=program):
                result = self.run_trace(*words, "-o", "/dev/null", "pycalls", *program)
                self.assertEqual(result, (status, "", self.TOLD))

    def test_nothing(self):
        status, _, errors = self.run_trace("--strict", "pycalls", self.script(""))
        self.assertEqual((status, errors), (0, ""))

    def test_a_name_is_no_message(self):
        """Where names are marked, as in all that is described."""
        self.bpftrace("""\
import re
with open(words[words.index("-p") + 2]) as file:
    mark = re.search(r"(\\d+)%", file.read())[1]
# From here on the script may be gone.
attach()
say(mark + "A map is full: " + mark)
follow()
""")
        script = self.directory / "own.bt"
        script.write_text("/*\n * LINES: names\n */\n"
                          'BEGIN { printf("%s\\n", comm); }')
        status, output, errors = self.run_trace("--strict", script, self.script(""))
        self.assertEqual((status, output, errors), (0, "A map is full: \n@calls: 42\n", ""))


class Memory(TraceTest):
    """All rows are kept until they are sorted: at most so much for each, FULL MAPS in the man page
    says how much is usual."""
    BYTES = 1536
    SCRIPT = """\
/*
 * TABLE: Calls
 * KEY: function, file, line
 * COLUMN: CALLS @calls count
 */
usdt:/x:pyusdt:PY_START { @calls[str(arg0), str(arg1), arg2] = count(); }
"""
    # As bpftrace prints them, one map a line.
    PRINTS_ROWS = """\
attach()

def maps(*_):
    with open(1, "w") as output:
        output.write('{"type": "map", "data": {"@calls": {')
        output.write(", ".join('"function_%d,/srv/shop/module_%d.py,%d": %d' % (n, n % 97, n, n)
                               for n in range(ROWS)))
        output.write("}}}\\n")
    os._exit(0)

signal.signal(signal.SIGINT, maps)
follow()
"""

    def peak(self, rows, *options):
        """Returns: bytes; and how many rows were shown."""
        self.bpftrace(f"ROWS = {rows}\n{self.PRINTS_ROWS}")
        script, output = self.directory / "own.bt", self.directory / "output"
        script.write_text(self.SCRIPT)
        process = self.start("-o", output, "--rows", "0", *options, script, self.script(""))
        _, status, used = os.wait4(process.pid, 0)
        self.assertEqual(status, 0)
        return used.ru_maxrss * 1024, output.read_text().count("function_")

    def test_many_rows(self):
        few, many = 10, 1 << 17
        for options in ([], ["--json"]):
            with self.subTest(options=options):
                least, shown = self.peak(few, *options)
                self.assertEqual(shown, few)
                most, shown = self.peak(many, *options)
                self.assertEqual(shown, many)
                self.assertLess(most - least, many * self.BYTES)


class EndOfBpftrace(TraceTest):
    PROGRAM = """
        import sys
        print('ran', flush=True)
        sys.exit(int(sys.argv[1]))
    """

    def both(self, action):
        """Returns: [(exit status, errors)] with a program, one that fails, and -p."""
        self.bpftrace(action)
        script = self.script(self.PROGRAM)
        results = []
        for words in ([script, "0"], [script, "7"], ["-p", str(self.target().pid)]):
            status, output, errors = self.run_trace("-o", "/dev/null", "pycalls", *words)
            self.assertEqual(output, "" if words[0] == "-p" else "ran\n")
            results.append((status, errors))
        return results

    def test_killed(self):
        text = "pyusdt-trace: bpftrace was ended by SIGKILL: the trace is not whole\n"
        results = self.both("attach()\nos.kill(os.getpid(), signal.SIGKILL)")
        self.assertEqual(results, [(1, text), (7, text), (137, text)])

    def test_failed(self):
        text = "pyusdt-trace: bpftrace ended with status 3: the trace is not whole\n"
        results = self.both("attach()\nos._exit(3)")
        self.assertEqual(results, [(1, text), (7, text), (3, text)])

    def test_by_the_script(self):
        self.assertEqual(self.both("attach()\nos._exit(0)"), [(0, ""), (7, ""), (0, "")])

    def test_it_is_told_at_once(self):
        self.bpftrace("attach()\nos._exit(3)")
        tracer = self.start("pycalls", self.script("import time; time.sleep(3600)"))
        self.assertIn("bpftrace ended with status 3", tracer.stderr.readline())
        tracer.send_signal(signal.SIGTERM)
        self.assertEqual(tracer.wait(SECONDS), 143)

    def test_before_it_is_attached(self):
        self.bpftrace("os.write(2, b'ERROR: no such probe\\n')\nos._exit(1)")
        for words, line in [
            ([self.script("print('ran')")], "bpftrace could not attach, the program was not"),
            (["-p", str(self.target().pid)], "bpftrace could not attach to process"),
        ]:
            with self.subTest(words=words):
                status, output, errors = self.run_trace("pycalls", *words)
                self.assertEqual((status, output), (1, ""))
                first, second = errors.splitlines()
                self.assertEqual(first, "ERROR: no such probe")
                self.assertTrue(second.startswith(f"pyusdt-trace: {line}"), second)


class Wrong(TraceTest):
    def check(self, words, message, status=2, **options):
        """One line that says it, and nothing has been started."""
        done = self.run_trace(*words, **options)
        self.assertEqual((done[0], done[1]), (status, ""), done[2])
        line, = done[2].splitlines()
        self.assertTrue(line.startswith("pyusdt-trace: "), line)
        self.assertIn(message, line)
        self.assertFalse(self.pids.exists(), "bpftrace was started")

    def test_usage(self):
        for words, message in [
            ([], "no script given, --list shows those that are installed (see --help)"),
            (["pycalls"], "give either a program to run, or -p PID, or --all"),
            (["pycalls", "-p", "1", "x.py"], "give either a program to run, or -p PID, or --all"),
            (["pycalls", "--all", "x.py"], "give either a program to run, or -p PID, or --all"),
            (["pycalls", "--all", "-p", "1"], "give either a program to run, or"),
            (["pycalls", "-p", "x"], "-p x: not a process id"),
            (["pycalls", "-p", "1,"], "-p : not a process id"),
            (["pycalls", "-p", "1,2"], "pycalls is on events of Python: give one PID, or --all"),
            (["pycalls", "-p", "1", "--user", "root"], "--user is for --all"),
            (["pycalls", "--all", "--user", "root"], "--user: pycalls is on events of Python"),
            (["pyio", "-p", "1", "--cgroup", "/"], "--cgroup is for --all"),
            (["pyio", "--container", "x", "x.py"], "--container is for --all"),
            (["pyio", "--all", "--cgroup", "/", "--container", "x"],
             "give either --cgroup or --container"),
            (["pycalls", "--all", "--cgroup", "/"], "--cgroup: pycalls is on events of Python"),
            (["--json", "--csv", "pycalls", "x.py"], "give either --json or --csv"),
            (["--rows", "x", "pycalls", "x.py"], "--rows x: not a number of rows"),
            (["--rows", "5", "--raw", "pycalls", "x.py"], "--rows is not for --raw"),
            (["--lines", "--raw", "pysyscall", "x.py"], "--lines is not for --raw"),
            (["--lines", "pycalls", "x.py"], "--lines: pycalls has no tables of functions in "
                                             "kernel events"),
            (["--csv", "pyopen", "x.py"], "--csv: pyopen has no table"),
            (["--interval", "1s", "pycalls", "x.py"], "--interval 1s: not a number of seconds"),
            (["--interval=0.05", "pycalls", "x.py"], "--interval 0.05: less than 0.1 seconds"),
            (["--top", "pyopen", "-p", "1"], "--top: pyopen has no table"),
            (["--top", "pycalls", "x.py"], "--top is for processes that run already"),
            (["--top", "--csv", "pycalls", "-p", "1"], "give either --top or --csv"),
            (["--top", "-o", "x", "pycalls", "-p", "1"], "--top is shown on the terminal"),
            (["--top", "pycalls", "-p", "1"], "--top: standard input and output are no terminal"),
            (["--interval=1", "pyopen", "x.py"], "--interval: pyopen prints lines as things"),
            (["--interval=1", "--raw", "pycalls", "x.py"], "--interval is not for --raw"),
            (["--csv", "--processes"], "--csv is for a script"),
            (["pycalls", "-p0"], "-p 0: not a process id"),
            (["pycalls", "--pid="], "-p : not a process id"),
            (["pycalls", "-p"], "option -p needs an argument"),
            (["--nonsense"], "unknown option --nonsense"),
            (["--list=x"], "option --list takes no argument"),
            (["pycalls", "-p", "1", "--python", "python3"], "--python is for a program"),
            (["pycalls", "-o", "x", "--flame", "x", "x.py"], "name the same file"),
            (["--python", "nosuch", "pycalls", "x.py"], "--python nosuch: there is no such"),
        ]:
            with self.subTest(words=words):
                self.check(words, message)
        self.check(["--python", "/nosuch", "pycalls", "x.py"],
                   "--python /nosuch: No such file or directory", 1)

    def test_script(self):
        here = self.directory / "cwd"
        (here / "own.bt").write_text("BEGIN { exit(); }")
        for name, message in [
            ("nosuch", "no script 'nosuch': give a file as ./FILE, or one of py"),
            ("own.bt", "no script 'own.bt' is installed: for the file give ./own.bt"),
            ("prog.py", "the script comes first, as in pycalls -- prog.py"),
            ("./nosuch.bt", "./nosuch.bt: there is no such script"),
            ("./", "./: not a file"),
        ]:
            with self.subTest(name=name):
                self.check([name, "-c", "pass"], message)

    def test_current_folder_has_the_name_of_an_installed_script(self):
        for name in ("pycalls", "pycalls.bt"):
            (self.directory / "cwd" / name).write_text("not for bpftrace")
        self.bpftrace("attach()\nsay(words[-1])\nfollow()")
        for name in ("pycalls", "pycalls.bt"):
            _, output, _ = self.run_trace("--raw", name, "-c", "pass")
            self.assertIn(str(SCRIPTS / "pycalls.bt"), output)
        _, output, _ = self.run_trace("./pycalls", "-c", "pass")
        self.assertEqual(output.splitlines()[0], "pycalls")

    def test_output(self):
        self.check(["-o", ".", "pycalls", "x.py"], ".: Is a directory", 1)
        self.check(["-o", "no/x", "pycalls", "x.py"], "no/x: No such file or directory", 1)

    def test_output_that_is_closed(self):
        lead = "import os, sys\nos.close(1)\nos.execv(sys.executable, sys.argv[1:])"
        done = subprocess.run(
            [sys.executable, "-c", lead, sys.executable, "-c", COMMAND, SCRIPTS, "pycalls",
             "-c", "pass"],
            stderr=subprocess.PIPE, text=True, timeout=SECONDS, env=self.environment(),
        )
        self.assertEqual((done.returncode, done.stderr),
                         (1, "pyusdt-trace: standard output is closed: give -o FILE\n"))

    def test_flame(self):
        self.check(["--flame", "x.svg", "pycalls", "x.py"],
                   "--flame: pycalls keeps no stacks, use one of pyexec, pyfault, pygil")
        self.check(["--flame", "no/x.svg", "pyoncpu", "x.py"],
                   "--flame no/x.svg: there is no folder no")
        self.check(["--flame", ".", "pyoncpu", "x.py"], "--flame .: that is a folder")

    def test_scripts_that_keep_stacks_have_a_unit(self):
        found = set()
        for path in SCRIPTS.glob("*.bt"):
            text = path.read_text()
            keeps_stacks = bool(library.STACKS.search(text))
            self.assertEqual(
                keeps_stacks, bool(re.search(r"^ \* UNIT: \w+$", text, re.MULTILINE)), path,
            )
            found.add(keeps_stacks)
        self.assertEqual(found, {True, False})

    def test_scripts_that_compare_with_the_process_are_told_it(self):
        for path in SCRIPTS.glob("*.bt"):
            text = path.read_text()
            self.assertEqual("pid == $1" in text, "\n * ARGUMENT: pid\n" in text, path)
            self.assertEqual(library.takes_pid(text), "pid == $1" in text, path)

    def test_script_of_the_users_own(self):
        self.assertTrue(library.takes_pid("BEGIN /pid == $1/ { exit(); }"))
        self.assertTrue(library.takes_pid("/*\n * ARGUMENT: pid\n */\nBEGIN { exit(); }"))
        self.assertFalse(library.takes_pid("/*\n * ARGUMENT: seconds\n */\n/pid == $1/ { }"))
        self.assertFalse(library.takes_pid("BEGIN { exit(); }"))
        self.assertTrue(library.keeps_stacks("profile:hz:99 { @[ustack] = count(); }"))
        self.assertTrue(library.keeps_stacks("/*\n * UNIT: us\n */"))
        self.assertFalse(library.keeps_stacks("BEGIN { @calls = count(); }"))

    def test_no_bpftrace(self):
        path = {**os.environ, "PATH": "/nonexistent"}
        self.check(["pycalls", "x.py"], "bpftrace is not installed", 1, environment=path)

    def test_program_of_the_current_folder(self):
        for name in ("bpftrace", "python3"):
            trap = self.directory / "cwd" / name
            trap.write_text("#!/bin/sh\necho trapped\n")
            trap.chmod(0o755)
        path = {**os.environ, "PATH": ":.:/nonexistent"}
        self.check(["pycalls", "x.py"], "bpftrace is not installed", 1, environment=path)
        path = {**os.environ, "PATH": f".:{self.directory / 'bin'}"}
        _, output, _ = self.run_trace("pycalls", "-c", "print('ran')", environment=path)
        self.assertEqual(sorted(output.splitlines()), ["@calls: 42", "Counting.", "ran"])


class Outside(TraceTest):
    """With a pyusdt-announce that says what a test wants."""

    def announcer(self, action):
        """Returns: the folder of the scripts that listen to it."""
        scripts = self.directory / "scripts"
        scripts.mkdir()
        file = self.directory / "pyusdt-announce"
        file.write_text(f"#!{sys.executable} -IS\nimport json, sys\n{action}\n")
        file.chmod(0o755)
        own = str(BUILDDIR / "tools/announce/pyusdt-announce")
        text = (SCRIPTS / "pysyscall.bt").read_text()
        self.assertIn(own, text)
        (scripts / "pysyscall.bt").write_text(text.replace(own, str(file)))
        return scripts

    def refuses(self, pid):
        entry = {"pid": pid, "version": "3.13.0", "user": "root", "command": "x",
                 "library": None, "stacks": False, "why": "it is \x1b[2J not seen"}
        return self.announcer(f"print(json.dumps({entry!r}))")

    def test_process_that_tells_of_itself(self):
        target = self.target()
        scripts = self.refuses(target.pid)
        self.bpftrace("attach()\nsay(' '.join(words[-2:]))\nfollow()")
        process = self.start("--raw", "pysyscall", "-p", str(target.pid), scripts=scripts)
        self.wait_for_pid()
        target.stdin.close()
        target.wait()
        output, errors = process.communicate(timeout=SECONDS)
        self.assertEqual((process.returncode, errors), (0, ""))
        self.assertEqual(output.splitlines()[0], f"{scripts}/pysyscall.bt {target.pid}")

    def test_process_that_does_not(self):
        code = "print('up', flush=True)\nimport sys\nsys.stdin.read()"
        target = self.target(code)
        scripts = self.refuses(target.pid)
        status, output, errors = self.run_trace(
            "pysyscall", "-p", str(target.pid), scripts=scripts
        )
        self.assertEqual((status, output), (1, ""))
        self.assertRegex(
            errors, rf"\Apyusdt-trace: process {target.pid} \(.*\): it is \\x1b\[2J not seen\n\Z"
        )
        self.assertFalse(self.pids.exists(), "bpftrace was started")

    def test_program(self):
        """It tells of itself, where it would not be seen from outside."""
        scripts = self.refuses(1)
        code = "import sys; print('pyusdt' in sys.modules)"
        for folder, has_pyusdt in ((scripts, "True"), (SCRIPTS, str(not IS_SEEN))):
            status, output, errors = self.run_trace("pysyscall", "-c", code, scripts=folder)
            self.assertEqual((status, errors), (0, ""))
            self.assertEqual(
                sorted(output.splitlines()), ["@calls: 42", "Counting.", has_pyusdt]
            )

    def test_announcer_that_only_the_script_knows(self):
        trace = self.directory / "was_run"
        scripts = self.announcer(f"open({str(trace)!r}, 'w')")
        status, _, errors = self.run_trace(f"{scripts}/pysyscall.bt", "--all")
        self.assertEqual(status, 2)
        self.assertEqual(
            errors, f"pyusdt-trace: {scripts}/pysyscall.bt listens to another pyusdt-announce "
                    f"than the installed scripts: {self.directory}/pyusdt-announce\n",
        )
        self.assertFalse(trace.exists() or self.pids.exists(), "something was started")


class Libraries(unittest.TestCase):
    def test_same_file_in_two_overlays(self):
        def status(major, minor, **changed):
            times = {"st_mtime_ns": 5, "st_ctime_ns": 6, **changed}
            return types.SimpleNamespace(
                st_dev=os.makedev(major, minor), st_ino=7, st_size=8, **times
            )

        first = libraries.identity(status(0, 40))
        self.assertEqual(first, libraries.identity(status(0, 41)))
        self.assertNotEqual(first, libraries.identity(status(0, 41, st_ctime_ns=9)))
        self.assertNotEqual(libraries.identity(status(8, 1)), libraries.identity(status(8, 2)))

    def test_probes_of_each(self):
        script = (
            "/* usdt:/a/libpyusdt.so.0 */\n"
            "usdt:/a/libpyusdt.so.0:pyusdt:LINE,\nusdt:/a/announce:pyusdt:PROCESS /pid/ { }\n"
        )
        self.assertEqual(libraries.add(script, []), script)
        self.assertEqual(
            libraries.add(script, ["/proc/7/fd/9"]),
            script.replace(":pyusdt:LINE",
                           ":pyusdt:LINE,\nusdt:/proc/7/fd/9:pyusdt:LINE"),
        )


class Containers(unittest.TestCase):
    def test_groups(self):
        one, other = "0123456789abcdef" * 4, "f" * 64
        for group, own in (
            (f"/system.slice/docker-{one}.scope", None),
            (f"/docker/{one}", None),
            (f"/docker/{one}/init", f"/docker/{one}"),
            (f"/machine.slice/libpod-{one}.scope/container", f"/machine.slice/libpod-{one}.scope"),
            (f"/kubepods.slice/pod1.slice/cri-containerd-{one}.scope", None),
            # The container in a container.
            (f"/docker/{other}/docker/{one}/x", f"/docker/{other}/docker/{one}"),
        ):
            with self.subTest(group=group):
                match = containers.last_id(group)
                self.assertEqual(match[0], one)
                self.assertEqual(containers.group_of_id(group, match), own or group)
        for group in ("/", "/user.slice", f"/{one[1:]}", f"/x{one}0", f"/{one.upper()}"):
            with self.subTest(group=group):
                self.assertIsNone(containers.last_id(group))


class Targets(TraceTest):
    def refused(self, pid, message):
        status, output, errors = self.run_trace("pycalls", "-p", str(pid))
        self.assertEqual((status, output), (1, ""))
        self.assertEqual(errors, f"pyusdt-trace: {message}\n")
        self.assertFalse(self.pids.exists(), "bpftrace was started")

    def test_none(self):
        for pid in (4194305, 10**20):
            self.refused(pid, f"there is no process {pid}: it may have ended")

    def test_thread(self):
        code = "import sys, threading\nthreading.Thread(target=sys.stdin.read).start()\n"
        code += "print('up', flush=True)"
        target = self.target(code)
        tasks = {int(task.name) for task in Path(f"/proc/{target.pid}/task").iterdir()}
        thread, = tasks - {target.pid}
        self.refused(thread, f"{thread} is a thread of process {target.pid}: "
                             f"use -p {target.pid}")

    def test_ended(self):
        target = self.target()
        target.stdin.close()
        self.assertTrue(self.ends(self.descriptor(target.pid)))
        # Nobody has waited for it yet: /proc has it still.
        self.refused(target.pid, f"process {target.pid} has ended")

    def test_without_the_library(self):
        target = self.target("""if True:
            name = open('/proc/self/comm', 'w')
            name.write('a\\033[1mb')
            name.close()
            print('up', flush=True)
            import sys
            sys.stdin.read()
        """)
        self.refused(target.pid, f"process {target.pid} (a?[1mb) has no libpyusdt loaded: "
                                 "--load would load it")

    def test_child_has_the_library(self):
        target = self.target(f"""if True:
            import subprocess
            child = subprocess.Popen([{sys.executable!r}, "-c",
                "import pyusdt, sys\\nprint('up', flush=True)\\nsys.stdin.read()"])
            child.wait()
        """)
        child, = target_children(target.pid)
        name = Path(f"/proc/{child}/comm").read_text().strip()
        self.refused(target.pid, f"process {target.pid} ({name}) has no libpyusdt loaded: "
                                 f"its child {child} ({name}) has, use -p {child}")

    def test_nothing_armed(self):
        code = "import pyusdt\nprint('up', flush=True)\nimport sys\nsys.stdin.read()"
        for events, told in (("none", True), ("py_start", False)):
            with self.subTest(events=events):
                target = self.target(code, env={**os.environ, "PYUSDT_EVENTS": events})
                tracer = self.start("pycalls", "-p", str(target.pid))
                self.assertEqual(tracer.stdout.readline(), "Counting.\n")
                tracer.send_signal(signal.SIGINT)
                output, errors = tracer.communicate(timeout=SECONDS)
                self.assertEqual((tracer.returncode, output), (0, "@calls: 42\n"))
                self.assertEqual(
                    errors,
                    f"pyusdt-trace: process {target.pid} has no events armed and looks for "
                    "no tracer: there is nothing to see until it calls pyusdt.enable()\n"
                    if told else "",
                )

    def test_other_process_of_that_number(self):
        """It is held by a descriptor, not by its number."""
        child = subprocess.Popen(["sleep", "3600"])
        with target.Process(child.pid) as process:
            self.assertFalse(process.has_ended())
            child.kill()
            child.wait()
            self.assertTrue(process.has_ended())


def target_children(pid):
    return target.Process(pid).children()


class Environment(TraceTest):
    """The program sees what it would see without this command."""

    SHOW = """
        import os, signal, sys
        import importlib.util
        print(sys.executable, sys.argv, sys.orig_argv, sys.flags, sys.path, sys.prefix)
        print(sorted((name, value) for name, value in os.environ.items() if name != "_"))
        print([signal.getsignal(number) for number in sorted(signal.valid_signals())
               if number not in (signal.SIGKILL, signal.SIGSTOP)])
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []), os.getpgrp(), os.getcwd())
        print(sorted(os.listdir("/proc/self/fd")))
        print(importlib.util.find_spec("pyusdt") is not None)
    """

    def same(self, python, *words, **options):
        script = self.script(self.SHOW)
        run = [python.name, *words, script, "a", "-c"]
        plain = subprocess.run(
            run, executable=python.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=self.directory / "cwd",
            env=self.environment(), timeout=SECONDS, **options,
        )
        self.assertEqual((plain.returncode, plain.stderr), (0, ""))
        given = [] if python.name == "python3" else ["--python", python.name]
        ours = self.run_trace("-o", "/dev/null", *given, "pycalls", script, "a", "-c",
                              **options)
        self.assertEqual((ours[0], ours[2]), (0, ""))
        self.assertEqual(ours[1], plain.stdout)

    def test_python3(self):
        link = self.directory / "bin" / "python3"
        link.symlink_to(sys.executable)
        self.same(Python("python3", str(link)))

    def test_virtual_environment(self):
        place = self.directory / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
        (self.directory / "bin" / "python3").symlink_to(place / "bin" / "python3")
        self.same(Python(str(place / "bin/python3"), str(place / "bin/python3")))

    def test_other_python3(self):
        other = self.directory / "bin" / "python3"
        other.write_text("#!/bin/sh\necho trapped\n")
        other.chmod(0o755)
        status, output, _ = self.run_trace("-o", "/dev/null", "pycalls", "-c",
                                           "import sys; print(sys.executable)")
        self.assertEqual((status, output), (0, f"{sys.executable}\n"))

    def test_ignored_signals(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        link = self.directory / "bin" / "python3"
        link.symlink_to(sys.executable)
        self.same(Python("python3", str(link)), preexec_fn=ignore)


if __name__ == "__main__":
    unittest.main()
