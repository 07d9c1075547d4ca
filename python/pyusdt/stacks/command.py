# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-stacks: join the Python stacks and the kernel-side maps that a
bpftrace script printed.

read() takes the script's output, join() makes one stack of frames of each map entry, and
folded(), speedscope() and flamegraph.render() write them. The binding is not used.
"""

import argparse
import json
import os
import re
import signal
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from pyusdt.bpftrace import records
from pyusdt.stacks import flamegraph
from pyusdt.trace import output
from pyusdt.stacks.flamegraph import KERNEL, NATIVE, OTHER, PYTHON
from pyusdt.bpftrace.script import Script
from pyusdt.stacks.sourcelines import LineTable, NoLine, Place
from pyusdt.bpftrace.textform import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn, TextIO

PROG = "pyusdt-stacks"
FORMATS = ("folded", "speedscope", "svg")
# Those of speedscope for ours.
UNITS = {
    "samples": "none",
    "count": "none",
    "ns": "nanoseconds",
    "us": "microseconds",
    "ms": "milliseconds",
    "bytes": "bytes",
}
KEY_MASK = (1 << 64) - 1


class Failure(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


# --- What the script printed


class Entry(NamedTuple):
    """One entry of a map. Stacks have the innermost frame first, as printed."""

    key: int
    labels: tuple[str, ...]
    native: tuple[str, ...]
    kernel: tuple[str, ...]
    value: int


@dataclass
class Recording:
    # By key, then by depth: frames may come in any order, or not at all.
    stacks: dict[int, dict[int, Place]] = field(default_factory=dict)
    maps: dict[str, list[Entry]] = field(default_factory=dict)
    # By map, the entries that could not be used.
    rejected: Counter[str] = field(default_factory=Counter)
    lost: int = 0  # events, of which bpftrace has told
    empty: bool = True


STACK_LINE = re.compile(
    r"STACK\t(?:0x)?([0-9a-fA-F]{1,16})\t(\d+)\t([^\t]*)\t(.*)\t(-?\d+)\t(-?\d+)\s*\Z",
    re.DOTALL,
)
LOST_LINE = re.compile(r"Lost (\d+) events")
MAP_START = re.compile(r"@(\w+)\[(.*)", re.DOTALL)
MAP_END = re.compile(r"(.*)\]: ?(.*)", re.DOTALL)


def read(lines: "Iterable[str]") -> Recording:
    reader = Reader()
    for line in lines:
        reader.feed(line.rstrip("\r\n"))
    reader.end()
    return reader.recording


class Reader:
    """Takes the output of bpftrace 0.17 and later, as text or JSON, line by line.

    The first record decides which of both it is. In JSON a name of the traced program can
    be nothing but a name; in bpftrace's text it may hold lines of its own, and in that of
    pyusdt-trace it is escaped.
    """

    def __init__(self) -> None:
        self.recording = Recording()
        self._entry: list[str] = []
        self._is_json: bool | None = None

    def feed(self, line: str) -> None:
        self.recording.empty = self.recording.empty and not line
        if self._entry and self._continues(line):
            return
        if line.startswith('{"type"') and self._is_json is not False:
            self._is_json = True
            self._take_json(line)
        elif self._is_json:
            # Of the traced program, which writes to the same place.
            return
        elif line.startswith("@"):
            self._start(line)
        elif lost := LOST_LINE.fullmatch(line):
            self.recording.lost += int(lost[1])
        # Not only at the start of a line: the traced program may write to the same terminal.
        elif match := STACK_LINE.search(line):
            self._take_frame(match)

    def end(self) -> None:
        """The open entry, if any, will not be completed."""
        if self._entry and (match := MAP_START.match(self._entry[0])):
            self._reject(match[1])
        self._entry = []

    def _start(self, line: str) -> None:
        match = MAP_START.fullmatch(line)
        if match is None:
            return
        if end := MAP_END.fullmatch(match[2]):
            self._take_entry(match[1], end[1], end[2])
        else:
            self._entry = [line]

    def _continues(self, line: str) -> bool:
        """Frames are indented; commas and the closing bracket are not."""
        if not line.startswith((" ", "\t", ",", "]")):
            self.end()
            return False
        self._entry.append(line)
        if line[0] in ",]" and MAP_END.fullmatch(line):
            start = MAP_START.fullmatch("\n".join(self._entry))
            end = MAP_END.fullmatch(start[2]) if start else None
            if start and end:
                self._take_entry(start[1], end[1], end[2])
            self._entry = []
        return True

    def _take_json(self, line: str) -> None:
        record = records.read(
            line.encode("utf-8", "surrogateescape"), records.Dialect(), Script()
        )
        match record:
            case records.Text("printf", text):
                if match := STACK_LINE.match(text):
                    self._take_frame(match)
            case records.Map(name, _, entries):
                for entry in entries:
                    self._take_entry(name, json_key(entry), str(entry.value))
            case records.Lost(events):
                self.recording.lost += events
            case records.Other():
                self.recording.rejected["JSON"] += 1

    def _take_frame(self, match: "re.Match[str]") -> None:
        self._is_json = self._is_json or False
        key, depth, qualname, file, first_line, offset = match.groups()
        frame = Place(qualname, file, int(first_line), signed(int(offset)))
        self.recording.stacks.setdefault(int(key, 16), {})[int(depth)] = frame

    def _take_entry(self, name: str, key: str, value: str) -> None:
        self._is_json = self._is_json or False
        if not is_stack_map(name):
            return
        try:
            entry = make_entry(name, key_elements(key), int(value))
        except ValueError:
            self._reject(name)
        else:
            self.recording.maps.setdefault(name, []).append(entry)

    def _reject(self, name: str) -> None:
        if is_stack_map(name):
            self.recording.rejected[f"@{name}"] += 1


def json_key(entry: records.Entry) -> str:
    """Whole: neither the script nor the version of bpftrace is known.

    0.22 and 0.23, which escape keys twice, have no line breaks in them.
    """
    key = entry.key[0] if entry.key else ""
    assert isinstance(key, str)
    return records.unescaped(key) if "\n" not in key and "\\n" in key else key


def signed(offset: int) -> int:
    """-1 as an unsigned number is -1."""
    return offset if 0 <= offset < 1 << 31 else -1


def is_stack_map(name: str) -> bool:
    return name == "stacks" or name.endswith("_stacks")


def holds_native_stacks(name: str) -> bool:
    """The printed text of a single stack does not say which kind it is."""
    return name == "user_stacks" or name.endswith("_user_stacks")


def key_elements(text: str) -> list[str | list[str]]:
    """A map's key, split: a stack is a list, or "" when it is empty.

    Commas separate scalars on a line. A frame has a line of its own, and a line that
    starts with a comma ends a stack.
    """
    elements: list[str | list[str]] = []
    for number, line in enumerate(text.split("\n")):
        if number == 0 or line.startswith(","):
            scalars = line if number == 0 else line[1:]
            elements += [scalar.strip() for scalar in scalars.split(",")]
        elif frame := line.strip():
            # Before the first frame there is what stands before its line: nothing.
            begun = elements.pop()
            elements.append([*begun, frame] if isinstance(begun, list) else [frame])
    return elements


def make_entry(name: str, elements: list[str | list[str]], value: int) -> Entry:
    first, *rest = elements
    if not isinstance(first, str) or value < 0:
        raise ValueError
    labels = tuple(element for element in rest if isinstance(element, str) and element)
    stacks = [tuple(element) for element in rest if not isinstance(element, str)
              or not element]
    # Where there are both, ours have the kernel's first.
    kernel, native = (*stacks[-2:], (), ())[:2]
    if len(stacks) == 1 and holds_native_stacks(name):
        kernel, native = native, kernel
    return Entry(int(first, 0) & KEY_MASK, labels, native, kernel, value)


# --- Join


class Frame(NamedTuple):
    name: str
    kind: str
    file: str = ""
    line: int = 0

    @property
    def label(self) -> str:
        if self.kind == KERNEL:
            # What flamegraph.pl and inferno colour as kernel.
            return f"{self.name}_[k]"
        if self.file:
            return f"{self.name} ({self.file}:{self.line})"
        return f"{self.name}:{self.line}" if self.line else self.name


Stack = tuple[Frame, ...]  # the outermost frame first

NO_PYTHON = Frame("[no Python]", OTHER)
MISSING = Frame("[missing]", OTHER)


@dataclass
class JoinOptions:
    short: bool = False
    lines: bool = False
    full_native: bool = False


class Joined(NamedTuple):
    stacks: "Counter[Stack]"
    notes: list[str]


def join(
    recording: Recording, names: "Sequence[str]", options: JoinOptions
) -> Joined:
    """The entries of these maps. Notes say what could not be shown as it should be."""
    labeller = Labeller(options)
    stacks: Counter[Stack] = Counter()
    unknown: Counter[int] = Counter()
    for entry in (entry for name in names for entry in recording.maps[name]):
        frames = recording.stacks.get(entry.key)
        if entry.key and not frames:
            unknown[entry.key] += entry.value
        stacks[join_entry(entry, frames, labeller)] += entry.value
    notes = [
        *lost_notes(recording.lost),
        *rejection_notes(recording, names),
        *unknown_notes(unknown, stacks.total()),
    ]
    return Joined(+stacks, notes + labeller.notes())


def join_entry(
    entry: Entry, frames: "dict[int, Place] | None", labeller: "Labeller"
) -> Stack:
    labels = escape(" ".join(entry.labels))
    process = (Frame(labels, OTHER),) if labels else ()
    native = entry.native
    if frames and not labeller.options.full_native:
        native = below_interpreter(native)
    return (
        *process,
        *python_part(entry.key, frames, labeller),
        *named_frames(native, NATIVE),
        *named_frames(entry.kernel, KERNEL),
    )


def python_part(
    key: int, frames: "dict[int, Place] | None", labeller: "Labeller"
) -> Stack:
    if not key:
        return (NO_PYTHON,)
    if not frames:
        return (Frame(f"[unknown stack {key:x}]", OTHER),)
    found: list[Frame] = []
    expected = 0
    for depth in sorted(frames):
        if depth != expected:
            found.append(MISSING)
        found.append(labeller.frame(frames[depth]))
        expected = depth + 1
    return tuple(reversed(found))


def named_frames(texts: tuple[str, ...], kind: str) -> "Iterator[Frame]":
    """Addresses without names, one after the other, are one frame: where unwinding went
    astray, there are many."""
    last = ""
    for text in reversed(texts):
        name = symbol(text)
        if name != UNKNOWN or name != last:
            yield Frame(name, kind)
        last = name


def below_interpreter(native: tuple[str, ...]) -> tuple[str, ...]:
    """Without the frames of the interpreter's loop and its callers: they are what the
    Python frames show."""
    for depth, text in enumerate(native):
        if symbol(text).startswith("_PyEval_EvalFrame"):
            return native[:depth]
    return native


UNKNOWN = "[unknown]"
ADDRESS = re.compile(r"0x[0-9a-f]+|\d[0-9a-f]*|[0-9a-f]{8,16}")
# As the stack modes bpftrace and perf print it.
NAMED = re.compile(
    r"(?:[0-9a-f]+ (?=\S))?(\S.*?)(?:\+(?:0x[0-9a-f]+|\d+)(?: .*)?| \(\[unknown\]\))?"
)


def symbol(text: str) -> str:
    named = NAMED.fullmatch(text)
    name = named[1] if named else text
    return UNKNOWN if ADDRESS.fullmatch(name) else escape(name)


def lost_notes(lost: int) -> "Iterator[str]":
    if lost:
        yield f"bpftrace has lost {flamegraph.count(lost, 'event')}: numbers are too low"


def rejection_notes(recording: Recording, names: "Sequence[str]") -> "Iterator[str]":
    for name, count in recording.rejected.items():
        if name == "JSON":
            yield f"{count} lines of JSON are incomplete, ignored"
        elif name.lstrip("@") in names:
            yield f"{count} entries of {name} are not a stack key and a number, ignored"


def unknown_notes(unknown: "Counter[int]", total: int) -> "Iterator[str]":
    if unknown:
        yield (
            f"no STACK lines for {flamegraph.count(len(unknown), 'stack key')}, "
            f"{unknown.total()} of {total}: shown as [unknown stack KEY]"
        )


class Labeller:
    """Frames as they are shown, made once each."""

    def __init__(self, options: JoinOptions) -> None:
        self.options = options
        self._frames: dict[Place, Frame] = {}
        self._table = LineTable()
        self._undecoded: dict[Place, str] = {}

    def frame(self, frame: Place) -> Frame:
        if frame not in self._frames:
            self._frames[frame] = self._make(frame)
        return self._frames[frame]

    def _make(self, frame: Place) -> Frame:
        # Without a name, the script has put what it knows into the place of the file.
        name, file = (frame.qualname, frame.file) if frame.qualname else (frame.file, "")
        line = max(frame.line, 0)
        if self.options.lines and file:
            line = self._decode(frame)
        elif self.options.short:
            line = 0
        shown = "" if self.options.short else escape(file)
        return Frame(escape(name) or "?", PYTHON, shown, line)

    def _decode(self, frame: Place) -> int:
        try:
            return self._table.line(frame)
        except NoLine as reason:
            self._undecoded[frame] = str(reason)
            return frame.line

    def notes(self) -> list[str]:
        if not self._undecoded:
            return []
        functions = {frame[:3]: reason for frame, reason in self._undecoded.items()}
        name, reason = min((name, reason) for (name, *_), reason in functions.items())
        more = f" and {len(functions) - 1} more" if len(functions) > 1 else ""
        return [f"--lines: {name}{more} shown with the first line: {reason}"]


# --- Formats

def folded(stacks: "Mapping[Stack, int]") -> str:
    """A stack and its number on each line, as flamegraph.pl, inferno and speedscope
    read it."""
    lines: Counter[str] = Counter()
    for stack, value in stacks.items():
        lines[";".join(folded_label(frame.label) for frame in stack)] += value
    return "".join(f"{line} {value}\n" for line, value in sorted(lines.items()))


def folded_label(label: str) -> str:
    return label.replace(";", ":")


def speedscope(stacks: "Mapping[Stack, int]", title: str, unit: str) -> str:
    """https://www.speedscope.app/file-format-schema.json"""
    indices: dict[Frame, int] = {}
    ordered = sorted(stacks.items())
    samples = [
        [indices.setdefault(frame, len(indices)) for frame in stack]
        for stack, _ in ordered
    ]
    weights = [value for _, value in ordered]
    profile = {
        "type": "sampled",
        "name": title,
        "unit": UNITS[unit],
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
    document = {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": title,
        "exporter": PROG,
        "activeProfileIndex": 0,
        "shared": {"frames": [speedscope_frame(frame) for frame in indices]},
        "profiles": [profile],
    }
    return json.dumps(document, separators=(",", ":")) + "\n"


def speedscope_frame(frame: Frame) -> dict[str, str | int]:
    """It colours frames by file."""
    if frame.kind != PYTHON:
        return {"name": frame.label, "file": f"[{frame.kind}]"}
    if not frame.file:
        return {"name": frame.label}
    return {"name": frame.name, "file": frame.file, "line": frame.line}


def svg(
    stacks: "Mapping[Stack, int]", title: str, unit: str, min_percent: float
) -> str:
    labelled: Counter[flamegraph.Stack] = Counter()
    for stack, value in stacks.items():
        labelled[tuple((frame.label, frame.kind) for frame in stack)] += value
    return flamegraph.render(labelled, title, unit, min_percent)


# --- Command

DESCRIPTION = """\
Join the Python stacks and the kernel-side maps that a bpftrace script of pyusdt printed,
such as pyoffcpu.bt, into folded stacks, a speedscope profile or a flame graph.
"""

EXAMPLE = """\
example:
  bpftrace pyoffcpu.bt 4711 | pyusdt-stacks --unit us -o offcpu.svg

Ctrl-C ends bpftrace, which then prints its maps.
Exit status: 0; 1 for input that cannot be used, 2 for wrong usage.
"""


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> "NoReturn":
        raise Failure(f"{message} (see --help)", 2)


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
    add("-t", "--title", default="Python stacks", help="of speedscope and svg")
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


def main(arguments: "Sequence[str] | None" = None) -> "NoReturn":
    try:
        run(make_parser().parse_args(arguments))
    except Failure as failure:
        say(str(failure))
        sys.exit(failure.status)
    sys.exit()


def say(message: str) -> None:
    print(f"{PROG}: {escape(message)}", file=sys.stderr)


def run(options: argparse.Namespace) -> None:
    recording = read_file(options.file)
    names, notes = choose_maps(recording, options.map)
    joined = join(
        recording, names, JoinOptions(options.short, options.lines, options.full_native)
    )
    if not joined.stacks:
        raise Failure(f"all values of {listed(names)} are 0")
    for note in notes + joined.notes:
        say(note)
    write_output(options.output, formatted(joined.stacks, options))


def read_file(name: str) -> Recording:
    try:
        with open_input(name) as file:
            return read(file)
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None


# Bytes that are no UTF-8 are kept, and a carriage return in a name is no end of a line.
AS_PRINTED: "Any" = {"encoding": "utf-8", "errors": "surrogateescape", "newline": "\n"}


def open_input(name: str) -> "TextIO":
    if name != "-":
        return open(name, **AS_PRINTED)
    if sys.stdin is None or sys.stdin.isatty():
        raise Failure("no input: give a file, or pipe the script's output in", 2)
    # Ctrl-C is for bpftrace at the other end of the pipe, which then prints its maps.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return open(sys.stdin.fileno(), closefd=False, **AS_PRINTED)


def choose_maps(
    recording: Recording, wanted: "Sequence[str] | None"
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


def listed(names: "Iterable[str]") -> str:
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


def formatted(stacks: "Mapping[Stack, int]", options: argparse.Namespace) -> str:
    kind = options.format or format_of(options.output or "")
    if kind == "speedscope":
        return speedscope(stacks, options.title, options.unit)
    if kind == "svg":
        return svg(stacks, options.title, options.unit, options.min_percent)
    return folded(stacks)


def format_of(name: str) -> str:
    suffix = os.path.splitext(name)[1].lower()
    return {".svg": "svg", ".json": "speedscope"}.get(suffix, "folded")


def write_output(name: str | None, text: str) -> None:
    data = text.encode("utf-8", errors="replace")
    try:
        if name is None or name == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            with open(name, "wb", opener=output.private) as file:
                file.write(data)
    except BrokenPipeError:
        # The reader, such as head, has all it wants.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise Failure(f"{name or 'standard output'}: {error.strerror}") from None
