# SPDX-License-Identifier: BSD-2-Clause
"""Among many globals only the first are searched for __name__."""


class Instance:
    pass


class Dict(dict):
    pass


def names(count, kind=dict):
    return kind({f"name{i}": i for i in range(count)})


def attributes(count):
    instance = Instance()
    for i in range(count):
        setattr(instance, f"name{i}", i)
    return instance.__dict__


def named(space, value="late"):
    space["__name__"] = value
    return space


few = keys_for(new(), names(20))
assert 0 < few[0] <= 40
for count in (100, 1000, 100_000):
    same(keys_for(new(), names(count)), few)
    same(keys_for(new(), names(count, Dict)), few)
    same(keys_for(new(), named(names(count))), (few[0], "late"))
    same(keys_for(new(), named(names(count), 7)), few)
for count in (20, 25):
    same(keys_for(new(), attributes(count)), few)
