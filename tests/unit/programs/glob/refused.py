# SPDX-License-Identifier: BSD-2-Clause
"""Patterns that are refused and why, and some that are like them and are not."""

unclosed, order = "[ without ]", "range that ends before it begins"
for pattern, error in (
    ("", "empty"),
    ("[", unclosed),
    ("a[", unclosed),
    ("[]", unclosed),
    ("[!", unclosed),
    ("[!]", unclosed),
    ("[a]*[", unclosed),
    ("[[]x[", unclosed),
    ("[a", unclosed),
    ("[z-a]", order),
    ("[!z-a]", order),
    ("a[b-a]c", order),
    ("[é-a]", order),
    ("[😀-€]", order),
    ("[a-cz-x]", order),
    ("[a--]", order),
    ("*[a][b-a]", order),
    ("*", None),
    ("]", None),
    ("a]", None),
    ("[]]", None),
    ("[!]]", None),
    ("[a-a]", None),
    ("[a-]", None),
    ("-", None),
    ("[-]", None),
    ("[!!]", None),
    ("[--]", None),
    ("z-a", None),
    ("[a-é]", None),
    ("[€-😀]", None),
    ("[z][a]", None),
):
    assert check(pattern) == error, (pattern, check(pattern))
