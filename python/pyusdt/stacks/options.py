# SPDX-License-Identifier: BSD-2-Clause
"""The command line of pyusdt-stacks."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from pyusdt.failure import UsageError
from pyusdt.stacks.speedscope import UNITS

PROG = "pyusdt-stacks"
FORMATS = ("folded", "pprof", "speedscope", "svg")

# How the name of an output ends that has the format. All others are folded.
SUFFIXES = {".svg": "svg", ".json": "speedscope", ".pb.gz": "pprof"}

# What changes how a trace is read.
OF_A_TRACE = ("map", "short", "lines", "full_native")

DESCRIPTION = """\
Join the Python stacks and the kernel-side maps that a bpftrace script of pyusdt printed,
such as pyoffcpu.bt, into folded stacks, a profile for speedscope or pprof, or a flame
graph; or compare two files of folded stacks.
"""

EXAMPLES = """\
examples:
  bpftrace pyoffcpu.bt 4711 | pyusdt-stacks --unit us -o offcpu.svg
  pyusdt-stacks --diff before.folded after.folded --unit us -o difference.svg

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
        epilog=EXAMPLES,
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
    add("-t", "--title", default="Python stacks", help="of the profile or the svg")
    add("-u", "--unit", choices=UNITS, default="samples",
        help=f"what the map counts: {', '.join(UNITS)} (default: samples)",
        metavar="UNIT")
    add("--diff", nargs=2, metavar=("BEFORE", "AFTER"),
        help="compare two files of folded stacks: an svg of AFTER with colours for the "
             "difference, or folded text with both numbers")
    add("-n", "--normalize", action="store_true",
        help="with --diff, scale BEFORE to the total of AFTER")
    add("--min-percent", type=percent, default=0.02, metavar="PERCENT",
        help="leave frames below this out of the svg (default: 0.02)")
    return parser


def percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    options = make_parser().parse_args(words)
    if options.diff:
        check_difference(options)
    elif options.normalize:
        raise UsageError("--normalize is for --diff")
    return options


def check_difference(options: argparse.Namespace) -> None:
    if options.file != "-":
        raise UsageError(f"--diff takes two files, and writes to -o FILE: {options.file}")
    for name in OF_A_TRACE:
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} is for what a script printed, "
                             "not for --diff")
    kind = format_of(options)
    if kind not in ("folded", "svg"):
        raise UsageError(f"--diff makes svg or folded, not {kind}")


def format_of(options: argparse.Namespace) -> str:
    if options.format is not None:
        return str(options.format)
    for suffix, kind in SUFFIXES.items():
        if (options.output or "").lower().endswith(suffix):
            return kind
    return "folded"
