# SPDX-License-Identifier: BSD-2-Clause
"""Calls the callbacks with objects whose methods note that they were asked."""

ran = []


def answers(name):
    def answer(*arguments):
        ran.append(name)
        core.disable()
        return 1

    return answer


names = (
    "__index__",
    "__int__",
    "__trunc__",
    "__float__",
    "__eq__",
    "__hash__",
    "__bool__",
    "__str__",
    "__repr__",
    "__len__",
)
space = {name: answers(name) for name in names}
kinds = [type("Own", (base,), space) for base in (object, int, str)]
callbacks = {n: M.register_callback(4, bit, None) for n, bit in EVENTS.items()}
main()
before = core.enabled()
core.clear()
for name, callback in callbacks.items():
    for own in (kind() for kind in kinds):
        for rest in ((own, own), (1, own), (own, 1)):
            same(callback(main.__code__, *rest), None)
        same(callback(own, own, own), None)
same((ran, core.enabled()), ([], before))
got = [r for r in core.records("workload.py") if r[0] in callbacks]
same({r[0] for r in got}, set(callbacks))
same({r[4] for r in got}, {-1, 1})
