# SPDX-License-Identifier: BSD-2-Clause
"""Stacks of processes that have no pyusdt: what pyusdt-announce tells is what they know.

PYUSDT_PYTHONS: further interpreters, with colons between, for a process that becomes a
program of another one. Without it those of pyenv and of PATH are taken.
"""

import functools
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import unittest

from live import BUILDDIR, PROGRAMS, SECONDS, LiveTest, wait_until
from marks import compare, parse

ANNOUNCE = BUILDDIR / "tools/announce/pyusdt-announce"
DLOPEN = BUILDDIR / "tests/live/dlopen_python"

# It runs without what the tests have set for the binding.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("PYTHON")}


def find_pythons():
    """Of each version that can be traced an interpreter, this one first."""
    given = os.environ.get("PYUSDT_PYTHONS", "").split(":")
    root = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    found = [shutil.which(f"python3.{minor}") for minor in range(12, 16)]
    candidates = [*given, *sorted(root.glob("versions/3.1[2-5].*/bin/python3")), *found]
    pythons = {"{}.{}".format(*sys.version_info): sys.executable}
    for candidate in filter(None, map(str, filter(None, candidates))):
        result = subprocess.run(
            [candidate, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT,
        )
        if result.returncode == 0:
            pythons.setdefault(result.stdout.strip(), candidate)
    return list(pythons.values())


def find_other_python():
    """An interpreter of another version that can be traced, else this one."""
    return (find_pythons() * 2)[1]


EMBEDDER = """\
#include <stdlib.h>

int Py_BytesMain(int, char **);

int main(int argc, char **argv)
{
	setenv("PYTHONHOME", HOME, 1);
	return Py_BytesMain(argc, argv);
}
"""


def static_library():
    return pathlib.Path(sysconfig.get_config_var("LIBPL") or "",
                        f"libpython{sysconfig.get_config_var('LDVERSION')}.a")


def link(folder, *flags):
    """Returns: a program that is this interpreter; None where that cannot be linked."""
    source, program = folder / "embedder.c", folder / "embedder"
    source.write_text(EMBEDDER)
    libraries = [word for name in ("LIBS", "SYSLIBS", "LIBM")
                 for word in (sysconfig.get_config_var(name) or "").split()]
    result = subprocess.run(
        ["cc", "-o", program, *flags, f'-DHOME="{sys.prefix}"', source, static_library(),
         *libraries],
        stderr=subprocess.DEVNULL, check=False,
    )
    return program if result.returncode == 0 else None


@functools.cache
def can_link():
    if not shutil.which("cc") or not static_library().is_file():
        return False
    with tempfile.TemporaryDirectory() as folder:
        return link(pathlib.Path(folder)) is not None


def where_it_can_be_linked(test):
    """What needs CPython's static library, which in Debian lacks parts; then that is said."""
    if can_link():
        return test
    print(f"left out: {test.__name__}: {sys.executable} cannot be linked from a static library")
    return None


class Plain:
    """A process that has nothing of us, see programs/stacks.py."""

    def __init__(self, *command, prefix=()):
        self.process = subprocess.Popen(
            [*prefix, *map(str, command)], env=ENVIRONMENT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        self.pid = self.process.pid

    def expect(self, line):
        found = self.process.stdout.readline()
        if found != f"{line}\n":
            raise AssertionError(f"the program says {found!r}, not {line!r}")

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self):
        self.process.communicate(timeout=SECONDS)
        if self.process.returncode:
            raise AssertionError(f"the program's exit status {self.process.returncode}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def wait_until_it_has_begun(announcer):
    """Its last step before it looks for processes is to give up its rights for good."""
    status = pathlib.Path(f"/proc/{announcer}/status")
    wait_until(lambda: "NoNewPrivs:\t1" in status.read_text(), "the announcer has begun")


@unittest.skipIf(platform.machine() != "x86_64", "threads are known on x86-64 only")
class OutsideTest(LiveTest):
    maxDiff = 10000

    def setUp(self):
        self.folder = self.directory()
        self.mark = f"/nowhere-{self.folder.name}/"
        self.reference = self.folder / "reference"
        self.path = self.folder / "stacks.py"
        self.path.write_text((PROGRAMS / "stacks.py").read_text())

    def plain(self, *words, python=(sys.executable,), prefix=()):
        program = Plain(
            *python, self.path, self.mark, self.reference, *words, prefix=prefix
        )
        self.addCleanup(program.kill)
        return program

    def announcer(self, *options):
        process = subprocess.Popen([ANNOUNCE, *map(str, options)], stdin=subprocess.DEVNULL)

        def stop():
            process.terminate()
            process.wait()

        self.addCleanup(stop)
        return process

    def outside(self):
        """The tracer."""
        script = (PROGRAMS / "outside.bt").read_text()
        for name, value in {
            "ANNOUNCE": ANNOUNCE,
            "THREAD_POINTER": "thread.fsbase",
            "MARK": self.mark,
            "MARK_SIZE": len(self.mark),
        }.items():
            script = script.replace(f"@{name}@", str(value))
        file = self.folder / "outside.bt"
        file.write_text(script)
        return self.tracer(file)

    def wait_for(self, tracer, pid, version):
        line = f"PROCESS\t{pid}\t{version:x}\n"
        wait_until(lambda: line in tracer.output(), f"PROCESS of {pid}")

    def check(self, tracer, *references):
        stacks, marks = parse(tracer.stop(), self.mark)
        for reference in references:
            self.assertGreater(compare(self, reference, stacks, marks), 50)


class Stacks(OutsideTest):
    def check_from_outside(self, program, *options):
        """@options: of the announcer; without any, it is asked for this process."""
        program.expect("ready")
        tracer = self.outside()
        self.announcer(*(options or ("-p", program.pid)))
        self.wait_for(tracer, program.pid, sys.hexversion)
        program.go()
        program.finish()
        # The child goes on counting where its parent was when it forked.
        self.check(tracer, self.reference, f"{self.reference}.child")

    def test_threads_blocked_before_the_tracer_came_and_fork(self):
        self.check_from_outside(self.plain())

    def test_single_thread_of_all_processes(self):
        self.check_from_outside(self.plain("single"), "--all")

    def test_exec_of_another_version(self):
        other = find_other_python()
        version = subprocess.run(
            [other, "-c", "import sys; print(sys.hexversion)"],
            stdout=subprocess.PIPE, text=True, check=True, env=ENVIRONMENT,
        ).stdout
        program = self.plain("single", f"exec={other}")
        program.expect("ready")
        tracer = self.outside()
        self.announcer("-p", program.pid)
        self.wait_for(tracer, program.pid, sys.hexversion)
        program.go()
        program.expect("ready")
        self.wait_for(tracer, program.pid, int(version))
        program.go()
        program.finish()
        output = tracer.stop()
        for mark, reference in (
            (self.mark, self.reference),
            (f"{self.mark}again-", f"{self.reference}.again"),
        ):
            lines = [line for line in output.splitlines()
                     if mark != self.mark or "again-" not in line]
            stacks, marks = parse("\n".join(lines), mark)
            self.assertGreater(compare(self, reference, stacks, marks), 50)

    def test_child_in_a_process_id_namespace(self):
        program = self.plain("single", prefix=("unshare", "--pid", "--fork"))
        program.expect("ready")
        tracer = self.outside()
        self.announcer("-p", program.pid, "--children")
        children = pathlib.Path(f"/proc/{program.pid}/task/{program.pid}/children")
        self.wait_for(tracer, int(children.read_text()), sys.hexversion)
        program.go()
        program.finish()
        self.check(tracer, self.reference, f"{self.reference}.child")

    def test_program_that_begins_later(self):
        """Short ones, which end before a look, are seen from their first line."""
        tracer = self.outside()
        self.announcer("--all")
        first = self.plain("single")
        first.expect("ready")
        self.wait_for(tracer, first.pid, sys.hexversion)
        short = self.folder / "short.py"
        short.write_text(
            "import os, sys\n"
            "def opens():\n"
            "    try: os.open(sys.argv[1], 0)\n"
            "    except OSError: pass\n"
            "opens()\n"
        )
        for number in range(20):
            command = [sys.executable, "-S", "-E", short, f"{self.mark}{number}"]
            subprocess.run(command, check=True)
        stacks, marks = parse(tracer.stop(), self.mark)
        seen = [[frame[0] for frame in stacks[key]] for key in marks.values() if key in stacks]
        # How many it are is a matter of luck on a busy machine.
        self.assertGreaterEqual(len(seen), 5)
        for names in seen:
            self.assertEqual(names, ["opens", "<module>"])

    def test_library_that_came_by_dlopen(self):
        library = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "",
                               sysconfig.get_config_var("INSTSONAME") or "")
        if not sysconfig.get_config_var("Py_ENABLE_SHARED") or not library.is_file():
            self.skipTest(f"{sys.executable} has no libpython of its own")
        self.check_from_outside(self.plain("single", python=(DLOPEN, library, sys.prefix)))


    @where_it_can_be_linked
    def test_static_embedder(self):
        program = link(self.folder, "-rdynamic")
        self.check_from_outside(self.plain("single", python=(program,)))


class Announcer(OutsideTest):
    """Its command line: what it says, and when it ends."""

    def run_it(self, *options):
        """Returns: its exit status, output, errors."""
        result = subprocess.run(
            [ANNOUNCE, *map(str, options)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS, text=True,
        )
        return result.returncode, result.stdout, result.stderr

    def sleeper(self, *words, command=(sys.executable, "-c")):
        program = Plain(*command, "print('ready', flush=True); input()", *words)
        self.addCleanup(program.kill)
        program.expect("ready")
        return program

    def list(self, *options):
        status, output, errors = self.run_it("--list", *options)
        self.assertEqual((status, errors), (0, ""))
        self.assertTrue(output.isascii())
        return {entry["pid"]: entry for entry in map(json.loads, output.splitlines())}

    def test_list(self):
        hostile = "a\n\x1b[2J\"\\\udcff\u202e\U0001f40d"
        program = self.sleeper(hostile)
        [entry] = self.list("-p", program.pid).values()
        self.assertEqual(entry, {
            "pid": program.pid,
            "version": "{}.{}.{}".format(*sys.version_info),
            "user": "root",
            "command": f"{sys.executable} -c print('ready', flush=True); input() {hostile}",
            "library": None,
            "stacks": True,
            "why": None,
        })
        self.assertEqual(self.list("--user", "root")[program.pid], entry)
        self.assertNotIn(program.pid, self.list("--user", "nobody"))

    def test_list_with_the_library(self):
        program = self.worker()
        self.assertEqual(program.ask("1"), 1)
        library = self.list()[program.pid]["library"]
        self.assertRegex(library, r"/libpyusdt\.so\.0[.0-9]*$")

    @where_it_can_be_linked
    def test_embedders_without_symbols(self):
        """They have no extension modules; what is to be found is a section of the file.

        Before 3.13 there is no version in it.
        """
        why = "CPython before 3.12, or one that does not say its version"
        expected = (True, None) if sys.version_info >= (3, 13) else (False, why)
        for flags in ([], ["-s"], ["-s", "-no-pie"]):
            with self.subTest(flags):
                program = link(self.folder, *flags)
                entry = self.list("-p", self.sleeper(command=(program, "-c")).pid)
                self.assertEqual([(found["stacks"], found["why"]) for found in entry.values()],
                                 [expected])

    def test_no_python(self):
        program = Plain("cat")
        self.addCleanup(program.kill)
        self.assertNotIn(program.pid, self.list())
        self.assertEqual(self.list("-p", program.pid)[program.pid]["why"], "no CPython in it")
        self.assertEqual(
            self.run_it("-p", program.pid, "--once"),
            (1, "", f"pyusdt-announce: process {program.pid}: no CPython in it\n"),
        )

    def test_ends_with_its_processes(self):
        programs = [self.sleeper(), self.sleeper()]
        announcer = self.announcer("-p", ",".join(str(program.pid) for program in programs))
        wait_until_it_has_begun(announcer.pid)
        programs[0].go()
        programs[0].finish()
        self.assertEqual(self.run_it("-p", programs[1].pid, "--once")[0], 0)
        self.assertIsNone(announcer.poll())
        programs[1].go()
        programs[1].finish()
        self.assertEqual(announcer.wait(SECONDS), 0)

    def test_requests(self):
        announcer = subprocess.Popen(
            [ANNOUNCE, "--requests", "--all"], bufsize=0,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        self.addCleanup(announcer.wait)
        self.addCleanup(announcer.terminate)
        self.addCleanup(announcer.stdout.close)
        for _ in range(3):
            announcer.stdin.write(b"?")
            self.assertEqual(announcer.stdout.read(1), b"\n")
        # Nobody will ask again, and it goes on.
        announcer.stdin.close()
        program = self.sleeper()
        tracer = self.outside()
        self.wait_for(tracer, program.pid, sys.hexversion)
        self.assertIsNone(announcer.poll())

    def test_ends_with_its_parent(self):
        code = (
            "import subprocess, sys\n"
            "print(subprocess.Popen(sys.argv[1:]).pid, flush=True)\n"
            "input()\n"
        )
        parent = Plain(sys.executable, "-c", code, ANNOUNCE, "--all")
        self.addCleanup(parent.kill)
        announcer = int(parent.process.stdout.readline())
        status = pathlib.Path(f"/proc/{announcer}/status")
        wait_until_it_has_begun(announcer)
        os.kill(parent.pid, signal.SIGKILL)

        def has_ended():
            try:
                return "State:\tZ" in status.read_text()
            except OSError:
                return True

        wait_until(has_ended, "it ends")

    def test_rights(self):
        announcer = self.announcer("--all")
        status = pathlib.Path(f"/proc/{announcer.pid}/status")
        wait_until_it_has_begun(announcer.pid)
        values = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
        self.assertEqual(set(values["Uid"].split() + values["Gid"].split()), {"65534"})
        self.assertEqual(values["Groups"].split(), [])
        # CAP_SYS_PTRACE, and nothing else.
        for name in ("CapPrm", "CapEff"):
            self.assertEqual(int(values[name], 16), 1 << 19)

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            announcer = self.announcer("--all")
            wait_until_it_has_begun(announcer.pid)
            announcer.send_signal(number)
            self.assertEqual(announcer.wait(SECONDS), 0)

    def test_wrong_command_lines(self):
        for words in (
            ["-p", "x"], ["-p", "1,"], ["-p", "0"], ["1"], ["--all", "-p", "1"],
            ["--children"], ["--user", "no such user"], ["--once", "--list"], ["--bad"],
            ["-p"], ["--requests", "--once"], ["--requests", "--list"],
            ["--cgroup", "/no such"], ["-p", str(os.getpid()), "--cgroup", "/"],
        ):
            with self.subTest(words=words):
                status, output, errors = self.run_it(*words)
                self.assertEqual((status, output), (2, ""))
                self.assertRegex(errors, r"^pyusdt-announce: .+\n\Z")
                self.assertEqual(errors.count("\n"), 1)
        status, _, errors = self.run_it("-p", 2**31 - 1)
        self.assertEqual(status, 1)
        self.assertIn("there is no such process", errors)
