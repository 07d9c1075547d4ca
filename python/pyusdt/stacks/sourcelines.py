# SPDX-License-Identifier: BSD-2-Clause
"""Lines of bytecode offsets, from the sources as this Python compiles them.

Which file that is the traced program says, and root may be the one who asks. So only
regular files are opened, of which no more is read than they have and a source may have;
and they are compiled in a process of its own, that has no privileges and must end soon.
All that is told of a file are line numbers.
"""

import contextlib
import io
import json
import os
import re
import resource
import stat
import sys
import tokenize
import warnings
from collections import defaultdict
from types import CodeType
from typing import NamedTuple, NoReturn, TextIO

SOURCE_MAX = 8 << 20
CPU_SECONDS = 30
MEMORY_MAX = 1 << 30  # on top of what there is
NOBODY = 65534

Lines = list[tuple[int, int, int | None]]  # as code.co_lines() has them
Functions = dict[tuple[str, int], list[Lines]]  # by qualified name and first line


class NoLine(Exception):
    """Why the line of a frame is not known."""


class Place(NamedTuple):
    qualname: str
    file: str
    line: int  # the function's first
    offset: int
    current: int | None = None  # the line that runs; 0: not known, None: nobody has looked


class LineTable:
    def __init__(self) -> None:
        self._files: dict[str, Functions | NoLine] = {}

    def line(self, place: Place) -> int:
        if place.offset < 0:
            raise NoLine("the script gives no offset")
        found = self._functions(place.file).get((place.qualname, place.line), [])
        if not found:
            raise NoLine(f"{place.file} has no such function at line {place.line}")
        # Lambdas of one line have one name.
        lines = {line_of(table, place.offset) for table in found}
        if len(lines) > 1:
            raise NoLine(f"{place.file} has several of that name at line {place.line}")
        line = lines.pop()
        if line is None:
            raise NoLine(f"{place.file}: no line at offset {place.offset}")
        return line

    def _functions(self, file: str) -> Functions:
        if file not in self._files:
            try:
                self._files[file] = compile_apart(file, read_source(file))
            except NoLine as reason:
                self._files[file] = reason
        found = self._files[file]
        if isinstance(found, NoLine):
            raise found
        return found


def line_of(table: Lines, offset: int) -> int | None:
    for start, end, line in table:
        if start <= offset < end:
            return line
    return None


# --- Reading


def source_path(file: str) -> str:
    """Some modules of the standard library are compiled into CPython."""
    frozen = re.fullmatch(r"<frozen ([\w.]+)>", file)
    if frozen is None:
        return file
    return os.path.join(os.path.dirname(os.__file__), *frozen[1].split(".")) + ".py"


def read_source(file: str) -> bytes:
    try:
        # Opening a FIFO waits, and opening a device may do anything: look first.
        found = os.open(source_path(file), os.O_PATH | os.O_CLOEXEC)
        try:
            return read_regular(file, found)
        finally:
            os.close(found)
    except OSError as error:
        raise NoLine(f"{file}: {error.strerror}") from None
    except ValueError:
        raise NoLine(f"{file!a} is no name of a file") from None


def read_regular(file: str, found: int) -> bytes:
    status = os.fstat(found)
    if not stat.S_ISREG(status.st_mode):
        raise NoLine(f"{file} is no regular file")
    if status.st_size > SOURCE_MAX:
        raise NoLine(f"{file} is larger than {SOURCE_MAX >> 20} MiB")

    def reopened(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY)

    with open(f"/proc/self/fd/{found}", "rb", opener=reopened) as source:
        # Files of /proc, some of which never end, have a size of 0.
        return source.read(status.st_size)


# --- Compiling


def compile_apart(file: str, text: bytes) -> Functions:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        compiler_process(file, text, writer)
    os.close(writer)
    with open(reader, "rb") as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return functions_of(file, told)


def functions_of(file: str, told: bytes) -> Functions:
    """Nothing, or half of it, was told where the process came to its limits."""
    try:
        rows = json.loads(told)
    except ValueError:
        rows = None
    if rows is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise NoLine(f"{file} is no source that Python {version} compiles")
    found: Functions = defaultdict(list)
    for qualname, line, lines in rows:
        found[qualname, line].append(lines)
    return dict(found)


def compiler_process(file: str, text: bytes, writer: int) -> NoReturn:
    try:
        with contextlib.suppress(SyntaxError):
            # Imports the codec, from where it may not be readable for everybody.
            tokenize.detect_encoding(io.BytesIO(text).readline)
        drop_privileges()
        with open(writer, "w", encoding="utf-8") as answer:
            tell(file, text, answer)
    finally:
        # Nothing of what the parent has to do at its end.
        os._exit(0)


def drop_privileges() -> None:
    with open("/proc/self/statm", encoding="ascii") as file:
        memory = int(file.read().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, memory + MEMORY_MAX),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def tell(file: str, text: bytes, answer: TextIO) -> None:
    with warnings.catch_warnings(action="ignore"):
        try:
            pending = [compile(text, file, "exec", dont_inherit=True)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    rows = []
    while pending:
        code = pending.pop()
        rows.append([code.co_qualname, code.co_firstlineno, list(code.co_lines())])
        pending += [const for const in code.co_consts if isinstance(const, CodeType)]
    json.dump(rows, answer)
