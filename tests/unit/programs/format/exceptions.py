# SPDX-License-Identifier: BSD-2-Clause
"""Exceptions, and the one line that each is shown as."""

import json


class Odd(Exception):
    pass


class Outer:
    class Inner(Exception):
        pass


class MyKeyError(KeyError):
    pass


class MyOSError(OSError):
    pass


Elsewhere = type("Elsewhere", (Exception,), {"__module__": "a.b"})
for e, want in (
    (ValueError(), "ValueError"),
    (ValueError("text"), "ValueError: text"),
    (ValueError(""), "ValueError: "),
    (ValueError("it's"), "ValueError: it's"),
    (ValueError("both ' and \""), "ValueError: both ' and \""),
    (ValueError("back\\slash"), "ValueError: back\\slash"),
    (ValueError("é€🐍"), "ValueError: é€🐍"),
    (ValueError(7), "ValueError: 7"),
    (ValueError(-(10**30)), "ValueError: -" + "1" + "0" * 30),
    (ValueError(1.5), "ValueError: 1.5"),
    (ValueError(None), "ValueError: None"),
    (ValueError(True), "ValueError: True"),
    (ValueError(b"x"), "ValueError: b'x'"),
    (Odd("mine"), "Odd: mine"),
    (Outer.Inner(3), "Outer.Inner: 3"),
    (Elsewhere("x"), "a.b.Elsewhere: x"),
    (
        json.JSONDecodeError("m", "d", 0),
        "json.decoder.JSONDecodeError: m: line 1 column 1 (char 0)",
    ),
    (KeyError("key"), "KeyError: 'key'"),
    (KeyError(7), "KeyError: 7"),
    (MyKeyError("key"), "MyKeyError: 'key'"),
    (LookupError("key"), "LookupError: key"),
    (OSError(2, "No such"), "FileNotFoundError: [Errno 2] No such"),
    (OSError(2, "No such", "file"), "FileNotFoundError: [Errno 2] No such"),
    (MyOSError(5, "x\ny"), r"MyOSError: [Errno 5] x\ny"),
    (OSError("one"), "OSError: one"),
    (OSError("two", 2), "OSError: ('two', ...)"),
    (ValueError(2, "two"), "ValueError: (2, ...)"),
    (ValueError("a", "b", "c"), "ValueError: ('a', ...)"),
    (SystemExit(3), "SystemExit: 3"),
    (StopIteration("v"), "StopIteration: v"),
    (KeyboardInterrupt(), "KeyboardInterrupt"),
    (ExceptionGroup("several", [Odd()]), "ExceptionGroup: ('several', ...)"),
):
    same(exception(e), want)


# What is not plain is no message.
class Str(str):
    pass


class Int(int):
    pass


for value in (
    Str("x"),
    Int(3),
    [],
    (),
    {},
    object(),
    len,
    ValueError,
    Odd("x"),
    1j,
    bytearray(b"x"),
):
    same(exception(ValueError(value)), "ValueError")
    same(exception(KeyError(value, "x")), "KeyError")
    same(exception(ValueError("x", value)), "ValueError: ('x', ...)")
same(exception(OSError(2, Str("x"))), "FileNotFoundError: (2, ...)")
same(exception(OSError(Int(2), "x")), "FileNotFoundError")
