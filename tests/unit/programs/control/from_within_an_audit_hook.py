# SPDX-License-Identifier: BSD-2-Clause
"""An audit hook calls the library while the library is at work."""

results, everything = [], core.supported()


def nested(event, arguments):
    if event == REGISTER and len(results) == 0:
        results.append(None)
        results.extend(
            (
                core.enable(core.CALL),
                core.disable(),
                core.poll(),
                core.configure(0),
                core.enabled(),
                core.supported(),
            )
        )


sys.addaudithook(nested)
same(core.enable(core.LINE), 0)
same(results, [None] + [-EDEADLK] * 4 + [0, everything])
same((core.enabled(), events(4)), (core.LINE, {"LINE"}))
results.clear()
same(core.disable(), 0)
same(results, [None] + [-EDEADLK] * 4 + [core.LINE, everything])
same(core.enabled(), 0)
