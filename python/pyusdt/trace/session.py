# SPDX-License-Identifier: BSD-2-Clause
"""One trace from its beginning to its end: what is traced, bpftrace, and signals. Of a
program that is started for it, the beginning is in starting.py.

Whatever happens, nothing is left behind: no bpftrace that is attached, and no program that
waits for one.
"""

import contextlib
import os
import pathlib
import tempfile
import time
from collections.abc import Callable

from pyusdt.failure import Failure, Interrupted, complain
from pyusdt.trace.announcer import Announcer, Selection, list_pythons
from pyusdt.trace.libraries import with_all_libraries
from pyusdt.trace.library import takes_pid
from pyusdt.trace.losses import Losses
from pyusdt.trace.options import PROG
from pyusdt.trace.output import Output
from pyusdt.trace.progress import Progress
from pyusdt.trace.signals import Signals
from pyusdt.trace.target import Process
from pyusdt.trace.tracer import Tracer

POLL_SECONDS = 0.05
# While the user waits for nothing else.
SHORT_POLL_SECONDS = 0.005
GRACE_SECONDS = 1
PATIENCE_SECONDS = 30
LOSSES_STATUS = 3
ATTACHING = "attaching the probes"


def trace_process(
    bpftrace: str, script: pathlib.Path, process: Process, output: Output,
    at_end: Callable[[], None] = lambda: None,
) -> tuple[int, bool]:
    """@at_end: what is to be done before this process may end with the trace.

    Returns: the exit status, and whether the trace is whole.
    """
    signals = Signals()
    unarmed = not process.is_armed()
    with contextlib.ExitStack() as stack:
        tracer = start_tracer(stack, bpftrace, script, process, output)
        if not attach_to_running(tracer, process.has_ended, signals):
            why = process.why_not_attached()
            raise Failure(f"bpftrace could not attach to process {process.pid}{why}")
        if unarmed and not process.is_armed():
            complain(
                PROG,
                f"process {process.pid} has no events armed and looks for no tracer: "
                "there is nothing to see until it calls pyusdt.enable()",
            )
        result = follow(tracer, process.has_ended, signals, output, at_end)
    return result


def trace_outside(
    bpftrace: str, script: pathlib.Path, announcer: str, selection: Selection,
    output: Output,
) -> tuple[int, bool]:
    """Processes that need nothing of pyusdt, by a script on kernel events.

    Returns: the exit status, and whether the trace is whole.
    """
    signals = Signals()
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(Process(pid)) for pid in selection.pids]
        if processes:
            check_stacks(announcer, processes, output.losses)
        teller = stack.enter_context(Announcer(announcer, selection, output.losses))
        # Any process and no minimum, but only what this announcer tells.
        tracer = Tracer(bpftrace, script, output, 0, 0, teller.pid)
        stack.callback(tracer.kill)
        result = trace_running(tracer, processes, signals, output, teller.announce)
    return result


def check_stacks(announcer: str, processes: list[Process], losses: Losses) -> None:
    """One line for each process of which there will be nothing."""
    pids = ",".join(str(process.pid) for process in processes)
    known = {python.pid: python for python in list_pythons(announcer, ["-p", pids])}
    reasons = []
    for process in processes:
        python = known.get(process.pid)
        if python is None:
            reasons.append(f"process {process.pid} has ended")
        elif not python.stacks:
            reasons.append(f"process {process.pid} ({process.name()}): {python.why}")
            losses.unreadable.add(process.pid)
    if len(reasons) == len(processes):
        for reason in reasons[:-1]:
            complain(PROG, reason)
        raise Failure(reasons[-1])


def trace_all(bpftrace: str, script: pathlib.Path, output: Output) -> tuple[int, bool]:
    """Every process that has the library, by a script on events of Python."""
    signals = Signals()
    with contextlib.ExitStack() as stack:
        text = script.read_text(errors="replace")
        everywhere = with_all_libraries(text, stack)
        tracer = Tracer(bpftrace, fitted(stack, script, text, everywhere), output)
        stack.callback(tracer.kill)
        result = trace_running(tracer, [], signals, output)
    return result


def trace_running(
    tracer: Tracer, processes: list[Process], signals: Signals, output: Output,
    when_attached: Callable[[], None] = lambda: None,
) -> tuple[int, bool]:
    """Until all of these processes have ended, or Ctrl-C; without any, until Ctrl-C."""

    def have_ended() -> bool:
        return bool(processes) and all(process.has_ended() for process in processes)

    if not attach_to_running(tracer, have_ended, signals):
        raise Failure("bpftrace could not attach")
    when_attached()
    return follow(tracer, have_ended, signals, output)


def attach_to_running(
    tracer: Tracer, has_ended: Callable[[], bool], signals: Signals
) -> bool:
    """False where bpftrace has given up."""

    def is_settled() -> bool:
        return tracer.is_attached() or tracer.has_ended() or has_ended()

    wait_until(is_settled, signals, ATTACHING, "stopped before all probes were attached")
    failed = tracer.could_not_attach()
    tracer.show_messages()
    return not failed


def follow(
    tracer: Tracer, has_ended: Callable[[], bool], signals: Signals, output: Output,
    at_end: Callable[[], None] = lambda: None,
) -> tuple[int, bool]:
    """To the end of what is traced, or of the trace.

    @at_end: see trace_process().

    Returns: the exit status, and whether the trace is whole.
    """
    with output.kept_screen():
        while not (has_ended() or tracer.has_ended()):
            if signals.wait(POLL_SECONDS):
                tracer.hurry()
            tracer.look()
        finish(tracer, signals)
    told = tell_trouble(tracer)
    at_end()
    return leave(tracer, output, tracer.status()), not told


def start_tracer(
    stack: contextlib.ExitStack, bpftrace: str, script: pathlib.Path, process: Process,
    output: Output,
) -> Tracer:
    text = script.read_text(errors="replace")
    script = fitted(stack, script, text, process.fit(text))
    if takes_pid(text):
        tracer = Tracer(bpftrace, script, output, process.pid)
    elif process.has_copy():
        tracer = Tracer(bpftrace, script, output)
    else:
        tracer = Tracer(bpftrace, script, output, process=process.pid)
    stack.callback(tracer.kill)
    return tracer


def fitted(
    stack: contextlib.ExitStack, script: pathlib.Path, before: str, after: str
) -> pathlib.Path:
    """The script, or one with the text that it is to have."""
    if after == before:
        return script
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    script = pathlib.Path(folder, script.name)
    script.write_text(after)
    return script


def wait_until(
    condition: Callable[[], bool], signals: Signals, doing: str, stopped: str,
    seconds: float = POLL_SECONDS,
) -> None:
    """@doing: what takes so long. @stopped: what a signal has done."""
    with Progress(PROG, doing) as progress:
        while not condition():
            received = signals.wait(seconds)
            if received and not is_so_within(GRACE_SECONDS, condition):
                raise Interrupted(received.si_signo, stopped)
            signals.keep(received)
            progress.look()


def is_so_within(seconds: float, condition: Callable[[], bool]) -> bool:
    """What bpftrace has said that it is may be on its way to here."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(SHORT_POLL_SECONDS)
    return True


def finish(tracer: Tracer, signals: Signals) -> None:
    """What was traced has ended, or bpftrace has."""
    limit = time.monotonic() + PATIENCE_SECONDS
    if tracer.ends_by_itself:
        # It is about to print its maps, and a signal now would keep it from that.
        tracer.leave_alone()

    def is_to_be_told() -> bool:
        # Others forget what they have not read.
        is_due = not tracer.ends_by_itself and tracer.has_read_all()
        return is_due or time.monotonic() >= limit

    with Progress(PROG, "bpftrace reads what is left, and its maps") as progress:
        while not tracer.has_ended():
            if signals.wait(POLL_SECONDS):
                tracer.hurry()
            elif is_to_be_told():
                tracer.end()
            tracer.look()
            progress.look()
    # What it has printed is not all written yet.
    while tracer.is_copying() and not signals.wait(POLL_SECONDS):
        pass


def tell_trouble(tracer: Tracer) -> bool:
    """True once there is some."""
    trouble = tracer.trouble() if tracer.has_ended() else None
    if trouble is None:
        return False
    complain(PROG, trouble)
    return True


def leave(tracer: Tracer, output: Output, status: int) -> int:
    """Tells what is missing, and what is not known.

    Returns: the exit status, unless someone still writes, and need not be waited for.
    """
    unknown = output.lines.told()
    if unknown is not None:
        complain(PROG, unknown)
    missing = output.losses.told()
    if missing is not None:
        complain(PROG, missing)
        if output.presentation.is_strict:
            status = status or LOSSES_STATUS
    if tracer.is_copying():
        os._exit(status)
    output.close()
    return status
