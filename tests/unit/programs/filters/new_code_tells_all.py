# SPDX-License-Identifier: BSD-2-Clause
"""Code that is first entered while filters are set tells what it does without them."""

SHORT = """
def one(): return 1
def two(n): return [i for i in range(n)] if n else two(1)
class C:
    def method(self): return (lambda: self)()
async def coroutine(): return one()
def work():
    one(); two(0)
    C().method()
    try: coroutine().send(None)
    except StopIteration: pass
"""


def fresh(module, source):
    return make(module, f"/src/{module}.py", source)["work"]


# Once, so that no code of either source is new to CPython.
for source in WORK, SHORT:
    same(core.filters(), 0)
    first = fresh("first", source)
    everything, again = run(first), run(first)
    same(again, everything)
    for include, exclude in ("second.*", ""), ("", "first.*"):
        same(core.filters(include, exclude), 0)
        same(run(first), [])
        second = fresh("second", source)
        same(run(second), everything)
        same(run(second), everything)
    same(core.filters(), 0)
    same(run(second), everything)
