# SPDX-License-Identifier: BSD-2-Clause
"""A second thread arms while the first one does."""

import threading

inside, results = threading.Event(), []


def other():
    inside.wait()
    results.append(core.enable(core.CALL))


thread = threading.Thread(target=other)


def slow(event, arguments):
    if event == REGISTER and not inside.is_set():
        inside.set()
        for i in range(100_000):
            pass


sys.addaudithook(slow)
thread.start()
same(core.enable(core.LINE), 0)
thread.join()
same(results, [0])
same(core.enabled(), core.CALL)
