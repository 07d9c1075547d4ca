# SPDX-License-Identifier: BSD-2-Clause
"""A server under load from clients on the loopback interface, and tracers that come and go.

In each round one tracer is attached before the load and stopped after it, and has counted
exactly what the clients have asked for; another one is attached, and killed, in the midst of
it. Every answer is right. Afterwards nothing is instrumented, and the server has the threads,
descriptors, tool ids and memory that it had before.
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "live"), str(HERE.parent)]

from live import BUILDDIR, LIBRARY, SECONDS, Tracer, probe, why_not, wait_until  # noqa: E402

CLIENTS = 4
# Then a new connection is made, and with it a thread of the server.
REQUESTS_PER_CONNECTION = 20
# Each client's share of a round is no less; it goes on while the other tracer is there.
REQUESTS_AT_LEAST = 100
# Caches of CPython and malloc are full after so many rounds.
WARM_UP = 2
# What a server may have more of at the end, in bytes. Each request makes a code object, whose
# metadata takes some 500 bytes of the heap: 30 seconds see a few thousand of them.
MARGINS = {"heap": 256 * 1024, "resident": 2048 * 1024}


def expected(number):
    """What the server answers, by other means than the server's."""
    total = sum(int(digit) for digit in f"{number % 1000:03}")
    return f"{number}:{total}-{number}"


class Server:
    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": str(BUILDDIR / "python"),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        self.port = json.loads(self.process.stdout.readline())

    def ask(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def finish(self):
        self.process.communicate(timeout=SECONDS)
        if self.process.returncode:
            raise AssertionError(f"the server's exit status {self.process.returncode}")


class Load:
    """Clients in threads, from start() until they have done their share and stop()."""

    def __init__(self, port):
        self._port = port
        self._enough = threading.Event()
        self._lock = threading.Lock()
        self.requests = self.failures = 0
        self.wrong = []
        self._threads = [
            threading.Thread(target=self._run, args=(i,)) for i in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, number):
        try:
            done = 0
            while done < REQUESTS_AT_LEAST or not self._enough.is_set():
                self._connect(number + done * CLIENTS)
                done += REQUESTS_PER_CONNECTION
        except Exception as error:  # the main thread tells of it
            self.wrong.append(repr(error))

    def _connect(self, first):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        with contextlib.closing(connection):
            for number in range(first, first + REQUESTS_PER_CONNECTION * CLIENTS, CLIENTS):
                connection.request("GET", f"/{number}")
                response = connection.getresponse()
                answer = response.read().decode()
                if response.status != 200 or answer != expected(number):
                    raise AssertionError(f"{number}: {response.status} {answer}")
                with self._lock:
                    self.requests += 1
                    self.failures += number % 7 == 0

    def stop(self):
        self._enough.set()
        for thread in self._threads:
            thread.join()
        if self.wrong:
            raise AssertionError(f"wrong answers: {self.wrong}")


def counting(pid):
    """A script that counts what handle() does, and what it calls."""
    mine = f"pid == {pid}"
    return (
        probe("PY_START", "@starts[str(arg5)] = count();", f"/{mine}/")
        + probe("EXCEPTION_HANDLED", "@handled[str(arg5)] = count();", f"/{mine}/")
    )


def killed(pid):
    """A script of much work: lines, values, and what the watcher announces."""
    mine = f"/pid == {pid}/"
    return (
        probe("LINE", "@lines[arg2] = count();", mine)
        + probe("PY_RETURN", "@values[str(arg4)] = count();", mine)
        + probe("CALL", "@calls = count();", mine)
        + probe("CODE", "@codes[arg0] = 1;", mine)
        + probe("GC_DONE", "@collected = sum(arg1);", mine)
    )


def count_of(output, name, key):
    found = re.search(rf"^@{name}\[{key}\]: (\d+)$", output, re.MULTILINE)
    return int(found.group(1)) if found else 0


def check(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got}, not {wanted}")


def run_round(server):
    """Returns: how many requests there were."""
    pid = server.process.pid
    tracer = Tracer(counting(pid))
    try:
        check("set", set(server.ask("poll")), {"PY_START", "EXCEPTION_HANDLED"})
        load = Load(server.port)
        try:
            Tracer(killed(pid)).kill()
        finally:
            load.stop()
        output = tracer.stop()
    finally:
        tracer.kill()
    for function in ("handle", "check", "digits", "made"):
        check(f"starts of {function}", count_of(output, "starts", function), load.requests)
    check("exceptions", count_of(output, "handled", "handle"), load.failures)
    wait_until(lambda: server.ask("poll") == [], "nothing is instrumented any more")
    return load.requests


def settled(server, before):
    """The server's state when its connections have ended."""
    keys = ("threads", "descriptors", "tools", "active")
    state = {}

    def is_settled():
        state.update(server.ask("state"))
        return all(state[key] == before[key] for key in keys)

    try:
        wait_until(is_settled, "the server has what it had")
    except AssertionError as error:
        raise AssertionError(f"{error}: {before}, then {state}") from None
    return state


def soak(seconds):
    server = Server()
    first = server.ask("state")
    end = time.monotonic() + seconds
    rounds = requests = 0
    warm = last = None
    try:
        while rounds <= WARM_UP or time.monotonic() < end:
            requests += run_round(server)
            last = settled(server, first)
            rounds += 1
            print(f"round {rounds}: {requests} requests, heap {last['heap']}, "
                  f"resident {last['resident']}", flush=True)
            if rounds == WARM_UP:
                warm, warm_requests = last, requests
        server.finish()
    finally:
        server.process.kill()
        server.process.wait()
    grown = {name: last[name] - warm[name] for name in MARGINS}
    print(f"{rounds} rounds, {requests} requests; since round {WARM_UP} {grown} bytes more, "
          f"for {requests - warm_requests} requests")
    for name, margin in MARGINS.items():
        if grown[name] > margin:
            raise AssertionError(f"{name} has grown by {grown[name]} bytes")


def main():
    reason = why_not()
    if reason:
        print(f"soak: {reason}")
        return 77
    soak(int(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
