# SPDX-License-Identifier: BSD-2-Clause
"""Of all processes those in a control group, be it a container's."""

import contextlib
import os
import pathlib
import sys
import unittest

from live import ENVIRONMENT, once, wait_until
from test_outside import OutsideTest
from test_trace_plain import CALL, PlainTest, stacks_in, stacks_told

# Version 2 alone, or beside version 1.
MOUNTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


class GroupTest(unittest.TestCase):
    def setUp(self):
        super().setUp()
        mounts = [path for path in MOUNTS if os.path.exists(f"{path}/cgroup.controllers")]
        if not mounts:
            self.skipTest("there are no control groups of version 2")
        # As a container's, of which no other begins so.
        self.id = (os.urandom(6).hex() * 6)[:64]
        self.root = pathlib.Path(mounts[0])
        self.group = self.root / f"pyusdt-{self.id}.scope"
        # As podman has it, of the process that keeps the container.
        self.beside = self.root / f"pyusdt-conmon-{self.id}.scope"
        try:
            for folder in (self.group, self.group / "below", self.beside):
                os.mkdir(folder)
                self.addCleanup(self.remove, folder)
        except OSError as error:
            self.skipTest(f"no control group can be made here: {error.strerror}")

    def remove(self, folder):
        """As soon as what has been in it is gone."""
        def is_removed():
            with contextlib.suppress(OSError):
                os.rmdir(folder)
            return not os.path.exists(folder)

        wait_until(is_removed, "the control group is removed")

    def move(self, process, group):
        (group / "cgroup.procs").write_text(str(process.pid))


@once
class Announced(GroupTest, OutsideTest):
    def test_process_that_is_moved(self):
        program = self.plain("single")
        program.expect("ready")
        self.move(program, self.group)
        tracer = self.outside()
        self.announcer("--all", "--cgroup", f"/{self.group.name}")
        self.wait_for(tracer, program.pid, sys.hexversion)
        # By words that are no layout.
        self.move(program, self.beside)
        self.wait_for(tracer, program.pid, 0)
        told = tracer.output()
        self.move(program, self.group / "below")
        line = f"PROCESS\t{program.pid}\t{sys.hexversion:x}\n"
        wait_until(lambda: line in tracer.output().removeprefix(told), "it is told again")


@once
class Traced(GroupTest, PlainTest):
    def plain_in(self, group):
        process, reference = self.plain(own_path=True)
        self.move(process, group)
        return process, reference

    def check(self, *words, **options):
        """Only what is in the group and below is seen, later ones, too."""
        within = [self.plain_in(self.group), self.plain_in(self.group / "below")]
        beside = [self.plain(own_path=True), self.plain_in(self.beside)]
        folded, file = self.directory() / "stacks.folded", self.directory() / "trace"
        tracer = self.start("-o", file, "--flame", folded, "pysyscall-stacks", "--all", *words,
                            **options)
        self.wait_for(file, *(process for process, _ in within))
        within.append(self.plain_in(self.group))
        self.wait_for(file, within[-1][0])
        for process, _ in within + beside:
            self.round(process)
        tracer.send_signal(2)
        self.finish(tracer)
        told = stacks_told(*(reference for _, reference in within))
        self.assertEqual(stacks_in(folded, CALL), told)
        for process, _ in beside:
            self.assertNotIn(f"Process {process.pid}:", file.read_text())

    def test_path(self):
        self.check("--cgroup", str(self.group))

    def test_name(self):
        self.check("--cgroup", self.group.name)

    def test_container_by_its_id(self):
        process, _ = self.plain_in(self.group / "below")
        self.check("--container", self.id[:40])
        self.round(process)

    def test_container_by_its_name(self):
        """Who is asked is called docker, and knows one."""
        folder = self.directory()
        process, _ = self.plain_in(self.group / "below")
        docker = folder / "docker"
        docker.write_text(
            "#!/bin/sh\n"
            'test "$*" = "inspect --type container --format {{.State.Pid}} my_app" || exit 1\n'
            f"echo {process.pid}\n"
        )
        docker.chmod(0o755)
        path = f"{folder}:{os.environ['PATH']}"
        self.check("--container", "my_app", env={**os.environ, **ENVIRONMENT, "PATH": path})
        self.round(process)

    def test_wrong_ones(self):
        for words, message in (
            (["--cgroup", "/no/such"], "/no/such: there is no such control group"),
            (["--cgroup", "../.."], "../..: there is no such control group"),
            (["--container", "a/b"], "--container a/b: not a container's name or id"),
            (["--container", "-v"], "--container -v: not a container's name or id"),
            (["--user", "no such user"], "no such user: there is no such user"),
        ):
            with self.subTest(words=words):
                _, errors = self.finish(self.start("pysyscall", "--all", *words), status=2)
                self.assertEqual(errors, f"pyusdt-trace: {message}\n")
        tracer = self.start("pysyscall", "--all", "--container", "f" * 64)
        _, errors = self.finish(tracer, status=1)
        self.assertIn("there is no running container with this id", errors)
