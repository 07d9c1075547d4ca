# SPDX-License-Identifier: BSD-2-Clause
"""What is instrumented when: nothing untraced, only what is watched otherwise."""

import subprocess
import sys

from live import LIBRARY, SECONDS, TESTS, LiveTest, counts, probe, wait_until

COUNT = "@[str(arg5)] = count();"
COUNT_BY_PID = "@[pid, str(arg5)] = count();"


def of(program):
    """A predicate: this machine may have other programs with pyusdt."""
    return f"/pid == {program.pid}/"


class Watching(LiveTest):
    def test_nothing_untraced(self):
        worker = self.worker()
        self.assertTrue(worker.ask("pyusdt.enabled() == pyusdt.supported() != 0"))
        self.assertEqual(worker.ask("settle()"), [])
        self.assertEqual(worker.ask("int(pyusdt.active())"), 0)

    def test_only_the_watched_event(self):
        worker = self.worker()
        for event in ("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "CALL", "LINE"):
            with self.subTest(event=event):
                tracer = self.tracer(probe(event, COUNT))
                self.assertEqual(worker.ask("settle()"), [event])
                self.assertEqual(worker.ask("pyusdt.active().name"), event)
                tracer.stop()
                self.assertEqual(worker.ask("settle()"), [])

    def test_unarmed_event_stays_silent(self):
        worker = self.worker(options=["-e", "PY_START"])
        tracer = self.tracer(probe("LINE", COUNT, of(worker)))
        self.assertEqual(worker.ask("settle()"), [])
        worker.ask("run(10)")
        self.assertEqual(counts(tracer.stop()), {})

    def test_attach_late_detach_attach_again(self):
        worker = self.worker()
        worker.ask("run(7)")
        for times in (5, 11):
            tracer = self.tracer(probe("PY_START", COUNT, of(worker)))
            worker.ask("settle()")
            worker.ask(f"run({times})")
            seen = counts(tracer.stop())
            self.assertEqual((seen["work"], seen["helper"], seen["run"]), (times, times, 1))
            worker.ask("settle()")
            worker.ask("run(3)")

    def test_watcher_notices_by_itself(self):
        worker = self.worker()
        tracer = self.tracer(probe("CALL", COUNT))
        wait_until(lambda: worker.ask("instrumented()") == ["CALL"], "CALL is set")
        tracer.stop()
        wait_until(lambda: worker.ask("instrumented()") == [], "nothing is set")

    def test_killed_tracer(self):
        worker = self.worker()
        tracer = self.tracer(probe("PY_START", COUNT))
        self.assertEqual(worker.ask("settle()"), ["PY_START"])
        tracer.kill()
        wait_until(lambda: worker.ask("settle()") == [], "the kernel has cleaned up")

    def test_tracer_before_the_program(self):
        file = self.directory() / "early.py"
        file.write_text("def f(): pass\nfor i in range(50):\n    f()\n")
        mine = f'/str(arg1) == "{file}"/'
        tracer = self.tracer(
            probe("PY_START", COUNT, mine) + probe("LINE", "@lines[arg2] = count();", mine)
        )
        program = self.program(str(file))
        program.go()
        program.finish()
        output = tracer.stop()
        self.assertEqual(counts(output), {"f": 50, "<module>": 1})
        # The first line of the script is seen.
        self.assertEqual(counts(output, "lines"), {"1": 51, "2": 51, "3": 50})

    def test_library_by_its_development_link(self):
        worker = self.worker()
        link = LIBRARY.with_suffix("")
        self.assertEqual(link.name, "libpyusdt.so")
        tracer = self.tracer(f"usdt:{link}:pyusdt:PY_START {of(worker)} {{ {COUNT} }}")
        worker.ask("settle()")
        worker.ask("run(20)")
        self.assertEqual(counts(tracer.stop())["work"], 20)

    def test_with_pid_every_call_counts_once(self):
        worker = self.worker()
        tracer = self.tracer(probe("PY_START", COUNT), "-p", worker.pid)
        worker.ask("settle()")
        worker.ask("run(1000)")
        seen = counts(tracer.stop())
        self.assertEqual((seen["work"], seen["helper"]), (1000, 1000))

    def test_two_tracers(self):
        worker = self.worker()
        first = self.tracer(probe("PY_START", COUNT, of(worker)))
        worker.ask("settle()")
        second = self.tracer(probe("PY_START", COUNT, of(worker)))
        worker.ask("run(10)")
        self.assertEqual(counts(first.stop())["work"], 10)
        self.assertEqual(worker.ask("settle()"), ["PY_START"])
        worker.ask("run(10)")
        self.assertEqual(counts(second.stop())["work"], 20)

    def test_threads(self):
        worker = self.worker()
        tracer = self.tracer(probe("PY_START", COUNT, of(worker)))
        worker.ask("settle()")
        worker.ask("run_in_threads(8, 100)")
        self.assertEqual(counts(tracer.stop())["work"], 800)

    def test_child_of_a_traced_program(self):
        worker = self.worker()
        tracer = self.tracer(probe("PY_START", COUNT_BY_PID))
        worker.ask("settle()")
        children = [worker.ask(f"run_in_child({times})") for times in (3, 8)]
        worker.ask("run(2)")
        seen = counts(tracer.stop())
        self.assertEqual([seen[f"{child}, work"] for child in children], [3, 8])
        self.assertEqual(seen[f"{worker.pid}, work"], 2)

    def test_tracer_that_comes_after_the_fork(self):
        worker = self.worker()
        child = worker.ask("start_child(9)")
        tracer = self.tracer(probe("PY_START", COUNT_BY_PID))
        self.assertEqual(worker.ask(f"wait_for({child})"), 0)
        worker.ask("settle()")
        worker.ask("run(4)")
        seen = counts(tracer.stop())
        self.assertEqual((seen[f"{child}, work"], seen[f"{worker.pid}, work"]), (9, 4))

    def test_killed_program(self):
        killed, other = self.worker(), self.worker()
        tracer = self.tracer(probe("PY_START", COUNT_BY_PID))
        for worker in (killed, other):
            worker.ask("settle()")
            worker.ask("run(5)")
        killed.process.kill()
        killed.process.wait()
        other.ask("run(6)")
        seen = counts(tracer.stop())
        self.assertEqual((seen[f"{killed.pid}, work"], seen[f"{other.pid}, work"]), (5, 11))
        self.assertEqual(other.ask("settle()"), [])

    def test_disable_while_watched(self):
        worker = self.worker()
        tracer = self.tracer(probe("PY_START", COUNT, of(worker)))
        worker.ask("settle()")
        worker.ask("run(4)")
        worker.ask("pyusdt.disable()")
        worker.ask("run(4)")
        worker.ask("pyusdt.enable(pyusdt.Event.PY_START)")
        worker.ask("run(1)")
        self.assertEqual(counts(tracer.stop())["work"], 5)

    def test_layout_is_announced(self):
        worker = self.worker()
        tracer = self.tracer(probe("LAYOUT", 'printf("%lx %lx\\n", arg0, arg1);', of(worker)))
        # At once, and again within a second or so.
        wait_until(lambda: len(tracer.output().split()) >= 6, "three announcements")
        lines = set(tracer.stop().split("\n")) - {""}
        self.assertEqual(len(lines), 1)
        self.assertEqual(int(lines.pop().split()[1], 16), sys.hexversion)
        self.assertEqual(worker.ask("instrumented()"), [])

    def test_no_layout_where_there_is_none(self):
        source = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "import no_layout; no_layout.refuse()\n"
            "import pyusdt\n"
            "print(flush=True); sys.stdin.readline(); pyusdt.poll()\n"
            "def f(): pass\n"
            "f()\n"
            "import time; time.sleep(1.5)\n"
        )
        program = subprocess.Popen(
            [sys.executable, "-c", source, str(TESTS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        program.stdout.readline()
        tracer = self.tracer(
            probe("LAYOUT", 'printf("layout\\n");', of(program))
            + probe("PY_START", COUNT, of(program))
        )
        program.stdin.write("\n")
        program.stdin.flush()
        self.assertEqual(program.wait(SECONDS), 0)
        output = tracer.stop()
        self.assertEqual(counts(output).get("f"), 1)
        self.assertNotIn("layout", output)

    def test_long_value_is_cut(self):
        # By default at 256 bytes; bpftrace itself shows 64 of them.
        program = self.program("-c", "def f(): return 'x' * 1000\nf()")
        predicate = f'/pid == {program.pid} && str(arg0) == "f"/'
        tracer = self.tracer(
            probe("PY_RETURN", 'printf("[%s]\\n", str(arg4 + 200));', predicate)
        )
        program.go()
        program.finish()
        self.assertEqual(tracer.stop().strip(), "[" + "x" * 52 + "...]")
