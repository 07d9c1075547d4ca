# SPDX-License-Identifier: BSD-2-Clause
"""Imports, starts threads, collects garbage or runs code, and records what it sees of it.

usage: runtime.py CASE EVENTS - EVENTS are armed while CASE runs: imports, threads, garbage
or code. The recording is printed as JSON: [[event, argument...]].
"""

import gc
import importlib
import json
import os
import sys
import tempfile
import unicodedata  # noqa: F401  (for names outside ASCII, by the compiler)

import pyusdt

TOOL = 2
RECORDED = []


def main():
    case, events = sys.argv[1:]
    # One CPU: bpftrace keeps the order of lines within a CPU only.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    gc.disable()
    prepare, run = CASES[case]
    mask = pyusdt.parse_events(events)
    prepare()
    pyusdt.enable(mask)
    run()
    pyusdt.disable()
    json.dump(RECORDED, sys.stdout)


# Imports: another tool of sys.monitoring records them.

MODULES = {
    "plain.py": "",
    "pläin.py": "import plain",
    "broken.py": "import plain, broken_inside",
    "broken_inside.py": "1 / 0",
    "careful.py": "try: import absent\nexcept ImportError: pass",
    "around.py": "import and_around",
    "and_around.py": "import around",
    "ends.py": "raise SystemExit",
    "removed.py": "import sys; del sys.modules[__name__]",
    "package/__init__.py": "from . import inner",
    "package/inner/__init__.py": "from .deep import value",
    "package/inner/deep.py": "value = 1",
    "package/late.py": "",
    "space/member.py": "",
}
IMPORTS = (
    "import plain", "import plain", "importlib.import_module('plain')", "import pläin",
    "import broken", "import careful", "import around", "import ends", "import removed",
    "import package.inner.deep", "import package.absent", "from package import late",
    "from package import absent", "import absent.at.all", "import space.member",
    "from plain import absent", "__import__('')", "import xml.dom.minidom, csv",
    "importlib.reload(sys.modules['plain'])",
)


def prepare_imports():
    directory = tempfile.mkdtemp()
    for path, source in MODULES.items():
        path = os.path.join(directory, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(source)
    sys.path.insert(0, directory)


def run_imports():
    events = sys.monitoring.events
    sys.monitoring.use_tool_id(TOOL, "reference")
    for event, name, *found in (
        (events.PY_START, "IMPORT_START"),
        (events.PY_RETURN, "IMPORT_DONE", 1),
        (events.PY_UNWIND, "IMPORT_DONE", 0),
    ):
        sys.monitoring.register_callback(TOOL, event, recorder_of_imports(name, found))
    sys.monitoring.set_events(TOOL, events.PY_START | events.PY_RETURN | events.PY_UNWIND)
    for statement in IMPORTS:
        try:
            exec(statement)
        except BaseException:
            pass
    sys.monitoring.set_events(TOOL, 0)


def recorder_of_imports(event, found):
    function = sys.modules["_frozen_importlib"]._find_and_load.__code__

    def callback(code, *_):
        if code is function:
            RECORDED.append([event, sys._getframe(1).f_locals["name"], *found])

    return callback


# Threads: each tells of itself.


def prepare_threads():
    assert "threading" not in sys.modules


def run_threads():
    import _thread
    import threading

    def begins():
        thread = threading.current_thread()
        RECORDED.append(["THREAD_START", thread.name, threading.get_native_id()])

    def ends():
        thread = threading.current_thread()
        RECORDED.append(["THREAD_EXIT", thread.name, threading.get_native_id()])

    def plain(new_name=None, error=None):
        begins()
        threading.current_thread().name = new_name or threading.current_thread().name
        ends()
        if error:
            raise error

    def run_one(target):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    class Own(threading.Thread):
        # Not what the library is to ask.
        __dict__ = property(lambda self: 1 / 0)
        ident = property(lambda self: 1 / 0)

        def run(self):
            plain()

    threading.excepthook = lambda *_: None
    threads = [
        threading.Thread(target=plain),
        threading.Thread(target=plain, name="thread-λ"),
        threading.Thread(target=plain, args=("renamed",), daemon=True),
        threading.Thread(target=plain, args=(None, ValueError())),
        threading.Thread(target=plain, args=(None, SystemExit())),
        threading.Timer(0, plain),
        Own(name="own"),
    ]
    for thread in threads:
        thread.start()
        thread.join()
    # All at once.
    gate = threading.Barrier(5)
    threads = [
        threading.Thread(target=lambda: (begins(), gate.wait(), ends())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    gate.wait()
    for thread in threads:
        thread.join()
    # One that starts another.
    run_one(lambda: (begins(), run_one(plain), ends()))
    # No threading.Thread: not told.
    done = _thread.allocate_lock()
    done.acquire()
    _thread.start_new_thread(done.release, ())
    done.acquire()


# Garbage: by gc.callbacks.


def prepare_garbage():
    def callback(phase, info):
        if phase == "start":
            RECORDED.append(["GC_START", info["generation"]])
        else:
            counts = [info["collected"], info["uncollectable"]]
            RECORDED.append(["GC_DONE", info["generation"], *counts])

    gc.collect()
    gc.callbacks.append(callback)


def run_garbage():
    for generation in (0, 1, 2):
        make_garbage(10 + generation)
        gc.collect(generation)
    gc.set_threshold(50, 2, 2)
    gc.enable()
    for _ in range(100):
        make_garbage(10)
    gc.disable()


def make_garbage(number):
    for _ in range(number):
        ring = []
        ring.append(ring)


# Code: what is run, by another tool of sys.monitoring.


def prepare_code():
    def callback(code, *_):
        if code.co_filename != __file__:
            module = sys._getframe(1).f_globals["__name__"]
            line = code.co_firstlineno
            RECORDED.append(
                [code.co_name, code.co_filename, line, code.co_qualname, module]
            )

    start = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(TOOL, "reference")
    sys.monitoring.register_callback(TOOL, start, callback)


def run_code():
    sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
    import textwrap

    textwrap.shorten("some words to shorten", 12)
    for number in range(200):
        exec(f"def function{number}(): pass\nfunction{number}()", {"__name__": "made.up"})
    sys.monitoring.set_events(TOOL, 0)


CASES = {
    "imports": (prepare_imports, run_imports),
    "threads": (prepare_threads, run_threads),
    "garbage": (prepare_garbage, run_garbage),
    "code": (prepare_code, run_code),
}

main()
