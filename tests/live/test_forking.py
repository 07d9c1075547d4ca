# SPDX-License-Identifier: BSD-2-Clause
"""A program that forks more often than its watcher ticks: its events and its tracers."""

import concurrent.futures
import socket

from live import PROGRAMS, SECONDS, LiveTest, counts, probe, wait_until

REQUESTS = 200
CLIENTS = 4
FORKED = '/str(arg0) == "forked_work"/'


class Forking(LiveTest):
    def start(self, poll_msec):
        self.server = self.program(str(PROGRAMS / "forkserver.py"), str(poll_msec))
        self.server.go()
        self.port = int(self.server.process.stdout.readline())

    def request(self, function="forked_first"):
        """Are events set in the process that serves this?"""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            connection.sendall(f"{function}\n".encode())
            return connection.recv(1) == b"1"

    def load(self):
        """What many requests are told, several at a time."""
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            return set(clients.map(self.request, ["forked_work"] * REQUESTS))

    def check(self, poll_msec):
        self.start(poll_msec)
        self.assertEqual(self.load(), {False})
        tracer = self.tracer(probe("PY_START", "@[str(arg0)] = count();", FORKED))
        wait_until(self.request, "a request is traced")
        self.assertEqual(self.load(), {True})
        self.assertEqual(counts(tracer.stop())["forked_work"], REQUESTS)
        wait_until(lambda: not self.request(), "no request is traced")
        self.assertEqual(self.load(), {False})

    def test_with_ticks(self):
        self.check(100)

    def test_without_ticks(self):
        # By the forks alone.
        self.check(60000)
