# SPDX-License-Identifier: BSD-2-Clause
"""What is printed and drawn of times that were measured: figures, never noise."""

import unittest
import xml.etree.ElementTree

import chart
import clock
import figures
from variants import VARIANTS

MACHINE = dict.fromkeys(
    ("date", "libpyusdt", "python", "kernel", "bpftrace", "processor", "load"), "x"
)
CLEAN = [44, 47, 45, 46, 45]
NOISY = [-3, 25, 10, 2, 18]
SVG = "{http://www.w3.org/2000/svg}"


def table(**restarts):
    return {
        "rows": [
            [name.replace("_", "-"), "fib", 2.0, *figures.spread(values).cells()]
            for name, values in restarts.items()
        ]
    }


def drawn(tables):
    """All texts of a chart, and the widths of its bars."""
    root = xml.etree.ElementTree.fromstring(
        chart.draw({"machine": MACHINE, "tables": tables})
    )
    bars = [
        float(bar.get("width"))
        for bar in root.iter(f"{SVG}rect")
        if bar.get("fill") != "#fff"
    ]
    return [text.text for text in root.iter(f"{SVG}text")], bars


class Figures(unittest.TestCase):
    def test_a_clean_one_is_told(self):
        spread = figures.spread(CLEAN)
        self.assertTrue(spread.is_measurable)
        self.assertEqual(spread.cells(), [45, 45, 46, ""])
        self.assertEqual(str(spread), "45 ± 0.5")

    def test_a_noisy_one_is_refused(self):
        spread = figures.spread(NOISY)
        self.assertFalse(spread.is_measurable)
        words = "not measurable here (10 ± 8)"
        self.assertEqual(spread.cells(), [None, None, None, words])

    def test_as_wide_as_its_value_is_the_widest(self):
        self.assertTrue(figures.Spread(5, 10, 15).is_measurable)
        self.assertFalse(figures.Spread(4.9, 10, 15).is_measurable)

    def test_less_than_nothing_is_refused(self):
        self.assertFalse(figures.spread([-20, -20, -21, -20, -20]).is_measurable)

    def test_a_restart_that_was_disturbed_changes_little(self):
        self.assertEqual(figures.spread([*CLEAN[1:], 4000]).median, 46)

    def test_digits(self):
        self.assertEqual(
            [figures.digits(value) for value in (1234.5, 45.67, 0.01234)],
            [1230, 45.7, 0.0123],
        )


class Chart(unittest.TestCase):
    def test_noise_has_no_bar(self):
        texts, bars = drawn({"clock": table(PY_START=CLEAN, idle=NOISY)})
        self.assertEqual(len(bars), 1)
        self.assertIn("PY-START", texts)
        self.assertIn("45", texts)
        self.assertNotIn("idle", texts)
        self.assertIn("idle: not measurable here (10 ± 8)", texts)

    def test_nothing_but_noise(self):
        texts, bars = drawn({"clock": table(idle=NOISY)})
        self.assertEqual(bars, [])
        self.assertIn("idle: not measurable here (10 ± 8)", texts)

    def test_accounts_are_beside_cprofile_on_one_scale(self):
        rows = []
        for factor, name in enumerate(("accounts", "cProfile"), 1):
            cells = figures.spread([factor * value for value in CLEAN]).cells()
            rows += [[name, w, 2.0, *cells] for w in ("objects", "fib", "lines")]
        texts, bars = drawn({"profilers": {"rows": rows}})
        self.assertEqual(
            [text for text in texts if text.endswith(")") and "above" not in text],
            [f"{name} ({w})" for w in ("fib", "objects") for name in ("accounts", "cProfile")],
        )
        for first, second in (bars[:2], bars[2:]):
            self.assertAlmostEqual(first * 2, second, delta=0.2)


class Machine:
    """Slower with every run."""

    def __init__(self, slowdown):
        self.speed = 1000
        self.slowdown = slowdown
        self.order = []


class Process:
    def __init__(self, machine, name, added):
        self.machine = machine
        self.name = name
        self.added = added

    def ask(self, *_):
        self.machine.order.append(self.name)
        self.machine.speed += self.machine.slowdown
        return [self.machine.speed + self.added]


class Turns(unittest.TestCase):
    def test_a_machine_that_slows_down_adds_nothing(self):
        machine = Machine(slowdown=50)
        plain = Process(machine, "plain", 0)
        others = [Process(machine, "a", 7), Process(machine, "b", 300)]
        turns = clock.in_turns(plain, others, 4)
        self.assertEqual(turns.added, [[7] * 4, [300] * 4])
        self.assertEqual(len(turns.plain), 5)
        self.assertEqual(
            machine.order,
            ["plain", "a", "b"] + 4 * ["plain", "a", "b"] + ["plain"],
        )

    def test_tracers_of_one_probe_are_not_there_at_once(self):
        names = "idle", "PY_START", "PY_RETURN", "START+RETURN", "all", "cProfile", "CALL"
        groups = clock.groups([VARIANTS[name] for name in names])
        self.assertEqual(
            [[variant.name for variant in group] for group in groups],
            [
                ["idle", "PY_START", "PY_RETURN", "cProfile", "CALL"],
                ["START+RETURN"],
                ["all"],
            ],
        )


if __name__ == "__main__":
    unittest.main()
