# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-trace: run a bpftrace script on a Python program, in one go."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pyusdt
from pyusdt.tracer import Tracer, shell_status, take_interrupts

PROG = "pyusdt-trace"

POLL_SECONDS = 0.005
GRACE_SECONDS = 1


def main(script_dir):
    # Of the program, not of this command.
    pyusdt.disable()
    try:
        sys.exit(trace(parse_arguments(sys.argv[1:]), pathlib.Path(script_dir)))
    except Failure as failure:
        print(f"{PROG}: {failure}", file=sys.stderr)
        sys.exit(failure.status)


class Failure(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


class UsageError(Failure):
    def __init__(self, message):
        super().__init__(f"{message}\n{USAGE}", 2)


USAGE = f"usage: {PROG} [OPTIONS] SCRIPT (-p PID | [--] PROGRAM [ARG...])"

HELP = f"""\
{USAGE}

Run a bpftrace script on a Python program that it starts, from its first line to its end,
or on a running process that has pyusdt loaded.

  SCRIPT             a file, or the name of an installed script, such as pycalls
  PROGRAM            what python -m pyusdt takes: a script, -m MODULE, -c COMMAND

Options, before PROGRAM:
  -p, --pid PID      trace this process, until it ends or Ctrl-C
  -o, --output FILE  write the trace to FILE
  --flame FILE       make a flame graph (FILE.svg), folded stacks or, as FILE.json, what
                     speedscope reads, of a script that keeps stacks; without -o the
                     trace itself is not shown
  --python PYTHON    run PROGRAM with this interpreter
                     (default: {sys.executable})
  --list             list the installed scripts
  -h, --help         print this help

Exit status: the program's, 128 + N where signal N ended it; with -p bpftrace's; 1 when
it cannot be traced, 2 for wrong usage.
"""


class Options:
    pid = None
    output = None
    flame = None
    python = sys.executable
    list = False
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
    if options.list:
        return options
    if options.script is None:
        raise UsageError("no script given, --list shows those that are installed")
    if (options.pid is None) == (not options.program):
        raise UsageError("give either a program to run or -p PID")
    return options


def take_option(options, word, rest):
    """False for the first word of PROGRAM."""
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    if name in ("-h", "--help"):
        print(HELP, end="")
        sys.exit()
    if name == "--list":
        options.list = True
    elif name in OPTIONS_WITH_VALUE:
        if not equals and not rest:
            raise UsageError(f"option {name} needs an argument")
        attribute, convert = OPTIONS_WITH_VALUE[name]
        setattr(options, attribute, convert(value if equals else rest.pop(0)))
    elif options.script is not None:
        return False
    elif word.startswith("-"):
        raise UsageError(f"unknown option {name}")
    else:
        options.script = word
    return True


def process_id(text):
    # None has more digits, and int() refuses very many.
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
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
    if options.list:
        print("\n".join(installed_scripts(script_dir)))
        return 0
    script = find_script(options.script, script_dir)
    bpftrace = find_bpftrace()
    if options.flame is None:
        return run_script(bpftrace, script, options)
    with tempfile.TemporaryDirectory() as directory:
        options.output = options.output or os.path.join(directory, "trace")
        status = run_script(bpftrace, script, options)
        draw(script, options)
    return status


def run_script(bpftrace, script, options):
    if options.pid is not None:
        return trace_process(bpftrace, script, options)
    return trace_program(bpftrace, script, options)


def draw(script, options):
    from pyusdt import stacks

    of = " ".join(options.program) if options.pid is None else f"process {options.pid}"
    arguments = ["--title", f"{script.stem} of {of}", "-o", options.flame]
    unit = re.search(r"^ \* UNIT: (\w+)$", script.read_text(), re.MULTILINE)
    if unit:
        arguments += ["--unit", unit[1]]
    try:
        stacks.main([*arguments, options.output])
    except SystemExit as end:
        if end.code:
            # It has said why.
            sys.exit(1)


def installed_scripts(script_dir):
    return sorted(path.stem for path in script_dir.glob("*.bt"))


def find_script(name, script_dir):
    candidates = [pathlib.Path(name)]
    if "/" not in name:
        candidates += [script_dir / name, script_dir / f"{name}.bt"]
    for path in candidates:
        if path.is_file():
            return path
    known = ", ".join(installed_scripts(script_dir))
    raise Failure(f"no script {name!r}: give a file or one of {known}", 2)


def find_bpftrace():
    bpftrace = shutil.which("bpftrace")
    if bpftrace is None:
        raise Failure("bpftrace is not installed: apt-get install bpftrace")
    if os.geteuid() != 0:
        raise Failure("bpftrace needs root: run this as root, for example with sudo")
    return bpftrace


def has_library(pid):
    try:
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text(errors="replace")
    except OSError as error:
        raise Failure(f"process {pid}: {error.strerror}") from None
    return "/libpyusdt.so" in maps


def open_output(options):
    if options.output is None:
        return sys.stdout
    try:
        return open(options.output, "w", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{options.output}: {error.strerror}") from None


def trace_process(bpftrace, script, options):
    if not has_library(options.pid):
        raise Failure(
            f"process {options.pid} has no libpyusdt loaded: start it with "
            "python -m pyusdt, or import pyusdt in it"
        )
    tracer = Tracer(bpftrace, script, options.pid, open_output(options))
    tracer.show_messages()
    # Ctrl-C is for bpftrace, which then prints its maps.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while not tracer.has_ended():
        if not os.path.exists(f"/proc/{options.pid}"):
            return tracer.stop()
        time.sleep(POLL_SECONDS * 10)
    return tracer.wait()


def trace_program(bpftrace, script, options):
    output = open_output(options)
    hold, release = os.pipe()
    # Ctrl-C is for the program, and for bpftrace, which then prints its maps.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    program = subprocess.Popen(
        [options.python, "-m", "pyusdt", "--wait-fd", str(hold), *options.program],
        pass_fds=[hold],
        preexec_fn=take_interrupts,
    )
    os.close(hold)
    # The program waits for a byte: gone before it comes, nothing of it has run.
    with open(release, "wb", buffering=0) as go:
        try:
            wait_until(lambda: has_library(program.pid), program)
            tracer = Tracer(bpftrace, script, program.pid, output)
            wait_until(lambda: tracer.is_attached() or tracer.has_ended(), program)
            check_attached(tracer, program)
        except BaseException:
            program.kill()
            program.wait()
            raise
        go.write(b"\n")
    status = shell_status(program)
    tracer.stop()
    return status


def wait_until(condition, program):
    while not condition():
        if program.poll() is not None:
            # It has said why it cannot start.
            sys.exit(shell_status(program))
        time.sleep(POLL_SECONDS)


def check_attached(tracer, program):
    if tracer.has_ended():
        # Did it fail because the program has ended? Then that will be seen at once.
        try:
            program.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            tracer.show_messages()
            raise Failure("bpftrace could not attach, the program was not run") from None
        sys.exit(shell_status(program))
    tracer.show_messages()
