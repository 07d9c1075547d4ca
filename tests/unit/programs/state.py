# SPDX-License-Identifier: BSD-2-Clause
"""All that an error must leave as it was, and an audit hook that raises: see support.h."""

import gc
from errno import EDEADLK, EIO

M = sys.monitoring
E = M.events
EVENTS = {n: getattr(E, n) for n in core.NAMES if hasattr(E, n)}
if "BRANCH_LEFT" in EVENTS:
    del EVENTS["BRANCH"]
real_register = M.register_callback


def registered(tool):
    found = set()
    for name, bit in EVENTS.items():
        callback = real_register(tool, bit, None)
        if callback is not None:
            real_register(tool, bit, callback)
            found.add(name)
    return found


def named(bits):
    return {n for n, bit in EVENTS.items() if bits & bit}


def events(tool):
    return named(M.get_events(tool)) if M.get_tool(tool) else set()


def scopes():
    yield sys.modules["_frozen_importlib"]._find_and_load.__code__
    threading = sys.modules.get("threading")
    if threading:
        yield threading.Thread._bootstrap_inner.__code__


def local(tool):
    if not M.get_tool(tool):
        return []
    return [named(M.get_local_events(tool, c)) for c in scopes()]


def needed(*names):
    both = set(names)
    if "BRANCH" in both and "BRANCH" not in EVENTS:
        both = both - {"BRANCH"} | {"BRANCH_LEFT", "BRANCH_RIGHT"}
    # Where CALL is set, sys.monitoring tells the others as well.
    call = {"C_RETURN": "CALL", "C_RAISE": "CALL"}
    return {call.get(n, n) for n in both}, both


def one(i):
    return M.get_tool(i), events(i), registered(i), local(i)


def state():
    return [*map(one, range(6)), list(gc.callbacks), core.enabled(), core.active()]


def same(got, want):
    assert got == want, (got, want)


countdown = {}


def hook(event, number):
    countdown[event] = number


def audit(event, arguments):
    if event in countdown:
        countdown[event] -= 1
        if countdown[event] == 0:
            raise RuntimeError("no " + event)


sys.addaudithook(audit)
REGISTER = "sys.monitoring.register_callback"
