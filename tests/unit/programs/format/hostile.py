# SPDX-License-Identifier: BSD-2-Clause
"""Whatever these say of themselves must neither be asked nor shown."""

import gc

ran = []


def trap(name):
    def trapped(*args, **keywords):
        ran.append(name)
        return "trapped"

    return trapped


specials = """
__repr__ __str__ __format__ __bytes__ __hash__ __eq__ __bool__ __len__ __iter__ __int__
__index__ __float__ __getattr__ __getattribute__ __dir__ __bit_length__ bit_length
""".split()
names = """
__class__ __module__ __qualname__ __name__ __self__ __func__ __objclass__ __doc__ __dict__
""".split()


def body(skip=()):
    d = {n: trap(n) for n in specials if n not in skip}
    d |= {n: property(trap(n)) for n in names if n not in skip}
    return d


# Not by assignment: that is what type itself intercepts.
def put(cls, name, value):
    gc.get_referents(cls.__dict__)[0][name] = value


def make(name, *bases, meta=type, **extra):
    return meta(name, bases, {"__qualname__": name} | extra)
