# SPDX-License-Identifier: BSD-2-Clause
"""One trace from its beginning to its end: what is traced, bpftrace, and signals.

Whatever happens, nothing is left behind: no bpftrace that is attached, and no program that
waits for one.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pyusdt
from pyusdt.failure import Failure, Interrupted
from pyusdt.trace.output import say
from pyusdt.trace.target import Process
from pyusdt.bpftrace.textform import escape
from pyusdt.trace.tracer import Tracer, shell_status

PROG = "pyusdt-trace"

POLL_SECONDS = 0.05
# While the program is held, its user waits for nothing else.
HOLD_POLL_SECONDS = 0.005
GRACE_SECONDS = 1
PATIENCE_SECONDS = 30


class Signals:
    """Those that end a trace are waited for, not handled: each is seen once, in order.

    The end of a child process is waited for with them, so that it is noticed at once.
    """

    def __init__(self):
        # What the shell has this process ignore, as with nohup, stays ignored.
        self._ending = {
            number
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(number) != signal.SIG_IGN
        }
        self._all = {*self._ending, signal.SIGCHLD}
        self._kept = None
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, self._all)

    def wait(self, seconds):
        """The next of those that end a trace, within that time, or None."""
        if self._kept is not None:
            received, self._kept = self._kept, None
            return received
        received = signal.sigtimedwait(self._all, seconds)
        if received is None or received.si_signo not in self._ending:
            return None
        return received

    def keep(self, received):
        """For the next who waits."""
        self._kept = received


def trace_process(bpftrace, script, process, output):
    """Returns: the exit status, and whether the trace is whole."""
    signals = Signals()
    unarmed = not process.is_armed()
    with contextlib.ExitStack() as stack:
        tracer = start_tracer(stack, bpftrace, script, process, output)

        def is_settled():
            return tracer.is_attached() or tracer.has_ended() or process.has_ended()

        wait_until(is_settled, signals, "stopped before all probes were attached")
        failed = tracer.could_not_attach()
        tracer.show_messages()
        if failed:
            why = process.why_not_attached()
            raise Failure(f"bpftrace could not attach to process {process.pid}{why}")
        if unarmed and not process.is_armed():
            complain(
                f"process {process.pid} has no events armed and looks for no tracer: "
                "there is nothing to see until it calls pyusdt.enable()"
            )
        while not (process.has_ended() or tracer.has_ended()):
            if signals.wait(POLL_SECONDS):
                tracer.hurry()
            tracer.look()
        finish(tracer, signals)
        told = tell_trouble(tracer)
        return leave(tracer, output, tracer.status()), not told


def trace_program(bpftrace, script, words, python, output):
    """Returns: the exit status, and whether the trace is whole."""
    signals = Signals()
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(HeldProgram(words, python, signals))
        process = stack.enter_context(Process(program.pid))
        tracer = attach(stack, bpftrace, script, program, process, output, signals)
        program.release()
        told = False
        while not program.has_ended():
            received = signals.wait(POLL_SECONDS)
            if received:
                program.pass_on(received)
                tracer.hurry()
            tracer.look()
            told = told or tell_trouble(tracer)
        finish(tracer, signals)
        told = told or tell_trouble(tracer)
        return leave(tracer, output, program.status() or int(told)), not told


class HeldProgram:
    """A program that stands before its first line, and is not run unless it is released."""

    def __init__(self, words, python, signals):
        hold, release = os.pipe()
        self._release = open(release, "wb", buffering=0)
        before = signals.before
        # By its path: with -m Python would search the current folder for it.
        runner = os.path.join(os.path.dirname(pyusdt.__file__), "__main__.py")
        try:
            self._process = subprocess.Popen(
                [python.name, runner, "--wait-fd", str(hold), *words],
                executable=python.path,
                pass_fds=[hold],
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),
            )
        except OSError as error:
            raise Failure(f"--python {python.name}: {error.strerror}") from None
        finally:
            os.close(hold)
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if not self._release.closed:
            self._process.kill()
            self._process.wait()
            self._release.close()

    def release(self):
        with self._release:
            # It may have ended just now.
            with contextlib.suppress(BrokenPipeError):
                self._release.write(b"\n")

    def has_ended(self):
        return self._process.poll() is not None

    def must_not_have_ended(self):
        if self.has_ended():
            raise EndedEarly(self.status())

    def wait(self, seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def status(self):
        return shell_status(self._process)

    def pass_on(self, received):
        """What a process has sent to this one only is for the program too.

        What the terminal sends, as for Ctrl-C, the program gets itself. A process that has
        sent it to all of the group, as timeout(1), cannot be told from one that has not:
        twice is what timeout itself does.
        """
        if received.si_code <= 0:
            self._process.send_signal(received.si_signo)


class EndedEarly(Exception):
    """The program has ended before its first line, and has said why."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def start_tracer(stack, bpftrace, script, process, output):
    text = script.read_text(errors="replace")
    fitted = process.fit(text)
    if fitted != text:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        script = pathlib.Path(folder, script.name)
        script.write_text(fitted)
    tracer = Tracer(bpftrace, script, process.pid, output)
    stack.callback(tracer.kill)
    return tracer


def attach(stack, bpftrace, script, program, process, output, signals):
    """bpftrace on a program that is held."""
    stopped = "stopped before all probes were attached, the program was not run"

    def is_there():
        program.must_not_have_ended()
        return process.has_library()

    wait_until(is_there, signals, stopped, HOLD_POLL_SECONDS)
    tracer = start_tracer(stack, bpftrace, script, process, output)

    def is_settled():
        program.must_not_have_ended()
        return tracer.is_attached() or tracer.has_ended()

    wait_until(is_settled, signals, stopped, HOLD_POLL_SECONDS)
    failed = tracer.could_not_attach()
    if failed:
        # Because the program has ended? Then that will be seen at once.
        program.wait(GRACE_SECONDS)
        program.must_not_have_ended()
    tracer.show_messages()
    if failed:
        raise Failure("bpftrace could not attach, the program was not run")
    return tracer


def wait_until(condition, signals, stopped, seconds=POLL_SECONDS):
    while not condition():
        received = signals.wait(seconds)
        if received and not is_so_within(GRACE_SECONDS, condition):
            raise Interrupted(received.si_signo, stopped)
        signals.keep(received)


def is_so_within(seconds, condition):
    """What bpftrace has said that it is may be on its way to here."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(HOLD_POLL_SECONDS)
    return True


def finish(tracer, signals):
    """What was traced has ended, or bpftrace has."""
    limit = time.monotonic() + PATIENCE_SECONDS

    def is_to_be_told():
        # One that ends by itself is about to print its maps, and a signal now would keep it
        # from that. Others forget what they have not read.
        is_due = not tracer.ends_by_itself and tracer.has_read_all()
        return is_due or time.monotonic() >= limit

    while not tracer.has_ended():
        if signals.wait(POLL_SECONDS):
            tracer.hurry()
        elif is_to_be_told():
            tracer.end()
        tracer.look()
    # What it has printed is not all written yet.
    while tracer.is_copying() and not signals.wait(POLL_SECONDS):
        pass


def tell_trouble(tracer):
    """True once there is some."""
    trouble = tracer.trouble() if tracer.has_ended() else None
    if trouble is None:
        return False
    complain(trouble)
    return True


def complain(text):
    say(f"{PROG}: {escape(text)}\n")


def leave(tracer, output, status):
    """Returns: the exit status, unless someone still writes, and need not be waited for."""
    if tracer.is_copying():
        os._exit(status)
    output.close()
    return status
