# SPDX-License-Identifier: BSD-2-Clause
"""The trace of a program that is started for it, and held until bpftrace is attached.

By a script on kernel events the program is run as python3 runs it, where its stacks can be seen
from outside; else with pyusdt in it.
"""

import contextlib
import pathlib
from typing import NamedTuple

from pyusdt.failure import Failure
from pyusdt.commandline import split
from pyusdt.trace.announcer import Announcer, Selection, has_stacks
from pyusdt.trace.executables import Python
from pyusdt.trace.forerunner import Forerunner
from pyusdt.trace.output import Output
from pyusdt.trace.plain import hold_plain
from pyusdt.trace.program import HeldProgram, RunnerProgram
from pyusdt.trace.session import (
    ATTACHING, GRACE_SECONDS, POLL_SECONDS, SHORT_POLL_SECONDS, finish, leave, start_tracer,
    tell_trouble, wait_until,
)
from pyusdt.trace.signals import Signals
from pyusdt.trace.target import Process
from pyusdt.trace.tracer import Tracer

STARTING = "starting the program"
STOPPED = "stopped before all probes were attached, the program was not run"

# What a program does when a signal tells it to end belongs to the trace, where it ends soon.
ENDING_SECONDS = 1.0


class Launch(NamedTuple):
    """What is to be run, and how it is traced."""

    words: list[str]  # of the interpreter
    python: Python
    bpftrace: str
    script: pathlib.Path
    output: Output


def trace_program(launch: Launch, announcer: str | None) -> tuple[int, bool]:
    """@announcer: that which the script listens to, if it is one on kernel events.

    Returns: the exit status, and whether the trace is whole.
    """
    signals = Signals()
    with contextlib.ExitStack() as stack:
        held = None
        if announcer is not None and is_plain(launch.words):
            held = begin_plain(stack, launch, announcer, signals)
        if held is None:
            held = begin(stack, launch, signals)
        result = run(*held, signals, launch.output)
    return result


def run(
    program: HeldProgram, tracer: Tracer, signals: Signals, output: Output
) -> tuple[int, bool]:
    """Returns: see trace_program()."""
    program.release()
    told = False
    while not program.has_ended():
        received = signals.wait(POLL_SECONDS)
        if received:
            program.pass_on(received)
            tracer.hurry(ENDING_SECONDS)
        tracer.look()
        told = told or tell_trouble(tracer)
    finish(tracer, signals)
    told = told or tell_trouble(tracer)
    return leave(tracer, output, program.status() or int(told)), not told


def begin(
    stack: contextlib.ExitStack, launch: Launch, signals: Signals
) -> tuple[HeldProgram, Tracer]:
    """With pyusdt in it. @stack: what has to be done at the end."""
    program = stack.enter_context(RunnerProgram(launch.words, launch.python, signals))
    process = stack.enter_context(Process(program.pid))

    def is_there() -> bool:
        program.must_not_have_ended()
        return process.has_library()

    wait_until(is_there, signals, STARTING, STOPPED, SHORT_POLL_SECONDS)
    tracer = start_tracer(stack, launch.bpftrace, launch.script, process, launch.output)
    attach(tracer, program, signals)
    return program, tracer


def is_plain(words: list[str]) -> bool:
    """What comes first is for the interpreter, not an option of pyusdt(1)."""
    return not words[0].startswith("-") or split(words[0])[0] in ("-", "-m", "-c")


def begin_plain(
    stack: contextlib.ExitStack, launch: Launch, announcer: str, signals: Signals
) -> tuple[HeldProgram, Tracer] | None:
    """Nothing of pyusdt is in it. None where it would not be seen so from its first line."""
    with contextlib.ExitStack() as begun:
        held = try_plain(begun, launch, announcer, signals)
        if held is not None:
            stack.enter_context(begun.pop_all())
    return held


def try_plain(
    begun: contextlib.ExitStack, launch: Launch, announcer: str, signals: Signals
) -> tuple[HeldProgram, Tracer] | None:
    forerunner = begun.enter_context(Forerunner(launch.python))
    wait_until(forerunner.is_settled, signals, STARTING, STOPPED, SHORT_POLL_SECONDS)
    if not is_seen(announcer, forerunner.pid):
        return None
    program = hold_plain(launch.words, launch.python, signals)
    if program is None:
        return None
    begun.enter_context(program)
    if not forerunner.is_same_program(program.pid):
        return None
    selection = Selection((forerunner.pid, program.pid))
    teller = begun.enter_context(Announcer(announcer, selection, launch.output.losses))
    # What it has seen in the one by now it guesses of the other.
    forerunner.end()
    tracer = Tracer(launch.bpftrace, launch.script, launch.output, 0, 0, teller.pid)
    begun.callback(tracer.kill)
    attach(tracer, program, signals)
    teller.announce()
    return program, tracer


def is_seen(announcer: str, pid: int) -> bool:
    try:
        return has_stacks(announcer, pid)
    except Failure:
        return False


def attach(tracer: Tracer, program: HeldProgram, signals: Signals) -> None:
    """To a program that is held."""

    def is_settled() -> bool:
        program.must_not_have_ended()
        return tracer.is_attached() or tracer.has_ended()

    wait_until(is_settled, signals, ATTACHING, STOPPED, SHORT_POLL_SECONDS)
    failed = tracer.could_not_attach()
    if failed:
        # Because the program has ended? Then that will be seen at once.
        program.wait(GRACE_SECONDS)
        program.must_not_have_ended()
    tracer.show_messages()
    if failed:
        raise Failure("bpftrace could not attach, the program was not run")
