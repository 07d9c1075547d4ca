# SPDX-License-Identifier: BSD-2-Clause
"""Values in small buffers of every size: whole, or their beginning."""

for o in (
    None,
    True,
    -(2**63),
    10**30,
    1e300,
    "x" * 99,
    b"x" * 99,
    object(),
    len,
    sys,
    int,
    [].append,
    list.append,
    "🐍" * 9,
):
    for size in range(16, 64):
        full = value(o, 4096)
        text = value(o, size)
        if len(full.encode()) < size:
            same(text, full)
        elif type(o) is int:
            assert text.startswith(("<int of ", full[: size - 4]))
        else:
            assert text.endswith("...") and full.startswith(text[:-3])
