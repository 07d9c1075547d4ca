# SPDX-License-Identifier: BSD-2-Clause
"""Flame graphs in a browser: zoom, search, reset, and names that would be more than names."""

import pathlib
import tempfile
import unittest
from collections import Counter

from browser import CHROMIUM, CONTROL, Browser
from optional import where
from pyusdt.amounts import amount
from pyusdt.stacks import flamegraph
from pyusdt.stacks.differential import svg_difference

HOSTILE = "<script>alert(1)</script>"
STACKS = {
    (("4711 python3", "other"), ("main (a.py:1)", "python"), ("read_all (a.py:9)", "python"),
     ("vfs_read_[k]", "kernel")): 500,
    (("4711 python3", "other"), ("main (a.py:1)", "python"), ("parse (a.py:30)", "python")): 100,
    (("4711 python3", "other"), (HOSTILE, "python"), ("read", "native")): 300,
    (("4711 python3", "other"), ("]]></script><img src=x onerror=alert(2)>", "python")): 100,
}
MARGIN = 10
FRAMES = """
    [...document.querySelectorAll(".frame")].map((frame) => {
        const rect = frame.querySelector("rect"), text = frame.querySelector("text");
        const box = rect.getBoundingClientRect();
        return {
            name: frame.querySelector("title").textContent.split("\\n")[0],
            shown: getComputedStyle(frame).display !== "none",
            left: box.left, width: box.width, x: box.left + box.width / 2,
            y: box.top + box.height / 2,
            text: text ? text.textContent : "",
            fill: getComputedStyle(rect).fill,
            is_found: frame.classList.contains("found"),
            is_outer: frame.classList.contains("outer"),
        };
    })
"""


@where(CHROMIUM, "no Chromium")
class Chromium(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, text=None, name="graph.svg", **size):
        path = self.folder / name
        path.write_text(text or flamegraph.render(STACKS, "a title", "us"))
        self.browser.open(path, **size)
        self.addCleanup(self.nothing_else, path)

    def nothing_else(self, path):
        """No script of a name has run, none of ours has failed, nothing was fetched."""
        self.assertEqual([kind for kind, _ in self.browser.dialogs if kind != "prompt"], [])
        self.assertEqual(self.browser.errors, [])
        self.assertEqual(self.browser.requests, [path.as_uri()])

    def frames(self):
        return {frame["name"]: frame for frame in self.browser.evaluate(FRAMES)}

    def text(self, css):
        return self.browser.evaluate(f'document.querySelector("{css}").textContent')

    def click_on(self, css):
        self.browser.click(*self.browser.evaluate(
            f'(({{left, top, width, height}}) => [left + width / 2, top + height / 2])'
            f'(document.querySelector("{css}").getBoundingClientRect())'))

    def click_frame(self, name):
        frame = self.frames()[name]
        self.browser.click(frame["x"], frame["y"])

    def search(self, words):
        self.browser.replies.append(words)
        self.browser.press("f", CONTROL)
        self.assertEqual(self.browser.dialogs[-1],
                         ("prompt", "Function, file or regular expression:"))

    def found(self):
        return {name for name, frame in self.frames().items() if frame["is_found"]}

    def test_fills_the_window(self):
        for width in 800, 1500:
            self.open(width=width)
            self.assertAlmostEqual(self.frames()["all"]["width"], width - 2 * MARGIN, delta=0.1)
        self.browser.resize(1000, 700)
        self.browser.settle()
        frames = self.frames()
        self.assertAlmostEqual(frames["all"]["width"], 980, delta=0.1)
        self.assertAlmostEqual(frames["main (a.py:1)"]["width"], 980 * 0.6, delta=0.1)

    def test_zoom(self):
        self.open(width=800)
        before = self.frames()
        self.click_frame("main (a.py:1)")
        after = self.frames()
        self.assertEqual({name for name, frame in after.items() if frame["shown"]},
                         {"all", "4711 python3", "main (a.py:1)", "read_all (a.py:9)",
                          "vfs_read_[k]", "parse (a.py:30)"})
        self.assertEqual({name for name, frame in after.items() if frame["is_outer"]},
                         {"all", "4711 python3"})
        for name, share in {"all": 1, "main (a.py:1)": 1, "read_all (a.py:9)": 5 / 6,
                            "parse (a.py:30)": 1 / 6}.items():
            self.assertAlmostEqual(after[name]["width"], 780 * share, delta=0.1)
        self.assertEqual(before["parse (a.py:30)"]["text"], "parse (..")
        self.assertEqual(after["parse (a.py:30)"]["text"], "parse (a.py:30)")
        self.click_frame("all")
        self.assertEqual(self.frames(), {**before, "all": self.frames()["all"]})

    def test_search(self):
        self.open()
        self.search("READ")
        self.assertEqual(self.found(), {"read_all (a.py:9)", "vfs_read_[k]", "read"})
        # What is inside of a frame that was found is not counted again.
        self.assertEqual(self.text(".matched"), "/READ/ 800 us, 80.00 %")
        frames = self.frames()
        self.assertEqual(len({frames[name]["fill"] for name in self.found()}), 1)
        self.assertNotEqual(frames["read"]["fill"], frames["parse (a.py:30)"]["fill"])
        self.search("^parse|]]>")
        self.assertEqual(len(self.found()), 2)
        self.assertEqual(self.text(".matched"), "/^parse|]]>/ 200 us, 20.00 %")

    def test_sums_have_the_units_of_the_rest(self):
        values = [1, 999, 1000, 12_345, 99_949, 999_499, 1_234_567, 19_037_951, 10**10]
        for unit in "us", "ms", "bytes", "samples":
            stacks = {((f"f{value}", "python"),): value for value in values}
            self.open(flamegraph.render(stacks, "a title", unit))
            for value in values:
                self.search(f"^f{value}$")
                percent = f"{100 * value / sum(values):.2f} %"
                self.assertEqual(self.text(".matched"),
                                 f"/^f{value}$/ {amount(value, unit)}, {percent}")

    def test_words_make_room_for_numbers(self):
        self.open(width=400)
        self.search("parse|" + "x" * 1000)
        self.assertRegex(self.text(".matched"), r"^/parse.*x\.\. 100 us, 10.00 %$")
        frame = self.frames()[HOSTILE]
        self.browser.mouse("mouseMoved", frame["x"], frame["y"])
        self.assertEqual(self.text(".detail"), f"{HOSTILE} 300 us, 30.00 %")
        self.open(flamegraph.render({(("f" * 1000, "python"),): 7}, "a title", "us"), width=400)
        frame = self.frames()["f" * 1000]
        self.browser.mouse("mouseMoved", frame["x"], frame["y"])
        self.assertRegex(self.text(".detail"), r"^f+\.\. 7 us, 100.00 %$")
        for css in ".detail", ".matched", ".quiet", ".buttons":
            self.assertLessEqual(self.browser.evaluate(
                f'document.querySelector("{css}").getBoundingClientRect().right'), 400)

    def test_search_by_the_button_for_what_is_no_expression(self):
        self.open()
        self.browser.replies.append("(a.py:30")
        self.click_on(".search")
        self.assertEqual(self.found(), {"parse (a.py:30)"})

    def test_search_that_is_given_up(self):
        self.open()
        self.search("parse")
        self.browser.press("f", CONTROL)
        self.assertEqual(self.found(), {"parse (a.py:30)"})

    def test_reset(self):
        for reset in (lambda: self.browser.press("Escape"), lambda: self.click_on(".reset")):
            self.open()
            before = self.frames()
            self.search("parse")
            self.click_frame("read_all (a.py:9)")
            self.assertNotEqual(self.frames(), before)
            reset()
            # Away from the frame that is now below the mouse.
            self.browser.mouse("mouseMoved", 1, 1)
            self.assertEqual(self.frames(), before)
            self.assertEqual(self.text(".matched"), "")

    def test_pointing_at_a_frame(self):
        self.open()
        frame = self.frames()["parse (a.py:30)"]
        self.browser.mouse("mouseMoved", frame["x"], frame["y"])
        self.assertEqual(self.text(".detail"), "parse (a.py:30) 100 us, 10.00 %")
        self.browser.mouse("mouseMoved", 1, 1)
        self.assertEqual(self.text(".detail"), "")

    def is_only_text(self):
        frame = self.frames()[HOSTILE]
        self.assertEqual(frame["text"], HOSTILE)
        self.browser.mouse("mouseMoved", frame["x"], frame["y"])
        self.assertEqual(self.text(".detail"), f"{HOSTILE} 300 us, 30.00 %")
        self.click_frame(HOSTILE)
        self.assertEqual(self.frames()[HOSTILE]["text"], HOSTILE)
        self.search("<script>")
        self.assertEqual(self.found(), {HOSTILE})
        self.assertEqual(self.text(".matched"), "/<script>/ 300 us, 30.00 %")
        for name, number in ("script", 1), ("img", 0):
            self.assertEqual(self.browser.evaluate(
                f'document.querySelectorAll("{name}").length'), number)

    def test_names_are_not_executed(self):
        self.open()
        self.is_only_text()

    def test_names_are_not_executed_within_a_page(self):
        graph = flamegraph.render(STACKS, HOSTILE, "us")
        self.open(f"<!doctype html><body>{graph}", "page.html")
        self.is_only_text()
        self.assertEqual(self.text(".headline"), HOSTILE)

    def test_difference(self):
        self.open(svg_difference(Counter({"main;f": 10, f"main;{HOSTILE}": 20}),
                                 Counter({"main;f": 30, f"main;{HOSTILE}": 10}), "t", "us", 0))
        frame = self.frames()[HOSTILE]
        self.browser.mouse("mouseMoved", frame["x"], frame["y"])
        self.assertEqual(self.text(".detail"),
                         f"{HOSTILE} 10 us, 25.00 %; -10 us, -50.00 % of before")
        self.click_frame("f")
        self.assertAlmostEqual(self.frames()["f"]["width"], 1180, delta=0.1)


if __name__ == "__main__":
    unittest.main()
