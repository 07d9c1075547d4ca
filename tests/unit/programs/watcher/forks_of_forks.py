# SPDX-License-Identifier: BSD-2-Clause
"""Children of children, each with a watcher."""


def down(depth):
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        until(core.watcher)
        return status
    try:
        until(core.watcher)
        os._exit(down(depth - 1) if depth else 5)
    finally:
        os._exit(99)


same(down(3), 5)
