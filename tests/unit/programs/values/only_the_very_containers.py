# SPDX-License-Identifier: BSD-2-Clause
"""Subclasses of the containers, and what is like them, are shown by their address."""

import array, collections, enum, types
from dataclasses import dataclass

Pair = collections.namedtuple("Pair", "a b")


@dataclass
class Data:
    x: int = 1


class Color(enum.Enum):
    RED = 1


class Flag(enum.IntFlag):
    A = 1


class Text(enum.StrEnum):
    B = "b"


bases = list, tuple, dict, set, frozenset
objects = [type("T", (base,), {})() for base in bases]
objects += [
    collections.OrderedDict(a=1),
    collections.Counter("a"),
    collections.defaultdict(list),
    collections.deque([1]),
    Pair(1, 2),
    bytearray(b"x"),
    memoryview(b"x"),
    array.array("i"),
    range(3),
    {}.keys(),
    iter([]),
    types.MappingProxyType({}),
    slice(1),
    1j,
    ...,
    types.SimpleNamespace(),
    Data(),
    Color.RED,
    Flag.A,
    Text.B,
]
for o in objects:
    if isinstance(o, enum.Enum):
        type(o).__repr__ = trap("repr")
    name = f"{type(o).__module__}.{type(o).__qualname__}"
    same(value(o), address(o, name))
    same(value([o])[:40], f"[{address(o, name)}]"[:40])
same(ran, [])
