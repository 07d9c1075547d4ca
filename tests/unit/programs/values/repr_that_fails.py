# SPDX-License-Identifier: BSD-2-Clause
"""A __repr__ that fails is as none: the address is shown, and nothing raised."""


def forever():
    return repr(o)


def recursion():
    recursion()


answers = [
    raises(e)
    for e in (
        ValueError("no"),
        SystemExit(3),
        MemoryError(),
        GeneratorExit(),
        StopIteration(),
    )
]
answers += [
    lambda: 7,
    lambda: None,
    lambda: b"bytes",
    lambda: C.missing,
    sys.exit,
    forever,
    recursion,
]
for answer in answers:
    o = C(answer)
    ran.clear()
    same(shown(o), [address(o)])
    assert ran and ran[0] is o
    same(sys.exc_info(), (None, None, None))


class Base(BaseException):
    pass


o = C(raises(Base()))
same(shown([o, 1]), [f"[{address(o)}, 1]"])
same(returns(5), 5)
