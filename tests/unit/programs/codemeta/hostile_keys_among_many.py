# SPDX-License-Identifier: BSD-2-Clause
"""Keys of globals that would run code when they are compared."""

ran = []


class Key:
    def __hash__(self):
        return hash("__name__")

    def __eq__(self, other):
        ran.append(other)
        return True


class Text(str):
    __eq__ = Key.__eq__
    __hash__ = str.__hash__


def modules(first, last):
    for keys in ([Key()], [Text("__name__")], [1, Key()], [Key(), Text("__package__")]):
        space = {f"name{i}": i for i in range(first)}
        space.update((key, "hostile") for key in keys)
        space.update({f"late{i}": i for i in range(last)})
        ran.clear()
        yield keys_for(new(), space)[1]
        same(ran, [])
        del space[keys[0]]
        ran.clear()
        yield keys_for(new(), space)[1]
        same(ran, [])


for first, last in ((0, 1000), (3, 1000), (100, 0), (1000, 1000)):
    same([*modules(first, last)], [""] * 8)
