# SPDX-License-Identifier: BSD-2-Clause
"""What is no exception, and exceptions that were changed after they were made."""


class C:
    args = ("x",)


for o, want in (
    (None, "NoneType"),
    (7, "int"),
    ("x", "str"),
    (C(), "C"),
    (ValueError, "type"),
    ([], "list"),
):
    same(exception(o), want)

# What it was made with may have been replaced.
e = ValueError("first")
e.args = ("second",)
same(exception(e), "ValueError: second")
e.args = ()
same(exception(e), "ValueError")
e = ValueError.__new__(ValueError, "never initialised")
same(exception(e), "ValueError: never initialised")
