# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-trace with a real bpftrace: its ends, its folder, its process.

What needs no real one is in tests/python/test_trace.py.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from lanes import unshare_mounts
from live import (
    ENVIRONMENT, LIBRARY, SECONDS, TRACE, LiveTest, alone, counts, once, probe,
    wait_until,
)

TICKING = """\
import sys, time

def tick():
    pass

for n in range(int(sys.argv[1])):
    tick()
    if not n:
        print("ticking", file=sys.stderr, flush=True)
    time.sleep(0.001)
"""
FOR_EVER = str(10**9)


class TraceTest(LiveTest):
    def start(self, *words, **options):
        tracer = subprocess.Popen(
            # As its first line says, for whatever Python runs this.
            [sys.executable, "-I", TRACE, *words], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            **{"stdin": subprocess.DEVNULL, "env": {**os.environ, **ENVIRONMENT}, **options},
        )
        self.addCleanup(self.end, tracer)
        return tracer

    def end(self, tracer):
        tracer.kill()
        tracer.wait()
        tracer.stdout.close()
        tracer.stderr.close()

    def is_attached(self, tracer):
        """What BEGIN prints comes out when all probes are attached."""
        line = "\n"
        while line and not line.startswith("Counting"):
            line = tracer.stdout.readline()
        if not line:
            self.fail(f"the trace has ended: {tracer.stderr.read()}")

    def ticking(self):
        file = self.directory() / "ticking.py"
        file.write_text(TICKING)
        return str(file)

    def bpftraces(self, tracer):
        """The processes that it has started and that run bpftrace."""
        found = []
        for file in pathlib.Path(f"/proc/{tracer.pid}/task").glob("*/children"):
            for pid in map(int, file.read_text().split()):
                with contextlib.suppress(FileNotFoundError):
                    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                    # Not the one that is asked for its version before.
                    if words[0].endswith(b"/bpftrace") and b"--version" not in words:
                        found.append(pid)
        return found

    def bpftrace_of(self, tracer):
        wait_until(lambda: self.bpftraces(tracer), "bpftrace runs")
        pid, = self.bpftraces(tracer)
        return pid

    def is_gone(self, pid):
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "bpftrace has ended")


@once
class Ends(TraceTest):
    def test_by_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(signal=number):
                worker = self.worker()
                tracer = self.start("--raw", "pycalls", "-p", str(worker.pid))
                self.is_attached(tracer)
                bpftrace = self.bpftrace_of(tracer)
                self.assertIn("PY_START", worker.ask("settle()"))
                worker.ask("run(25)")
                tracer.send_signal(number)
                output, errors = tracer.communicate(timeout=SECONDS)
                calls = counts(output, "calls")
                self.assertEqual(
                    [n for key, n in calls.items() if key.startswith("helper,")], [25]
                )
                self.assertEqual(tracer.returncode, 0, errors)
                self.is_gone(bpftrace)
                self.assertEqual(worker.ask("settle()"), [])

    def test_by_timeout(self):
        """timeout(1) signals the whole group: what the issue was found with."""
        file, output = self.ticking(), self.directory() / "output"
        tracer = self.start(
            "-o", output, "--raw", "pycalls", file, FOR_EVER, start_new_session=True
        )
        wait_until(lambda: tracer.stderr.readline() in ("ticking\n", ""), "it is run")
        os.killpg(tracer.pid, signal.SIGTERM)
        _, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 128 + signal.SIGTERM, errors)
        self.assertIn(f"@calls[tick, {file}, 3]: ", output.read_text())

    def test_killed(self):
        worker = self.worker()
        tracer = self.start("pycalls", "-p", str(worker.pid))
        self.is_attached(tracer)
        bpftrace = self.bpftrace_of(tracer)
        self.assertIn("PY_START", worker.ask("settle()"))
        tracer.kill()
        self.is_gone(bpftrace)
        self.assertEqual(worker.ask("settle()"), [])

    def test_during_compilation(self):
        # It compiles all of these for seconds.
        script = self.directory() / "large.bt"
        script.write_text("".join(
            f"interval:s:{n} {{ @[{n}, str(0)] = count(); printf(\"%d\", {n}); }}\n"
            for n in range(1, 400)
        ))
        tracer = self.start(str(script), self.ticking(), FOR_EVER)
        bpftrace = self.bpftrace_of(tracer)
        # However fast the machine, it has not attached them when the signal comes.
        os.kill(bpftrace, signal.SIGSTOP)
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 130, errors)
        self.assertIn(output, ("", "Attaching 399 probes...\n"))
        self.assertIn("SIGINT: stopped before all probes were attached", errors)
        self.is_gone(bpftrace)

    def test_of_bpftrace(self):
        worker = self.worker()
        tracer = self.start("pycalls", "-p", str(worker.pid))
        self.is_attached(tracer)
        os.kill(self.bpftrace_of(tracer), signal.SIGKILL)
        _, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 137)
        self.assertIn("bpftrace was ended by SIGKILL: the trace is not whole", errors)

    def test_reader_that_has_all_it_wants(self):
        ticking = self.ticking()
        program = self.program(ticking, FOR_EVER)
        program.go()
        for words in ([ticking, "200"], ["-p", str(program.pid)]):
            with self.subTest(words=words):
                tracer = self.start("sample", *words)
                for _ in range(3):
                    self.assertTrue(tracer.stdout.readline())
                tracer.stdout.close()
                errors = tracer.stderr.read()
                self.assertEqual(tracer.wait(SECONDS), 0, errors)
                self.assertNotIn("Traceback", errors)

    def test_full_disk(self):
        tracer = self.start("-o", "/dev/full", "sample", self.ticking(), "200")
        errors = tracer.stderr.read()
        self.assertEqual(tracer.wait(SECONDS), 1)
        self.assertIn("/dev/full: No space left on device: the trace ends there", errors)
        self.assertNotIn("Traceback", errors)


@once
class Trust(TraceTest):
    def test_current_folder(self):
        """Nothing of it is run, by whatever name, but what the program itself imports."""
        folder = self.directory()
        trap = "import os\nos.write(2, b'trapped by ' + __name__.encode())\nos._exit(3)\n"
        for name in {*sys.stdlib_module_names, "pyusdt", "sitecustomize", "usercustomize"}:
            (folder / f"{name}.py").write_text(trap)
        for name in ("pycalls", "pycalls.bt", "bpftrace", "python3"):
            (folder / name).write_text("#!/bin/sh\necho trapped\n")
            (folder / name).chmod(0o755)
        ticking = self.ticking()
        environment = {
            **os.environ, **ENVIRONMENT, "PATH": f".:{os.environ['PATH']}",
            # For the program it is as Python has it, not for the command.
            "PYTHONSTARTUP": str(folder / "pyusdt.py"),
        }
        environment.pop("PYTHONPATH", None)
        tracer = self.start("--raw", "pycalls", ticking, "3", cwd=folder, env=environment)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        self.assertNotIn("trapped", output + errors)
        self.assertEqual(counts(output, "calls")[f"tick, {ticking}, 3"], 3)

    def test_environment(self):
        folder = self.directory()
        # What the command imports and neither the runner nor this program does.
        for name in ("subprocess", "tempfile", "pathlib", "shutil"):
            (folder / f"{name}.py").write_text("raise SystemExit('trapped')\n")
        environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": str(folder)}
        tracer = self.start("pycalls", self.ticking(), "3", env=environment)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual((tracer.returncode, "trapped" in errors), (0, False), errors)


@once
class OtherLibrary(TraceTest):
    """The process has the library at another place than the script says."""

    def other(self):
        """Returns: a folder with the library, under the names that an installation has."""
        folder = self.directory()
        real = LIBRARY.resolve()
        shutil.copy(real, folder / real.name)
        (folder / LIBRARY.name).symlink_to(real.name)
        return folder

    def calls(self, worker, script="pycalls", function="helper,", whom=None):
        tracer = self.start("--raw", script, *(whom or ("-p", str(worker.pid))))
        self.is_attached(tracer)
        self.assertIn("PY_START", worker.ask("settle()"))
        worker.ask("run(25)")
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        calls = counts(output, "calls")
        return [n for key, n in calls.items() if key.startswith(function)]

    def told_the_process(self):
        """A script that takes it as an argument, which all versions can do in a chroot."""
        script = self.directory() / "own.bt"
        start = probe("PY_START", "@calls[str(arg0)] = count();", "/pid == $1/")
        script.write_text(f'BEGIN {{ printf("Counting\\n"); }} {start}')
        return str(script)

    def test_another_installation(self):
        worker = self.worker(environment={"LD_LIBRARY_PATH": str(self.other())})
        self.assertEqual(self.calls(worker), [25])

    def test_chroot(self):
        folder = self.other()
        worker = self.worker(environment={"LD_LIBRARY_PATH": str(folder)})
        worker.ask(f"__import__('os').chroot({str(folder)!r})")
        if self.bpftrace >= (0, 27):
            self.assertEqual(self.calls(worker), [25])
        else:
            tracer = self.start("pycalls", "-p", str(worker.pid))
            _, errors = tracer.communicate(timeout=SECONDS)
            self.assertEqual(tracer.returncode, 1)
            self.assertIn("it is in a chroot, in which only bpftrace 0.27", errors)
        self.assertEqual(self.calls(worker, self.told_the_process(), "helper"), [25])

    def contained(self):
        """It has a file system of its own, in which its library is."""
        place = self.directory()
        enter = self.directory() / "enter"
        enter.write_text(
            "#!/bin/sh\nset -e\n"
            f"mount -t tmpfs none {place}\n"
            f"cp -P {LIBRARY.parent}/{LIBRARY.name}* {place}\n"
            f'LD_LIBRARY_PATH={place} exec {sys.executable} "$@"\n'
        )
        enter.chmod(0o755)
        worker = self.worker(python=[*unshare_mounts(), enter])
        self.assertEqual(os.listdir(place), [])
        return worker

    def test_container(self):
        worker = self.contained()
        self.assertEqual(self.calls(worker, self.told_the_process(), "helper"), [25])
        # With -p older versions enter the container, and come out of the chroot that they run in, as
        # that of tests/debian/folder, which has this mark.
        is_chroot = os.path.exists("/.libpyusdt-folder")
        if "private" in unshare_mounts() and (self.bpftrace >= (0, 27) or not is_chroot):
            self.assertEqual(self.calls(worker), [25])

    @alone
    def test_all_with_a_container(self):
        self.assertEqual(self.calls(self.contained(), whom=["--all"]), [25])

    @alone
    def test_all(self):
        """Each file once, however many processes have it, and however it is called."""
        own, copy, odd = self.other(), self.other(), self.directory() / "a b"
        shutil.copytree(own, odd, symlinks=True)
        (own / "other").symlink_to(own)
        workers = [self.worker(environment=environment) for environment in (
            {}, {"LD_LIBRARY_PATH": str(own)}, {"LD_LIBRARY_PATH": str(own / "other")},
            {"LD_LIBRARY_PATH": str(copy)}, {"LD_LIBRARY_PATH": str(odd)},
        )]
        tracer = self.start("--raw", "pycalls", "--all")
        self.is_attached(tracer)
        for worker in workers:
            self.assertIn("PY_START", worker.ask("settle()"))
            worker.ask("run(25)")
        tracer.send_signal(signal.SIGINT)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        calls = counts(output, "calls")
        self.assertEqual([n for key, n in calls.items() if key.startswith("helper,")], [125])

    def test_program_with_another_installation(self):
        file = self.ticking()
        environment = {**os.environ, **ENVIRONMENT, "LD_LIBRARY_PATH": str(self.other())}
        tracer = self.start("--raw", "pycalls", file, "25", env=environment)
        output, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 0, errors)
        self.assertEqual(counts(output, "calls")[f"tick, {file}, 3"], 25)

    def test_that_has_been_replaced_since(self):
        folder = self.other()
        worker = self.worker(environment={"LD_LIBRARY_PATH": str(folder)})
        real = folder / LIBRARY.resolve().name
        shutil.copy(real, folder / "new")
        (folder / "new").replace(real)
        tracer = self.start("pycalls", "-p", str(worker.pid))
        _, errors = tracer.communicate(timeout=SECONDS)
        self.assertEqual(tracer.returncode, 1)
        self.assertIn("has been replaced or removed since: start the process again", errors)
