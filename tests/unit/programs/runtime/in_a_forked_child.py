# SPDX-License-Identifier: BSD-2-Clause
"""A forked child tells its own imports, threads and collections."""


def in_child():
    sys.modules.pop("__hello__", None)
    told()
    import __hello__

    t = run(name="t")
    gc.collect()
    found = told()
    same(
        found[:4],
        [("IMPORT_START", "__hello__"), ("IMPORT_DONE", "__hello__", 1)] + both("t", t),
    )
    same([e[0] for e in found[4:]], ["GC_START", "GC_DONE"])
    os._exit(3)


child = os.fork()
if not child:
    try:
        in_child()
    finally:
        os._exit(99)
same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 3)
