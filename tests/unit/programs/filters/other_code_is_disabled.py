# SPDX-License-Identifier: BSD-2-Clause
"""Code that is left out costs a callback once, where sys.monitoring lets it be disabled."""

# Set in code that is let in, and there only.
NARROWED = {"LINE", "JUMP", "BRANCH", "BRANCH_LEFT", "BRANCH_RIGHT", "INSTRUCTION"}

other()
wanted()
same(core.filters("", "other.*"), 0)
count_calls()
for i in range(3):
    other()
same({name for name, *_ in calls}, registered(4) - NARROWED)
calls.clear()
for i in range(5):
    other()
    wanted()
same({name for name, *_ in calls}, STAY)
same(set(count % 5 for count in calls.values()), {0})

# What is told goes on.
same(core.filters("", "wanted.*"), 0)
calls.clear()
for i in range(5):
    other()
same({name for name, *_ in calls}, registered(4))
same(set(count % 5 for count in calls.values()), {0})
