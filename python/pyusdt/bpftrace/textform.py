# SPDX-License-Identifier: BSD-2-Clause
"""Writes records as the text that bpftrace itself prints, with all that came from the
traced program escaped: no name can move the cursor, hide text or begin a line of its own.

A record is one line; a histogram has one for each bucket, and a stack one for each frame,
which are indented. bpftrace 0.17 to 0.27 differ in blanks and in stats(): this is one of
theirs.
"""

import re
import struct
from collections.abc import Callable

from pyusdt.bpftrace import stackline
from pyusdt.bpftrace.escaping import escape
from pyusdt.bpftrace.records import (
    Attached, Bucket, Entry, Frames, Histogram, Lost, Map, Other, Pairs, Problem, Record,
    Text, Value,
)

BAR_WIDTH = 52
SUFFIXES = ["", "K", "M", "G", "T", "P", "E"]
# How the records begin that are bpftrace's own.
OWN = re.compile(r'@|Attach(?:ing|ed) \d|Lost \d|\{"type"')


def write(record: Record) -> str:
    match record:
        case Text():
            return printed(record.text, record.ends_line)
        case Map():
            return map_text(record)
        case Value():
            return printed(f"{value_text(record.value)}\n")
        case Attached(probes):
            return f"Attaching {probes} probe{'' if probes == 1 else 's'}...\n"
        case Lost(events):
            return f"Lost {events} events\n"
        case Problem(text, is_error):
            return f"{'ERROR' if is_error else 'WARNING'}: {escape(text)}\n"
        case Other(line):
            return printed(f"{line}\n")


def printed(text: str, ends_line: bool = True) -> str:
    """What a script prints may begin with a name: it shall not read as another record.

    But for one at the end, line breaks may be anybody's. So may tabs, but scripts print
    columns with them.
    """
    line = text.removesuffix("\n") if ends_line else text
    end = text[len(line):]
    # pyusdt-stacks takes it for a frame of a Python stack wherever it stands in a line.
    if not line.startswith(stackline.MARK):
        line = line.replace(stackline.MARK, "STACK\\t")
    line = escape(line, keep="\t")
    if OWN.match(line):
        line = f"\\x{ord(line[0]):02x}{line[1:]}"
    return line + end


def message(line: str) -> str:
    """Of bpftrace's standard error, where it is text in any case."""
    text = line.removesuffix("\n")
    return escape(text, keep="\t") + line[len(text):]


def map_text(record: Map) -> str:
    """One entry under the other. Those of hist() end with a line break already, and after
    those of stats() and avg() there is an empty line."""
    lines = "\n".join(entry_text(record.name, entry) for entry in record.entries)
    return lines + ("\n\n" if record.kind == "stats" else "\n")


def entry_text(name: str, entry: Entry) -> str:
    key = f"[{', '.join(key_text(element) for element in entry.key)}]" if entry.key else ""
    between = ":\n" if isinstance(entry.value, Histogram) else ": "
    return f"@{name}{key}{between}{value_text(entry.value)}"


def key_text(element: str | Frames) -> str:
    if isinstance(element, str):
        return escape(element)
    frames = "".join(f"    {escape(frame)}\n" for frame in element)
    return f"\n{frames}" if frames else ""


def value_text(value: object) -> str:
    if isinstance(value, Histogram):
        return histogram_text(value)
    if isinstance(value, Pairs):
        return ", ".join(f"{escape(name)} {value_text(of)}" for name, of in value)
    if isinstance(value, list):
        return f"({', '.join(map(value_text, value))})"
    return escape(str(value))


def histogram_text(histogram: Histogram) -> str:
    label = linear_label if histogram.linear else power_label
    most = max((bucket.hits for bucket in histogram.buckets), default=0)
    step = max(
        (bucket.high - bucket.low + 1 for bucket in histogram.buckets
         if bucket.low is not None and bucket.high is not None),
        default=1,
    )
    return "".join(
        f"{bounds(bucket, histogram.linear, label, step):16}{bucket.hits:8} |"
        f"{'@' * bar(bucket.hits, most):{BAR_WIDTH}}|\n"
        for bucket in histogram.buckets
    )


def bounds(
    bucket: Bucket, linear: bool, label: Callable[[int, int], str], step: int
) -> str:
    low, high = bucket.low, bucket.high
    if low == high and not linear:
        return f"[{low}]"
    begin = "(..." if low is None else f"[{label(low, step)}"
    end = "...)" if high is None else f"{label(high + 1, step)})"
    return f"{begin}, {end}"


def power_label(value: int, step: int) -> str:
    thousands = (max(value, 1).bit_length() - 1) // 10
    return f"{value >> 10 * thousands}{SUFFIXES[thousands]}"


def linear_label(value: int, step: int) -> str:
    if step % 1024 or value == 0:
        return str(value)
    if value % 1024**2 == 0:
        return f"{value // 1024**2}M"
    return f"{value // 1024}K" if value % 1024 == 0 else str(value)


def bar(count: int, most: int) -> int:
    """bpftrace computes in single precision, which moves some bars by one."""
    return int(single(single(single(count) / single(most)) * BAR_WIDTH)) if most else 0


def single(value: float) -> float:
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded
