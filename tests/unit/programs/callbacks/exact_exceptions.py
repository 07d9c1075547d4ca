# SPDX-License-Identifier: BSD-2-Clause
"""The events of exceptions and of C functions, written out."""

space = {"__name__": "m"}
exec(
    compile(
        """
def f(text):
    try:
        return int(text)
    except ValueError:
        raise error
def g():
    try:
        yield
    except LookupError:
        yield
""",
        "exact.py",
        "exec",
    ),
    space,
)
error = space["error"] = KeyError("k")
core.enable(core.ALL)
core.watch(
    core.CALL
    | core.C_RETURN
    | core.C_RAISE
    | core.RAISE
    | core.EXCEPTION_HANDLED
    | core.PY_UNWIND
    | core.PY_THROW
)
core.poll()
space["f"]("7")
try:
    space["f"]("x")
except KeyError:
    pass
g = space["g"]()
next(g)
g.throw(error)
core.watch(0)
core.poll()
got = core.records("exact.py")
invalid = "ValueError: invalid literal for int() with base 10: 'x'"
same(
    [r[:2] + r[3:4] + r[5:6] for r in got],
    [
        ("CALL", "f", 2, "builtins.int"),
        ("C_RETURN", "f", 2, "builtins.int"),
        ("CALL", "f", 2, "builtins.int"),
        ("C_RAISE", "f", 2, "builtins.int"),
        ("RAISE", "f", 4, invalid),
        ("EXCEPTION_HANDLED", "f", 4, invalid),
        ("RAISE", "f", 6, "KeyError: 'k'"),
        # By what ends the except clause.
        ("EXCEPTION_HANDLED", "f", 6, "KeyError: 'k'"),
        ("PY_UNWIND", "f", 6, "KeyError: 'k'"),
        ("PY_THROW", "g", 9, "KeyError: 'k'"),
        ("RAISE", "g", 9, "KeyError: 'k'"),
        ("EXCEPTION_HANDLED", "g", 9, "KeyError: 'k'"),
    ],
)
same({r[9] for r in got if r[5].startswith("KeyError")}, {id(error)})
same({r[9] for r in got if r[5] == "builtins.int"}, {id(int)})
assert all(r[4] >= 0 for r in got)
