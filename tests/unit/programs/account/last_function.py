# SPDX-License-Identifier: BSD-2-Clause
"""multiprocessing ends its processes by os._exit(), right after this function."""

space = {"__name__": "multiprocessing.process", "leaf": work["leaf"]}
exec("class BaseProcess:\n    def _bootstrap(self): leaf()\n", space)
core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()
space["BaseProcess"]()._bootstrap()
same(counts(), {"leaf": (1, 0, 0)})
# Also where it is hidden itself.
hide("multiprocessing.*")
for _ in range(3):
    space["BaseProcess"]()._bootstrap()
    same(counts(), {"leaf": (1, 0, 0)})
core.disable()
