# SPDX-License-Identifier: BSD-2-Clause
"""With this folder in PYTHONPATH and PYUSDT_WATCHED=1 a program has all probes watched.

From before its first line on, as with python -m pyusdt and a tracer. Without the variable
it is a program without pyusdt.
"""

import os

if os.environ.get("PYUSDT_WATCHED") == "1":
    import pyusdt
    import semaphores

    # Not again in a subinterpreter, or the child of a fork.
    if not semaphores.get("PY_START"):
        # Without the watcher: it would see half of the semaphores, and the program might
        # begin while it is still there to follow the other half.
        pyusdt.disable()
        semaphores.add(1)
        pyusdt.enable()
