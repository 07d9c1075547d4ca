# SPDX-License-Identifier: BSD-2-Clause
"""Servers that people run, traced from outside while they serve: their stacks are theirs."""

import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

from live import PROGRAMS, SECONDS, wait_until, where_there_is
from test_outside import ENVIRONMENT
from test_trace_plain import CALL, PlainTest, stacks_in, stacks_told

CLIENTS = 4
REQUESTS = 25


def ask(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while received := connection.recv(4096):
            answer += received
    return answer


def is_serving(path):
    try:
        return ask(path).endswith(b"done")
    except OSError:
        return False


def ends_of_paths(stacks):
    """As much of them as bpftrace 0.17 can tell."""
    return {re.sub(r"\([^()]*?([^()]{,60}):(\d+\))", r"(\1:\2", stack) for stack in stacks}


class Servers(PlainTest):
    def serve(self, *words):
        """Returns: the process, the folder with its socket and what it writes."""
        folder = self.directory()
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", *(word.format(folder) for word in words)],
            cwd=PROGRAMS, env={**ENVIRONMENT, "REFERENCE": str(folder / "reference")},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

        def end():
            # gunicorn ends its workers then.
            process.terminate()
            process.wait(SECONDS)

        self.addCleanup(end)
        wait_until(lambda: is_serving(str(folder / "socket")), "it serves")
        return process, folder

    def load(self, path):
        """All that clients are answered while it is traced, from several at a time."""
        answers = []

        def client():
            for _ in range(REQUESTS):
                answers.append(ask(path))

        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        self.assertEqual(len(answers), CLIENTS * REQUESTS)
        self.assertEqual({answer[-4:] for answer in answers}, {b"done"})

    def check(self, processes, *words):
        """@processes: how many of them answer requests."""
        process, folder = self.serve(*words)
        folded = self.directory() / "stacks.folded"
        tracer, file = self.traced("--flame", folded, "pysyscall-stacks", "-p", str(process.pid))
        wait_until(
            lambda: file.exists() and file.read_text().count(": CPython 3.") >= processes,
            "the script knows the processes",
        )
        reference = folder / "reference"
        reference.unlink()
        self.load(str(folder / "socket"))
        tracer.send_signal(signal.SIGINT)
        self.finish(tracer)
        self.assertEqual(ends_of_paths(stacks_in(folded, CALL)),
                         ends_of_paths(stacks_told(reference)))
        pids = {line.split()[0] for line in reference.read_text().splitlines()}
        self.assertLessEqual(len(pids), processes)

    @where_there_is("gunicorn")
    def test_gunicorn(self):
        self.check(4, "-m", "gunicorn", "--workers", "3",
                   "--bind", "unix:{}/socket", "serving:answer")

    @where_there_is("gevent")
    def test_gevent(self):
        self.check(1, "serving.py", "gevent", "{}/socket")

    def test_asyncio(self):
        self.check(1, "serving.py", "asyncio", "{}/socket")


if __name__ == "__main__":
    unittest.main()
