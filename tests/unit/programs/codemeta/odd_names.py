# SPDX-License-Identifier: BSD-2-Clause
"""Names with NUL, half characters and great length, and none."""

c = new().replace(co_name="a\0b", co_qualname="q\0r", co_filename="f\0g")
same(add(c), ("a", "f", "q", "__main__", 0))
c = new().replace(co_filename="dir\udc80/\ud800.py", co_name="ü", co_qualname="C.ü")
same(add(c), ("ü", "dir\\udc80/\\ud800.py", "C.ü", "__main__", 0))
c = new().replace(co_name="", co_qualname="", co_filename="")
same(add(c), ("", "", "", "__main__", 0))
c = new().replace(co_name="n" * 100_000, co_qualname="q" * 100_000)
same(add(c), ("n" * 100_000, "<string>", "q" * 100_000, "__main__", 0))

# A long common beginning is no equality.
c = new().replace(co_name="same", co_qualname="same.but")
same(add(c)[2], "same.but")
