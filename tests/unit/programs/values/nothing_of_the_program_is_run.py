# SPDX-License-Identifier: BSD-2-Clause
"""A program of hostile objects runs the same of their methods, traced or not."""

made = list(instances())
objects = [o for o, want in made]
failures = list(errors())
for o in objects:
    failures += [*errors(o), *errors("text", o), *errors(2, o)]


def returns(o):
    return o


def yields(o):
    yield o


def calls(o):
    try:
        o(1)
    except Exception:
        pass


def raises(e):
    try:
        raise e
    finally:
        e = None


def catches(e):
    try:
        raises(e)
    except BaseException:
        pass


def throws(e):
    g = yields(None)
    next(g)
    try:
        g.throw(e)
    except BaseException:
        pass


def program():
    ran.clear()
    for o in objects:
        for v in (o, [o], (o, o), {1: o}, [[o]], {o: o}, {o}, frozenset({o})):
            returns(v)
            for _ in yields(v):
                pass
        calls(o)
    for e in failures:
        catches(e)
        throws(e)
    return list(ran)


untraced = program()
same(set(untraced), {"__hash__", "__call__"})
core.watch(core.ALL)
same(core.enable(core.ALL), 0)
core.clear()
traced = program()
same(core.disable(), 0)
same(traced, untraced)
told = core.records(returns.__code__.co_filename)


def texts(*head):
    return [r[5] for r in told if r[:2] == head]


wanted = [want for o, want in made]
same(texts("PY_RETURN", "returns")[::8], wanted)
same(texts("PY_YIELD", "yields")[: len(wanted) * 8 : 8], wanted)
same(texts("PY_RETURN", "returns")[1::8], [f"[{want}]" for want in wanted])
called = texts("CALL", "calls")
same([t for t in called if t in wanted], wanted)
for event, name in (
    ("RAISE", "raises"),
    ("PY_UNWIND", "raises"),
    ("EXCEPTION_HANDLED", "catches"),
    ("PY_THROW", "yields"),
):
    found = [t for t in texts(event, name) if t[:2] in ("H", "H:")]
    same((event, len(found)), (event, len(failures)))
    same(set(found), {"H", "H: ('text', ...)", "H: (2, ...)"})
