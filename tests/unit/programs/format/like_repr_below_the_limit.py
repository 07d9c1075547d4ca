# SPDX-License-Identifier: BSD-2-Clause
"""Values by chance, shown as repr() shows them if they fit."""

import random

r = random.Random(1)


def text():
    while True:
        yield "".join(map(chr, r.choices(range(0x110000), k=r.randrange(40))))
        yield "".join(map(chr, r.choices(range(0x250), k=r.randrange(60))))


t = text()
table = [r.randrange(-(2**n), 2**n) for n in range(1, 300) for i in range(5)]
table += [r.uniform(-1, 1) * 10.0**e for e in range(-300, 300)]
table += [struct for n in range(1000) for struct in (next(t),)]
table += [r.randbytes(n % 60) for n in range(1000)]
for v in table:
    want = repr(v)
    length = len(want.encode(errors="backslashreplace"))
    for size in (16, 64, 256, 4096):
        got = value(v, size)
        if length < size:
            same(got, want)
        else:
            assert type(v) is int or got.endswith("..."), (got, want)
