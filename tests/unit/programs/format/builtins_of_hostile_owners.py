# SPDX-License-Identifier: BSD-2-Clause
"""Methods of C whose owners would answer all that they are asked."""

M = type("M", (type,), {"__module__": property(trap("meta module"))})
put(M, "__qualname__", property(trap("meta qualname")))
K = M("K", (dict,), {"__module__": "mod"})
objects = [K.fromkeys, K().update, K().__init__, K.__new__, K.update]
ran.clear()
texts = [core.format_callable(o, 256) for o in objects]
assert not ran, ran
same(texts[0], "mod.K.fromkeys")
same(texts[1], "mod.K.update")
same(texts[4], "builtins.dict.update")


class Hostile:
    __class__ = property(trap("class"))


import types

m = types.MethodType(len, Hostile())
ran.clear()
same(core.format_callable(m, 256), "builtins.len")
assert not ran, ran
