# SPDX-License-Identifier: BSD-2-Clause
"""Makes each event of the runtime happen once."""

import gc, threading

gc.disable()


def happen():
    core.clear()
    try:
        import not_to_be_found
    except ImportError:
        pass
    thread = threading.Thread(target=int, name="mine")
    thread.start()
    thread.join()
    gc.collect()
    return Counter(
        r[0]
        for r in core.others()
        if not isinstance(r[1], str) or r[1] in ("mine", "not_to_be_found")
    )


WANTED = dict.fromkeys(
    (
        "IMPORT_START",
        "IMPORT_DONE",
        "THREAD_START",
        "THREAD_EXIT",
        "GC_START",
        "GC_DONE",
        "PYTHON_IMPORT_START",
        "PYTHON_IMPORT_DONE",
        "PYTHON_GC_START",
        "PYTHON_GC_DONE",
    ),
    1,
)
