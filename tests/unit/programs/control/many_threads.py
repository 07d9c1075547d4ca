# SPDX-License-Identifier: BSD-2-Clause
"""Eight threads arm, disarm and poll as they like."""

import threading

results = set()


def work():
    for i in range(50):
        results.add(core.enable(core.ALL))
        results.add(core.disable())
        results.add(min(0, core.poll()))


threads = [threading.Thread(target=work) for i in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
same(results, {0})
same(core.disable(), 0)
same(M.get_tool(4), None)
