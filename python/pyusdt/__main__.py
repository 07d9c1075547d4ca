# SPDX-License-Identifier: BSD-2-Clause
"""The command line ``python -m pyusdt``, and the file that pyusdt-trace runs by its path.

For ``-m`` Python itself searches the current folder first, before anything of this
package runs. Where that folder is not to be trusted, this file is run by its path: Python
then puts the file's own folder in front of sys.path, from where it is taken away again
before anything is imported.
"""

import sys

# What the program finds imported in any case: all that is there before this file, or,
# with -m, before what Python imports in order to find it.
before = list(sys.modules)
by_path = globals()["__spec__"] is None

if by_path:
    if not sys.flags.safe_path:
        del sys.path[0]
else:
    before = before[:before.index("runpy")]


def load_package() -> None:
    """Import the package that this file is part of, wherever it is.

    Nothing is put on sys.path for it, which is the program's. If its extension module is
    not for this interpreter, a free-threaded one, the interpreter must have its own.
    """
    import importlib.util
    from importlib.machinery import PathFinder

    # The events are armed when the program starts.
    sys.modules["pyusdt.arming"] = None  # type: ignore[assignment]
    folder = __file__.rpartition("/")[0]
    if PathFinder.find_spec("_pyusdt", [folder]) is None:
        import pyusdt

        return
    spec = PathFinder.find_spec("pyusdt", [folder.rpartition("/")[0] or "/"])
    assert spec is not None and spec.loader is not None  # this file is in it
    package = importlib.util.module_from_spec(spec)
    sys.modules["pyusdt"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if by_path:
        try:
            load_package()
        except ImportError as error:
            sys.exit(f"pyusdt: {sys.executable} cannot run it: {error}")

    from pyusdt.cli import main

    main(frozenset(before))
