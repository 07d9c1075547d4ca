# SPDX-License-Identifier: BSD-2-Clause
"""Calls everything from a handler that runs after the library's own."""

import atexit


def late():
    core.note(core.enable(core.ALL))
    core.note(core.poll())
    core.note(core.disable())
    core.note(core.enabled())
    core.note(core.active())
    core.note(core.watcher())
    core.note(sys.monitoring.get_tool(4) is None)


atexit.register(late)
