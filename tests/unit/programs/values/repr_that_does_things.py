# SPDX-License-Identifier: BSD-2-Clause
"""A __repr__ prints, frees what is shown, and changes the options."""

import io


def prints():
    print("printed", file=out)
    return "text"


out = io.StringIO()
same(shown(C(prints)), ["text"])
same(out.getvalue(), "printed\n")
box = []


def empties():
    box.clear()
    return "gone"


box.append(C(empties))
same(shown(box[0]), ["gone"])
same(box, [])
box += [C(empties), C(empties)]
same(shown(box), ["[gone]"])


def ends():
    core.values(SAFE)
    return "last"


o = C(ends)
same(shown(o), ["last"])
same(shown(o), [address(o)])
