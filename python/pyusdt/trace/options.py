# SPDX-License-Identifier: BSD-2-Clause
"""The command line of pyusdt-trace."""

import re
import sys
from typing import NoReturn

from pyusdt.failure import UsageError
from pyusdt.commandline import NONE, REQUIRED, Option, flag, take_options, value
from pyusdt.rendering.grouping import WAYS
from pyusdt.trace.presentation import Form, Presentation

PROG = "pyusdt-trace"
LEAST_INTERVAL = 100
TOP_INTERVAL = 1000
USAGE = f"usage: {PROG} [OPTIONS] SCRIPT (-p PID[,PID...] | --all | [--] PROGRAM [ARG...])"

HELP = f"""\
{USAGE}

Run a bpftrace script on a Python program that it starts, from its first line to its end,
or on running processes. For a script on kernel events these need nothing of pyusdt, for
one on events of Python they must have it loaded, or --load does that.

  SCRIPT             the name of an installed script, such as pycalls, or a file, with a
                     slash, such as ./my.bt
  PROGRAM            what python3 takes: a script, -m MODULE, -c COMMAND; run with pyusdt
                     in it where the script is on events of Python

Options, before PROGRAM:
  -p, --pid PID,...  trace this process, until it ends or Ctrl-C; with a script on kernel
                     events also several, and the processes that come from them
  --load             have PID load pyusdt for the time of the trace, for a script on events
                     of Python, see pyusdt-attach(1)
  --all              trace every Python of the machine, later ones too, until Ctrl-C; with
                     a script on events of Python every one that has pyusdt loaded
  --user USER        of --all, only the user's, with a script on kernel events
  --cgroup PATH      of --all, only those in this control group and below
  --container NAME   of --all, only those in this container, by its id or, of docker and
                     podman, its name
  -o, --output FILE  write the trace to FILE
  --lines            count by line and not by function, in the tables of scripts on kernel events
  --rows N           show N rows of each table, 0: all, and the sum of the others
  --by WHAT          one row for each process, thread, function or file
  --interval S       show what is new each S seconds, and at the end
  --top              show that on a screen that is kept, each second or S seconds: keys
                     sort and freeze it, q or Ctrl-C ends the trace and shows all of it;
                     with -p or --all
  --json             show all as lines of JSON
  --csv              show tables, whole ones, as CSV
  --raw              show what bpftrace itself would print, with names escaped
  --strict           exit status 3 where something is missing in the trace: events that
                     bpftrace has lost, maps that were full, processes that cannot be read
  --flame FILE       make a flame graph (FILE.svg), what speedscope reads (FILE.json) or
                     pprof (FILE.pb.gz), else folded stacks, of a script that keeps
                     stacks; without -o the trace itself is not shown
  --python PYTHON    run PROGRAM with this interpreter (default: python3 where it is
                     the interpreter of this command, else that,
                     {sys.executable})
  --list             list the installed scripts
  --processes        list the running Pythons: version, user, whether their stacks can be
                     seen or why not, whether pyusdt is loaded, command
                     (with --json as lines of JSON)
  -h, --help         print this help

Exit status: the program's, 128 + N where signal N ended it; with -p bpftrace's; 1 when
it cannot be traced, or the trace is not whole and the program's is 0; 2 for wrong usage;
3 see --strict.
"""


class Options:
    pids: tuple[int, ...] = ()
    wants_all = False
    wants_load = False
    user: str | None = None
    cgroup: str | None = None
    container: str | None = None
    output: str | None = None
    form: Form | None = None
    rows: int | None = None
    milliseconds: int | None = None
    by: str | None = None
    wants_lines = False
    has_top = False
    is_strict = False
    flame: str | None = None
    python: str | None = None
    wants_list = False
    wants_processes = False
    wants_help = False
    script: str | None = None
    program: list[str]

    @property
    def presentation(self) -> Presentation:
        milliseconds = self.milliseconds
        if self.has_top and milliseconds is None:
            milliseconds = TOP_INTERVAL
        return Presentation(self.form or Form.TEXT, self.rows, milliseconds, self.by,
                            self.wants_lines, self.has_top, self.is_strict)


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
    if options.wants_processes and options.form and options.form != Form.JSON:
        fail(f"--{options.form.value} is for a script")
    if not (options.wants_list or options.wants_help or options.wants_processes):
        check_arguments(options)
    return options


def name_of(word: str) -> str:
    return word.partition("=")[0] if word.startswith("--") else word


def check_arguments(options: Options) -> None:
    if options.script is None:
        fail("no script given, --list shows those that are installed")
    if bool(options.pids) + options.wants_all + bool(options.program) != 1:
        fail("give either a program to run, or -p PID, or --all")
    if not options.program and options.python is not None:
        fail("--python is for a program to run, not for one that runs")
    if options.wants_load and not options.pids:
        fail("--load is for -p PID")
    for name in CONDITIONS:
        if getattr(options, name) is not None and not options.wants_all:
            fail(f"--{name} is for --all")
    if options.cgroup is not None and options.container is not None:
        fail("give either --cgroup or --container")
    if options.rows is not None and options.form == Form.RAW:
        fail("--rows is not for --raw")
    if options.has_top:
        if options.program:
            fail("--top is for processes that run already (-p PID, --all): a program of its "
                 "own would write to the same terminal")
        if options.form is not None:
            fail(f"give either --top or --{options.form.value}")
        if options.output is not None:
            fail("--top is shown on the terminal: not with -o")
    for option, given in ("--interval", options.milliseconds), ("--by", options.by):
        if given is not None and options.form == Form.RAW:
            fail(f"{option} is not for --raw")
    if options.wants_lines and options.form == Form.RAW:
        fail("--lines is not for --raw")
    if options.flame is not None and options.flame == options.output:
        fail("-o and --flame name the same file")


def process_ids(text: str) -> tuple[int, ...]:
    return tuple(map(process_id, text.split(",")))


def process_id(text: str) -> int:
    # int() refuses very many digits.
    if not (text.isascii() and text.isdigit() and len(text) < 100 and int(text)):
        fail(f"-p {text}: not a process id")
    return int(text)


def number_of_rows(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        fail(f"--rows {text}: not a number of rows")
    return int(text)


def way_to_group(text: str) -> str:
    if text not in WAYS:
        fail(f"--by {text}: not one of {', '.join(WAYS)}")
    return text


def milliseconds(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text, re.ASCII):
        fail(f"--interval {text}: not a number of seconds")
    found = round(float(text) * 1000)
    if found < LEAST_INTERVAL:
        fail(f"--interval {text}: less than {LEAST_INTERVAL / 1000} seconds")
    return found


def set_form(form: Form) -> Option:
    def take(options: Options, _: str | None) -> None:
        if options.form and options.form != form:
            fail(f"give either --{options.form.value} or --{form.value}")
        options.form = form

    return Option(take, NONE)


def add_pids(options: Options, text: str | None) -> None:
    """-p may be given several times."""
    for pid in process_ids(text or ""):
        if pid not in options.pids:
            options.pids += (pid,)


def fail(message: str) -> NoReturn:
    raise UsageError(message)


# Which of all processes.
CONDITIONS = ("user", "cgroup", "container")

PID = Option(add_pids, REQUIRED)
OUTPUT = value("output")
HELP_WANTED = flag("wants_help")
OPTIONS = {
    "-p": PID,
    "--pid": PID,
    "-o": OUTPUT,
    "--output": OUTPUT,
    "--flame": value("flame"),
    "--python": value("python"),
    "--load": flag("wants_load"),
    "--all": flag("wants_all"),
    **{f"--{name}": value(name) for name in CONDITIONS},
    "--list": flag("wants_list"),
    "--processes": flag("wants_processes"),
    "--strict": flag("is_strict"),
    "--lines": flag("wants_lines"),
    "--top": flag("has_top"),
    "--rows": value("rows", number_of_rows),
    "--by": value("by", way_to_group),
    "--interval": value("milliseconds", milliseconds),
    **{f"--{form.value}": set_form(form) for form in (Form.RAW, Form.JSON, Form.CSV)},
    "-h": HELP_WANTED,
    "--help": HELP_WANTED,
}
