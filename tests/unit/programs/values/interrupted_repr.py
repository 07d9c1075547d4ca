# SPDX-License-Identifier: BSD-2-Clause
"""Ctrl-C in a __repr__ reaches the program, and no KeyboardInterrupt of its own does."""

signal.signal(signal.SIGINT, signal.default_int_handler)
o = C(raises(KeyboardInterrupt()))


def interrupted():
    try:
        returns(o)
        for i in range(1_000_000):
            pass
    except KeyboardInterrupt:
        return True
    return False


core.enable(core.PY_RETURN)
core.clear()
same(interrupted(), True)
same(
    [r[5] for r in core.records(returns.__code__.co_filename) if r[1] == "returns"],
    [address(o)],
)
ran.clear()
o.answer = lambda: "text"
same(interrupted(), False)

# A handler of the program's own, or none.
caught = []
signal.signal(signal.SIGINT, lambda *a: caught.append(1))
o.answer = raises(KeyboardInterrupt())
same(interrupted(), False)
same(caught, [1])
for handler in (signal.SIG_IGN, signal.SIG_DFL):
    signal.signal(signal.SIGINT, handler)
    same(interrupted(), False)
