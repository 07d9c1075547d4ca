# SPDX-License-Identifier: BSD-2-Clause
"""Names of threads that are no str, and classes that would run code."""

same(names(Hostile, name="evil"), ["evil"] * 2)
same(seen, untold)
same(names(Slots, name="slots"), ["slots"] * 2)


class Str(str):
    __str__ = __repr__ = lambda self: seen.append("str")


seen.clear()
for name, want in (
    (7, ""),
    (None, ""),
    ([], ""),
    ("", ""),
    ("x\udc80", "x\\udc80"),
    ("a\0b", "a"),
    (Str("sub"), "sub"),
):
    # 3.14 names the thread for the kernel as well, and wants a str.
    if isinstance(name, str) or sys.version_info < (3, 14):
        same(names(Named, name=name), [want] * 2)
assert "str" not in seen
