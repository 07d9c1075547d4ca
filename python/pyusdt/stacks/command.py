# SPDX-License-Identifier: BSD-2-Clause
"""The command line of pyusdt-stacks, and its files."""

import argparse
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, TextIO

from pyusdt.failure import Failure, UsageError, complain, end
from pyusdt.files import drop_standard_output, private
from pyusdt.stacks.flamegraph import svg
from pyusdt.stacks.folded import folded
from pyusdt.stacks.frames import Stack
from pyusdt.stacks.joining import JoinOptions, join
from pyusdt.stacks.pprof import pprof
from pyusdt.stacks.reading import Recording, read
from pyusdt.stacks.speedscope import UNITS, speedscope

PROG = "pyusdt-stacks"
FORMATS = ("folded", "pprof", "speedscope", "svg")

# How the name of an output ends that has the format. All others are folded.
SUFFIXES = {".svg": "svg", ".json": "speedscope", ".pb.gz": "pprof"}

DESCRIPTION = """\
Join the Python stacks and the kernel-side maps that a bpftrace script of pyusdt printed,
such as pyoffcpu.bt, into folded stacks, a profile for speedscope or pprof, or a flame graph.
"""

EXAMPLE = """\
example:
  bpftrace pyoffcpu.bt 4711 | pyusdt-stacks --unit us -o offcpu.svg

Ctrl-C ends bpftrace, which then prints its maps.
Exit status: 0; 1 for input that cannot be used, 2 for wrong usage.
"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def make_parser() -> Parser:
    parser = Parser(
        prog=PROG,
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("file", nargs="?", default="-", metavar="FILE",
        help="output of the script, text or JSON (default: standard input)")
    add("-f", "--format", choices=FORMATS,
        help="what to write (default: as the name of the output ends, else folded)")
    add("-o", "--output", metavar="FILE", help="write to FILE")
    add("-m", "--map", action="append", metavar="NAME",
        help="take this map; may be repeated (default: @stacks, or the only one)")
    add("-s", "--short", action="store_true",
        help="leave out the files and lines of Python functions")
    add("-l", "--lines", action="store_true",
        help="show the line that was run instead of the function's first, from the "
             f"sources as {sys.executable.replace('%', '%%')} compiles them")
    add("--full-native", action="store_true",
        help="keep the native frames of the interpreter itself")
    add("-t", "--title", default="Python stacks", help="of the speedscope or pprof profile, or the svg")
    add("-u", "--unit", choices=UNITS, default="samples",
        help=f"what the map counts: {', '.join(UNITS)} (default: samples)",
        metavar="UNIT")
    add("--min-percent", type=percent, default=0.02, metavar="PERCENT",
        help="leave frames below this out of the svg (default: 0.02)")
    return parser


def percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value


def main() -> NoReturn:
    end(PROG, lambda: run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Returns: the exit status."""
    options = make_parser().parse_args(words)
    recording = read_file(options.file)
    names, notes = choose_maps(recording, options.map)
    joined = join(
        recording, names, JoinOptions(options.short, options.lines, options.full_native)
    )
    if not joined.stacks:
        raise Failure(f"all values of {listed(names)} are 0")
    for note in notes + joined.notes:
        complain(PROG, note)
    write_output(options.output, formatted(joined.stacks, options))
    return 0


def read_file(name: str) -> Recording:
    try:
        with open_input(name) as file:
            return read(file)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None


def open_input(name: str) -> TextIO:
    if name != "-":
        return open_as_printed(name)
    if sys.stdin is None or sys.stdin.isatty():
        raise Failure("no input: give a file, or pipe the script's output in", 2)
    # Ctrl-C is for bpftrace at the other end of the pipe, which then prints its maps.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return open_as_printed(sys.stdin.fileno())


def open_as_printed(file: str | int) -> TextIO:
    """Bytes that are no UTF-8 are kept, and a carriage return in a name ends no line."""
    return open(file, encoding="utf-8", errors="surrogateescape", newline="\n",
                closefd=isinstance(file, str))


def choose_maps(
    recording: Recording, wanted: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """The names, and what there is to say about the choice."""
    found = sorted(recording.maps)
    if not found:
        raise Failure(nothing_found(recording))
    if wanted:
        names = list(dict.fromkeys(name.lstrip("@") for name in wanted))
        missing = listed(name for name in names if name not in found)
        if missing:
            raise Failure(f"no numbers in {missing}, the input has {listed(found)}")
        return names, []
    if len(found) == 1:
        return found, []
    if "stacks" not in found:
        raise Failure(f"the input has {listed(found)}: choose with --map", 2)
    others = listed(name for name in found if name != "stacks")
    return ["stacks"], [f"@stacks taken, not {others}: see --map"]


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"@{name}" for name in names)


def nothing_found(recording: Recording) -> str:
    if recording.empty:
        return (
            "the input is empty: it should be what a script such as pyoffcpu.bt printed"
            " (see --help)"
        )
    if recording.rejected:
        return f"no usable entry in {', '.join(recording.rejected)}"
    return (
        "no map @stacks in the input: it should be what a script such as pyoffcpu.bt"
        " printed, up to its end (Ctrl-C ends it)"
    )


def formatted(stacks: Mapping[Stack, int], options: argparse.Namespace) -> bytes:
    kind = options.format or format_of(options.output or "")
    if kind == "pprof":
        return pprof(stacks, options.title, options.unit)
    if kind == "speedscope":
        return as_bytes(speedscope(stacks, options.title, options.unit))
    if kind == "svg":
        return as_bytes(svg(stacks, options.title, options.unit, options.min_percent))
    return as_bytes(folded(stacks))


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def format_of(name: str) -> str:
    for suffix, kind in SUFFIXES.items():
        if name.lower().endswith(suffix):
            return kind
    return "folded"


def write_output(name: str | None, data: bytes) -> None:
    try:
        if name is None or name == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            with open(name, "wb", opener=private) as file:
                file.write(data)
    except BrokenPipeError:
        drop_standard_output()
    except OSError as error:
        raise Failure(f"{name or 'standard output'}: {error.strerror}") from None
