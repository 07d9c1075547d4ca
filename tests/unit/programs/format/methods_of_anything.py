# SPDX-License-Identifier: BSD-2-Clause
"""Methods of what is no function, and of methods."""

import types


class C:
    def __call__(self, x):
        pass


inner = C()
same(callable_(types.MethodType(inner, 1)), "<__main__.C at %#x>" % id(inner))
same(callable_(types.MethodType(len, [])), "builtins.len")
same(callable_(types.MethodType(C, 1)), "__main__.C")
m = len
for i in range(100_000):
    m = types.MethodType(m, i)
text = callable_(m)
assert text.startswith("<builtins.method at 0x"), text

# Taking it apart recursively is CPython's trouble, not ours.
while type(m) is types.MethodType:
    m = m.__func__
