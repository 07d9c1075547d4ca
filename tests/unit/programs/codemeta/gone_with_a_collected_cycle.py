# SPDX-License-Identifier: BSD-2-Clause
"""Code objects that only the garbage collector frees."""

import gc


def make():
    space = {}
    exec("def f(): pass", space)
    space["f"].itself = space["f"]
    add(space["f"].__code__)


gc.disable()
for i in range(10):
    make()
same(count(), 10)
gc.collect()
same(count(), 0)
