# SPDX-License-Identifier: BSD-2-Clause
"""Messages that are cut where the buffer ends."""

same(exception(ValueError("x" * 243)), "ValueError: " + "x" * 243)
same(exception(ValueError("x" * 244)), "ValueError: " + "x" * 240 + "...")
same(exception(ValueError("x" * 10_000_000)), "ValueError: " + "x" * 240 + "...")
same(exception(ValueError("é" * 10_000_000), 20), "ValueError: éé...")
same(exception(ValueError("🐍" * 200)), "ValueError: " + "🐍" * 60 + "...")
same(exception(ValueError("\n" * 200)), "ValueError: " + r"\n" * 120 + "...")
same(exception(ValueError("x" * 300, 1)), "ValueError: ('" + "x" * 238 + "...")
same(exception(KeyError("x" * 300)), "KeyError: '" + "x" * 241 + "...")
same(exception(ValueError(1 << 99999)), "ValueError: <int of 100000 bits>")
Long = type("L" * 300, (Exception,), {})
same(exception(Long("x")), "L" * 252 + "...")
same(exception(Long("x"), 302), "L" * 298 + "...")
same(exception(Long("x"), 304), "L" * 300 + ": x")
