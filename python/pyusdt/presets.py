# SPDX-License-Identifier: BSD-2-Clause
"""Filters that many want, as patterns."""

import os
import sys

# Beside the standard library's own, in the same folder.
_INSTALLED = ("site-packages", "dist-packages")

_SPECIAL = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]", ",": "?"})


def stdlib() -> str:
    """The standard library, without what is installed within its folder."""
    folder = os.path.dirname(os.__file__)
    names = sorted(set(os.listdir(folder)).difference(_INSTALLED, ["__pycache__"]))
    patterns = ["file:<frozen *"]
    for name in names:
        path = _literal(os.path.join(folder, name))
        patterns.append(f"{path}/*" if os.path.isdir(os.path.join(folder, name)) else path)
    return ",".join(patterns)


def program(kind: str, target: str) -> str:
    """What belongs to the program itself: its folder, or its package."""
    if kind == "module":
        package = target.partition(".")[0]
        return f"__main__.*,{package}.*"
    if kind == "command" or target == "-":
        return "__main__.*"
    path = os.path.realpath(target)  # as modules found by sys.path[0] have it
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    return f"__main__.*,{_literal(os.path.join(folder, ''))}*"


def _literal(path: str) -> str:
    return "file:" + path.translate(_SPECIAL)
