#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the tests of one tier under the interpreter that runs this.

usage: python3.N tests/run.py TIER [UNITTEST ARGUMENT...]

TIER is a folder beside this file that has a TIER.tier, such as python, live or abi; the
name of that file will do as well. PYUSDT_BUILDDIR is the top of the build tree (default:
the current folder). PYUSDT_TEST_LANES=N runs a whole tier in so many lanes (tests/lanes.py;
default: the live one of root in two). What failed may be run once more, see tests/again.py.
Exit status: 0; 1 when a test failed, or was skipped although PYUSDT_REQUIRE_LIVE=1; 77 when all
were skipped.
"""

import os
import pathlib
import signal
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parent


def set_environment():
    builddir = pathlib.Path(os.environ.get("PYUSDT_BUILDDIR", ".")).resolve()
    package = str(builddir / "python")
    # For this process and for those that the tests start.
    os.environ["PYUSDT_BUILDDIR"] = str(builddir)
    os.environ["PYTHONPATH"] = package
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in ("PYUSDT_EVENTS", "PYUSDT_CHECK_MSEC"):
        os.environ.pop(name, None)
    # In place of this file's folder, which Python put there.
    sys.path[0] = str(TESTS)
    sys.path.insert(1, package)
    sys.dont_write_bytecode = True
    # A shell's background jobs ignore the one, what nohup starts the other, and so would
    # the programs that are tested.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def count_lanes(tier):
    """Only root can mount what each lane needs."""
    default = 2 if tier == "live" and os.geteuid() == 0 else 1
    return int(os.environ.get("PYUSDT_TEST_LANES", default))


def run_in_lanes(tier, suite, count):
    """Returns: how many have passed, failed and were skipped."""
    from lanes import Lanes, names_of_classes

    return Lanes(tier, names_of_classes(suite)).run(count)


def run_here(tier, suite):
    """Returns: how many have passed, failed and were skipped."""
    import again

    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    failed = len(again.tests_that_failed(result))
    if tier in again.TIERS:
        failed -= len(again.run_again(result))
    skipped = len(result.skipped)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    if skipped and os.environ.get("PYUSDT_REQUIRE_LIVE") == "1":
        print(f"PYUSDT_REQUIRE_LIVE=1: {skipped} skipped tests count as failed")
        return max(0, result.testsRun - failed - skipped), failed + skipped, 0
    return max(0, result.testsRun - failed - skipped), failed, skipped


def main():
    tier, *words = sys.argv[1:]
    set_environment()
    tier = pathlib.Path(tier).stem
    folder = TESTS / tier
    sys.path.insert(0, str(folder))
    suite = unittest.defaultTestLoader.discover(str(folder), top_level_dir=str(folder))
    lanes = count_lanes(tier)
    if words:
        suite = unittest.defaultTestLoader.loadTestsFromNames(words)
        passed, failed, skipped = run_here(tier, suite)
    elif lanes > 1:
        passed, failed, skipped = run_in_lanes(tier, suite, lanes)
    else:
        passed, failed, skipped = run_here(tier, suite)
    if not passed and not failed and not skipped:
        print(f"no tests in {folder}")
        failed = 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    if failed:
        return 1
    return 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
