# SPDX-License-Identifier: BSD-2-Clause
"""Between bpftrace, which is made to print JSON, and whoever reads: each line of it becomes
a record, and that what is shown of it, in the form that the output has."""

import contextlib
import re
import subprocess
from collections.abc import Callable

from pyusdt.bpftrace import records, script, textform
from pyusdt.bpftrace.hexnumbers import HexNumbers
from pyusdt.rendering import description
from pyusdt.rendering.description import PARTS
from pyusdt.rendering.csvtables import CsvWriter
from pyusdt.rendering.differences import Differences, filled
from pyusdt.rendering.grouping import Grouping, counted
from pyusdt.rendering.jsonlines import JsonWriter
from pyusdt.rendering.marks import Marks
from pyusdt.rendering.renderer import Renderer, Writer
from pyusdt.rendering.snapshots import Snapshots
from pyusdt.rendering.text import TextWriter
from pyusdt.trace.ahead import Ahead
from pyusdt.trace.framelines import FrameLines, with_places
from pyusdt.trace.output import Output
from pyusdt.trace.presentation import Form

OPTIONS = ("-f", "json")


class Printer:
    """*output* takes what the script prints, *complain* messages. *source*: the script as it is
    to be run."""

    def __init__(
        self, bpftrace: str, source: str, output: Output, complain: Callable[[str], None]
    ) -> None:
        self._marks, self._renderer = None, None
        self._snapshots: Snapshots | None = None
        described = description.read(source)
        if described is not None and output.presentation.form != Form.RAW:
            by = output.presentation.by
            described = counted(described, source, by)
            self._marks = Marks(described)
        has_stacks = output.presentation.form != Form.CSV or output.raw_copy is not None
        self._frame_lines = FrameLines(output.lines, self._marks, has_stacks)
        if described is not None and self._marks is not None:
            milliseconds = output.presentation.milliseconds
            differences = milliseconds and Differences(filled(source, described))
            self._renderer = Renderer(
                described, self._marks, writer_of(output), output.write, differences or None,
                output.top, grouping_of(output), self._frame_lines.places.line,
            )
            source = with_places(source, described, output.presentation.by_line)
            source = self._marks.script(source)
            if milliseconds is not None:
                self._snapshots = Snapshots(
                    described, milliseconds, self._renderer.take_snapshot,
                    ("TABLE",) if output.top is not None else PARTS,
                )
                source = self._snapshots.script(source)
        self.source = source
        self._dialect = records.dialect(version(bpftrace))
        self._numbers = HexNumbers(self._dialect.leaves_hex)
        self._script = script.read(source)
        self._output = output
        self._complain = complain
        self.look_ahead = Ahead(self._take_ahead).look
        self._problems: set[records.Problem] = set()

    def _take_ahead(self, line: bytes) -> None:
        record = records.read(line, self._dialect, self._script)
        if isinstance(record, records.Text):
            self._frame_lines.read_ahead(record)

    def take_output(self, line: bytes) -> None:
        line = self._numbers.decimal(line)
        record = records.read(line, self._dialect, self._script)
        self._output.losses.take(record)
        if self._snapshots is not None and self._snapshots.take(record):
            return
        if isinstance(record, records.Text):
            text = self._frame_lines.take(record)
            if text is None:
                return
            record = text
        if isinstance(record, records.Problem):
            self._take_problem(record)
        elif self._renderer is None:
            self._output.write(textform.write(record))
        else:
            self._renderer.take(record)
        if self._output.raw_copy is not None:
            if self._marks is not None:
                record = self._marks.unmarked(record)
            self._output.write_copy(textform.write(record))

    def end(self) -> None:
        """Nothing more will come."""
        if self._renderer is not None:
            # A terminal may have another size than at the beginning.
            self._renderer.end(writer_of(self._output) if self._output.top else None)

    def take_message(self, line: bytes) -> None:
        self._complain(textform.message(line.decode("utf-8", "surrogateescape")))

    def _take_problem(self, problem: records.Problem) -> None:
        """Warnings are not wanted (--no-warnings), and an error comes with each event."""
        if problem.is_error and problem not in self._problems:
            self._problems.add(problem)
            self._complain(textform.write(problem))


def grouping_of(output: Output) -> Grouping:
    presentation, names = output.presentation, output.names
    return Grouping(presentation.by, presentation.form in (Form.JSON, Form.CSV),
                    names.command, names.thread_name)


def writer_of(output: Output) -> Writer:
    form, rows = output.presentation.form, output.presentation.rows
    if form == Form.JSON:
        return JsonWriter(rows)
    if form == Form.CSV:
        return CsvWriter(rows)
    return TextWriter(output.screen(), rows)


def version(bpftrace: str) -> tuple[int, ...]:
    """(0, 17), or (): it will say itself why it does not run."""
    with contextlib.suppress(OSError):
        words = subprocess.run([bpftrace, "--version"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=False).stdout
        if match := re.search(rb"(\d+)\.(\d+)", words):
            return int(match[1]), int(match[2])
    return ()
