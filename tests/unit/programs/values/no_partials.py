# SPDX-License-Identifier: BSD-2-Clause
"""What only looks like functools.partial is not taken for it."""

import functools, _functools


def fake(base):
    return type(
        "partial",
        (base,),
        {
            "__module__": "functools",
            "func": property(trap("func")),
            "__getattribute__": trap("getattribute"),
        },
    )


real = functools.partial
for base in (object, real):
    kind = fake(base)
    o = kind() if base is object else kind(len)
    same(value(o), address(o, "functools.partial"))
    _functools.partial = type(o)
    same(value(o), address(o, "functools.partial"))
    _functools.partial = real
module = type(sys)("_functools")
module.partial = type(o)
sys.modules["_functools"] = module
same(value(o), address(o, "functools.partial"))
for gone in (None, 7):
    sys.modules["_functools"] = gone
    assert value(real(len)).startswith("<functools.partial at 0x")
same(ran, [])
