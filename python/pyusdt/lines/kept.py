# SPDX-License-Identifier: BSD-2-Clause
"""Tables that have been decoded, for when they are needed again: those last used, as many as
there is room for. How many there are, and how large, a traced program decides."""

from collections import OrderedDict
from collections.abc import Hashable

from pyusdt.lines.locations import Lines

ROOM = 64 << 20  # in bytes
# For what holds one, and its key.
OVERHEAD = 1000


class KeptLines:
    def __init__(self) -> None:
        self._found: OrderedDict[Hashable, tuple[Lines, int]] = OrderedDict()
        self._taken = 0

    def get(self, key: Hashable) -> Lines | None:
        if key not in self._found:
            return None
        self._found.move_to_end(key)
        return self._found[key][0]

    def put(self, key: Hashable, lines: Lines, key_size: int) -> None:
        size = lines.memory() + key_size + OVERHEAD
        _, before = self._found.pop(key, (None, 0))
        self._found[key] = (lines, size)
        self._taken += size - before
        while self._taken > ROOM:
            _, (_, oldest) = self._found.popitem(last=False)
            self._taken -= oldest
