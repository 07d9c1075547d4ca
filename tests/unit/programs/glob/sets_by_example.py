# SPDX-License-Identifier: BSD-2-Clause
"""Sets of characters, each with what it takes and what it does not."""

for pattern, yes, no in (
    ("[]a]", "]a", "[b"),
    ("[!]a]", "[b!", "]a"),
    ("[a-]", "a-", "b]"),
    ("[-a]", "a-", "b]"),
    ("[a-c-e]", "abc-e", "d"),
    ("[!a-c]", "d!-", "abc"),
    ("[^a]", "^a", "b"),
    ("[a!]", "a!", "b"),
    ("[[]", "[", "]"),
    ("[*?]", "*?", "a"),
    ("[--/]", "-./", "0"),
    ("[]-a]", "]^_`a", "[b"),
    ("[ü-ö]", "", "ü"),
):
    for text in yes + no:
        got = core.match(encoded(pattern), encoded(text))
        assert got is (text in yes), (pattern, text)
        if check(pattern) is None:
            agree(pattern, text)
