# SPDX-License-Identifier: BSD-2-Clause
"""What bpftrace adds up of PROFILE is what the program has called."""

import os
import re

from live import BUILDDIR, LIBRARY, PROGRAMS, SECONDS, LiveTest, once, wait_until, where_there_is

# By the pointer as well: bpftrace 0.17 reaches no argument after it. By process: where two
# of them add to one key, and the kernel lets the one wait for the other, what the one has
# added may be lost.
SCRIPT = f"""
usdt:{LIBRARY}:pyusdt:PROFILE
{{
	$sums = arg5;
	@calls[pid, str(arg0)] = sum(arg3);
	@own[pid, str(arg0)] = sum(arg4);
	@line[pid, str(arg0)] = max(arg2);
	@calls_by_pointer[pid, str(arg0)] = sum(*(uint64 *)$sums);
	@total[pid, str(arg0)] = sum(*(uint64 *)($sums + 16));
	@max[pid, str(arg0)] = max(*(uint64 *)($sums + 24));
	@resumes[pid, str(arg0)] = sum(*(uint64 *)($sums + 32));
	@exceptions[pid, str(arg0)] = sum(*(uint64 *)($sums + 40));
	@hits[pid, str(arg0)] = count();
}}
"""
LINE_OF_F = (PROGRAMS / "counting.py").read_text().split("def f()")[0].count("\n") + 1
WAYS = (
    "normal", "told_meanwhile", "sys_exit", "atexit_handler", "threads", "forked",
    "process_fork", "process_spawn", "process_forkserver", "pool", "code_that_goes",
    "generators", "coroutines",
)


def maps(output):
    """{"name of a map": {"function": number}}, those of all processes together."""
    found = {}
    for name, key, number in re.findall(r"^@(\w+)\[\d+, ?(.*)\]: (\d+)$", output, re.MULTILINE):
        together = max if name in ("max", "line") else int.__add__
        table = found.setdefault(name, {})
        table[key] = together(table.get(key, 0), int(number))
    return found


class Counted(LiveTest):
    def run_way(self, way, status=0):
        """Returns: what the program says, and the maps."""
        tracer = self.tracer(SCRIPT)
        program = self.program(str(PROGRAMS / "counting.py"), way)
        program.go()
        output, _ = program.process.communicate(timeout=SECONDS)
        self.assertEqual(program.process.returncode, status)
        return int(output), maps(tracer.stop())

    def check(self, way):
        said, found = self.run_way(way)
        self.assertEqual(found["calls"]["f"], said)
        by_pointer, calls = found["calls_by_pointer"], found["calls"]
        others = {name for name in by_pointer | calls if by_pointer.get(name) != calls.get(name)}
        self.assertFalse({name: (by_pointer.get(name), calls.get(name)) for name in others})
        return found

    def test_ways(self):
        for way in WAYS:
            with self.subTest(way=way):
                self.check(way)

    @where_there_is("greenlet")
    def test_greenlets(self):
        found = self.check("greenlets")
        self.assertEqual(found["calls"]["greenlets.<locals>.work"], 10)

    @where_there_is("gevent")
    def test_a_server_of_gevent(self):
        """Its 60 sleeps of 20 ms go on at the same time, each on a stack of its own."""
        found = self.check("gevent_server")
        name = "gevent_server.<locals>.rest"
        self.assertEqual(found["calls"][name], 60)
        self.assertGreaterEqual(found["total"][name], 1_200_000_000)
        self.assertGreaterEqual(found["max"][name], 20_000_000)
        self.assertLess(found["own"][name], found["total"][name])

    def test_an_exception_that_ends_it(self):
        said, found = self.run_way("exception", status=1)
        self.assertEqual(found["calls"]["f"], said)
        self.assertEqual(found["exceptions"]["exception"], 1)

    def test_all_figures(self):
        found = self.check("generators")
        numbers = "generators.<locals>.numbers"
        self.assertEqual(found["calls"][numbers], 1)
        self.assertEqual(found["resumes"][numbers], 300)
        # Once at its end: the function itself lives for as long as the program.
        self.assertEqual(found["hits"]["f"], 1)
        self.assertEqual(found["line"]["f"], LINE_OF_F)
        for name in "f", numbers:
            self.assertLessEqual(found["own"][name], found["total"][name])
            self.assertLessEqual(found["max"][name], found["total"][name])

    def test_told_each_second(self):
        found = self.check("told_meanwhile")
        self.assertIn(found["hits"]["f"], range(2, 10))

    def test_a_tracer_that_comes_late(self):
        worker = self.worker()
        worker.ask("run(10)")
        tracer = self.tracer(SCRIPT)
        wait_until(lambda: worker.ask("instrumented()"), "events are set")
        worker.ask("run(20)")
        worker.process.stdin.close()
        worker.process.wait(SECONDS)
        self.assertEqual(maps(tracer.stop())["calls"]["work"], 20)

    def test_two_tracers(self):
        tracers = [self.tracer(SCRIPT) for _ in range(2)]
        program = self.program(str(PROGRAMS / "counting.py"), "told_meanwhile")
        program.go()
        said = int(program.finish())
        for tracer in tracers:
            self.assertEqual(maps(tracer.stop())["calls"]["f"], said)


class Many(LiveTest):
    @once
    def test_hundred_thousand_functions(self):
        """Each is told after its first call and after its second."""
        tracer = self.tracer(f"""
usdt:{LIBRARY}:pyusdt:PROFILE {{ @calls = sum(arg3); @hits = count(); }}
""")
        program = self.program(str(PROGRAMS / "many.py"),
                               options=["--include", "file:*/many.py"])
        program.go()
        program.finish()
        found = dict(re.findall(r"(?m)^@(\w+): (\d+)$", tracer.stop()))
        # And the module, and for each thousand a module and a generator.
        self.assertEqual(int(found["calls"]), 200_201)
        self.assertGreaterEqual(int(found["hits"]), 200_000)


# Earlier ones have no memory of a process left when they say that it has ended.
KERNEL_READS_LAST = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 16)


class Ended(LiveTest):
    """Ends of which Python knows nothing."""

    def run_way(self, way, script="pyprofile"):
        """Returns: how often f() was called, and how often the script says it was."""
        tracer = self.tracer(BUILDDIR / f"bt/{script}.bt")
        program = self.program(str(PROGRAMS / "ending.py"), way)
        program.go()
        said = int(program.finish())
        output = tracer.stop()
        found = re.findall(r"^@calls\[f, .*ending\.py, \d+\]: (\d+)$", output, re.MULTILINE)
        self.assertEqual(len(found), 1, output)
        return said, int(found[0])

    if KERNEL_READS_LAST:

        @once
        def test_nothing_is_lost(self):
            for way in "sigkill", "sigterm", "exit", "exec", "exec_that_fails", "thread", "pool":
                with self.subTest(way=way):
                    self.assertEqual(*self.run_way(way))

        @once
        def test_of_other_scripts(self):
            for way in "sigkill", "exec":
                with self.subTest(way=way):
                    self.assertEqual(*self.run_way(way, "pycalls"))

        def test_killed_while_it_calls(self):
            said, found = self.run_way("meanwhile")
            # Each of 40 may have been killed after its last call and before it said so.
            self.assertIn(found - said, range(41))
