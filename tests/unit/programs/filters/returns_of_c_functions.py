# SPDX-License-Identifier: BSD-2-Clause
"""Returns of C functions are left out at their calls."""

EVENTS_OF_C = {"C_RETURN", "C_RAISE"}
same(registered(4), EVENTS_OF_C)
everything = run(wanted)
same({r[0] for r in everything}, EVENTS_OF_C)
same(core.filters("wanted.*"), 0)
same(registered(4), EVENTS_OF_C | {"CALL"})
same(events(4), {"CALL"})
count_calls()
for i in range(3):
    same(run(other), [])
    same(run(wanted), everything)
same({name for name, *_ in calls}, EVENTS_OF_C | {"CALL"})
calls.clear()
same(run(other), [])
same(calls, {})
same(core.filters(), 0)
same(run(other), everything)
