# SPDX-License-Identifier: BSD-2-Clause
"""Texts by __repr__ of every kind and length; callables and exceptions are not asked."""

for o in (*SCALARS, [1, [2, {3: 4}]], {1, 2}, list(range(50)), len, sys):
    same(shown(o), [repr(o)])
for text in ("", "plain", "ü€😀", "a\nb", "x" * 255):
    same(shown(C(lambda: text)), [text])
same(shown(C(lambda: "a\udc80")), ["a\\udc80"])
same(shown(C(lambda: "x" * 256)), ["x" * 252 + "..."])
same(shown(C(lambda: "ü" * 10_000_000)), ["ü" * 126 + "..."])
same(shown(C(lambda: Text("mine"))), ["mine"])
same(shown([C(lambda: "inner")]), ["[inner]"])
assert "str" not in ran


# Nothing else is: callables and exceptions are as ever.
class E(Exception):
    __repr__ = __str__ = trap("exception")


class Callable(C):
    def __call__(self):
        raise E(self)


def generate(o):
    yield o


c = Callable(lambda: "shown")
ran.clear()
core.enable(core.ALL)
core.clear()
try:
    c()
except E:
    pass
same(ran, [])

# To its end: where one is left before, some versions raise a GeneratorExit in it, which
# its own code handles.
for _ in generate(c):
    pass
same(ran, [c])
told = core.records(generate.__code__.co_filename)
same([r[5] for r in told if r[:2] == ("PY_YIELD", "generate")], ["shown"])
same({r[5] for r in told if r[0] == "EXCEPTION_HANDLED"}, {"E"})
calls = [r[5] for r in told if r[0] == "CALL" and r[9] == id(c)]
same(calls, [address(c)])
