# SPDX-License-Identifier: BSD-2-Clause
"""An import, a collection and a thread in one interpreter are told there."""

import _thread, gc, threading

gc.disable()


def told():
    found = [e[:2] if e[0] != "GC_DONE" else e[:1] for e in core.others()]
    core.clear()
    return found


sys.modules.pop("__hello__", None)
core.clear()
import __hello__

gc.collect()
thread = threading.Thread(name="t")
thread.start()
thread.join()
found = told()
assert found == [
    ("IMPORT_START", "__hello__"),
    ("IMPORT_DONE", "__hello__"),
    ("GC_START", 2),
    ("GC_DONE",),
    ("THREAD_START", "t"),
    ("THREAD_EXIT", "t"),
], found
