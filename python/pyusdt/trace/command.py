# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-trace: run a bpftrace script on a Python program, in one go."""

import contextlib
import os
import pathlib
import re
import shutil
import sys
import tempfile
from typing import NamedTuple

import pyusdt
from pyusdt.failure import Failure, UsageError
from pyusdt.trace.output import Output, say
from pyusdt.trace.session import PROG, EndedEarly, trace_process, trace_program
from pyusdt.trace.target import Process
from pyusdt.bpftrace.textform import escape


def main(script_dir):
    # Of the program, not of this command.
    pyusdt.disable()
    try:
        status = trace(parse_arguments(sys.argv[1:]), pathlib.Path(script_dir))
        with contextlib.suppress(AttributeError):
            sys.stdout.flush()
    except Failure as failure:
        say(f"{PROG}: {escape(str(failure))}\n")
        status = failure.status
    except EndedEarly as end:
        status = end.status
    except BrokenPipeError:
        # Of --help or --list, by a reader that has all it wants.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


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
    pid = None
    output = None
    flame = None
    python = None
    list = False
    help = False
    script = None
    program = ()


def parse_arguments(words):
    """Ours are the words up to PROGRAM: what comes after it belongs to it."""
    options = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if not take_option(options, word, rest) and options.script is not None:
            rest.insert(0, word)
            break
    options.program = rest
    if not (options.list or options.help):
        check_arguments(options)
    return options


def check_arguments(options):
    if options.script is None:
        raise UsageError("no script given, --list shows those that are installed")
    if (options.pid is None) == (not options.program):
        raise UsageError("give either a program to run or -p PID")
    if options.pid is not None and options.python is not None:
        raise UsageError("--python is for a program to run, not for -p")
    if options.flame is not None and options.flame == options.output:
        raise UsageError("-o and --flame name the same file")


def take_option(options, word, rest):
    """False for the first word of PROGRAM."""
    name, value = split_option(word)
    if name in ("-h", "--help"):
        options.help = True
    elif name == "--list":
        options.list = True
    elif name in OPTIONS_WITH_VALUE:
        if value is None and not rest:
            raise UsageError(f"option {name} needs an argument")
        attribute, convert = OPTIONS_WITH_VALUE[name]
        setattr(options, attribute, convert(rest.pop(0) if value is None else value))
        return True
    elif options.script is not None:
        return False
    elif word.startswith("-"):
        raise UsageError(f"unknown option {name}")
    else:
        options.script = word
        return True
    if value is not None:
        raise UsageError(f"option {name} takes no argument")
    return True


def split_option(word):
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    if word[:2] in OPTIONS_WITH_VALUE:
        return word[:2], word[2:] or None
    return word, None


def process_id(text):
    # int() refuses very many digits.
    if not (text.isascii() and text.isdigit() and len(text) < 100 and int(text)):
        raise UsageError(f"-p {text}: not a process id")
    return int(text)


OPTIONS_WITH_VALUE = {
    "-p": ("pid", process_id),
    "--pid": ("pid", process_id),
    "-o": ("output", str),
    "--output": ("output", str),
    "--flame": ("flame", str),
    "--python": ("python", str),
}


def trace(options, script_dir):
    if options.help:
        print(HELP, end="")
        return 0
    if options.list:
        print("\n".join(installed_scripts(script_dir)))
        return 0
    script = find_script(options.script, script_dir)
    if options.flame is not None:
        check_flame(options.flame, script, script_dir)
    bpftrace = find_bpftrace()
    if options.flame is None:
        status, _ = run_script(bpftrace, script, options)
        return status
    with tempfile.TemporaryDirectory() as directory:
        options.output = options.output or os.path.join(directory, "trace")
        status, is_whole = run_script(bpftrace, script, options)
        return draw(script, options) or status if is_whole else status


def run_script(bpftrace, script, options):
    """Returns: the exit status, and whether bpftrace has printed all of its trace."""
    if options.pid is not None:
        with Process(options.pid) as process:
            process.require_library()
            output = Output(options.output)
            return trace_process(bpftrace, script, process, output)
    python = find_python(options.python)
    output = Output(options.output)
    return trace_program(bpftrace, script, options.program, python, output)


def draw(script, options):
    """Returns: 0, or the exit status of what it could not do and has told why."""
    from pyusdt.stacks import command as stacks

    of = " ".join(options.program) if options.pid is None else f"process {options.pid}"
    arguments = ["--title", f"{script.stem} of {of}", "-o", options.flame]
    unit = re.search(r"^ \* UNIT: (\w+)$", read_script(script), re.MULTILINE)
    if unit:
        arguments += ["--unit", unit[1]]
    try:
        stacks.main([*arguments, options.output])
    except SystemExit as end:
        return 1 if end.code else 0


def installed_scripts(script_dir):
    return sorted(path.stem for path in script_dir.glob("*.bt"))


def find_script(name, script_dir):
    """A name is that of an installed script, whatever is in the current folder."""
    if "/" in name:
        if not os.path.exists(name):
            raise Failure(f"{name}: there is no such script", 2)
        if not os.path.isfile(name):
            raise Failure(f"{name}: not a file", 2)
        return pathlib.Path(name)
    for path in (script_dir / name, script_dir / f"{name}.bt"):
        if path.suffix == ".bt" and path.is_file():
            return path
    if name.endswith(".py"):
        raise Failure(f"{name}: the script comes first, as in pycalls -- {name}", 2)
    if os.path.isfile(name):
        raise Failure(f"no script {name!r} is installed: for the file give ./{name}", 2)
    known = ", ".join(installed_scripts(script_dir))
    raise Failure(f"no script {name!r}: give a file as ./FILE, or one of {known}", 2)


def read_script(path):
    try:
        return path.read_text(errors="replace")
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}", 2) from None


# What a script has that keeps stacks, of whatever kind.
STACKS = re.compile(r"@stacks\b|\b[ku]stack\b")


def check_flame(name, script, script_dir):
    """Now, not when the trace has been made."""
    if not STACKS.search(read_script(script)):
        able = ", ".join(
            other for other in installed_scripts(script_dir)
            if STACKS.search(read_script(script_dir / f"{other}.bt"))
        )
        raise Failure(f"--flame: {script.stem} keeps no stacks, use one of {able}", 2)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise Failure(f"--flame {name}: there is no folder {folder}", 2)
    if os.path.isdir(name):
        raise Failure(f"--flame {name}: that is a folder, give a file in it", 2)
    if not os.access(name if os.path.exists(name) else folder, os.W_OK):
        raise Failure(f"--flame {name}: cannot be written", 2)


def find_program(name):
    """On PATH, without the current folder, which is anybody's."""
    path = os.pathsep.join(filter(os.path.isabs, os.get_exec_path()))
    return shutil.which(name, path=path)


def find_bpftrace():
    bpftrace = find_program("bpftrace")
    if bpftrace is None:
        raise Failure("bpftrace is not installed: apt-get install bpftrace")
    if os.geteuid() != 0:
        raise Failure("bpftrace needs root: run this as root, for example with sudo")
    return bpftrace


class Python(NamedTuple):
    """An interpreter, and the name by which it is run, from which it knows itself."""

    name: str
    path: str


def find_python(name):
    """By default python3, as for a program that is run without this command.

    But only where that is the very interpreter that this command runs with, be it in a
    virtual environment: another one may be too old.
    """
    if name is None:
        path = find_program("python3")
        if path and os.path.realpath(path) == os.path.realpath(sys.executable):
            return Python("python3", path)
        return Python(sys.executable, sys.executable)
    path = name if "/" in name else find_program(name)
    if path is None:
        raise Failure(f"--python {name}: there is no such program on PATH", 2)
    return Python(name, path)
