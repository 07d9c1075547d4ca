# SPDX-License-Identifier: BSD-2-Clause
"""What is pyusdt's own code, and what only looks like it."""


def own_in(**space):
    space.update(add=add, c=new(), result=[])
    exec("result.append(add(c))", space)
    return space["result"][0][4]


same(own_in(__package__="pyusdt", __name__="pyusdt.cli"), 1)
same(own_in(__package__="pyusdt", __name__="__main__"), 1)
same(own_in(__package__="pyusdt2"), 0)
same(own_in(__package__="pyusd"), 0)
same(own_in(__package__="", __name__="pyusdt"), 0)
same(own_in(__package__=None), 0)
same(own_in(__package__=7), 0)
same(own_in(), 0)

# The globals of __main__ are those of the program that it runs.
for file, want in (
    ("/a/pyusdt/__main__.py", 1),
    ("/pyusdt/__main__.py", 1),
    ("pyusdt/__main__.py", 0),
    ("/mypyusdt/__main__.py", 0),
    ("/pyusdt/main.py", 0),
    ("", 0),
):
    same(add(new().replace(co_filename=file))[4], want)
