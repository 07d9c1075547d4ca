# SPDX-License-Identifier: BSD-2-Clause
"""Partial functions are shown by the function that they call."""

import functools, types

partial = functools.partial


class C:
    def m(self):
        pass

    def __call__(self):
        pass


c = C()


def nested(inner):
    outer = partial(int)
    outer.__setstate__((inner, (), {}, {}))
    return outer


class Sub(partial):
    pass


for o, want in (
    (partial(C), "__main__.C"),
    (partial(c.m, 1, x=2), "__main__.C.m"),
    (partial(len, []), "builtins.len"),
    (partial(str.upper), "builtins.str.upper"),
    (partial(c), address(c)),
    (partial(partial(len)), "builtins.len"),
    (nested(partial(len)), "..."),
    (nested(Sub(len)), "<__main__.Sub at "),
    (partial(types.MethodType(partial(len), 1)), "..."),
):
    for function in (value, callable_):
        text = function(o)
        assert text.startswith(f"functools.partial({want}"), text
        assert text.endswith(")"), text
same(value(types.MethodType(partial(len), 1)), "functools.partial(builtins.len)")
own = partial(int)
own.__setstate__((own, (), {}, {}))
same(value(own), "functools.partial(...)")
own.__setstate__((int, (), {}, {}))
for o in (Sub(len), functools.partialmethod(len)):
    same(value(o), address(o))
