# SPDX-License-Identifier: BSD-2-Clause
"""Stacks as a profile for pprof."""

from collections.abc import Mapping

from pyusdt.bpftrace.escaping import escape
from pyusdt.stacks.frames import PYTHON, Frame, Stack
from pyusdt.stacks.profileproto import ProfileWriter

# What it calls our units: what is measured, and in which unit.
SAMPLE_TYPES = {
    "samples": ("samples", "count"),
    "count": ("events", "count"),
    "ns": ("time", "nanoseconds"),
    "us": ("time", "microseconds"),
    "ms": ("time", "milliseconds"),
    "bytes": ("space", "bytes"),
}


def pprof(stacks: Mapping[Stack, int], title: str, unit: str) -> bytes:
    return written(stacks, title, unit).content()


def written(stacks: Mapping[Stack, int], title: str, unit: str) -> ProfileWriter:
    sample_type = SAMPLE_TYPES[unit]
    writer = ProfileWriter(escape(title), [sample_type], sample_type[0])
    for stack, value in sorted(stacks.items()):
        writer.sample([location(writer, frame) for frame in reversed(stack)], [value])
    return writer


def location(writer: ProfileWriter, frame: Frame) -> int:
    """Other frames than Python's have no file: instead they say what they are."""
    name, file = (frame.name, frame.file) if frame.kind == PYTHON else (
        frame.label, f"[{frame.kind}]")
    return writer.location((name, file, frame.first_line), frame.line)
