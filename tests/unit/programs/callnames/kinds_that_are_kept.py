# SPDX-License-Identifier: BSD-2-Clause
"""Classes and functions of C: their names are kept, each under itself."""

import time

kept(len, "builtins.len")
kept(time.sleep, "time.sleep")
kept(list.append, "builtins.list.append")
kept(object.__init__, "builtins.object.__init__")
kept(dict.__dict__["fromkeys"], "builtins.dict.fromkeys")
kept(int, "builtins.int")


class C:
    pass


kept(C, "__main__.C")
same(count(), 7)
