# SPDX-License-Identifier: BSD-2-Clause
"""The names of a code object are told before its first event, and once."""

space = {"__name__": "mod"}
exec(
    compile(
        """class C:
    def m(self):
        yield
list(C().m())
""",
        "code.py",
        "exec",
    ),
    space,
)
got = core.records("code.py")
known = {}
for event, *rest in got:
    if event == "CODE":
        assert rest[0] not in known
        known[rest[0]] = rest[1:]
    else:
        name, file, line, qualname, module = known[rest[7]]
        same((name, file, qualname, module), (*rest[:2], *rest[5:7]))
        if event == "PY_START":
            same(line, rest[2])
same(
    sorted(known.values()),
    [
        ["<module>", "code.py", 1, "<module>", "mod"],
        ["C", "code.py", 1, "C", "mod"],
        ["m", "code.py", 2, "C.m", "mod"],
    ],
)
assert 0 not in known
