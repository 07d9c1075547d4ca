# SPDX-License-Identifier: BSD-2-Clause
"""The command line of pyusdt-trace."""

import sys
from typing import NoReturn

from pyusdt.failure import UsageError
from pyusdt.commandline import flag, take_options, value

PROG = "pyusdt-trace"
USAGE = f"usage: {PROG} [OPTIONS] SCRIPT (-p PID | [--] PROGRAM [ARG...])"

HELP = f"""\
{USAGE}

Run a bpftrace script on a Python program that it starts, from its first line to its end,
or on a running process that has pyusdt loaded.

  SCRIPT             the name of an installed script, such as pycalls, or a file, with a
                     slash, such as ./my.bt
  PROGRAM            what python -m pyusdt takes: a script, -m MODULE, -c COMMAND

Options, before PROGRAM:
  -p, --pid PID      trace this process, until it ends or Ctrl-C
  -o, --output FILE  write the trace to FILE
  --flame FILE       make a flame graph (FILE.svg), folded stacks or, as FILE.json, what
                     speedscope reads, of a script that keeps stacks; without -o the
                     trace itself is not shown
  --python PYTHON    run PROGRAM with this interpreter (default: python3 where it is
                     the interpreter of this command, else that,
                     {sys.executable})
  --list             list the installed scripts
  -h, --help         print this help

Exit status: the program's, 128 + N where signal N ended it; with -p bpftrace's; 1 when
it cannot be traced, or the trace is not whole and the program's is 0; 2 for wrong usage.
"""


class Options:
    pid: int | None = None
    output: str | None = None
    flame: str | None = None
    python: str | None = None
    wants_list = False
    wants_help = False
    script: str | None = None
    program: list[str]


def parse_arguments(words: list[str]) -> Options:
    """Ours are the words up to PROGRAM: what comes after it belongs to it."""
    options = Options()
    rest = words[:]
    has_ended = take_options(rest, OPTIONS, options, fail)
    if rest and not has_ended:
        if rest[0].startswith("-"):
            fail(f"unknown option {name_of(rest[0])}")
        options.script = rest.pop(0)
        # What is none of these options begins PROGRAM, such as -m.
        take_options(rest, OPTIONS, options, fail)
    options.program = rest
    if not (options.wants_list or options.wants_help):
        check_arguments(options)
    return options


def name_of(word: str) -> str:
    return word.partition("=")[0] if word.startswith("--") else word


def check_arguments(options: Options) -> None:
    if options.script is None:
        fail("no script given, --list shows those that are installed")
    if (options.pid is None) == (not options.program):
        fail("give either a program to run or -p PID")
    if options.pid is not None and options.python is not None:
        fail("--python is for a program to run, not for -p")
    if options.flame is not None and options.flame == options.output:
        fail("-o and --flame name the same file")


def process_id(text: str) -> int:
    # int() refuses very many digits.
    if not (text.isascii() and text.isdigit() and len(text) < 100 and int(text)):
        fail(f"-p {text}: not a process id")
    return int(text)


def fail(message: str) -> NoReturn:
    raise UsageError(message)


PID = value("pid", process_id)
OUTPUT = value("output")
HELP_WANTED = flag("wants_help")
OPTIONS = {
    "-p": PID,
    "--pid": PID,
    "-o": OUTPUT,
    "--output": OUTPUT,
    "--flame": value("flame"),
    "--python": value("python"),
    "--list": flag("wants_list"),
    "-h": HELP_WANTED,
    "--help": HELP_WANTED,
}
