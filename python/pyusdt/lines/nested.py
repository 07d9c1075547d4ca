# SPDX-License-Identifier: BSD-2-Clause
"""The code objects that are among the constants of another one, and of those in turn: of a
module's they are those of all its functions.

A process may end as soon as it has run one of them, and its memory with it. So they are read
while the module's own code is there.
"""

from collections import deque
from collections.abc import Iterator

from pyusdt.lines.codeobject import (
    CODE_SIZE, SIZE, TYPE, Code, Memory, Unreadable, line_table, read_code, word_in,
)

CONSTS = 24
# In a tuple; from 3.14 on its hash is in the first of them.
ITEMS = 24

# Of all together. A module of the standard library has a thousand at most, and these take less
# than a mebibyte; other processes wait meanwhile.
CONSTS_MAX = 5000
BYTES_MAX = 8 << 20


def nested_tables(pid: int, address: int) -> Iterator[tuple[Code, bytes]]:
    """Raises Unreadable."""
    with Memory(pid) as memory:
        its_type = memory.word(address + TYPE)
        pending = deque([address])
        left = CONSTS_MAX
        while pending and left > 0:
            for candidate in constants(memory, pending.popleft(), left):
                if memory.taken > BYTES_MAX:
                    return
                left -= 1
                try:
                    if memory.word(candidate + TYPE) != its_type:
                        continue
                    data = memory.read(candidate, CODE_SIZE)
                    code = read_code(memory, candidate, data)
                    table = line_table(memory, data)
                except Unreadable:
                    continue
                pending.append(candidate)
                yield code, table


def constants(memory: Memory, code: int, most: int) -> list[int]:
    """Raises Unreadable."""
    consts = memory.word(code + CONSTS)
    size = min(memory.word(consts + SIZE), most)
    items = memory.read(consts + ITEMS, 8 * (size + 1))
    return [word_in(items, at) for at in range(0, len(items), 8)]
