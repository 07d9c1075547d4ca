# SPDX-License-Identifier: BSD-2-Clause
"""Modules that are made of these sources, and what is told of their import."""

import importlib.util

SOURCES = dict(a="import b, c.d", b="", c="", bad="1 / 0", syntax="1 +")
SOURCES |= {
    "c.d": "",
    "é": "",
    "outer": """try: import bad
except ZeroDivisionError: pass""",
}


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name in SOURCES:
            return importlib.util.spec_from_loader(name, self, is_package=name == "c")

    def create_module(self, spec):
        pass

    def exec_module(self, module):
        exec(SOURCES[module.__name__])


sys.meta_path.insert(0, Finder())


def find(*arguments):
    try:
        __import__(*arguments)
    except Exception as error:
        return type(error)


def start(*names):
    return [("IMPORT_START", name) for name in names]


def done(name, found=1):
    return [("IMPORT_DONE", name, found)]


def alone(name, found):
    return start(name) + done(name, found)
