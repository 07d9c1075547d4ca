# SPDX-License-Identifier: BSD-2-Clause
"""Profiles as tables and files: what was counted, and what readers make of it."""

import cProfile
import contextlib
import gzip
import io
import json
import os
import pathlib
import pstats
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import protobuf_reader
from counting import Binding, comparable
from pyusdt.profiling import output, pprof, pstatsfile, stackfiles
from pyusdt.profiling.model import DEPTH_MAX, Profile
from pyusdt.profiling.recording import Recording
from pyusdt.profiling.table import table
from pyusdt.stacks import flamegraph

SVG = "{http://www.w3.org/2000/svg}"
HERE = __file__


def row(parent, code_id, name, own, total, calls=1, *, filename="/srv/a.py", line=1,
        qualname=None, longest=0, resumes=0, exceptions=0):
    return (parent, code_id, name, qualname or name, filename, line, calls, own, total,
            longest, resumes, exceptions)


# main() calls work() twice, that calls fact(), which calls itself, and len().
TREE = [
    row(-1, 1, "main", 1_000, 2_000_000_000, longest=2_000_000_000),
    row(0, 2, "work", 500, 900_000, 2, line=5, qualname="Job.work", longest=800_000),
    row(1, 3, "fact", 100_000, 300_000, 2, line=9, longest=200_000),
    row(2, 3, "fact", 200_000, 200_000, 6, line=9, longest=150_000, exceptions=1),
    row(3, 4, "<built-in method builtins.len>", 7, 7, 8, filename="~", line=0),
    row(0, 5, "each", 70, 90, 1, line=20, resumes=3),
    row(5, 3, "fact", 20, 20, 1, line=9),
]
# What no terminal, no line and no separator is to have from a name.
HOSTILE = ["\x1b[31mred\x1b[0m", "a;b", "new\nline", "\ud800half", "x" * 10_000, "]]><&\"'",
           "\u202egnp", "", "nul\0"]


def hostile_rows():
    for number, name in enumerate(HOSTILE):
        yield row(-1, number, name, number + 1, number + 1, filename=f"/srv/{name}.py",
                  line=number)


# --- A workload that counts the same each time.


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)


def numbers(n):
    with contextlib.suppress(ValueError):
        for i in range(n):
            yield i


def delegating(n):
    yield from numbers(n)


def failing():
    raise ValueError


class Things:
    def __init__(self):
        self.one = lambda: 1; self.two = lambda: self.one() + 1  # noqa: E702

    def use(self):
        return self.two() + sum(delegating(5)) + sum(1 for _ in numbers(4))


def workload():
    for _ in range(3):
        fib(7), even(9), Things().use()
        with contextlib.suppress(ValueError):
            failing()
        generator = delegating(3)
        next(generator)
        generator.close()


def named(profile):
    """Stacks of names, and the time in them."""
    return {tuple(profile.names[number][2] for number in stack): figures.own
            for stack, figures in profile.stacks().items()}


def profile_of(function, *, stacks=True):
    recording = Recording(Binding(), stacks, c_functions=False)
    recording.begin()
    function()
    recording.stop()
    return recording.take()


class SameAsCProfile(unittest.TestCase):
    """Counts are exactly its, by function and by caller; and its form, by pstats."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        theirs = cProfile.Profile(builtins=False)
        theirs.enable()
        workload()
        theirs.disable()
        cls.theirs = pstats.Stats(theirs)
        cls.profile = profile_of(workload)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ours.pstats")
            output.Output(path).write(cls.profile, "workload")
            cls.ours = pstats.Stats(path)

    def test_counts(self):
        theirs = comparable(self.theirs.stats)
        self.assertIn((HERE, fib.__code__.co_firstlineno, "fib"), theirs)
        self.assertEqual(comparable(self.ours.stats), theirs)

    def test_totals(self):
        self.ours.calc_callees()
        self.assertEqual(self.ours.total_calls, sum(
            nc for _, nc, *_ in self.ours.stats.values()))
        self.assertLess(self.ours.prim_calls, self.ours.total_calls)
        for _, _, own, total, _ in self.ours.stats.values():
            self.assertIsInstance(own, float)
            self.assertLessEqual(own, total)

    def test_prints(self):
        printed = io.StringIO()
        stats = pstats.Stats(self.profile_file(), stream=printed)
        stats.sort_stats("cumulative").print_stats().print_callers().print_callees()
        self.assertRegex(printed.getvalue(), r"123/3 .*test_profile_formats\.py:\d+\(fib\)")

    def profile_file(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "x.pstats")
        output.Output(path).write(self.profile, "")
        return path

    def test_functions_without_stacks(self):
        alone = profile_of(workload, stacks=False)
        self.assertTrue(all(node.parent is None for node in alone.nodes))
        self.assertEqual(
            {function: (figures.calls, figures.resumes, figures.exceptions)
             for function, figures in alone.functions().items()},
            {function: (figures.calls, figures.resumes, figures.exceptions)
             for function, figures in self.profile.functions().items()},
        )


class Model(unittest.TestCase):
    def test_functions(self):
        functions = Profile(TREE).functions()
        fact = functions["/srv/a.py", 9, "fact", "fact"]
        self.assertEqual((fact.calls, fact.outermost, fact.own, fact.total, fact.longest,
                          fact.exceptions), (9, 3, 300_020, 300_020, 200_000, 1))
        each = functions["/srv/a.py", 20, "each", "each"]
        self.assertEqual((each.calls, each.resumes, each.outermost), (1, 3, 4))

    def test_edges(self):
        edges = {
            (caller[2], callee[2]): (figures.calls, figures.outermost, figures.total)
            for (caller, callee), figures in Profile(TREE).edges().items()
        }
        self.assertEqual(edges, {
            ("main", "work"): (2, 2, 900_000),
            ("work", "fact"): (2, 2, 300_000),
            ("fact", "fact"): (6, 6, 200_000),
            ("fact", "<built-in method builtins.len>"): (8, 8, 7),
            ("main", "each"): (1, 4, 90),
            ("each", "fact"): (1, 1, 20),
        })

    def test_hidden(self):
        """The profiler's own: what it calls in C goes, what else it calls does not."""
        rows = [
            row(-1, 1, "main", 1, 9),
            row(0, 2, "excepthook", 1, 8, filename="/usr/pyusdt/run.py"),
            row(1, 3, "<built-in method x>", 1, 1, filename="~", line=0),
            row(1, 4, "hook", 2, 7),
            row(3, 3, "<built-in method x>", 1, 1, filename="~", line=0),
            row(-1, 5, "end", 1, 1, filename="/usr/pyusdt/profiling/running.py"),
            row(-1, 6, "<built-in method end>", 1, 1, filename="~", line=0),
        ]
        found = named(Profile(rows, "/usr/pyusdt/", "<built-in method end"))
        self.assertEqual(list(found), [
            ("main",), ("main", "hook"), ("main", "hook", "<built-in method x>")])

    def test_nodes_of_a_parent_process(self):
        rows = [row(-1, 1, "main", 0, 0, 0), row(0, 2, "child", 1, 1), row(0, 3, "old", 0, 0, 0)]
        profile = Profile(rows)
        self.assertEqual([function[2] for function in profile.functions()], ["child"])
        self.assertEqual(named(profile), {("main", "child"): 1})

    def test_deep_recursion(self):
        rows = [row(number - 1, 1, "down", 1, 1) for number in range(DEPTH_MAX * 20)]
        found = named(Profile(rows))
        self.assertEqual(len(found), DEPTH_MAX + 1)
        deepest = max(found, key=len)
        self.assertEqual(deepest, (*["down"] * DEPTH_MAX, "[deeper]"))
        self.assertEqual(found[deepest], DEPTH_MAX * 19)

    def test_least_percent(self):
        """A flame graph has the same frames, as wide as with all."""
        profile = profile_of(workload)
        percent = 1
        whole, less = (stackfiles.stacks(profile, least) for least in (0, percent))
        self.assertLess(len(less), len(whole))
        self.assertEqual(less.total(), whole.total())

        def boxes(stacks):
            labelled = {tuple((frame.label, frame.kind) for frame in stack): value
                        for stack, value in stacks.items()}
            root = flamegraph.make_tree(labelled)
            return [(box.node.label, box.depth, box.node.value)
                    for box in flamegraph.make_boxes(root, root.value * percent / 100)]

        self.assertEqual(boxes(less), boxes(whole))


class Table(unittest.TestCase):
    def test_table(self):
        self.assertEqual(table(Profile(TREE)).splitlines(), [
            "calls     own   total     max  resumes  function",
            "    9  300 us  300 us  200 us        0  fact (/srv/a.py:9)",
            "    1  1.0 us   2.0 s   2.0 s        0  main (/srv/a.py:1)",
            "    2  500 ns  900 us  800 us        0  Job.work (/srv/a.py:5)",
            "    1   70 ns   90 ns    0 ns        3  each (/srv/a.py:20)",
            "    8    7 ns    7 ns    0 ns        0  <built-in method builtins.len>",
        ])

    def test_limit(self):
        short = table(Profile(TREE), 2).splitlines()
        self.assertEqual(len(short), 4)
        self.assertEqual(short[-1], "and 3 more functions: 577 ns own")
        self.assertEqual(len(table(Profile(TREE), None).splitlines()), 6)

    def test_nothing(self):
        self.assertEqual(table(Profile([])), "calls  own  total  max  resumes  function\n")

    def test_hostile_names(self):
        lines = table(Profile(hostile_rows())).splitlines()
        self.assertEqual(len(lines), 1 + len(HOSTILE))
        self.assertTrue(all(line.isprintable() for line in lines))


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, rows, name):
        output.Output(str(self.folder / name)).write(Profile(rows), "title")
        return (self.folder / name).read_bytes()

    def test_folded(self):
        self.assertEqual(self.write(TREE, "x.folded").decode().splitlines(), [
            "main (/srv/a.py:1) 1000",
            "main (/srv/a.py:1);Job.work (/srv/a.py:5) 500",
            "main (/srv/a.py:1);Job.work (/srv/a.py:5);fact (/srv/a.py:9) 100000",
            "main (/srv/a.py:1);Job.work (/srv/a.py:5);fact (/srv/a.py:9);"
            "fact (/srv/a.py:9) 200000",
            "main (/srv/a.py:1);Job.work (/srv/a.py:5);fact (/srv/a.py:9);"
            "fact (/srv/a.py:9);<built-in method builtins.len> 7",
            "main (/srv/a.py:1);each (/srv/a.py:20) 70",
            "main (/srv/a.py:1);each (/srv/a.py:20);fact (/srv/a.py:9) 20",
        ])

    def test_svg(self):
        root = ElementTree.fromstring(self.write(TREE, "x.svg"))
        tips = [tip.text for tip in root.iter(f"{SVG}title")]
        self.assertEqual(tips[0], "title")
        self.assertIn("Job.work (/srv/a.py:5)\n301 us, 99.64 %", tips)

    def test_speedscope(self):
        document = json.loads(self.write(TREE, "x.json"))
        profile, = document["profiles"]
        self.assertEqual((profile["unit"], profile["endValue"]), ("nanoseconds", 301_597))
        names = [frame["name"] for frame in document["shared"]["frames"]]
        self.assertIn(["main", "Job.work", "fact"],
                      [[names[number] for number in sample] for sample in profile["samples"]])

    def test_pprof(self):
        found = protobuf_reader.profile(gzip.decompress(self.write(TREE, "x.pb.gz")))
        self.assertEqual(found.types, [("calls", "count"), ("time", "nanoseconds")])
        self.assertEqual(found.default_type, "time")
        self.assertEqual(found.comments, ["title"])
        fact = ("fact", "/srv/a.py", 9, 9)
        work = ("Job.work", "/srv/a.py", 5, 5)
        main = ("main", "/srv/a.py", 1, 1)
        length = "<built-in method builtins.len>"
        self.assertEqual(found.samples, [
            ([main], [1, 1_000]),
            ([work, main], [2, 500]),
            ([fact, work, main], [2, 100_000]),
            ([fact, fact, work, main], [6, 200_000]),
            ([(length, "~", 0, 0), fact, fact, work, main], [8, 7]),
            ([("each", "/srv/a.py", 20, 20), main], [1, 70]),
            ([fact, ("each", "/srv/a.py", 20, 20), main], [1, 20]),
        ])

    def test_pprof_of_large_numbers(self):
        rows = [row(-1, 1, "f", 2**62, 2**62, 2**40)]
        (_, values), = protobuf_reader.profile(
            pprof.written(Profile(rows), "").profile()).samples
        self.assertEqual(values, [2**40, 2**62])

    def test_same_functions_of_one_line_are_one_in_pstats(self):
        rows = [row(-1, 1, "<lambda>", 10**9, 10**9), row(0, 2, "<lambda>", 10**9, 10**9)]
        self.assertEqual(pstatsfile.stats(Profile(rows)), {
            ("/srv/a.py", 1, "<lambda>"): (2, 2, 2.0, 2.0, {
                ("/srv/a.py", 1, "<lambda>"): (1, 1, 1.0, 1.0)})})

    def test_hostile_names(self):
        for name in ("x.folded", "x.svg", "x.json", "x.pb.gz", "x.pstats"):
            with self.subTest(name=name):
                content = self.write(hostile_rows(), name)
                if name != "x.pstats":
                    if name == "x.pb.gz":
                        content = gzip.decompress(content)
                    text = content.decode() if name != "x.pb.gz" else content.decode("latin-1")
                    self.assertNotIn("\x1b", text)
        lines = (self.folder / "x.folded").read_text().splitlines()
        self.assertEqual(len(lines), len(HOSTILE))
        for line in lines:
            self.assertRegex(line, r"^[^;]* \d+$")
        ElementTree.parse(self.folder / "x.svg")
        frames = json.loads((self.folder / "x.json").read_text())["shared"]["frames"]
        self.assertEqual(len(frames), len(HOSTILE))
        content = gzip.decompress((self.folder / "x.pb.gz").read_bytes())
        found = protobuf_reader.profile(content)
        self.assertIn("x" * 10_000, [stack[0][0] for stack, _ in found.samples])
        stats = pstats.Stats(str(self.folder / "x.pstats")).stats
        # As cProfile's: the names themselves.
        self.assertEqual({function[2] for function in stats}, set(HOSTILE))

    def test_nothing_was_called(self):
        for name in ("x.folded", "x.json", "x.pb.gz"):
            self.write([], name)
        self.assertEqual(pstatsfile.stats(Profile([])), {})
        with self.assertRaisesRegex(ValueError, "no stacks to draw"):
            self.write([], "x.svg")
        self.assertFalse((self.folder / "x.svg").exists())


if __name__ == "__main__":
    unittest.main()
