# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-stacks --diff: two folded files as one flame graph, or as difffolded.pl has them."""

import colorsys
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from pyusdt.stacks.differential import colour, normalized, svg_difference
from pyusdt.stacks.folded import read_folded

SECONDS = 60
SVG = "{http://www.w3.org/2000/svg}"

BEFORE = """\
main;same 100
main;more 100
main;less 100
main;gone;deep 50
main 10
"""
AFTER = """\
main;same 100
main;more;new_[k] 60
main;more 140
main;less 70
main 30
"""


def counts(text):
    return read_folded(text.splitlines(keepends=True))


class Picture:
    def __init__(self, before=BEFORE, after=AFTER, **options):
        text = svg_difference(counts(before), counts(after), "a title", "us", 0, **options)
        self.root = ElementTree.fromstring(text)
        self.tips, self.widths, self.fills = {}, {}, {}
        for group in self.root.iter(f"{SVG}g"):
            if "frame" in group.get("class").split():
                name, self.tips[name] = group.findtext(f"{SVG}title").split("\n")
                rect = group.find(f"{SVG}rect")
                self.fills[name] = rect.get("fill")
                self.widths[name] = float(rect.get("width"))
        self.texts = [element.text for element in self.root.iter(f"{SVG}text")]


def hue_and_lightness(fill):
    parts = (int(fill[place:place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(*parts)
    return ("grey" if not saturation else "blue" if 0.5 < hue < 0.7 else "red"), lightness


class Svg(unittest.TestCase):
    def test_widths_are_those_of_the_second(self):
        found = Picture()
        self.assertNotIn("gone", found.widths)
        for name, value in {"main": 400, "same": 100, "more": 200, "less": 70,
                            "new_[k]": 60}.items():
            self.assertAlmostEqual(found.widths[name], found.widths["all"] * value / 400,
                                   delta=0.01)

    def test_differences_are_told(self):
        found = Picture()
        self.assertEqual(found.tips, {
            "all": "400 us, 100.00 %; +40 us, +11.11 % of before",
            "main": "400 us, 100.00 %; +40 us, +11.11 % of before",
            "same": "100 us, 25.00 %; as before",
            "more": "200 us, 50.00 %; +100 us, +100.00 % of before",
            "new_[k]": "60 us, 15.00 %; new",
            "less": "70 us, 17.50 %; -30 us, -30.00 % of before",
        })
        self.assertIn("400 us, before 360 us: +40 us, +11.11 % of before; "
                      "50 us of before were in frames that are gone", found.texts)

    def test_colours(self):
        found = {name: hue_and_lightness(fill) for name, fill in Picture().fills.items()}
        self.assertEqual({name: hue for name, (hue, _) in found.items()}, {
            "all": "red", "main": "red", "same": "grey", "more": "red", "new_[k]": "red",
            "less": "blue"})
        self.assertLess(found["more"][1], found["new_[k]"][1])
        self.assertLess(found["new_[k]"][1], found["main"][1])

    def test_strongest_where_the_change_is_largest(self):
        fills = [hue_and_lightness(colour(change, 1000))[1] for change in (1000, 100, 10, 1)]
        self.assertEqual(fills, sorted(fills))
        self.assertEqual([hue_and_lightness(colour(change, 1000))[0] for change in (1, 0, -1)],
                         ["red", "grey", "blue"])

    def test_nothing_has_changed(self):
        found = Picture(AFTER, AFTER)
        self.assertEqual({hue_and_lightness(fill)[0] for fill in found.fills.values()}, {"grey"})
        self.assertIn("400 us, before 400 us: as before", found.texts)

    def test_legend(self):
        self.assertLessEqual({"less than before", "as before", "more than before"},
                             set(Picture().texts))

    def test_normalized(self):
        """A program that did twice of all has changed in nothing."""
        twice = "".join(f"{stack} {2 * value}\n" for stack, value in counts(AFTER).items())
        found = Picture(AFTER, twice, is_normalized=True)
        self.assertEqual({hue_and_lightness(fill)[0] for fill in found.fills.values()}, {"grey"})
        self.assertIn("800 us, before 400 us, scaled to this", found.texts)

    def test_normalized_total_is_exact(self):
        before = counts("".join(f"f{number} {number % 7 + 1}\n" for number in range(1000)))
        for wanted in (1, 999, 10**6 + 1, 10**18):
            scaled = normalized(before, counts(f"f {wanted}\n"))
            self.assertEqual(scaled.total(), wanted)
            for stack, value in scaled.items():
                self.assertLess(abs(value - before[stack] * wanted / before.total()),
                                1 + wanted / 2**52)

    def test_hostile_names(self):
        names = ["<script>alert(1)</script>", "]]>", "a\x1b[2J\u202eb", "\udcff", "x" * 10_000]
        found = Picture(after="".join(f"{name} 1\n" for name in names))
        self.assertEqual(set(found.tips), {"all", "<script>alert(1)</script>", "]]>",
                                           r"a\x1b[2J\u202eb", r"\xff", "x" * 10_000})


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file("before", BEFORE)
        self.file("after", AFTER)

    def file(self, name, text):
        (self.folder / name).write_text(text)

    def run_command(self, *words, text=""):
        result = subprocess.run(
            [sys.executable, "-c", "from pyusdt.stacks.command import main; main()", *words],
            input=text, capture_output=True, text=True, cwd=self.folder, timeout=SECONDS,
            env={**os.environ, "PYUSDT_EVENTS": "none"}, check=False,
        )
        return result.returncode, result.stdout, result.stderr

    def refused(self, status, message, *words):
        returned, output, errors = self.run_command(*words)
        self.assertEqual((returned, output), (status, ""))
        self.assertRegex(errors, rf"\Apyusdt-stacks: {message}.*\n\Z")

    def test_as_difffolded_has_it(self):
        told = ("main 10 30\nmain;gone;deep 50 0\nmain;less 100 70\nmain;more 100 140\n"
                "main;more;new_[k] 0 60\nmain;same 100 100\n")
        self.assertEqual(self.run_command("--diff", "before", "after"), (0, told, ""))
        self.assertEqual(self.run_command("--diff", "before", "-", text=AFTER), (0, told, ""))

    def test_normalized(self):
        self.file("small", "a 1\nb 3\n")
        self.file("large", "a 100\nc 300\n")
        self.assertEqual(self.run_command("-n", "--diff", "small", "large"),
                         (0, "a 100 100\nb 300 0\nc 0 300\n", ""))

    def test_svg(self):
        self.assertEqual(
            self.run_command("--diff", "before", "after", "-o", "x.svg", "-u", "us", "-t",
                             "a & b"), (0, "", ""))
        root = ElementTree.parse(self.folder / "x.svg").getroot()
        tips = [element.text for element in root.iter(f"{SVG}title")]
        self.assertEqual(tips[0], "a & b")
        self.assertIn("less\n70 us, 17.50 %; -30 us, -30.00 % of before", tips)

    def test_spaces_line_ends_and_repeated_stacks(self):
        self.file("before", "\n a b;c  1\r\na b;c 2\n\n a b;c 4")
        self.assertEqual(self.run_command("--diff", "before", "after")[1].splitlines()[:2],
                         [" a b;c 5 0", "a b;c 2 0"])

    def test_input_that_cannot_be_used(self):
        for text in ("words\n", "main;f 1.5\n", "main;f -1\n", "17\n", "<svg\n", "\0\xff\x1b\n",
                     f"f {'9' * 5000}\n"):
            self.file("x", f"main 1\n{text}")
            self.refused(1, "x: line 2 is not a folded stack and its number", "--diff", "x",
                         "after")
            self.refused(1, "x: line 2 is not a folded stack and its number", "--diff",
                         "before", "x")
        for text in ("", "\n\n", "main 0\n"):
            self.file("x", text)
            self.refused(1, "x: no folded stacks, or all of 0", "--diff", "x", "after")
            self.refused(1, "x: no folded stacks, or all of 0", "--diff", "before", "x")
        self.refused(1, "nowhere: No such file", "--diff", "before", "nowhere")

    def test_wrong_usage(self):
        self.refused(2, "argument --diff: expected 2 arguments", "--diff", "before")
        self.refused(2, "--diff takes two files, and writes to -o FILE: x.svg", "--diff",
                     "before", "after", "x.svg")
        self.refused(2, "--normalize is for --diff", "-n", "before")
        self.refused(2, "--diff makes svg or folded, not pprof", "--diff", "before", "after",
                     "-o", "x.pb.gz")
        for word in ("--lines", "--short", "--full-native", "--map=x"):
            self.refused(2, f"{word.partition('=')[0]} is for what a script printed", word,
                         "--diff", "before", "after")


if __name__ == "__main__":
    unittest.main()
