# SPDX-License-Identifier: BSD-2-Clause
"""Between bpftrace, which is made to print JSON, and whoever reads: each line of it becomes
a record, and that what is shown of it, in the form that the output has."""

import contextlib
import re
import subprocess
from collections.abc import Callable

from pyusdt.bpftrace import records, script, stackline, textform
from pyusdt.lines.codeobject import Code
from pyusdt.lines.current import CurrentLines
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
from pyusdt.trace.output import Output
from pyusdt.trace.presentation import Form

OPTIONS = ("-f", "json")
# What scripts print of each process that they know, bt/layout.bth.
PROCESS = re.compile(r"Process (\d{1,10}): CPython ")


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
            milliseconds = output.presentation.milliseconds
            differences = milliseconds and Differences(filled(source, described))
            self._renderer = Renderer(
                described, self._marks, writer_of(output), output.write, differences or None,
                output.top, grouping_of(output),
            )
            source = self._marks.script(source)
            if milliseconds is not None:
                self._snapshots = Snapshots(
                    described, milliseconds, self._renderer.take_snapshot,
                    ("TABLE",) if output.top is not None else PARTS,
                )
                source = self._snapshots.script(source)
        self.source = source
        self._dialect = records.dialect(version(bpftrace))
        self._script = script.read(source)
        self._output = output
        self._complain = complain
        self._problems: set[records.Problem] = set()

    def take_output(self, line: bytes) -> None:
        record = records.read(line, self._dialect, self._script)
        self._output.losses.take(record)
        if self._snapshots is not None and self._snapshots.take(record):
            return
        if isinstance(record, records.Text):
            record = self._with_line(record)
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

    def _with_line(self, told: records.Text) -> records.Text:
        """With the line that runs, where it tells a frame: its process may still be there."""
        lines, text = self._output.lines, told.text
        if match := PROCESS.match(text if self._marks is None else self._marks.line(text).text()):
            lines.add_process(int(match[1]))
        if not text.startswith(stackline.MARK):
            return told
        line = current_line(lines, self._data(text))
        if line is None:
            return told
        if self._marks is None:
            return told._replace(text=f"{text.rstrip()}\t{line}\n")
        return told._replace(text=self._marks.with_datum(text, str(line)))

    def _data(self, stack_line: str) -> tuple[str, ...]:
        if self._marks is not None:
            return self._marks.line(stack_line).data
        match = stackline.PATTERN.match(stack_line)
        return tuple(datum or "" for datum in match.groups()[:-1]) if match else ()

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
    presentation, commands = output.presentation, output.commands
    return Grouping(presentation.by, presentation.form in (Form.JSON, Form.CSV),
                    commands.command, commands.thread_name)


def current_line(lines: CurrentLines, data: tuple[str, ...]) -> int | None:
    """None: a script of the user's tells less of its stacks, or something else."""
    if len(data) != stackline.FIELDS:
        return None
    _, _, qualname, file, first_line, offset, pid, code = data
    try:
        told = Code(int(code, 16), qualname, file, int(first_line))
        return lines.line(int(pid), told, int(offset))
    except ValueError:
        return None


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
