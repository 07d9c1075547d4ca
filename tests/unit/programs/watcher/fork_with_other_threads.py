# SPDX-License-Identifier: BSD-2-Clause
"""Forks while threads of the program wait."""

import threading, warnings

warnings.simplefilter("ignore")
stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for i in range(3)]
[t.start() for t in threads]
for i in range(10):
    child = os.fork()
    if not child:
        try:
            until(core.watcher)
            os._exit(4)
        finally:
            os._exit(99)
    same(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 4)
    assert core.watcher()
stop.set()
[t.join() for t in threads]
