# SPDX-License-Identifier: BSD-2-Clause
"""Fields of protocol buffers, as https://protobuf.dev/programming-guides/encoding/ has them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

VARINT, LENGTH = 0, 2


def varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def integer(field: int, number: int) -> bytes:
    return varint(field << 3 | VARINT) + varint(number)


def message(field: int, content: bytes) -> bytes:
    """A text or a message within another."""
    return varint(field << 3 | LENGTH) + varint(len(content)) + content


def integers(field: int, numbers: "Iterable[int]") -> bytes:
    """A repeated field, packed."""
    return message(field, b"".join(map(varint, numbers)))
