# SPDX-License-Identifier: BSD-2-Clause
"""Compares matches with those of the standard library's fnmatch."""

from fnmatch import fnmatchcase
from itertools import product
from random import Random

random = Random(1)


# A byte that is no UTF-8 is a character of its own, as here.
def encoded(text):
    return text.encode("utf-8", "surrogateescape")


def check(pattern):
    return core.check(encoded(pattern))


def agree(pattern, text):
    got = core.match(encoded(pattern), encoded(text))
    assert got is fnmatchcase(text, pattern), (pattern, text, got)
    return got


def strings(alphabet, longest):
    for length in range(longest + 1):
        yield from map("".join, product(alphabet, repeat=length))


def some(alphabet, count, longest):
    for _ in range(count):
        length = random.randrange(longest)
        yield "".join(random.choices(alphabet, k=length))


def compare(least, patterns, texts):
    texts = list(texts)
    taken = [p for p in patterns if check(p) is None]
    results = [agree(p, t) for p in taken for t in texts]
    # Neither all refused nor all the same.
    assert len(results) > least, len(results)
    assert least // 100 < sum(results) < len(results) * 0.9
