# SPDX-License-Identifier: BSD-2-Clause
"""Exceptions with every method replaced: none of them is called."""

methods = {
    n: trap(n)
    for n in (
        "__repr__",
        "__str__",
        "__getattribute__",
        "__getattr__",
        "__hash__",
        "__eq__",
        "__reduce__",
        "__bool__",
        "__len__",
        "__iter__",
        "__format__",
        "__dir__",
    )
}
properties = {
    n: property(trap(n))
    for n in (
        "args",
        "__class__",
        "__module__",
        "__name__",
        "__dict__",
        "errno",
        "strerror",
        "__traceback__",
        "__notes__",
        "add_note",
    )
}
M = type(
    "M",
    (type,),
    {
        n: property(trap("meta " + n))
        for n in ("__module__", "__name__", "__mro__", "__bases__")
    }
    | {
        "__instancecheck__": trap("check"),
        "__subclasscheck__": trap("check"),
        "__getattribute__": trap("meta getattribute"),
    },
)
put(M, "__qualname__", property(trap("meta qualname")))
errors = []
for base in (Exception, KeyError, OSError, ValueError, SystemExit):
    for meta in (type, M):
        T = meta("T", (base,), methods | properties)
        for args in (("x",), (2, "x"), (), (None,)):
            errors.append((T(*args), args))
ran.clear()
got = [(core.format_exception(e, 256), args) for e, args in errors]
assert not ran, ran
for text, args in got:
    assert text.split(": ")[0].endswith("T"), text
    if args == ():
        assert ":" not in text
    if args == (None,):
        assert text.endswith("T: None"), text
    if args == ("x",):
        assert text.endswith((": x", ": 'x'")), text
assert any(text.endswith("T: [Errno 2] x") for text, args in got)
assert str(errors[0][0]) == "trapped" and ran  # the traps work
