# SPDX-License-Identifier: BSD-2-Clause
"""FILE.pb.gz of stacks: what it holds, and that pprof's own readers read the same."""

import gzip
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import protobuf_reader
from optional import where
from pyusdt.stacks import joining, pprof, reading, speedscope
from pyusdt.stacks.frames import KERNEL, NATIVE, OTHER, PYTHON, Frame
from pyusdt.trace.library import keeps_stacks, read_script, unit_of

SECONDS = 60
BUILD = pathlib.Path(os.environ["PYUSDT_BUILDDIR"])
# Read back where they are installed; scripts/test puts the first there.
MODULES = BUILD / "node_modules"
NODE = shutil.which("node")
GO = shutil.which("go")

TRACE = (
    "STACK\ta\t0\tread_all\t/srv/a b.py\t3\t14\t4711\t0x7f00\t5\n"
    "STACK\ta\t1\t<module>\t/srv/a b.py\t1\t40\n"
    "@stacks[10, 22549, python3, \n    vfs_read+1\n, \n    read+13\n]: 20\n"
    "@stacks[10, 22549, python3, , ]: 2\n"
    "@stacks[0, 22549, python3, , ]: 300\n"
)
PROCESS = ("22549 python3", "[other]", 0, 0)
MODULE = ("<module>", "/srv/a b.py", 1, 1)
READ = ("read_all", "/srv/a b.py", 3, 5)
SAMPLES = [
    ([READ, MODULE, PROCESS], [2]),
    ([("vfs_read_[k]", "[kernel]", 0, 0),
      ("read", "[native]", 0, 0), READ, MODULE, PROCESS], [20]),
    ([("[no Python]", "[other]", 0, 0), PROCESS], [300]),
]


def join(text, **options):
    return joining.join(reading.read(io.StringIO(text)), ["stacks"],
                        joining.JoinOptions(**options)).stacks


def decoded(stacks, unit="us"):
    return protobuf_reader.profile(gzip.decompress(pprof.pprof(stacks, "a title", unit)))


def in_order(samples):
    return sorted(samples, key=lambda sample: sample[1])


class Bytes(unittest.TestCase):
    def test_samples_have_the_innermost_frame_first(self):
        found = decoded(join(TRACE))
        self.assertEqual(in_order(found.samples), SAMPLES)
        self.assertEqual(found.types, [("time", "microseconds")])
        self.assertEqual(found.default_type, "time")
        self.assertEqual(found.comments, ["a title"])

    def test_types_and_units(self):
        for unit, kind in {
            "samples": ("samples", "count"), "count": ("events", "count"),
            "ns": ("time", "nanoseconds"), "us": ("time", "microseconds"),
            "ms": ("time", "milliseconds"), "bytes": ("space", "bytes"),
        }.items():
            found = decoded(join(TRACE), unit)
            self.assertEqual((found.types, found.default_type), ([kind], kind[0]))

    def test_every_unit_has_a_type(self):
        self.assertEqual(list(pprof.SAMPLE_TYPES), list(speedscope.UNITS))
        units = {path.stem: unit_of(read_script(path)) for path in BUILD.glob("bt/*.bt")
                 if keeps_stacks(read_script(path))}
        self.assertIn("pyoffcpu", units)
        for script, unit in units.items():
            self.assertIn(unit, pprof.SAMPLE_TYPES, script)

    def test_line_that_runs_and_first_line(self):
        """Two lines of one function are two places in it."""
        stacks = {(Frame("f", PYTHON, "a.py", line, 3),): line for line in (5, 7)}
        top = protobuf_reader.fields(pprof.written(stacks, "", "us").profile())
        self.assertEqual((len(top[5]), len(top[4])), (1, 2))
        self.assertEqual(in_order(decoded(stacks).samples),
                         [([("f", "a.py", 3, 5)], [5]), ([("f", "a.py", 3, 7)], [7])])

    def test_short_has_no_files_and_lines(self):
        self.assertIn(([("read_all", "", 0, 0), ("<module>", "", 0, 0),
                        PROCESS], [2]), decoded(join(TRACE, short=True)).samples)

    def test_same_name_of_other_kinds(self):
        stacks = {(Frame("read", kind),): 1 for kind in (PYTHON, NATIVE, OTHER, KERNEL)}
        self.assertEqual({stack[0][:2] for stack, _ in decoded(stacks).samples},
                         {("read", ""), ("read", "[native]"), ("read", "[other]"),
                          ("read_[k]", "[kernel]")})

    def test_large_numbers_and_deep_stacks(self):
        frames = tuple(Frame(f"f{number}", PYTHON, "a.py", number) for number in range(1, 3001))
        (stack, values), = decoded({frames: (1 << 63) - 1}).samples
        self.assertEqual(values, [(1 << 63) - 1])
        self.assertEqual([place[0] for place in stack],
                         [frame.name for frame in reversed(frames)])

    def test_names_are_escaped(self):
        text = ("STACK\t5\t0\ta\x1b[2J\u202eb\tx\x9b.py\t1\t-1\n@stacks[5]: 1\n")
        (stack, _), = decoded(join(text)).samples
        self.assertEqual(stack, [(r"a\x1b[2J\u202eb", r"x\x9b.py", 1, 1)])


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, *words):
        subprocess.run(
            [sys.executable, "-c", "from pyusdt.stacks.command import main; main()", *words],
            input=TRACE, text=True, cwd=self.folder, timeout=SECONDS, check=True,
            env={**os.environ, "PYUSDT_EVENTS": "none"},
        )
        return self.folder / "x.pb.gz"

    def test_format_is_that_of_the_name(self):
        for words in ("-o", "x.pb.gz"), ("-f", "pprof", "-o", "x.PB.GZ"):
            self.write("-u", "us", *words)
            content = (self.folder / words[-1]).read_bytes()
            found = protobuf_reader.profile(gzip.decompress(content))
            self.assertEqual(in_order(found.samples), SAMPLES)
        self.assertEqual(found.comments, ["Python stacks"])

    @where(NODE and (MODULES / "pprof-format").is_dir(), f"no node, or no pprof-format in {MODULES}")
    def test_read_by_pprof_format(self):
        program = """
            const {Profile} = require("pprof-format");
            const profile = Profile.decode(require("zlib").gunzipSync(
                require("fs").readFileSync(process.argv[1])));
            const text = (number) => profile.stringTable.strings[Number(number)];
            const byId = (all) => new Map(all.map((one) => [Number(one.id), one]));
            const locations = byId(profile.location), functions = byId(profile.function);
            const place = (id) => {
                const [line] = locations.get(Number(id)).line;
                const of = functions.get(Number(line.functionId));
                return [text(of.name), text(of.filename),
                        Number(of.startLine), Number(line.line)];
            };
            console.log(JSON.stringify({
                types: profile.sampleType.map((one) => [text(one.type), text(one.unit)]),
                samples: profile.sample.map((one) =>
                    [one.locationId.map(place), one.value.map(Number)]),
                comments: profile.comment.map(text),
                defaultType: text(profile.defaultSampleType),
            }));
        """
        result = subprocess.run(
            [NODE, "-e", program, self.write("-u", "us", "-o", "x.pb.gz")], text=True,
            capture_output=True, timeout=SECONDS, env={**os.environ, "NODE_PATH": str(MODULES)},
            check=False,
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        found = json.loads(result.stdout)
        self.assertEqual(found["types"], [["time", "microseconds"]])
        self.assertEqual((found["comments"], found["defaultType"]), (["Python stacks"], "time"))
        self.assertEqual(
            in_order([([tuple(place) for place in stack], values)
                      for stack, values in found["samples"]]), SAMPLES)

    @where(GO, "no go, which has pprof")
    def test_read_by_pprof(self):
        """It refuses a profile that is not well formed."""
        file = self.write("-u", "us", "-o", "x.pb.gz")
        shown = subprocess.run(
            [GO, "tool", "pprof", "-raw", file], text=True, capture_output=True,
            timeout=SECONDS, env={**os.environ, "HOME": str(self.folder)}, check=False,
        )
        self.assertEqual(shown.returncode, 0, shown.stderr)
        # "  20: 3 2 1", with numbers of locations, "   3: 0x0 M=0 NAME FILE:LINE s=FIRST".
        places = {number: name for number, name in re.findall(
            r"^ +(\d+): 0x0 (?:M=\d+ )?(.+ \S*:\d+)(?::\d+)? s=\d+", shown.stdout, re.MULTILINE)}
        samples = {int(value): [places[number] for number in numbers.split()]
                   for value, numbers in re.findall(r"^ +(\d+): ([\d ]+)$", shown.stdout,
                                                    re.MULTILINE)}
        self.assertEqual(samples, {
            value: [f"{place[0]} {place[1]}:{place[3]}" for place in stack]
            for stack, (value,) in SAMPLES
        })
        self.assertIn("time/microseconds", shown.stdout)


if __name__ == "__main__":
    unittest.main()
