# SPDX-License-Identifier: BSD-2-Clause
"""The command line of ``python -m pyusdt``, and when the program may start."""

import os
import sys
import time

import pyusdt
from pyusdt import _pyusdt
from pyusdt.commandline import (
    NONE, OPTIONAL, REQUIRED, Option, flag, is_option, split, take_options, value,
)
from pyusdt.events import parse
from pyusdt.run import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from pyusdt.profiling.running import Running

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
  -i, --include PATTERNS
                       tell only of code that matches: patterns with commas between, as
                       in json.*, on module.qualname, or after file: on the file name;
                       may be given more than once (default: PYUSDT_INCLUDE, else all)
  -x, --exclude PATTERNS
                       do not tell of code that matches, whatever --include says
                       (default: PYUSDT_EXCLUDE)
  --no-stdlib          do not tell of the standard library
  --only-program       tell only of the program's own code: the folder of SCRIPT, the
                       package of MODULE
  --values HOW         arguments and results as text: none, safe, or repr, which runs the
                       __repr__ of the program's classes (default: PYUSDT_VALUES, else
                       safe)
  --value-max BYTES    how long that text may be, 16 to 4096 (default: PYUSDT_VALUE_MAX,
                       else 256)
  --wait[=SECONDS]     wait before the first line until a tracer is attached, at most for
                       SECONDS
  --profile[=FILE]     count and time all calls, and print a table of functions on standard
                       error at the end, or write FILE, for what its name says: x.pstats
                       (pstats, snakeviz), x.folded, x.svg (a flame graph), x.json
                       (speedscope), x.pb.gz (pprof)
  --c-functions        have those written in C in the profile, too
  --wait-fd FD         wait before the first line until a byte arrives on descriptor FD,
                       then close it; at its end of file end without running the program
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
  PYUSDT_INCLUDE, PYUSDT_EXCLUDE, PYUSDT_VALUES, PYUSDT_VALUE_MAX
                       as the options of these names, where they are not given
  PYUSDT_COMPAT        with 1 the probes of the provider python fire also where the
                       interpreter itself has the same
  PYUSDT_CHECK_MSEC    how often to look for tracers, in milliseconds (default: 100)

Exit status: the program's own; 1 when the events cannot be armed, the program
is not released, or the profile cannot be written; 2 for wrong usage.

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
    include: str | None = None
    exclude: str | None = None
    no_stdlib = False
    only_program = False
    profile: str | None = None  # "" for a table
    c_functions = False
    values: str | None = None
    value_max: str | None = None
    kind: str = "script"
    target: str
    args: list[str]
    words: list[str]


def main(before: "frozenset[str]") -> None:
    """*before* names the modules that the program finds imported in any case."""
    options = parse_arguments(sys.argv[1:])
    sys.orig_argv = [*interpreter_words(), *options.words]
    events = choose_events(options)
    configure(options)
    if options.wait is not None and not events:
        fail("--wait needs at least one event")
    profile = choose_profile(options)

    def ready() -> None:
        hold(options, events)
        if profile is not None:
            begin(profile)

    run(options.kind, options.target, options.args, ready, before)


def parse_arguments(words: list[str]) -> Options:
    options = Options()
    rest = list(words)
    has_ended = take_options(rest, OPTIONS, options, fail)
    if not rest:
        fail("no program given")
    options.words = list(rest)
    if is_option(rest[0]) and not has_ended:
        name, target = split(rest.pop(0))
        if name not in KINDS:
            fail(f"unknown option {name}")
        options.kind = KINDS[name]
        if target is not None:
            rest.insert(0, target)
        elif not rest:
            fail(f"option {name} needs an argument")
    options.target, *options.args = rest
    return options


def interpreter_words() -> list[str]:
    """The interpreter and its own options: what comes before -m pyusdt, or the path."""
    words = sys.orig_argv[:len(sys.orig_argv) - len(sys.argv) + 1]
    last = words.pop()
    if last == "pyusdt":
        last = words.pop() + last  # of -m, or of options that end with it
    if last.startswith("-") and last.endswith("mpyusdt") and last != "-mpyusdt":
        words.append(last.removesuffix("mpyusdt"))
    return words


def join(patterns: str | None, more: str) -> str:
    return more if patterns is None else f"{patterns},{more}"


def parse_seconds(text: str | None) -> float:
    if text is None:
        return float("inf")
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not seconds >= 0:
        fail(f"--wait={text}: not a number of seconds")
    return seconds


def parse_descriptor(text: str) -> int:
    descriptor = parse_number(text)
    if descriptor is None or descriptor > INT_MAX:
        fail(f"--wait-fd {text}: not a descriptor number")
    return descriptor


INT_MAX = 2**31 - 1


def parse_number(text: str) -> int | None:
    """None for what is no number, and for more digits than any option has use for."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(INT_MAX))
    return int(text) if is_number else None


def show(text: str) -> "NoReturn":
    sys.stdout.write(text)
    sys.exit()


def fail(message: str) -> "NoReturn":
    print(f"{USAGE}\npyusdt: error: {message}", file=sys.stderr)
    sys.exit(2)


def repeated(attribute: str) -> Option:
    """Patterns, which add up where they are given more than once."""
    return Option(
        lambda options, text: setattr(
            options, attribute, join(getattr(options, attribute), text or "")
        ),
        REQUIRED,
    )


KINDS = {"-m": "module", "-c": "command"}
EVENTS = value("events")
INCLUDE, EXCLUDE = repeated("include"), repeated("exclude")
SHOW_HELP = Option(lambda options, _: show(HELP), NONE)
OPTIONS = {
    "-e": EVENTS,
    "--events": EVENTS,
    "-i": INCLUDE,
    "--include": INCLUDE,
    "-x": EXCLUDE,
    "--exclude": EXCLUDE,
    "--no-stdlib": flag("no_stdlib"),
    "--only-program": flag("only_program"),
    "--values": value("values"),
    "--value-max": value("value_max"),
    "--profile": Option(
        lambda options, text: setattr(options, "profile", text or ""), OPTIONAL
    ),
    "--c-functions": flag("c_functions"),
    "--wait": Option(
        lambda options, text: setattr(options, "wait", parse_seconds(text)), OPTIONAL
    ),
    "--wait-fd": value("wait_fd", parse_descriptor),
    "-h": SHOW_HELP,
    "--help": SHOW_HELP,
    "--version": Option(
        lambda options, _: show(f"pyusdt {pyusdt.__version__}\n"), NONE
    ),
}


def choose_events(options: Options) -> int:
    if options.events is not None:
        return parse_events(options.events, fail)
    events = _pyusdt.environment("PYUSDT_EVENTS")
    return parse_events("all" if events is None else events, fail_environment)


def parse_events(text: str, complain: "Callable[[str], NoReturn]") -> int:
    try:
        return parse(text)
    except ValueError as error:
        complain(str(error))


def configure(options: Options) -> None:
    """Set the filters and how values are shown: those given, else the environment's."""
    include, exclude = options.include, options.exclude
    if options.only_program or options.no_stdlib:
        from pyusdt import presets  # not in sys.modules of other programs

        if options.only_program:
            include = join(include, presets.program(options.kind, options.target))
        if options.no_stdlib:
            exclude = join(exclude, presets.stdlib())
    changes: "dict[str, Any]" = {}
    if options.values is not None:
        changes["values"] = parse_values(options.values)
    if options.value_max is not None:
        changes["value_max"] = parse_value_max(options.value_max)
    try:
        for name, chosen in (("include", include), ("exclude", exclude)):
            if chosen is None:
                chosen = _pyusdt.environment(f"PYUSDT_{name.upper()}")
            if chosen is not None:
                changes[name] = chosen
        pyusdt.configure(**changes)
    except (OSError, ValueError) as error:
        fail(str(error))


VALUES = {
    "none": pyusdt.VALUES_NONE,
    "safe": pyusdt.VALUES_SAFE,
    "repr": pyusdt.VALUES_REPR,
}


def parse_values(text: str) -> int:
    if text not in VALUES:
        fail(f"--values {text}: use none, safe or repr")
    return VALUES[text]


def parse_value_max(text: str) -> int:
    size = parse_number(text)
    if size is None or not 16 <= size <= 4096:
        fail(f"--value-max {text}: not a number from 16 to 4096")
    return size


def fail_environment(message: str) -> "NoReturn":
    print(f"pyusdt: error: PYUSDT_EVENTS: {message}", file=sys.stderr)
    sys.exit(2)


def choose_profile(options: Options) -> "Running | None":
    if options.profile is None:
        if options.c_functions:
            fail("--c-functions needs --profile")
        return None
    from pyusdt.profiling.running import Running  # not in sys.modules of other programs

    try:
        title = "-c" if options.kind == "command" else options.target
        return Running(options.profile or None, title, options.c_functions)
    except (OSError, ValueError) as error:
        print(f"pyusdt: error: --profile: {error}", file=sys.stderr)
        sys.exit(2)


def begin(profile: "Running") -> None:
    try:
        profile.begin()
    except OSError as error:
        sys.exit(f"pyusdt: cannot profile: {error.strerror}")


def hold(options: Options, events: int) -> None:
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
        released = os.read(descriptor, 1)
        os.close(descriptor)
    except OSError as error:
        fail(f"--wait-fd {descriptor}: {error.strerror}")
    if not released:
        # Who holds the other end has died: an untraced run is not what was wanted.
        sys.exit("pyusdt: not released, the program was not run")


def arm(events: int) -> None:
    try:
        _pyusdt.enable(events)
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
