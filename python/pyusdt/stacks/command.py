# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-stacks does, and its files."""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, TextIO

from pyusdt.failure import Failure, complain, end
from pyusdt.files import drop_standard_output, private
from pyusdt.stacks.differential import folded_difference, svg_difference
from pyusdt.stacks.flamegraph import svg
from pyusdt.stacks.folded import folded, read_folded
from pyusdt.stacks.frames import Stack
from pyusdt.stacks.joining import JoinOptions, join
from pyusdt.stacks.options import PROG, format_of, parse_arguments
from pyusdt.stacks.pprof import pprof
from pyusdt.stacks.reading import Recording, read
from pyusdt.stacks.speedscope import speedscope


def main() -> NoReturn:
    end(PROG, lambda: run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Returns: the exit status."""
    options = parse_arguments(words)
    if options.diff:
        write_output(options.output, compared(options))
        return 0
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
    kind = format_of(options)
    if kind == "pprof":
        return pprof(stacks, options.title, options.unit)
    if kind == "speedscope":
        return as_bytes(speedscope(stacks, options.title, options.unit))
    if kind == "svg":
        return as_bytes(svg(stacks, options.title, options.unit, options.min_percent))
    return as_bytes(folded(stacks))


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def compared(options: argparse.Namespace) -> bytes:
    before, after = (read_folded_file(name) for name in options.diff)
    if format_of(options) == "folded":
        return as_bytes(folded_difference(before, after, options.normalize))
    return as_bytes(svg_difference(
        before, after, options.title, options.unit, options.min_percent, options.normalize
    ))


def read_folded_file(name: str) -> Counter[str]:
    try:
        with open_input(name) as file:
            stacks = read_folded(file)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None
    except ValueError as error:
        raise Failure(f"{name}: line {error} is not a folded stack and its number") from None
    if not stacks.total():
        raise Failure(f"{name}: no folded stacks, or all of 0")
    return stacks


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
