# SPDX-License-Identifier: BSD-2-Clause
"""Another tool has disabled an event: it comes again only when filters take in more."""

M.use_tool_id(1, "other")
times = 0


def once(code, offset):
    global times
    times += code is third.__code__
    return M.DISABLE


M.register_callback(1, E.PY_START, once)
M.set_events(1, E.PY_START)


def third():
    pass


def expect(number):
    third()
    third()
    same(times, number)


same(core.enable(core.PY_START), 0)
expect(1)

# Nothing was left out before.
same(core.filters("wanted.*,*"), 0)
expect(1)
wanted()
same(core.filters("wanted.*"), 0)
expect(1)  # disabled for us by that
same(core.filters("wanted.*"), 0)
core.poll()
expect(1)
same(core.filters("wanted.*,x"), 0)
expect(2)
same(core.filters(), 0)
expect(3)
same(core.filters("", "nothing"), 0)
expect(3)
