# SPDX-License-Identifier: BSD-2-Clause
"""Stacks of processes that have no pyusdt: what pyusdt-announce tells is what they know.

PYUSDT_PYTHONS: further interpreters, with colons between, for a process that becomes a
program of another one. Without it those of pyenv and of PATH are taken.
"""

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import sysconfig
import unittest

from live import BUILDDIR, PROGRAMS, SECONDS, LiveTest, wait_until
from marks import compare, parse

ANNOUNCE = BUILDDIR / "tools/announce/pyusdt-announce"
DLOPEN = BUILDDIR / "tests/live/dlopen_python"

# It runs without what the tests have set for the binding.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("PYTHON")}


def find_other_python():
    """An interpreter of another version that can be traced, else this one."""
    given = os.environ.get("PYUSDT_PYTHONS", "").split(":")
    root = pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv"))
    found = [shutil.which(f"python3.{minor}") for minor in range(12, 16)]
    candidates = [*given, *sorted(root.glob("versions/3.1[2-5].*/bin/python3")), *found]
    own = "{}.{}".format(*sys.version_info)
    for candidate in filter(None, map(str, filter(None, candidates))):
        result = subprocess.run(
            [candidate, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT,
        )
        if result.returncode == 0 and result.stdout.strip() != own:
            return candidate
    return sys.executable


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


@unittest.skipIf(platform.machine() != "x86_64", "threads are known from outside on x86-64 only")
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

    def wait_for(self, tracer, pid, version=None):
        line = f"PROCESS\t{pid}\t" + (f"{version:x}\n" if version else "")
        wait_until(lambda: line in tracer.output(), f"PROCESS of {pid}")

    def check(self, tracer, *references):
        stacks, marks = parse(tracer.stop(), self.mark)
        for reference in references:
            self.assertGreater(compare(self, reference, stacks, marks), 50)


class Stacks(OutsideTest):
    def test_threads_blocked_before_the_tracer_came_and_fork(self):
        program = self.plain()
        program.expect("ready")
        tracer = self.outside()
        self.announcer("-p", program.pid)
        self.wait_for(tracer, program.pid, sys.hexversion)
        program.go()
        program.finish()
        # The child goes on counting where its parent was when it forked.
        self.check(tracer, self.reference, f"{self.reference}.child")

    def test_single_thread_of_all_processes(self):
        program = self.plain("single")
        program.expect("ready")
        tracer = self.outside()
        self.announcer("--all")
        self.wait_for(tracer, program.pid, sys.hexversion)
        program.go()
        program.finish()
        self.check(tracer, self.reference, f"{self.reference}.child")

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

    def test_library_that_came_by_dlopen(self):
        library = pathlib.Path(sysconfig.get_config_var("LIBDIR") or "",
                               sysconfig.get_config_var("INSTSONAME") or "")
        if not sysconfig.get_config_var("Py_ENABLE_SHARED") or not library.is_file():
            # The interpreter of a machine that is tested decides. Not a skip.
            print(f"test_outside: {sys.executable} has no libpython of its own")
            return
        program = self.plain("single", python=(DLOPEN, library, sys.prefix))
        program.expect("ready")
        tracer = self.outside()
        self.announcer("-p", program.pid)
        self.wait_for(tracer, program.pid, sys.hexversion)
        program.go()
        program.finish()
        self.check(tracer, self.reference, f"{self.reference}.child")
