# SPDX-License-Identifier: BSD-2-Clause
"""The scripts in bt/ that show single events of Python, and those of its runtime."""

import re

from live import BUILDDIR, counts, wait_until
from test_scripts import ScriptTest, histogram

SAMPLE = """\
import gc, threading

def numbers():
    try:
        yield 'one'
        yield 'two'
    except KeyError:
        raise

def fails():
    try:
        int('x')
    except ValueError:
        raise KeyError('k')

def main():
    for number in numbers():
        pass
    try:
        fails()
    except KeyError:
        pass
    generator = numbers()
    next(generator)
    try:
        generator.throw(KeyError)
    except KeyError:
        pass
    try:
        import no_such_module
    except ImportError:
        pass
    gc.collect()
    helper = threading.Thread(target=len, args=[()], name='helper')
    helper.start()
    helper.join()
    return 42

gc.disable()
main()
"""


class EventTest(ScriptTest):
    def trace_source(self, script, source):
        self.file = self.script_file(source)
        return self.trace(script, self.file)

    def own(self, table):
        """{(what comes before the file.., and after it..): number}, of self.file."""
        found = {}
        for key, number in table.items():
            words = key.split(", ")
            if self.file in words:
                words.remove(self.file)
                found[tuple(words)] = number
        return found

    def as_printed(self, table):
        """With the keys as bpftrace's JSON has them: from 0.24 on without any space."""
        if self.bpftrace < (0, 24):
            return table
        return {
            tuple(word.replace(" ", "") for word in key): number
            for key, number in table.items()
        }

    def assert_maps(self, output, *names):
        """No others are printed: what a script needs for itself is not left over."""
        self.assertEqual(set(re.findall(r"^@(\w+)", output, re.MULTILINE)), set(names))


class Sample(EventTest):
    def check(self, output, lines):
        for line in lines:
            line = line.replace("FILE", re.escape(self.file))
            self.assertTrue(re.search(rf"(?m)^{line}$", output), line)

    def test_every_event(self):
        self.file = self.script_file(SAMPLE)
        # Which has imported threading by then: that is some thousand lines.
        worker = self.worker()
        tracer = self.tracer(BUILDDIR / "bt/sample.bt", "-p", worker.pid)
        worker.ask("settle()")
        worker.ask(f"exec(compile(open({self.file!r}).read(), {self.file!r}, 'exec'), "
                   "{'__name__': '__main__'})")
        # Told to end, later versions of bpftrace forget what they have not printed.
        wait_until(lambda: "returns 42\n" in tracer.output(), "the last line of sample.bt")
        output = tracer.stop()
        value = r"ValueError: invalid literal for int\(\) with base 10: 'x'"
        self.check(
            output,
            (
                r"PY_START          main \(FILE:16\) offset 0",
                r"LINE              main \(FILE:17\)",
                r"CALL              main \(FILE:16\) offset \d+ calls __main__\.fails",
                r"PY_YIELD          numbers \(FILE:3\) offset \d+ yields 'one'",
                r"PY_RESUME         numbers \(FILE:3\) offset \d+",
                r"C_RAISE           fails \(FILE:10\) offset \d+ has an exception from "
                r"builtins\.int",
                rf"RAISE             fails \(FILE:12\) offset \d+ raises {value}",
                rf"EXCEPTION_HANDLED fails \(FILE:12\) offset \d+ handles {value}",
                r"RAISE             fails \(FILE:14\) offset \d+ raises KeyError: 'k'",
                r"PY_UNWIND         fails \(FILE:14\) offset \d+ is left by KeyError: 'k'",
                r"PY_THROW          numbers \(FILE:5\) offset \d+ goes on with KeyError",
                r"RERAISE           numbers \(FILE:8\) offset \d+ raises again KeyError",
                r"IMPORT_START      no_such_module",
                r"IMPORT_DONE       no_such_module not found",
                r"GC_START          generation 2",
                r"GC_DONE           generation 2: \d+ collected, 0 could not be",
                r"THREAD_START      helper, id \d+",
                r"THREAD_EXIT       helper, id \d+",
                r"C_RETURN          main \(FILE:16\) offset \d+ is back from gc\.collect",
                r"PY_RETURN         main \(FILE:16\) offset \d+ returns 42",
            ),
        )

    def test_what_is_commented_out(self):
        template = (BUILDDIR / "bt/sample.bt").read_text()
        script = self.directory() / "rest.bt"
        blocks = re.findall(r"(?m)^// (usdt:\S+\n(?:// .*\n)+)", template)
        script.write_text("".join(block.replace("\n// ", "\n") for block in blocks))
        output = self.trace_source(str(script), """\
def main():
    for number in range(2):
        if number:
            continue

main()
""")
        self.check(
            output,
            (
                r"JUMP              main \(FILE:1\) offset \d+",
                r"BRANCH            main \(FILE:1\) offset \d+",
                r"INSTRUCTION       main \(FILE:1\) offset \d+",
            ),
        )
        self.assertEqual(len(blocks), 5)


class Exceptions(EventTest):
    def test_pyexcept(self):
        output = self.trace_source("pyexcept", """\
class Lazy:
    def __getattr__(self, name):
        raise AttributeError(name)

class Other:
    def __getattr__(self, name):
        raise AttributeError('other')

def deep(depth):
    if depth:
        return deep(depth - 1)
    raise ValueError('at the bottom')

def again():
    try:
        deep(2)
    except ValueError:
        raise

def instead():
    try:
        deep(0)
    except ValueError as error:
        raise KeyError('key') from error

def quietly():
    try:
        raise OSError(2, 'kept')
    except OSError:
        pass

def generator():
    yield 1

def main():
    for _ in range(4):
        hasattr(Lazy(), 'x')
    for _ in range(3):
        hasattr(Lazy(), 'x')
        hasattr(Other(), 'x')
        quietly()
    for function in again, again, again, instead:
        try:
            function()
        except Exception:
            pass
    it = generator()
    next(it)
    try:
        it.throw(IndexError)
    except IndexError:
        pass

main()
""")
        self.assertEqual(
            self.own(counts(output, "raised")),
            self.as_printed({
                ("AttributeError: x", "Lazy.__getattr__", "3"): 7,
                ("AttributeError: other", "Other.__getattr__", "7"): 3,
                ("FileNotFoundError: [Errno 2] kept", "quietly", "28"): 3,
                ("ValueError: at the bottom", "deep", "12"): 4,
                ("KeyError: 'key'", "instead", "24"): 1,
                ("IndexError", "generator", "33"): 1,
            }),
        )
        self.assertEqual(
            self.own(counts(output, "left")),
            self.as_printed({
                ("AttributeError: x", "Lazy.__getattr__"): 7,
                ("AttributeError: other", "Other.__getattr__"): 3,
                ("ValueError: at the bottom", "deep"): 10,
                ("ValueError: at the bottom", "again"): 3,
                ("KeyError: 'key'", "instead"): 1,
                ("IndexError", "generator"): 1,
            }),
        )
        self.assert_maps(output, "raised", "left")

    def test_pyexcept_without_the_ends_of_what_is_awaited(self):
        output = self.trace_source("pyexcept", """\
import asyncio

class Numbers:
    def __init__(self):
        self.left = 5

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        await asyncio.sleep(0.001)
        return self.left

async def main():
    for _ in range(60):
        await asyncio.sleep(0.001)
    async for _ in Numbers():
        pass
    for _ in range(70):
        try:
            raise KeyError('told')
        except KeyError:
            pass

asyncio.run(main())
""")
        self.assertEqual(
            self.own(counts(output, "raised")),
            self.as_printed({("KeyError: 'told'", "main", "24"): 70}),
        )
        self.assertNotIn("@raised[Stop", output)


class Runtime(EventTest):
    def test_pygc(self):
        output = self.trace_source("pygc", """\
import gc, time

def rest(phase, info):
    if phase == 'start' and info['generation'] == 1:
        time.sleep(0.05)

def garbage(cycles):
    for _ in range(cycles):
        cycle = []
        cycle.append(cycle)

gc.disable()
gc.callbacks.append(rest)
for generation, cycles in (0, 300), (1, 500), (1, 500), (2, 700):
    gc.collect()
    garbage(cycles)
    gc.collect(generation)
""")
        collections = counts(output, "collections")
        # Before each of them there is a whole one.
        self.assertEqual(collections["1"], 2)
        self.assertGreaterEqual(collections["0"], 1)
        self.assertGreaterEqual(collections["2"], 5)
        collected = counts(output, "collected")
        self.assertGreaterEqual(collected["0"], 300)
        self.assertGreaterEqual(collected["1"], 1000)
        self.assertGreaterEqual(collected["2"], 700)
        pauses = histogram(output, "pause_us", "1")
        self.assertEqual(sum(pauses.values()), 2)
        self.assertGreaterEqual(min(pauses), 32768)
        longest = counts(output, "longest_us")["1"]
        total = counts(output, "total_us")["1"]
        self.assertGreaterEqual(longest, 50_000)
        self.assertGreaterEqual(total, longest + 50_000)
        self.assert_maps(
            output, "pause_us", "collections", "collected", "longest_us", "total_us"
        )

    def test_pyimport(self):
        self.file = self.script_file("""\
import trace_outer
for name in 'trace_bad', 'trace_absent':
    try:
        __import__(name)
    except ImportError:
        pass
""")
        directory = self.file.removesuffix("prog.py")
        for name, source in (
            ("outer", "import time, trace_inner, trace_inner\ntime.sleep(0.05)\n"),
            ("inner", "import time\ntime.sleep(0.1)\nimport trace_leaf\n"),
            ("leaf", ""),
            ("bad", "import trace_worse\n"),
            ("worse", "import trace_leaf\nraise ImportError\n"),
        ):
            with open(f"{directory}trace_{name}.py", "w", encoding="utf-8") as module:
                module.write(source)
        output = self.trace("pyimport", self.file)
        rows = re.findall(
            r"(?m)^ *\d+ +(\d+) +(\d+) ( *)trace_(\w+)( \(failed\))?$", output
        )
        self.assertEqual(
            [(name, len(pad), bool(failed)) for _, _, pad, name, failed in rows],
            [
                ("leaf", 4, False),
                ("inner", 2, False),
                ("outer", 0, False),
                ("worse", 2, True),
                ("bad", 0, True),
                ("absent", 0, True),
            ],
        )
        total = {name: int(total) for total, _, _, name, _ in rows}
        own = {name: int(own) for _, own, _, name, _ in rows}
        self.assertEqual(own["leaf"], total["leaf"])
        self.assertGreaterEqual(own["inner"], 100_000)
        self.assertGreaterEqual(own["outer"], 50_000)
        # Down to the microsecond, or one less where both were cut.
        for outer, inner in (("outer", "inner"), ("inner", "leaf"), ("bad", "worse")):
            self.assertIn(total[outer] - total[inner] - own[outer], (0, 1))
        summed = counts(output, "own_us")
        self.assertEqual(summed["trace_inner"], own["inner"])
        self.assertEqual(summed["trace_outer"], own["outer"])
        self.assert_maps(output, "own_us")

    def test_pythreads(self):
        output = self.trace_source("pythreads", """\
import threading, time

def rests():
    print('rests', threading.get_native_id())
    time.sleep(0.05)

def renamed():
    print('renamed', threading.get_native_id())
    threading.current_thread().name = 'new name'

def stays():
    print('stays', threading.get_native_id(), flush=True)
    started.set()
    threading.Event().wait()

started = threading.Event()
for function in rests, renamed:
    thread = threading.Thread(target=function, name=function.__name__)
    thread.start()
    thread.join()
threading.Thread(target=stays, name='stays', daemon=True).start()
started.wait()
""")
        ids = dict(line.split() for line in self.printed.splitlines())
        rows = re.findall(
            r"(?m)^ *\d+ +(\d+) +(\d+) (start|exit) +(?:(\d+\.\d{3}) )?(\w.*)$", output
        )
        pid = rows[0][0]
        self.assertEqual(
            [(of, thread, event, name) for of, thread, event, _, name in rows],
            [
                (pid, ids["rests"], "start", "rests"),
                (pid, ids["rests"], "exit", "rests"),
                (pid, ids["renamed"], "start", "renamed"),
                (pid, ids["renamed"], "exit", "new name"),
                (pid, ids["stays"], "start", "stays"),
            ],
        )
        lived = [float(lived) for *_, lived, _ in rows if lived]
        self.assertGreaterEqual(lived[0], 50)
        self.assertLess(lived[1], lived[0])
        self.assertEqual(
            list(counts(output, "running_since_ms")), [f"{pid}, {ids['stays']}, stays"]
        )
        self.assert_maps(output, "lived_us", "running_since_ms")


class Time(EventTest):
    def test_pycfunc(self):
        output = self.trace_source("pycfunc", """\
import math, time

def down(depth):
    # Of Python, in C, in Python...
    return max([depth], key=lambda depth: down(depth - 1) if depth else ground())

def ground():
    time.sleep(0.01)
    plain(0)
    return 0

def plain(number):
    return number

def fails():
    try:
        math.sqrt(-1)
    except ValueError:
        pass

for _ in range(10):
    down(49)
for _ in range(300):
    fails()
    # One place that calls one of each kind.
    for function in math.hypot, plain, math.hypot, plain, plain:
        function(6)
    list(map(plain, (1, 2)))
""")
        calls = counts(output, "calls")
        self.assertEqual(calls["builtins.max"], 500)
        self.assertEqual(calls["math.sqrt"], 300)
        self.assertEqual(calls["math.hypot"], 600)
        self.assertNotIn("__main__.plain", calls)
        total, own = counts(output, "total_us"), counts(output, "own_us")
        # Slept ten times, within fifty calls each time.
        self.assertGreaterEqual(own["time.sleep"], 100_000)
        self.assertGreaterEqual(total["builtins.max"], 50 * 100_000)
        self.assertLess(own["builtins.max"], own["time.sleep"])
        longest = counts(output, "longest_us")
        self.assertGreaterEqual(longest["time.sleep"], 10_000)
        self.assertGreaterEqual(longest["builtins.max"], longest["time.sleep"])
        self.assert_maps(output, "calls", "longest_us", "total_us", "own_us")

    def test_pyasync(self):
        output = self.trace_source("pyasync", """\
import time

class Wait:
    def __await__(self):
        yield

async def inner():
    await Wait()
    time.sleep(0.05)
    await Wait()

async def outer():
    await inner()

def rests():
    yield 1
    time.sleep(0.02)
    yield 2

def catches():
    try:
        yield 1
    except KeyError:
        yield 2

def step(coroutine):
    try:
        coroutine.send(None)
    except StopIteration:
        pass

def main():
    # The one that waits first is the last to go on.
    long, short = outer(), outer()
    step(long)
    for _ in range(3):
        step(short)
    time.sleep(0.2)
    step(long)
    step(long)
    for _ in range(5):
        list(rests())
    thrown = catches()
    next(thrown)
    thrown.throw(KeyError)
    list(thrown)
    left = rests()
    next(left)
    left.close()
    left = rests()
    next(left)
    del left
    list(rests())

main()
""")
        for function in (f"{name}, {self.file}" for name in ("inner", "outer")):
            suspended = histogram(output, "suspended_us", function)
            self.assertEqual(sum(suspended.values()), 4)
            self.assertEqual([n for least, n in suspended.items() if least >= 131072], [1])
            ran = histogram(output, "ran_us", function)
            self.assertEqual(sum(ran.values()), 6)
            self.assertGreaterEqual(counts(output, "total_ran_us")[function], 100_000)
            self.assertGreaterEqual(counts(output, "longest_run_us")[function], 50_000)
            self.assertGreaterEqual(
                counts(output, "total_suspended_us")[function], 200_000
            )
        self.assertGreaterEqual(counts(output, "total_ran_us")[f"rests, {self.file}"], 120_000)
        # Two were left after their first yield. That they end has events of its own, but
        # not in all versions.
        key = f"rests, {self.file}"
        ran = sum(histogram(output, "ran_us", key).values())
        suspended = sum(histogram(output, "suspended_us", key).values())
        self.assertIn((ran, suspended), ((6 * 3 + 2, 6 * 2), (6 * 3 + 4, 6 * 2 + 2)))
        key = f"catches, {self.file}"
        self.assertEqual(sum(histogram(output, "ran_us", key).values()), 3)
        self.assertEqual(sum(histogram(output, "suspended_us", key).values()), 2)
        self.assertNotIn("@ran_us[main,", output)
        self.assert_maps(
            output, "ran_us", "suspended_us", "total_ran_us", "total_suspended_us",
            "longest_run_us",
        )

    def test_pylines(self):
        output = self.trace_source("pylines", """\
import time

def short(): return 1

def main():
    for number in range(1000):
        short()
        if number % 500 == 0:
            time.sleep(0.05)

main()
""")
        hits = self.own(counts(output, "hits"))
        self.assertEqual(
            {key: number for key, number in hits.items() if number >= 1000},
            {
                ("short", "3"): 1000,
                ("main", "6"): 1001,
                ("main", "7"): 1000,
                ("main", "8"): 1000,
            },
        )
        self.assertGreaterEqual(
            self.own(counts(output, "total_us"))[("main", "9")], 100_000
        )
        self.assert_maps(output, "hits", "total_us")
