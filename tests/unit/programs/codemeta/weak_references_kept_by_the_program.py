# SPDX-License-Identifier: BSD-2-Clause
"""The program holds the weak references that the table makes, and calls their callback."""

import weakref

c = new()
add(c)
kept = weakref.getweakrefs(c)
same(len(kept), 1)
clear()
same(count(), 0)
del c
assert kept[0]() is None
same(count(), 0)
c = new()
add(c)
kept = weakref.getweakrefs(c)
del c
same(count(), 0)
assert kept[0]() is None
c = new()
add(c)
callback = weakref.getweakrefs(c)[0].__callback__
callback()
callback(1, 2)
callback(None)
same(count(), 0)
assert add(c)
same(count(), 1)
del c
same(count(), 0)
