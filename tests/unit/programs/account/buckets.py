# SPDX-License-Identifier: BSD-2-Clause
"""How long activations took, in histograms: each end is in one bucket, told once."""

import os
import time


def told_now():
    """{qualname: calls and resumes}, {qualname: {least microseconds: ends}}, since the last
    time."""
    entries, ends = {}, {}
    for event, *arguments in core.records("account/workload.py"):
        if event == "PROFILE":
            figure = Figure(*arguments)
            entries[figure.qualname] = entries.get(figure.qualname, 0) + sum(figure.counts()[:2])
        else:
            assert event == "PROFILE_BUCKET"
            qualname, _, line, code_id, low, count = arguments
            of_function = ends.setdefault(qualname, {})
            assert count > 0 and (low == 0 or low.bit_count() == 1), (low, count)
            of_function[low] = of_function.get(low, 0) + count
    core.clear()
    return entries, {name: sum(buckets.values()) for name, buckets in ends.items()}, ends


def watch(events):
    core.watch(events)
    core.poll()


exec(compile("""
def spin(ms):
    end = now() + ms * 1_000_000
    while now() < end:
        pass
""", "account/workload.py", "exec"), work)
work["now"] = time.perf_counter_ns


def check_run():
    work["run"]()
    tell()
    entries, ends, _ = told_now()
    # Of what is thrown into a generator that delegates not each beginning has an end.
    for name in entries.keys() - {"delegate", "numbers"}:
        assert ends[name] == entries[name], (name, ends, entries)
    assert ends.keys() == entries.keys()


both = core.PROFILE | core.PROFILE_BUCKET
core.enable(both)
# Those who do not ask for them get none.
watch(core.PROFILE)
work["leaf"]()
tell()
same(told_now()[2], {})
# From now on, of functions that are known by now and of others.
watch(both)
check_run()
check_run()
# An activation of 3 ms.
begin = time.perf_counter_ns()
work["spin"](3)
took = (time.perf_counter_ns() - begin) // 1000
tell()
(low,) = told_now()[2]["spin"]
assert 2048 <= low <= took, (low, took)
# Of threads that have ended.
threads = [threading.Thread(target=work["recurse"], args=(9,)) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
tell()
same(told_now()[1], {"recurse": 60, "leaf": 60})
# A child begins with nothing.
work["leaf"]()
pid = os.fork()
work["leaf"]()
tell()
found = told_now()[1]
if not pid:
    os._exit(found != {"leaf": 1})
same(found, {"leaf": 2})
same(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
# Nor is there any when nobody asks any more, and later ones get what comes later.
watch(core.PROFILE)
work["leaf"]()
watch(both)
work["leaf"]()
tell()
same(told_now()[1], {"leaf": 1})
# What was not told yet is told when no more is counted.
work["leaf"]()
core.disable()
same(told_now()[1], {"leaf": 1})
