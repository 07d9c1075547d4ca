# SPDX-License-Identifier: BSD-2-Clause
"""Every argument of a few events, written out."""

space = {"__name__": "m"}
exec(
    compile(
        """
class C:
    def m(self, x):
        yield x
        return len(x)
def f(): return list(C().m('v'))
""",
        "exact.py",
        "exec",
    ),
    space,
)
f = space["f"]
core.enable(core.ALL)
core.watch(core.PY_START | core.PY_RESUME | core.PY_RETURN | core.PY_YIELD | core.CALL)
core.poll()
f()
core.watch(0)
core.poll()
got = core.records("exact.py")
same(
    [r[:4] + (r[5:8]) for r in got],
    [
        ("PY_START", "f", "exact.py", 6, None, "f", "m"),
        ("CALL", "f", "exact.py", 6, "m.C", "f", "m"),
        ("CALL", "f", "exact.py", 6, "m.C.m", "f", "m"),
        ("CALL", "f", "exact.py", 6, "builtins.list", "f", "m"),
        ("PY_START", "m", "exact.py", 3, None, "C.m", "m"),
        ("PY_YIELD", "m", "exact.py", 3, "'v'", "C.m", "m"),
        ("PY_RESUME", "m", "exact.py", 3, None, "C.m", "m"),
        ("CALL", "m", "exact.py", 3, "builtins.len", "C.m", "m"),
        ("PY_RETURN", "m", "exact.py", 3, "1", "C.m", "m"),
        ("PY_RETURN", "f", "exact.py", 6, "['v']", "f", "m"),
    ],
)
assert all(0 <= r[4] < 1000 and r[4] % 2 == 0 for r in got)
same({r[9] for r in got if r[0] in ("PY_START", "PY_RESUME")}, {0})
same(got[7][9], id(len))
same(len({r[8] for r in got}), 2)
