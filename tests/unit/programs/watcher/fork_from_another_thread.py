# SPDX-License-Identifier: BSD-2-Clause
"""A fork by a thread that is not the main one."""

import threading, warnings

warnings.simplefilter("ignore")
results = []


def work():
    child = os.fork()
    if not child:
        try:
            until(core.watcher)
            os._exit(6)
        finally:
            os._exit(99)
    results.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


thread = threading.Thread(target=work)
thread.start()
thread.join()
same(results, [6])
until(core.watcher)
