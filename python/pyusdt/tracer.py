# SPDX-License-Identifier: BSD-2-Clause
"""bpftrace as a child process: started on a traced process, read, and ended."""

import contextlib
import functools
import io
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

# bpftrace prints this line, where the variable of that name is set, once all probes are
# attached; 0.17 to stderr, later versions to stdout. Its own tests rely on it.
ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"

PATIENCE_SECONDS = 30
RESEND_SECONDS = 5

# A script with this predicate is told the process as an argument, and follows its forks:
# with -p, later versions of bpftrace keep all else from kernel events.
TAKES_PID = "pid == $1"


class Tracer:
    """bpftrace on a process, its output copied to a file and its messages to stderr."""

    def __init__(self, bpftrace, script, pid, output):
        takes_pid = TAKES_PID in script.read_text()
        self._ends_by_itself = not takes_pid
        words = [script, str(pid)] if takes_pid else ["-p", str(pid), script]
        self._attached = threading.Event()
        self._messages = io.StringIO()
        self._process = subprocess.Popen(
            [bpftrace, "--no-warnings", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, ATTACHED: "1"},
            preexec_fn=take_interrupts,
            text=True,
            errors="replace",
        )
        self._copiers = [
            threading.Thread(target=self._copy, args=(stream, write), daemon=True)
            for stream, write in (
                (self._process.stdout, functools.partial(write_now, output)),
                (self._process.stderr, self._write_message),
            )
        ]
        for copier in self._copiers:
            copier.start()

    def _copy(self, stream, write):
        for line in stream:
            if line.rstrip("\n") == ATTACHED:
                self._attached.set()
            else:
                write(line)

    def _write_message(self, text):
        if self._messages is None:
            write_now(sys.stderr, text)
        else:
            self._messages.write(text)

    def show_messages(self):
        """From now on. What it says of a program that could not start is of no use."""
        if self.has_ended():
            self.wait()
        messages, self._messages = self._messages, None
        write_now(sys.stderr, messages.getvalue())

    def is_attached(self):
        return self._attached.is_set()

    def has_ended(self):
        return self._process.poll() is not None

    def wait(self):
        status = shell_status(self._process)
        for copier in self._copiers:
            copier.join()
        return status

    def stop(self):
        """The process has ended."""
        if self._ends_by_itself:
            # It is about to print its maps, and a signal now would keep it from that.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE_SECONDS)
        interrupt(self._process)
        return self.wait()


def interrupt(process):
    """End bpftrace as Ctrl-C does.

    0.17 does not notice it where it is not just then waiting for events: it is told again,
    unless it is printing its maps by now, which another signal would keep it from.
    """
    while process.poll() is None:
        if catches_interrupts(process.pid):
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(RESEND_SECONDS)


def catches_interrupts(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = int(re.search(r"^SigCgt:\t(\w+)", status, re.MULTILINE)[1], 16)
    return bool(caught >> (signal.SIGINT - 1) & 1)


def write_now(file, text):
    file.write(text)
    file.flush()


def take_interrupts():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def shell_status(process):
    status = process.wait()
    return status if status >= 0 else 128 - status
