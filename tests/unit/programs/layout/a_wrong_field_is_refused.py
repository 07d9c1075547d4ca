# SPDX-License-Identifier: BSD-2-Clause
"""Tries a field of the layout from functions of many kinds, names, lines and files."""

space = {"try_field": try_field}
exec(
    compile(
        "\n" * 4320
        + """
class Class:
    def method(self, field): yield from map(try_field, [field])
    def outer(self, field):
        return sorted([field], key=lambda f: [*self.method(f)])
""",
        "dir/of the fields.py",
        "exec",
    ),
    space,
)


# Globals of many addresses.
def nested(depth, field):
    if depth:
        exec("nested(depth - 1, field)", dict(globals(), depth=depth, field=field))
    else:
        space["Class"]().outer(field)
