# SPDX-License-Identifier: BSD-2-Clause
"""What failed is run once more, for tests/run.py.

In each of these tests several processes race: a tracer, what it traces, others of the machine.
Of the thousands of tests in a whole run one that fails once in ten thousand times would fail
every third run, whatever was changed. What passes the second time counts as passed and is named,
so that its cause is looked for; a defect that is always there fails both times, and so does
everything where more than a few fail.
"""

import os
import sys
import unittest

TIERS = ("python", "live")
# More are not by chance.
MOST = 2


def tests_that_failed(result):
    """Each once, for all of its subtests."""
    tests = [test for test, _ in (*result.failures, *result.errors)]
    tests = [getattr(test, "test_case", test) for test in (*tests, *result.unexpectedSuccesses)]
    return list(dict.fromkeys(tests))


def can_be_run_again(test):
    """Not where a module or a class cannot begin."""
    return isinstance(test, unittest.TestCase) and type(test).__module__ != "unittest.loader"


def run_again(result):
    """Returns: those that pass now."""
    failed = tests_that_failed(result)
    # What is run inside another test is run again with that one.
    if os.environ.get("PYUSDT_TEST_IS_ALONE"):
        return []
    if not 0 < len(failed) <= MOST or not all(map(can_be_run_again, failed)):
        return []
    passed = []
    for test in failed:
        print(f"once more: {test.id()}", flush=True)
        suite = unittest.TestSuite([type(test)(test.id().rpartition(".")[2])])
        second = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
        if second.testsRun and second.wasSuccessful() and not second.skipped:
            passed.append(test)
            # scripts/test looks for this line.
            print(f"unsteady: {test.id()}: failed, passed when it was run once more")
    return passed
