# SPDX-License-Identifier: BSD-2-Clause
"""Text of a traced program, made visible and harmless wherever it is shown."""

SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str, keep: str = "") -> str:
    """What is no visible character, nor a space, is written as Python writes it in a str.

    Characters that reorder or hide what is around them are not printable in Unicode's
    terms, as little as control characters and halves of surrogates. A backslash stays one:
    values come with escapes of their own.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else code(character)
        for character in text
    )


def code(character: str) -> str:
    if character in SHORT:
        return SHORT[character]
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        # A byte that is no UTF-8, see records.with_bytes().
        point -= 0xDC00
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
