# SPDX-License-Identifier: BSD-2-Clause
"""tests/again.py: which failures are no failures in the end, and which are."""

import contextlib
import io
import types
import unittest

import again
import lanes

# What a made-up test does in its first run, and in its second: one that is missing passes.
FAIL = AssertionError("as it is to be")


def made_up(**outcomes):
    """A module with a case of such tests."""
    left = {name: list(each) for name, each in outcomes.items()}

    def make(name):
        def test(self):
            with self.subTest("one of several"):
                outcome = left[name].pop(0) if left[name] else None
                if outcome is not None:
                    raise outcome

        return test

    case = type("Case", (unittest.TestCase,), {name: make(name) for name in outcomes})
    case.__module__ = "made_up"
    case.__qualname__ = "Case"
    module = types.ModuleType("made_up")
    module.Case = case
    return module


class Again(unittest.TestCase):
    def run_module(self, module):
        """Returns: (how many failed, those that passed when run again, what was said)."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            suite = unittest.defaultTestLoader.loadTestsFromModule(module)
            result = unittest.TextTestRunner(stream=output).run(suite)
            passed = again.run_again(result)
        failed = again.tests_that_failed(result)
        return len(failed), [test.id() for test in passed], output.getvalue()

    def test_once(self):
        failed, passed, output = self.run_module(made_up(test_a=[FAIL], test_b=[]))
        self.assertEqual((failed, passed), (1, ["made_up.Case.test_a"]))
        self.assertIn("unsteady: made_up.Case.test_a: ", output)

    def test_always(self):
        failed, passed, output = self.run_module(made_up(test_a=[FAIL, FAIL], test_b=[FAIL]))
        self.assertEqual((failed, passed), (2, ["made_up.Case.test_b"]))
        self.assertNotIn("unsteady: made_up.Case.test_a", output)

    def test_skipped_then(self):
        skip = unittest.SkipTest("not any more")
        self.assertEqual(self.run_module(made_up(test_a=[FAIL, skip]))[:2], (1, []))

    def test_too_many(self):
        outcomes = {f"test_{number}": [FAIL] for number in range(again.MOST + 1)}
        failed, passed, output = self.run_module(made_up(**outcomes))
        self.assertEqual((failed, passed), (again.MOST + 1, []))
        self.assertNotIn("once more", output)

    def test_what_cannot_begin(self):
        class Broken(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                raise FAIL

            def test_it(self):
                pass

        module = made_up(test_a=[])
        module.Broken = Broken
        self.assertEqual(self.run_module(module)[:2], (1, []))

    def test_none(self):
        self.assertEqual(self.run_module(made_up(test_a=[]))[:2], (0, []))


class Lanes(unittest.TestCase):
    """Where each class runs its own again."""

    def counted(self, unsteady):
        run = lanes.Lanes("live", [])
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            run.add("", (7, 0, 0))
            for number in range(unsteady):
                run.add(f"a line\nunsteady: test_{number}: failed, passed\n", (1, 0, 0))
            return tuple(run.counts())

    def test_few(self):
        self.assertEqual(self.counted(again.MOST), (7 + again.MOST, 0, 0))

    def test_too_many(self):
        self.assertEqual(self.counted(again.MOST + 1), (7, again.MOST + 1, 0))


if __name__ == "__main__":
    unittest.main()
