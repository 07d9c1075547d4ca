# SPDX-License-Identifier: BSD-2-Clause
"""A server such as people run, which has nothing of pyusdt and writes down who makes its calls.

usage: serving.py gevent|asyncio SOCKET, or as a WSGI program: gunicorn serving:answer

To each request it answers "done", after calls to clock_nanosleep(2). The file that REFERENCE
names in the environment gets a line for each: the process, and its stack, as plain.py has it.
"""

import os
import sys
import time


def write_down(frame):
    names = []
    while frame:
        code = frame.f_code
        names.append(f"{code.co_qualname} ({code.co_filename}:{frame.f_lineno})")
        frame = frame.f_back
    with open(os.environ["REFERENCE"], "a") as file:
        file.write(f"{os.getpid()} {';'.join(reversed(names))}\n")


def called():
    write_down(sys._getframe()), time.sleep(0.001)


def direct():
    called()


def work():
    direct()
    for _ in (called() for _ in range(2)):
        pass


def answer(environment, start):
    work()
    start("200 OK", [("Content-Length", "4")])
    return [b"done"]


def serve_by_gevent(path):
    import gevent
    import gevent.pywsgi
    import gevent.socket

    def answer_by_turns(environment, start):
        """Others' greenlets run between the calls of one request."""
        called()
        gevent.sleep(0.001)
        return answer(environment, start)

    listener = gevent.socket.socket(gevent.socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    gevent.pywsgi.WSGIServer(listener, answer_by_turns, log=None).serve_forever()


def serve_by_asyncio(path):
    import asyncio

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        called()
        await asyncio.sleep(0.001)
        work()
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ndone")
        await writer.drain()
        writer.close()

    async def serve():
        async with await asyncio.start_unix_server(handle, path) as server:
            await server.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    {"gevent": serve_by_gevent, "asyncio": serve_by_asyncio}[sys.argv[1]](sys.argv[2])
