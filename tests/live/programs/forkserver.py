# SPDX-License-Identifier: BSD-2-Clause
"""A server with a process per connection, as the standard library has it.

It prints its port. Each connection names a function to be called in its process, and is
told whether events were set there before that, as "1" or "0".
"""

import signal
import socketserver
import sys

import pyusdt


def forked_first():
    pass


def forked_work():
    pass


def is_instrumented():
    tools = [i for i in range(6) if sys.monitoring.get_tool(i) == "pyusdt"]
    return any(map(sys.monitoring.get_events, tools))


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        function = globals()[self.rfile.readline().decode().strip()]
        is_set = is_instrumented()
        function()
        self.wfile.write(b"%d" % is_set)


class Server(socketserver.ForkingTCPServer):
    # More than there are clients, none of which shall wait.
    max_children = 100


pyusdt.configure(poll_msec=int(sys.argv[1]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
