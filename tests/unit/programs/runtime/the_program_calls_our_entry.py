# SPDX-License-Identifier: BSD-2-Clause
"""The program calls our entry of gc.callbacks with whatever it likes."""

gc.disable()
ours = gc.callbacks[0]


class Odd(dict):
    def __getitem__(self, key):
        1 / 0


class Key(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        1 / 0


for arguments in (
    (),
    (1,),
    ("start",),
    ("start", None),
    ("other", {}),
    (None, {}),
    (b"start", {}),
    ("start", Odd()),
    ("", {}),
    ("START", {}),
    ("start\0", {}),
):
    same(ours(*arguments), None)
    same(told(), [])


def said(phase, **info):
    same(ours(phase, info), None)
    return told()


full = dict(generation=1, collected=5, uncollectable=2)
same(said("start", **full), [("GC_START", 1), ("PYTHON_GC_START", 1)])
same(said("stop", **full), [("GC_DONE", 1, 5, 2), ("PYTHON_GC_DONE", 7)])
same(said("start"), [("GC_START", -1), ("PYTHON_GC_START", -1)])
for odd in (None, "x", True, 1.5, 10**100, {}):
    full = dict(generation=odd, collected=odd, uncollectable=odd)
    same(said("stop", **full)[0], ("GC_DONE", -1, -1, -1))
same(ours("start", {Key("generation"): 7}), None)
same(told()[0], ("GC_START", -1))
same(ours("start", {"generation": 1}, 3), None)
same(told()[0], ("GC_START", 1))
