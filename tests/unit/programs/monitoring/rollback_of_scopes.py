# SPDX-License-Identifier: BSD-2-Clause
"""Replaces functions of sys.monitoring by some that fail when they are told to."""

kept, left = {}, None


def refuse(name):
    function = kept[name] = getattr(M, name)

    def refusing(*arguments):
        global left
        if left is not None:
            left -= 1
            if left == 0:
                raise error
        return function(*arguments)

    setattr(M, name, refusing)


refuse("set_events")
refuse("set_local_events")


def now():
    return events(4), registered(4), local_of(f), local_of(g)
