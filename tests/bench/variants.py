# SPDX-License-Identifier: BSD-2-Clause
"""The ways in which a program is run and measured, as contexts within its process.

A context sets up what the process itself can: filters, a tool of sys.monitoring, a
profiler. That probes are watched is another matter: a tracer's, or by semaphores.py.
"""

import cProfile
import contextlib
import gc
import importlib.machinery
import importlib.util
import os
import sys
import threading
from typing import NamedTuple

CODE_EVENTS = (
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "PY_UNWIND",
    "PY_THROW",
    "RAISE",
    "RERAISE",
    "EXCEPTION_HANDLED",
    "STOP_ITERATION",
    "C_RETURN",
    "C_RAISE",
    "JUMP",
    "BRANCH",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "INSTRUCTION",
)
OTHER_EVENTS = (
    "GC_START",
    "GC_DONE",
    "IMPORT_START",
    "IMPORT_DONE",
    "THREAD_START",
    "THREAD_EXIT",
    "CODE",
    "LAYOUT",
    "PROCESS",
    "PROFILE",
)
# What PROFILE needs of sys.monitoring.
ACTIVATIONS = "PY_START", "PY_RESUME", "PY_THROW", "PY_RETURN", "PY_YIELD", "PY_UNWIND"
# Of bt/, for probes that tell figures: counting their hits would tell nothing.
SCRIPTS = {"PROFILE": "pyprofile"}
FILTERED = "PY_START", "PY_RETURN", "LINE"
TOOL = 1


class Variant(NamedTuple):
    name: str
    pyusdt: bool = False  # loaded, with all events armed
    watched: tuple = ()  # probes that have a tracer
    options: tuple = ()  # pairs, of pyusdt.configure()
    noop: tuple = ()  # events of a tool whose callback does nothing
    disabled: tuple = ()  # events of a tool whose callback disables them
    profiler: str = ""  # of PROFILERS
    flags: tuple = ()  # of the interpreter
    script: str = ""  # of bt/, attached to the process
    own: tuple = ()  # probes of the interpreter itself that have a tracer


def _variants():
    yield Variant("plain")
    yield Variant("idle", pyusdt=True)
    for event in CODE_EVENTS + OTHER_EVENTS:
        yield Variant(
            event, pyusdt=True, watched=(event,), script=SCRIPTS.get(event, "")
        )
    yield Variant("START+RETURN", pyusdt=True, watched=("PY_START", "PY_RETURN"))
    yield Variant("all", pyusdt=True, watched=CODE_EVENTS + OTHER_EVENTS)
    for name, pattern in ("json", "json.*"), ("nothing", "no_such_module.*"):
        yield Variant(
            f"include-{name}",
            pyusdt=True,
            watched=FILTERED,
            options=(("include", pattern),),
        )
    yield Variant("stacks", pyusdt=True, watched=("PROCESS",), script="pysyscall")
    for event in "PY_START", "PY_RETURN", "LINE", "CALL":
        yield Variant(f"noop-{event}", noop=(event,))
    yield Variant("disabled", disabled=("PY_START",))
    yield Variant("noop-START+RETURN", noop=("PY_START", "PY_RETURN"))
    yield Variant("noop-filtered", noop=FILTERED)
    yield Variant("noop-activations", noop=ACTIVATIONS)
    for name in PROFILERS:
        yield Variant(name, profiler=name)
    yield Variant("X-perf", flags=("-X", "perf"))
    yield Variant("own-entry", own=("function__entry",))
    yield Variant("own-entry+return", own=("function__entry", "function__return"))


def load_floor():
    """The extension of floor.c."""
    loader = importlib.machinery.ExtensionFileLoader(
        "floor", os.environ["PYUSDT_BENCH_FLOOR"]
    )
    spec = importlib.util.spec_from_loader("floor", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def settle():
    """As many objects to collect in every variant, however many modules it has loaded."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()


@contextlib.contextmanager
def monitor(events, callback):
    """A tool of sys.monitoring with one callback for these events."""
    monitoring = sys.monitoring
    bits = [getattr(monitoring.events, event) for event in events]
    monitoring.use_tool_id(TOOL, "bench")
    try:
        for bit in bits:
            monitoring.register_callback(TOOL, bit, callback)
        monitoring.set_events(TOOL, sum(bits))
        yield
    finally:
        monitoring.set_events(TOOL, 0)
        for bit in bits:
            monitoring.register_callback(TOOL, bit, None)
        monitoring.free_tool_id(TOOL)


def disable(*_):
    return sys.monitoring.DISABLE


@contextlib.contextmanager
def configured(options):
    import pyusdt

    before = pyusdt.options()
    pyusdt.configure(**options)
    try:
        yield
    finally:
        pyusdt.configure(**{name: before[name] for name in options})


@contextlib.contextmanager
def armed():
    import pyusdt

    pyusdt.enable()
    try:
        yield
    finally:
        pyusdt.disable()


@contextlib.contextmanager
def set_profile(callback):
    threading.setprofile(callback)
    sys.setprofile(callback)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextlib.contextmanager
def accounts(c_functions):
    """What is counted in the process for itself, with no tracer."""
    from pyusdt import _pyusdt

    _pyusdt.profile_begin(_pyusdt.PROFILE_C_FUNCTIONS if c_functions else 0)
    try:
        yield
    finally:
        _pyusdt.profile_end()
        _pyusdt.profile_free()


@contextlib.contextmanager
def profiled(c_functions):
    """C functions and who has called whom, as cProfile has them if not told otherwise."""
    profile = cProfile.Profile()
    # Not earlier: from 3.14 on this forgets what Profile() was told.
    profile.enable(subcalls=c_functions, builtins=c_functions)
    try:
        yield
    finally:
        profile.disable()


# What counts and times functions within the process.
PROFILERS = {
    "accounts": lambda floor: accounts(c_functions=False),
    "accounts+C": lambda floor: accounts(c_functions=True),
    "cProfile": lambda floor: profiled(c_functions=True),
    "cProfile-python": lambda floor: profiled(c_functions=False),
    "setprofile": lambda floor: set_profile(floor.noop),
}


VARIANTS = {variant.name: variant for variant in _variants()}


@contextlib.contextmanager
def entered(variant, floor):
    """All of a variant but the tracer, and the flags of the interpreter."""
    with contextlib.ExitStack() as stack:
        if variant.pyusdt:
            stack.enter_context(armed())
        if variant.options:
            stack.enter_context(configured(dict(variant.options)))
        if variant.noop:
            stack.enter_context(monitor(variant.noop, floor.noop))
        if variant.disabled:
            stack.enter_context(monitor(variant.disabled, disable))
        if variant.profiler:
            stack.enter_context(PROFILERS[variant.profiler](floor))
        yield
