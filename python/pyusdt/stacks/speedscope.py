# SPDX-License-Identifier: BSD-2-Clause
"""Stacks as a profile for speedscope."""

import json
from collections.abc import Mapping

from pyusdt.stacks.frames import PYTHON, Frame, Stack

EXPORTER = "pyusdt-stacks"
# What it calls our units.
UNITS = {
    "samples": "none",
    "count": "none",
    "ns": "nanoseconds",
    "us": "microseconds",
    "ms": "milliseconds",
    "bytes": "bytes",
}


def speedscope(stacks: Mapping[Stack, int], title: str, unit: str) -> str:
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
        "exporter": EXPORTER,
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
