# SPDX-License-Identifier: BSD-2-Clause
"""What is counted in the process is what others count: exactly, whatever a program does."""

import ast
import argparse
import contextlib
import importlib
import io
import pathlib
import sys
import sysconfig
import textwrap
import threading
import unittest

import counters
import generated
import pyusdt
from pyusdt import _pyusdt
from running import ProgramTest
from test_interpreters import HELPERS

TESTS = pathlib.Path(__file__).resolve().parents[1]
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
FLAGS = range(4)
BOTH = _pyusdt.PROFILE_TREE | _pyusdt.PROFILE_C_FUNCTIONS


def needs_gil(test):
    """Without one there is nothing to be tested: it cannot be counted, see Supported."""
    return None if FREE_THREADED else test


def workload(name):
    sys.path.append(str(TESTS / "bench"))
    try:
        return importlib.import_module(f"workloads.{name}").run
    finally:
        sys.path.remove(str(TESTS / "bench"))


def dump_tree():
    source = pathlib.Path(argparse.__file__).read_text()
    with contextlib.redirect_stdout(io.StringIO()):
        print(ast.dump(ast.parse(source), indent=2))


def recurse(n):
    return recurse(n - 1) if n else 0


def recurse_without_end():
    recurse_without_end()


def fail_deeply():
    for depth in 10, 100:
        recurse(depth)
    with contextlib.suppress(RecursionError):
        recurse_without_end()


def compute(n):
    return n if n < 2 else compute(n - 1) + compute(n - 2)


def use_threads():
    threads = [threading.Thread(target=compute, args=(12,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    compute(12)
    for thread in threads:
        thread.join()


class Account(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pyusdt.disable()

    def tearDown(self):
        pyusdt.disable()


@needs_gil
class Exact(Account):
    def check(self, function, flags=0, **options):
        nodes, from_monitoring, from_cprofile = counters.count(function, flags, **options)
        self.assertEqual(from_monitoring, {})
        self.assertEqual(from_cprofile, {})
        return nodes

    def test_workloads(self):
        for name in "coroutines", "documents", "fib", "lines", "objects", "text":
            run = workload(name)
            run(1)  # all is imported and compiled that will be
            for flags in FLAGS:
                with self.subTest(workload=name, flags=flags):
                    # asyncio's sockets have methods that call C's of the same name, which
                    # cProfile then names by these.
                    c_functions = flags & _pyusdt.PROFILE_C_FUNCTIONS
                    cprofile = name != "coroutines" or not c_functions
                    self.check(lambda: run(1), flags, with_cprofile=cprofile)

    def test_a_large_program(self):
        dump_tree()
        for flags in FLAGS:
            with self.subTest(flags=flags):
                self.check(dump_tree, flags)

    def test_generated_programs(self):
        for seed in range(40):
            source = generated.generate(seed)
            namespace = {"__name__": "generated"}
            exec(compile(source, f"generated{seed}.py", "exec"), namespace)
            with self.subTest(seed=seed):
                self.check(namespace["main"], seed % 2, with_cprofile=seed % 3 > 0)

    def test_threads(self):
        # cProfile counts one thread's only.
        for flags in FLAGS:
            with self.subTest(flags=flags):
                nodes = self.check(use_threads, flags, with_cprofile=False)
                calls = sum(node.calls for node in nodes if node.name == "compute")
                self.assertEqual(calls, 9 * 465)

    def test_recursion_without_end(self):
        counted, _, from_cprofile = counters.count(fail_deeply)
        self.assertEqual(from_cprofile, {})
        counts = {node.name: node for node in counted}
        self.assertEqual(counts["recurse"].calls, 112)
        endless = counts["recurse_without_end"]
        self.assertEqual(endless.exceptions, endless.calls)
        self.assertLessEqual(endless.own_ns, endless.total_ns)

    def test_functions_of_c(self):
        def run():
            [].append(1)
            {}.fromkeys("ab")
            "".join("ab")
            len("")
            int.from_bytes(b"1", "big")
            with contextlib.suppress(ValueError):
                int("x").bit_length()
            with contextlib.suppress(StopIteration):
                next(iter(""))
            with threading.Lock():
                pass

        nodes = self.check(run, _pyusdt.PROFILE_C_FUNCTIONS)
        found = {node.name: node for node in nodes if node.filename == "~"}
        self.assertIn("<built-in method builtins.len>", found)
        self.assertIn("<method 'append' of 'list' objects>", found)
        self.assertEqual(found["<built-in method builtins.next>"].exceptions, 1)


@needs_gil
class Nodes(Account):
    def test_shape(self):
        with counters.profile(BOTH):
            fail_deeply()
        nodes = counters.nodes()
        for index, node in enumerate(nodes):
            self.assertLess(node.parent, index)
            self.assertGreaterEqual(node.parent, -1)
            if node.parent >= 0:
                self.assertLessEqual(node.total_ns, nodes[node.parent].total_ns + 1)
        [top] = [node for node in nodes if node.name == "fail_deeply"]
        self.assertEqual(top.parent, -1)
        self.assertEqual(top.first_line, fail_deeply.__code__.co_firstlineno)
        self.assertEqual(top.filename, __file__)

    def test_names(self):
        class Odd:
            def method(self):
                return [self for _ in "a"]

        with counters.profile():
            Odd().method()
        [node] = [node for node in counters.nodes() if node.name == "method"]
        self.assertEqual(node.qualname, f"{type(self).__qualname__}.test_names.<locals>.Odd.method")

    def test_100000_functions(self):
        source = "".join(f"def f{n}(): pass\n" for n in range(100_000))
        calls = "for n in range(100_000):\n    g[f'f{n}']()\n    if n % 3 == 0: g[f'f{n}']()\n"
        namespace = {}
        exec(source, namespace)
        with counters.profile():
            exec(calls, {"g": namespace})
        counts = {node.name: node.calls for node in counters.nodes()}
        for n in range(100_000):
            self.assertEqual(counts[f"f{n}"], 1 + (n % 3 == 0))

    def test_more_contexts_than_are_told_apart(self):
        most, depth = 1 << 18, 300_000
        self.addCleanup(sys.setrecursionlimit, sys.getrecursionlimit())
        sys.setrecursionlimit(2 * depth)
        with counters.profile(_pyusdt.PROFILE_TREE):
            recurse(depth)
            compute(9)
        nodes = [node for node in counters.nodes() if node.name in ("recurse", "compute")]
        counts = [node.calls for node in nodes if node.name == "recurse"]
        self.assertEqual(sum(counts), depth + 1)
        self.assertLess(most - 10, len(nodes))
        self.assertLess(len(nodes), most + 10)
        # All that there was no room for, in one node.
        [rest] = [node for node in nodes if node.calls > 1 and node.name == "recurse"]
        self.assertEqual((rest.parent, rest.calls), (-1, depth + 2 - len(counts)))
        self.assertEqual([node.calls for node in nodes if node.name == "compute"], [109])

    def test_a_thousand_times_with_calls_open(self):
        def numbers():
            while True:
                yield compute(1)

        def change(flags):
            with counters.profile(flags):
                next(generator)
                compute(3)
            next(generator)
            return {
                (node.name, node.calls, node.resumes) for node in counters.nodes() if node.own_ns
            } - {("profile", 0, 1), ("__exit__", 1, 0)}

        def deep(n, flags):
            return deep(n - 1, flags) if n else change(flags)

        generator = numbers()
        next(generator)
        expected = {("numbers", 0, 1), ("compute", 6, 0)}
        for n in range(1000):
            found = deep(n % 7, 0)
            self.assertEqual({row for row in found if row[0] in ("numbers", "compute")}, expected)

    def test_refused(self):
        for flags in -1, 2**40, "":
            with self.assertRaises((OverflowError, TypeError, OSError)):
                _pyusdt.profile_begin(flags)
        with counters.profile():
            with self.assertRaises(OSError):
                _pyusdt.profile_begin(0)
            with self.assertRaises(OSError):
                _pyusdt.profile_free()
        _pyusdt.profile_end()
        _pyusdt.profile_free()
        self.assertEqual(_pyusdt.profile_nodes(), [])

    def test_filters(self):
        self.addCleanup(pyusdt.configure, include="", exclude="")
        pyusdt.configure(include="*recurse*")
        with counters.profile(_pyusdt.PROFILE_C_FUNCTIONS):
            fail_deeply()
        self.assertEqual(
            {node.name for node in counters.nodes()}, {"recurse", "recurse_without_end"}
        )

    def test_tool_id(self):
        before = [sys.monitoring.get_tool(tool) for tool in range(6)]
        with counters.profile():
            self.assertIn("pyusdt", [sys.monitoring.get_tool(tool) for tool in range(6)])
        self.assertEqual([sys.monitoring.get_tool(tool) for tool in range(6)], before)


class Programs(ProgramTest):
    @needs_gil
    def test_fork(self):
        self.check("""
            import os, threading
            from pyusdt import _pyusdt

            def f(): pass
            def fork(n): return fork(n - 1) if n else os.fork()
            def calls():
                return {node[2]: node[6] for node in _pyusdt.profile_nodes() if node[6]}
            def work():
                for _ in range(100): f()
                if not fork(3):
                    f()
                    counts = calls()
                    # The calls that were open are the parent's.
                    os._exit(counts["f"] != 1 or "fork" in counts or "work" in counts)
                f()

            _pyusdt.profile_begin(0)
            for thread in threading.Thread(target=work), None:
                if thread:
                    thread.start(), thread.join()
                else:
                    work()
                assert os.wait()[1] == 0
            _pyusdt.profile_end()
            assert calls()["f"] == 202, calls()
        """, "-W", "ignore", watched=False)

    @needs_gil
    def test_at_exit(self):
        """What atexit handlers call is counted, and the figures are there to the end."""
        self.check("""
            import atexit, pyusdt
            from pyusdt import _pyusdt

            def f(): pass
            def end():
                f()
                _pyusdt.profile_end()
                print({n[2]: n[6] for n in _pyusdt.profile_nodes()}["f"])

            atexit.register(end)
            _pyusdt.profile_begin(0)
            f()
        """, output="2\n", watched=False)

    @needs_gil
    def test_interpreters(self):
        """Each has figures of its own, at the same time, in one thread and in several."""
        work = """
            from pyusdt import _pyusdt
            def fibonacci(n): return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
            def calls():
                return {node[2]: node[6] for node in _pyusdt.profile_nodes()}.get("fibonacci")
            _pyusdt.profile_begin(0)
        """
        source = HELPERS + textwrap.dedent(work) + textwrap.dedent(f"""
            work = {textwrap.dedent(work)!r}
            numbers = [create(own_gil) for own_gil in (True, False, True)]
            for number in numbers:
                run(number, work + "for _ in range(3): fibonacci(9)")
            for _ in range(5):
                fibonacci(9)
                for number in numbers:
                    run(number, "fibonacci(9)")
            threads = [
                threading.Thread(target=run, args=(number, "for _ in range(9): fibonacci(9)"))
                for number in numbers
            ]
            for thread in threads: thread.start()
            for _ in range(4): fibonacci(9)
            for thread in threads: thread.join()
            for number in numbers:
                run(number, "assert calls() == 17 * 109, calls()")
                if int(number) % 2:
                    run(number, "_pyusdt.profile_end()")
                interpreters.destroy(number)
            assert calls() == 9 * 109, calls()
            fibonacci(9)
            _pyusdt.profile_end()
            print(calls())
        """)
        for watched in False, True:
            self.check(source, output=f"{10 * 109}\n", watched=watched)

    @needs_gil
    def test_never_ended(self):
        for watched in False, True:
            self.check("""
                import threading
                from pyusdt import _pyusdt
                _pyusdt.profile_begin(3)
                def wait(): threading.Event().wait()
                threading.Thread(target=wait, daemon=True).start()
                print(len("ab"))
            """, output="2\n", watched=watched)

    def test_where_frames_are_not_known(self):
        self.check("""
            import errno, no_layout
            no_layout.refuse()
            import pyusdt
            from pyusdt import _pyusdt
            try:
                _pyusdt.profile_begin(0)
            except OSError as error:
                assert error.errno == errno.ENOTSUP, error
                print("not supported")
        """, output="not supported\n", watched=False)


class Supported(Account):
    def test_needs_a_gil(self):
        self.assertEqual(bool(pyusdt.supported() & pyusdt.Event.PROFILE), not FREE_THREADED)
        if FREE_THREADED:
            with self.assertRaises(OSError):
                _pyusdt.profile_begin(0)


if __name__ == "__main__":
    unittest.main()
