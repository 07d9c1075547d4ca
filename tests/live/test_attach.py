# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-attach: programs that have never heard of libpyusdt, whatever they are at."""

import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time

from live import BUILDDIR, LIBRARY, PROGRAMS, SECONDS, LiveTest, counts, once, probe, wait_until
from test_trace import TraceTest

ATTACH = BUILDDIR / "tools/attach/pyusdt-attach"

# PYUSDT_ATTACHES=N: how often where one counts.
TIMES = int(os.environ.get("PYUSDT_ATTACHES", "10"))

NOBODY = 65534

X86 = os.uname().machine == "x86_64"
# What these do on another processor only a graft would reach.
RUNNING = ("busy", "numbers", "threads", "c")
BLOCKED = ("read", "sleep", "pause", "lock", "event", "join", "accept", "select", "poll",
           "epoll", "epoll for ever", "child")


def attach(pid, *options, tool=ATTACH, **keywords):
    return subprocess.run(
        [str(tool), "-t", str(SECONDS), "--library", str(LIBRARY), *options, str(pid)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, **keywords,
    )


class Plain:
    """tests/live/programs/unaware.py, or another program, without a word of pyusdt."""

    def __init__(self, *words, options=(), **keywords):
        self.process = subprocess.Popen(
            [sys.executable, *options, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **keywords,
        )
        self.pid = self.process.pid

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the program has ended: {self.process.wait(SECONDS)}")
        return line

    def wait_until_ready(self):
        line = self.line()
        if line != "ready\n":
            raise AssertionError(line)

    def is_blocked(self):
        call = pathlib.Path(f"/proc/{self.pid}/syscall").read_text()
        return not call.startswith("running")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def wake(self):
        self.process.send_signal(signal.SIGUSR1)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class AttachTest(LiveTest):
    def plain(self, *words, **keywords):
        plain = Plain(str(PROGRAMS / "unaware.py"), *words, **keywords)
        self.addCleanup(plain.kill)
        plain.wait_until_ready()
        if words[0] in BLOCKED:
            wait_until(plain.is_blocked, f"the program is blocked: {words[0]}")
        return plain

    def assert_done(self, result, text=""):
        self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        self.assertEqual(result.stdout.count("\n"), 1)
        self.assertIn(text, result.stdout)

    def assert_refused(self, result, reason, status=1):
        self.assertEqual((result.returncode, result.stdout), (status, ""), result)
        self.assertIn(reason, result.stderr)
        if status == 1:
            self.assertEqual(result.stderr.count("\n"), 1)

    def facts(self, program):
        """What it says of itself, once it is woken; then it is ready again."""
        program.wake()
        facts = json.loads(program.line())
        program.wait_until_ready()
        return facts

    def blocked_again(self, program, what):
        if what in BLOCKED:
            wait_until(program.is_blocked, f"the program is blocked: {what}")


class Anywhere(AttachTest):
    def check(self, programs, *options):
        tracer = self.tracer(probe("PY_START", "@[pid, str(arg0)] = count();"))
        pids = []
        for what in programs:
            with self.subTest(what):
                program = self.plain(what)
                pids.append(program.pid)
                self.check_one(program, what, options)
                program.kill()
        seen = counts(tracer.stop())
        # Of twice 1000 calls those between the two.
        self.assertEqual([seen.get(f"{pid}, marker") for pid in pids], [1000] * len(programs))

    def check_one(self, program, what, options):
        before = self.facts(program)
        self.assertEqual(before["tools"], [None] * 6)
        self.blocked_again(program, what)
        self.assert_done(attach(program.pid, *options), "libpyusdt loaded, events armed")
        facts = self.facts(program)
        self.assertEqual(facts["tools"][4], "pyusdt")
        self.assertEqual(facts["modules"], [])
        self.blocked_again(program, what)
        self.assert_done(attach(program.pid, "--disarm", *options), "events disarmed")
        self.assertEqual(self.facts(program), before)

    def test_running(self):
        self.check(RUNNING)

    def test_without_a_stop(self):
        if sys.version_info < (3, 14):
            self.assert_refused(attach(self.plain("busy").pid, "--no-stop"), "older than 3.14")
            return
        self.check(("busy", "threads"), "--no-stop")

    def test_blocked(self):
        if not X86:
            self.skipTest("a blocked thread is led aside on x86-64 only")
        self.check(BLOCKED)


class Clients:
    """Threads that ask a server without a break, and know what it must answer."""

    def __init__(self, port, count):
        self.port = port
        self.answers, self.errors = 0, []
        self._ended = False
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        try:
            while not self._ended:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
                for number in range(50):
                    path = f"/{number}"
                    if ask(connection, path) != sum(map(ord, path)):
                        raise AssertionError(path)
                    self.answers += 1
                connection.close()
        except (OSError, AssertionError, http.client.HTTPException) as error:
            self.errors.append(repr(error))

    def end(self):
        self._ended = True
        for thread in self._threads:
            thread.join()


def thread_names(pid):
    names = []
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/comm"):
        # The server's own threads end at any time.
        with contextlib.suppress(OSError):
            names.append(path.read_text())
    return names


def ask(connection, path):
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


class UnderLoad(AttachTest):
    def test_server(self):
        server = Plain(str(PROGRAMS / "server.py"))
        self.addCleanup(server.kill)
        port = int(server.line())
        tracer = self.tracer(
            probe("PY_START", "@ = count();", f'/pid == {server.pid} && str(arg0) == "answer"/')
            + "interval:ms:50 { print(@); }"
        )

        def seen():
            lines = [line for line in tracer.output().split("\n")[:-1] if line[:3] == "@: "]
            return int(lines[-1][3:]) if lines else 0

        clients = Clients(port, 3)
        try:
            for _ in range(TIMES):
                before = seen()
                self.assert_done(attach(server.pid), "events armed")
                wait_until(lambda: seen() > before, "events are seen")
                self.assert_done(attach(server.pid, "--disarm"), "events disarmed")
                answers = clients.answers
                wait_until(lambda: clients.answers > answers or clients.errors, "an answer")
        finally:
            clients.end()
        self.assertEqual(clients.errors, [])
        tools = ask(http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS), "/tools")
        self.assertEqual(tools, [None] * 6)
        self.assertNotIn("pyusdt\n", thread_names(server.pid))

    def test_numbers(self):
        program = self.plain("numbers")
        for _ in range(TIMES * 5):
            self.assert_done(attach(program.pid))
            self.assert_done(attach(program.pid, "--disarm"))
        self.assertEqual(self.facts(program)["tools"], [None] * 6)

    def test_killed(self):
        """The one that attaches is killed, at any moment from its first to its last."""
        for what in ("numbers", "read", "sleep"):
            if what in BLOCKED and not X86:
                continue
            with self.subTest(what):
                program = self.plain(what)
                before = self.facts(program)
                for _ in range(TIMES * 3):
                    process = subprocess.Popen(
                        [str(ATTACH), "-q", "--library", str(LIBRARY), str(program.pid)]
                    )
                    time.sleep(random.random() * 0.015)
                    process.kill()
                    process.wait()
                self.blocked_again(program, what)
                self.assert_done(attach(program.pid))
                self.assertEqual(self.facts(program)["tools"][4], "pyusdt")
                self.blocked_again(program, what)
                self.assert_done(attach(program.pid, "--disarm"))
                self.assertEqual(self.facts(program), before)

    def test_at_once(self):
        """From the very beginning of the program on."""
        for _ in range(TIMES):
            with Plain(str(PROGRAMS / "unaware.py"), "busy") as program:
                self.check_at_once(program)

    def check_at_once(self, program):
        wait_until(lambda: "python" in pathlib.Path(f"/proc/{program.pid}/maps").read_text(),
                   "exec")
        self.assert_done(attach(program.pid))
        program.wait_until_ready()
        self.assertEqual(self.facts(program)["tools"][4], "pyusdt")

    def test_forks(self):
        """A program with one thread must not be told that it has more."""
        source = (
            "import os, sys, warnings\n"
            "warnings.simplefilter('error')\n"
            "print('ready', flush=True)\n"
            "while True:\n"
            "    child = os.fork()\n"
            "    if not child: os._exit(0)\n"
            "    if os.waitpid(child, 0)[1]: sys.exit('a child failed')\n"
        )
        program = Plain("-c", source)
        self.addCleanup(program.kill)
        program.wait_until_ready()
        for _ in range(TIMES):
            self.assert_done(attach(program.pid))
            self.assert_done(attach(program.pid, "--disarm"))
        self.assertIsNone(program.process.poll())


@once
class Options(AttachTest):
    def test_events(self):
        program = self.plain("busy")
        tracer = self.tracer(
            probe("PY_START", "@start[str(arg0)] = count();", f"/pid == {program.pid}/")
            + probe("PY_RETURN", "@return[str(arg0)] = count();", f"/pid == {program.pid}/")
        )
        self.assert_done(attach(program.pid, "-e", "py_return,line"))
        self.facts(program)
        output = tracer.stop()
        self.assertEqual(counts(output, "start"), {})
        self.assertEqual(counts(output, "return")["marker"], 1000)

    def test_quiet(self):
        program = self.plain("busy")
        self.assert_silent(attach(program.pid, "-q"))
        self.assert_silent(attach(program.pid, "-q", "--disarm"))

    def assert_silent(self, result):
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_usage(self):
        for words, reason in (
            (["x"], "not a process id: x"),
            (["1", "2"], "give one process id"),
            (["-e", "no_such", "1"], "unknown event 'no_such'"),
            (["-e", ",", "1"], "no event in ,"),
            (["--disarm", "-e", "line", "1"], "--disarm takes no events"),
            (["-t", "0", "1"], "not a number of seconds: 0"),
        ):
            with self.subTest(words):
                result = subprocess.run([str(ATTACH), *words], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, check=False)
                self.assert_refused(result, reason, status=2)

    def test_help_and_version(self):
        for word, text in (("--help", "--disarm"), ("--version", "pyusdt-attach ")):
            result = subprocess.run([str(ATTACH), word], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, check=True)
            self.assertIn(text, result.stdout)
            self.assertEqual(result.stderr, "")

    def test_program_that_arms_itself(self):
        worker = self.worker(options=["-e", "py_start"])
        self.assertEqual(worker.ask("pyusdt.enabled().name"), "PY_START")
        self.assert_done(attach(worker.pid, "-e", "py_start"), "the program arms events itself")
        self.assert_refused(attach(worker.pid, "-e", "line"), "not all of these")
        self.assert_refused(attach(worker.pid, "--disarm"), "nothing that pyusdt-attach has armed")
        self.assertEqual(worker.ask("pyusdt.enabled().name"), "PY_START")


class LoadTest(AttachTest, TraceTest):
    def told(self, errors):
        """What it says itself, and not bpftrace."""
        return re.findall(r"^pyusdt-trace: (.*)\n", errors, re.MULTILINE)

    def trace(self, pid):
        tracer = self.start("--load", "--raw", "pycalls", "-p", str(pid))
        self.is_attached(tracer)
        return tracer


class Trace(LoadTest):
    """pyusdt-trace --load."""

    def test_load(self):
        program = self.plain("busy")
        before = self.facts(program)
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                tracer = self.trace(program.pid)
                wait_until(lambda: self.facts(program)["events"][4], "the tracer is noticed")
                self.facts(program)
                tracer.send_signal(number)
                output, errors = tracer.communicate(timeout=SECONDS)
                self.assertEqual(tracer.returncode, 0, errors)
                line, = self.told(errors)
                self.assertRegex(line, rf"^{program.pid}: CPython .*events armed; ")
                calls = re.search(r"^@calls\[marker, .*\]: (\d+)$", output, re.MULTILINE)
                self.assertGreaterEqual(int(calls[1]), 1000)
                self.assertEqual(self.facts(program), before)

    def test_program_ends(self):
        program = self.plain("busy")
        tracer = self.trace(program.pid)
        program.process.kill()
        _, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, len(self.told(errors))), (0, 1), errors)

    def test_program_that_arms_itself(self):
        worker = self.worker(options=["-e", "py_start"])
        tracer = self.trace(worker.pid)
        tracer.send_signal(signal.SIGINT)
        _, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, self.told(errors)), (0, []), errors)
        self.assertEqual(worker.ask("pyusdt.enabled().name"), "PY_START")

    def test_refused(self):
        program = self.plain("busy", options=["-X", "disable-remote-debug"])
        kept = self.directory() / "kept"
        kept.write_text("kept")
        pid = str(program.pid)
        for words, status, reason in (
            (["pycalls", "-p", pid], 1, "has no libpyusdt loaded: --load would load it"),
            (["--load", "pycalls", "-p", pid], 1, "has disabled remote debugging"),
            (["--load", "pycalls", "--all"], 2, "--load is for -p PID"),
            (["--load", "pysyscall", "-p", pid], 2, "pysyscall is on kernel events"),
        ):
            with self.subTest(words):
                tracer = self.start("-o", str(kept), *words)
                output, errors = tracer.communicate(timeout=SECONDS)
                self.assertEqual((tracer.returncode, output), (status, ""), errors)
                line, = self.told(errors)
                self.assertIn(reason, line)
                self.assertEqual(kept.read_text(), "kept")


class Refused(AttachTest):
    def test_not_python(self):
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("cat"), "exec")
        self.assert_refused(attach(process.pid), "it has no CPython")

    def test_no_process(self):
        process = subprocess.Popen(["true"])
        process.wait()
        self.assert_refused(attach(process.pid), "there is no such process")
        self.assert_refused(attach(2), "thread of the kernel")

    def test_thread(self):
        program = self.plain("join")
        wait_until(lambda: program.threads() == 2, "there is a second thread")
        thread = max(map(int, os.listdir(f"/proc/{program.pid}/task")))
        self.assert_refused(attach(thread), "this is a thread")

    def test_stopped(self):
        program = self.plain("busy")
        program.process.send_signal(signal.SIGSTOP)
        state = pathlib.Path(f"/proc/{program.pid}/stat")
        wait_until(lambda: state.read_text().split()[2] == "T", "it is stopped")
        self.assert_refused(attach(program.pid), "it is stopped by a signal")
        self.assertEqual(state.read_text().split()[2], "T")
        program.process.send_signal(signal.SIGCONT)
        self.assertEqual(self.facts(program)["tools"], [None] * 6)

    def test_traced(self):
        program = self.plain("busy")
        seize, detach = 0x4206, 17
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.assertEqual(libc.ptrace(seize, program.pid, None, None), 0)
        self.assert_refused(attach(program.pid), "a debugger, strace or the like is attached")
        libc.ptrace(detach, program.pid, None, None)

    def test_disabled(self):
        for keywords in (
            {"env": {**os.environ, "PYTHON_DISABLE_REMOTE_DEBUG": "1"}},
            {"options": ["-X", "disable-remote-debug"]},
            {"options": ["-sXdisable-remote-debug"]},
        ):
            with self.subTest(keywords.get("options")):
                program = self.plain("busy", **keywords)
                self.assert_refused(attach(program.pid), "has disabled remote debugging")

    def filtered(self, *instructions):
        """A program under that filter of (code, jump if, jump else, number)."""
        packed = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
        source = (
            "import ctypes, sys\n"
            "libc = ctypes.CDLL(None)\n"
            f"filter = ctypes.create_string_buffer({packed!r})\n"
            "class Program(ctypes.Structure):\n"
            "    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]\n"
            f"program = Program({len(instructions)}, ctypes.addressof(filter))\n"
            "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
            "assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0\n"
            "print('ready', flush=True)\n"
            "while True: pass\n"
        )
        program = Plain("-c", source)
        self.addCleanup(program.kill)
        program.wait_until_ready()
        return program

    def test_seccomp(self):
        number, equal, end = 0x20, 0x15, 0x06
        allow, kill = 0x7FFF0000, 0x80000000
        openat = 257 if X86 else 56
        program = self.filtered((end, 0, 0, allow))
        if X86:
            self.assert_done(attach(program.pid))
            self.assert_done(attach(program.pid, "--disarm"))
        else:
            self.assert_refused(attach(program.pid), "seccomp limits its system calls")
        program = self.filtered((number, 0, 0, 0), (equal, 0, 1, openat), (end, 0, 0, kill),
                                (end, 0, 0, allow))
        self.assert_refused(attach(program.pid),
                            "filter forbids openat()" if X86 else "seccomp limits")
        self.assertIsNone(program.process.poll())

    def test_other_users(self):
        program = self.plain("busy")
        tool = self.directory() / "attach"
        shutil.copy(ATTACH, tool)
        tool.parent.chmod(0o755)
        result = attach(program.pid, tool=tool, user=NOBODY, group=NOBODY, extra_groups=[])
        self.assert_refused(result, "it belongs to user 0: run this as root")

    def test_nothing_to_disarm(self):
        program = self.plain("busy")
        self.assert_refused(attach(program.pid, "--disarm"), "libpyusdt is not loaded in it")
        self.assert_done(attach(program.pid))
        self.assert_done(attach(program.pid, "--disarm"))
        self.assert_refused(attach(program.pid, "--disarm"), "nothing that pyusdt-attach has armed")

    def test_not_a_library(self):
        program = self.plain("read") if X86 else self.plain("busy")
        for file, reason in (("/no/such/file", "the library cannot be read"),
                             ("/etc/passwd", "it cannot load the library")):
            with self.subTest(file):
                result = attach(program.pid, "--library", file)
                self.assertEqual((result.returncode, result.stdout), (1, ""), result)
                self.assertIn(reason, result.stderr)
        self.assertEqual(self.facts(program)["tools"], [None] * 6)


TELL = (
    "def tell(*_):",
    "    tool = sys.monitoring.get_tool(4)",
    "    os.write(1, f'{sys.monitoring.get_events(4) if tool else 0}\\n'.encode())",
    "signal.signal(signal.SIGUSR1, tell)",
)


class Contained(LoadTest):
    """Where the process has another root folder, the library comes to it as a copy."""

    def contained(self, user=NOBODY, tell=False):
        """@tell: at each SIGUSR1, by a call of a function, whether there is a tracer."""
        folder = self.directory()
        folder.chmod(0o755)
        source = "\n".join((
            "import os, signal, sys",
            f"os.chroot({str(folder)!r}); os.chdir('/')",
            f"os.setgroups([]); os.setgid({user}); os.setuid({user})",
            *(TELL if tell else ()),
            "print('ready', flush=True)",
            "while True: signal.pause()" if X86 else "while True: pass",
        ))
        return folder, source

    def program(self, source):
        program = Plain("-c", source)
        self.addCleanup(program.kill)
        program.wait_until_ready()
        return program

    def test_copy(self):
        for user in (0, NOBODY):
            with self.subTest(user):
                folder, source = self.contained(user=user)
                (folder / "tmp").mkdir()
                (folder / "tmp").chmod(0o1777)
                program = self.program(source)
                self.assert_done(attach(program.pid), "libpyusdt loaded")
                maps = pathlib.Path(f"/proc/{program.pid}/maps").read_text()
                self.assertRegex(maps, r"/tmp/libpyusdt\.so\.\d{20} \(deleted\)")
                self.assertEqual(list((folder / "tmp").iterdir()), [])
                self.assert_done(attach(program.pid, "--disarm"), "events disarmed")
                self.assert_done(attach(program.pid), "events armed")
                self.assertEqual(list((folder / "tmp").iterdir()), [])

    def test_trace(self):
        """pyusdt-trace --load: the probes are in a file that no path leads to."""
        folder, source = self.contained(tell=True)
        (folder / "tmp").mkdir()
        (folder / "tmp").chmod(0o1777)
        program = self.program(source)
        tracer = self.trace(program.pid)

        def is_noticed():
            program.wake()
            return int(program.line()) != 0

        wait_until(is_noticed, "the tracer is noticed")
        for _ in range(10):
            self.assertTrue(is_noticed())
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        calls = re.search(r"^@calls\[tell, .*\]: (\d+)$", output, re.MULTILINE)
        self.assertEqual(int(calls[1]), 11)
        self.assertFalse(is_noticed())

    def test_no_link_is_followed(self):
        folder, source = self.contained()
        outside = self.directory()
        for name in ("tmp", "dev", "var", "run"):
            (folder / name).symlink_to(outside)
        (outside / "shm").mkdir()
        (outside / "tmp").mkdir()
        program = self.program(source)
        self.assert_refused(attach(program.pid), "there is no room for the library")
        self.assertEqual(sorted(path.name for path in outside.iterdir()), ["shm", "tmp"])
        self.assertEqual(program.threads(), 1)
