# SPDX-License-Identifier: BSD-2-Clause
"""Objects and classes with every method replaced: none of them is called."""

objects = []
for base in (object, int, str, bytes, float, list, dict, tuple, Exception, set):
    T = make("T", base, **body(skip=("__qualname__", "__hash__")))
    objects.append((T(), "?"))
    objects.append((T, "?"))

# The namespace of a metaclass, with everything a class can be asked.
M = make(
    "M", type, **body(skip=("__qualname__", "__getattribute__", "__hash__", "__dict__"))
)
put(M, "__qualname__", property(trap("meta qualname")))
K = make("K", meta=M)
objects += [(K, "__main__.K"), (object.__new__(K), "__main__.K")]
MG = make("MG", type, __getattribute__=trap("meta getattribute"))
G = make("G", meta=MG)
objects += [(G, "__main__.G"), (object.__new__(G), "__main__.G")]


def profile(frame, event, argument):
    if event == "call":
        ran.append(frame.f_code.co_qualname)


[repr(o) for o in (objects[0][0], K)], G.x, K.__qualname__
assert len(ran) >= 4, ran  # the traps work
ran.clear()
results = []
for o, want in objects:
    for function in (core.format_value, core.format_callable):
        sys.setprofile(profile)
        text = function(o, 256)
        sys.setprofile(None)
        results.append((text, want))
assert not ran, ran
assert len(results) == 2 * len(objects)
for text, want in results:
    assert "trapped" not in text, text
    assert want == "?" or want in text, (text, want)
