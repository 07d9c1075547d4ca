# SPDX-License-Identifier: BSD-2-Clause
"""The command line of ``python -m pyusdt``, and when the program may start."""

import os
import sys
import time

import pyusdt
from pyusdt import _pyusdt
from pyusdt.run import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

USAGE = ("usage: python -m pyusdt [OPTIONS]"
         " (SCRIPT | -m MODULE | -c COMMAND | DIRECTORY | ZIP | -) [ARG...]")

HELP = f"""\
{USAGE}

Run a Python program with its execution visible as USDT probes, for bpftrace, bcc, perf,
SystemTap or gdb. Only the events that a tracer watches are instrumented.

Options, before the program; all that follows it belongs to the program:
  -e, --events EVENTS  arm these events: names with commas between, as in
                       py_start,py_return, or all, or none (default: PYUSDT_EVENTS,
                       else all)
  --wait[=SECONDS]     wait before the first line until a tracer is attached, at most for
                       SECONDS
  --wait-fd FD         wait before the first line until a byte or the end of file arrives
                       on descriptor FD, then close it
  --version            print the version and exit
  -h, --help           print this help and exit

Program:
  SCRIPT               a .py or .pyc file
  -m MODULE            a module, or a package's __main__
  -c COMMAND           code
  DIRECTORY, ZIP       a directory or zip file with a __main__.py
  -                    a script read from standard input up to its end

Environment:
  PYUSDT_EVENTS        events to arm when -e is not given, in the same form
  PYUSDT_CHECK_MSEC    how often to look for tracers, in milliseconds (default: 100)

Exit status: the program's own; 1 when the events cannot be armed; 2 for wrong usage.

Example, count the calls of each function:
  python -m pyusdt --wait script.py
and, with the process id that it prints, in another terminal:
  bpftrace -p PID -e 'usdt:*:pyusdt:PY_START {{ @[str(arg0)] = count(); }}'
"""

POLL_SECONDS = 0.02
# Tracers attach probe by probe: the first one seen is rarely the last.
SETTLE_SECONDS = 0.2


class Options:
    events: str | None = None
    wait: float | None = None
    wait_fd: int | None = None
    kind: str = "script"
    target: str
    args: list[str]


def main() -> None:
    options = parse_arguments(sys.argv[1:])
    events = choose_events(options)
    if options.wait is not None and not events:
        fail("--wait needs at least one event")

    def ready() -> None:
        hold(options, events)

    run(options.kind, options.target, options.args, ready)


def parse_arguments(words: list[str]) -> Options:
    """Like getopt: options end at the program, which takes all words after it."""
    options = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if word == "-" or not word.startswith("-"):
            rest.insert(0, word)
            break
        name, value = split_option(word)
        if name in KINDS:
            options.kind = KINDS[name]
            rest.insert(0, required(name, value, rest))
            break
        take_option(options, name, value, rest)
    if not rest:
        fail("no program given")
    options.target, *options.args = rest
    return options


KINDS = {"-m": "module", "-c": "command"}


def split_option(word: str) -> tuple[str, str | None]:
    if not word.startswith("--"):
        return word[:2], word[2:] or None
    name, equals, value = word.partition("=")
    return name, value if equals else None


def take_option(options: Options, name: str, value: str | None, rest: list[str]) -> None:
    if name in ("-e", "--events"):
        options.events = required(name, value, rest)
    elif name == "--wait":
        options.wait = float("inf") if value is None else parse_seconds(value)
    elif name == "--wait-fd":
        options.wait_fd = parse_descriptor(required(name, value, rest))
    elif name in ("-h", "--help"):
        show(name, value, HELP)
    elif name == "--version":
        show(name, value, f"pyusdt {pyusdt.__version__}\n")
    else:
        fail(f"unknown option {name}")


def required(name: str, value: str | None, rest: list[str]) -> str:
    if value is not None:
        return value
    if not rest:
        fail(f"option {name} needs an argument")
    return rest.pop(0)


def parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not seconds >= 0:
        fail(f"--wait={text}: not a number of seconds")
    return seconds


def parse_descriptor(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        fail(f"--wait-fd {text}: not a descriptor number")
    return int(text)


def show(name: str, value: str | None, text: str) -> "NoReturn":
    if value is not None:
        fail(f"option {name} takes no argument")
    sys.stdout.write(text)
    sys.exit()


def fail(message: str) -> "NoReturn":
    print(f"{USAGE}\npyusdt: error: {message}", file=sys.stderr)
    sys.exit(2)


def choose_events(options: Options) -> pyusdt.Event:
    if options.events is not None:
        return parse_events(options.events, fail)
    return parse_events(os.environ.get("PYUSDT_EVENTS", "all"), fail_environment)


def parse_events(text: str, complain: "Callable[[str], NoReturn]") -> pyusdt.Event:
    try:
        return pyusdt.parse_events(text)
    except ValueError as error:
        complain(str(error))


def fail_environment(message: str) -> "NoReturn":
    print(f"pyusdt: error: PYUSDT_EVENTS: {message}", file=sys.stderr)
    sys.exit(2)


def hold(options: Options, events: pyusdt.Event) -> None:
    """Hold the program back as asked, and let it go with its events armed."""
    if options.wait_fd is not None:
        wait_for_descriptor(options.wait_fd)
    if not events:
        return
    arm(events)
    if options.wait is not None:
        wait_for_tracer(options.wait)
    pyusdt.poll()


def wait_for_descriptor(descriptor: int) -> None:
    try:
        os.read(descriptor, 1)
        os.close(descriptor)
    except OSError as error:
        fail(f"--wait-fd {descriptor}: {error.strerror}")


def arm(events: pyusdt.Event) -> None:
    try:
        pyusdt.enable(events)
    except OSError as error:
        sys.exit(f"pyusdt: cannot arm: {error.strerror}")


def wait_for_tracer(limit: float) -> None:
    pid = os.getpid()
    notice(f"process {pid} is waiting for a tracer (bpftrace -p {pid} SCRIPT.bt)")
    if not tracer_settles(limit):
        notice(f"no tracer after {limit:g} s, running without one")


def tracer_settles(limit: float) -> bool:
    """True once the watched events stay the same; False with none in time."""
    start = settled_from = time.monotonic()
    watched = 0
    while True:
        now = time.monotonic()
        # Not as an Event: enum's functions would be the first that the tracer sees.
        active = _pyusdt.active()
        if active != watched:
            watched, settled_from = active, now
        elif watched and now - settled_from >= SETTLE_SECONDS:
            return True
        elif not watched and now - start >= limit:
            return False
        time.sleep(POLL_SECONDS)


def notice(message: str) -> None:
    print(f"pyusdt: {message}", file=sys.stderr, flush=True)
