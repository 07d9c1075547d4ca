# SPDX-License-Identifier: BSD-2-Clause
"""Bound by calls: a function that does little else than call itself."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def run(size):
    return sum(fib(16) for _ in range(size * 3))
