# SPDX-License-Identifier: BSD-2-Clause
"""How a trace is shown: what the command line says of it."""

import enum
from typing import NamedTuple


class Form(enum.Enum):
    RAW = "raw"  # bpftrace's own
    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Presentation(NamedTuple):
    form: Form = Form.RAW
    rows: int | None = None  # of each table; 0: all, None: as the form has it
    milliseconds: int | None = None  # of an interval after which it is shown anew
    by: str | None = None  # of grouping.WAYS
    by_line: bool = False  # rows are of lines, not of functions
    has_top: bool = False  # on a screen that is kept
    is_strict: bool = False  # the exit status tells of what is missing
