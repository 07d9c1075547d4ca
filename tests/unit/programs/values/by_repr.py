# SPDX-License-Identifier: BSD-2-Clause
"""Where it is asked for it may run: results and yielded values by their own __repr__."""

import signal

core.values(REPR)
core.watch(core.ALL)


def returns(o):
    return o


def shown(o):
    same(core.enable(core.ALL), 0)
    core.clear()
    returns(o)
    told = core.records(returns.__code__.co_filename)
    same(core.disable(), 0)
    return [r[5] for r in told if r[:2] == ("PY_RETURN", "returns")]


class C:
    def __init__(self, answer):
        self.answer = answer

    def __repr__(self):
        ran.append(self)
        return self.answer()


def raises(exception):
    def answer():
        raise exception

    return answer


class Text(str):
    __str__ = __repr__ = __len__ = encode = trap("str")
