# SPDX-License-Identifier: BSD-2-Clause
"""A class whose metaclass would answer everything that is asked of it."""

calls = []


class Meta(type):
    def __getattribute__(self, name):
        calls.append(name)

    def __hash__(self):
        calls.append("hash")

    def __eq__(self, other):
        calls.append("eq")

    __module__ = property(lambda self: calls.append("module"))


class C(metaclass=Meta):
    pass


del calls[:]
kept(C, "__main__.C")
same(calls, [])
