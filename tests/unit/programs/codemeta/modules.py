# SPDX-License-Identifier: BSD-2-Clause
"""The module of a code object is its globals' __name__, whatever those are made of."""

ran = []


class S(str):
    __len__ = __str__ = __eq__ = lambda *a: ran.append(a)
    __hash__ = str.__hash__


class Key:
    def __hash__(self):
        return hash("__name__")

    def __eq__(self, other):
        ran.append(other)
        return True


class Dict(dict):
    def __getitem__(self, key):
        ran.append(key)
        raise KeyError

    get = __missing__ = __getitem__


def module_in(space, kind=dict):
    g = kind()
    c = new()
    result = []
    for k, v in space:
        dict.__setitem__(g, k, v)
    dict.update(g, add=add, c=c, result=result)
    ran.clear()
    code = compile("result.append(add(c))", "x", "exec")
    if kind is dict:
        exec(code, g)
    else:
        type(new)(code, g)()
    return result[0][3]


for name, want in (
    ("a.b.c", "a.b.c"),
    ("", ""),
    ("ü", "ü"),
    ("m\udc80", "m\\udc80"),
    (7, ""),
    (None, ""),
    (b"m", ""),
    ("a\0b", "a"),
    (S("sub"), "sub"),
):
    same(module_in([("__name__", name)]), want)
    assert not ran, ran
same(module_in([]), "")
same(module_in([("__name__", "m")], Dict), "m")
k = Key()
g = [(S("zz"), 1), ("__name__", "late")]
same(module_in([(i, i) for i in range(1000)] + g), "late")
space = {"add": add, "c": new(), "r": []}
space[Key()] = "hostile"
space["ran"] = ran

# exec() itself looks for __name__.
exec("ran.clear(); x = add(c); n = len(ran)", space)
same((space["x"][3], space["n"]), ("", 0))
