# SPDX-License-Identifier: BSD-2-Clause
"""An HTTP server on the loopback interface, in threads, that also makes code and drops it.

GET /NUMBER answers with a text that only handle(NUMBER) gives. Commands come on standard
input, one a line; each is answered by one line of JSON.
"""

import collections
import ctypes
import gc
import http.server
import json
import os
import sys
import threading

import pyusdt


class Failed(Exception):
    pass


def digits(number):
    for _ in range(3):
        yield number % 10
        number //= 10


def check(number):
    if number % 7 == 0:
        raise Failed(number)
    return number


def handle(number):
    """What the tracers count: once for each request."""
    try:
        kind = check(number)
    except Failed as error:
        kind = error.args[0]
    # A code object of its own for each request.
    space = {}
    exec(f"def made(text):\n    return f'{{text}}-{number}'", space)
    return space["made"](f"{kind}:{sum(digits(number))}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body are two packets.
    disable_nagle_algorithm = True

    def do_GET(self):
        body = handle(int(self.path[1:])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64


class Mallinfo2(ctypes.Structure):
    _fields_ = [(f"field{number}", ctypes.c_size_t) for number in range(10)]


def heap():
    """What malloc has given out, in bytes: uordblks and hblkhd."""
    function = ctypes.CDLL(None).mallinfo2
    function.restype = Mallinfo2
    info = function()
    return info.field7 + info.field4


def state():
    gc.collect()
    with open("/proc/self/statm") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    comms = []
    for tid in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{tid}/comm") as file:
            comms.append(file.read().strip())
    return {
        "resident": resident,
        "heap": heap(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": collections.Counter(comms),
        "tools": [sys.monitoring.get_tool(tool) for tool in range(6)],
        "active": int(pyusdt.active()),
    }


def poll():
    """Look for tracers now. Returns: the sys.monitoring events that are set."""
    pyusdt.poll()
    tool = [sys.monitoring.get_tool(tool) for tool in range(6)].index("pyusdt")
    events = sys.monitoring.get_events(tool)
    return [n for n, bit in vars(sys.monitoring.events).items() if bit and bit & events == bit]


def main():
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    print(json.dumps(server.server_address[1]), flush=True)
    for line in sys.stdin:
        print(json.dumps({"state": state, "poll": poll}[line.strip()]()), flush=True)
    server.shutdown()
    thread.join()
    server.server_close()


main()
