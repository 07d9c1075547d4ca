# SPDX-License-Identifier: BSD-2-Clause
"""What is one row: which elements of a key are kept, and what is added to them.

That a script counts by process is put into it where it is run for this, see marks.py: *counted*
says where. A row says which process it is of as soon as there are several.
"""

import re
from collections.abc import Callable, Iterable

from pyusdt.rendering.description import Column, Description, Item, Part
from pyusdt.rendering.model import Key

PROCESS = Item("PID", "process")
COMMAND = Item("COMMAND", "command")
THREAD = Item("TID", "thread")
THREAD_NAME = Item("THREAD", "command")
CODE = ("function", "file", "line")
WAYS = ("process", "thread", "function", "file")


def counted(described: Description, script: str, by: str | None) -> Description:
    """With the process, and where that is wanted the thread, in the keys of all maps."""
    names = "|".join(described.maps())
    if re.search(rf"\bfor\s*\(\s*\$\w+\s*:\s*@(?:{names})\b", script):
        # It takes its keys apart.
        return described

    def with_process(part: Part) -> Part:
        if not part.keys or any(item.kind == "process" for item in part.keys):
            return part
        if by == "thread" and described.thread is not None:
            return part._replace(keys=(PROCESS, THREAD, *part.keys),
                                 inserted=(described.process, described.thread))
        return part._replace(keys=(PROCESS, *part.keys), inserted=(described.process,))

    return described._replace(parts=tuple(map(with_process, described.parts)))


class Grouping:
    """*command* and *thread_name* tell names by pid, and by pid and thread."""

    def __init__(
        self, by: str | None, is_for_programs: bool, command: Callable[[str], str],
        thread_name: Callable[[str, str], str],
    ) -> None:
        """@is_for_programs: they want the same members, however many processes there are."""
        self._by = by
        self._is_for_programs = is_for_programs
        self._command = command
        self._thread_name = thread_name
        self._pid: object = None
        self._has_several = False

    def take(self, part: Part, keys: Iterable[tuple[object, ...]]) -> None:
        """To know whether there are several processes."""
        at = position(part.keys, "process")
        if at is None:
            return
        for key in keys:
            if self._has_several:
                return
            self._has_several = self._pid not in (None, key[at])
            self._pid = key[at]

    def _is_kept(self, part: Part, item: Item) -> bool:
        kinds = {item.kind for item in part.keys}
        if item.kind == "bucket":
            return True
        if item.kind in ("process", "thread"):
            if self._by in ("process", "thread"):
                return True
            return self._by is None and (self._has_several or self._is_for_programs)
        if part.kind == "STACKS" or self._by is None:
            return True
        if self._by in ("process", "thread"):
            return "process" not in kinds
        if self._by not in kinds:
            return True
        return item.kind in CODE if self._by == "function" else item.kind == "file"

    def part(self, part: Part) -> Part:
        """As it is shown."""
        kept = [item for item in part.keys if self._is_kept(part, item)]
        items: list[Item] = []
        for item in kept:
            items.append(item)
            if item.kind == "process":
                items.append(COMMAND)
            elif item.kind == "thread":
                items.append(THREAD_NAME)
        others = {item for item in part.keys if item.kind not in ("process", "thread")}
        columns = part.columns
        if not others <= set(kept):
            # Of one, all that it was part of are in the same row now.
            columns = tuple(filter(has_sum, columns)) or columns
        sort = part.sort if part.sort in [column.heading for column in columns] else None
        return part._replace(keys=tuple(items), columns=columns, sort=sort)

    def key(self, part: Part, key: Key) -> Key:
        """Of the part as it is counted."""
        found: list[str] = []
        pid = ""
        for item, text in zip(part.keys, key):
            if item.kind == "process":
                pid = text
            if self._is_kept(part, item):
                found.append(text)
                if item.kind == "process":
                    found.append(self._command(text))
                elif item.kind == "thread":
                    found.append(self._thread_name(pid, text))
        return tuple(found)


def position(items: tuple[Item, ...], kind: str) -> int | None:
    return next((at for at, item in enumerate(items) if item.kind == kind), None)


def has_sum(column: Column) -> bool:
    return column.several != "nested"


def cannot_group(described: Description, by: str | None) -> str | None:
    """Why no part of it can be shown so, or None."""
    kinds = {item.kind for part in described.parts for item in part.keys}
    if not kinds:
        return "has no table with a key"
    if by == "thread" and described.thread is None:
        return "does not tell threads apart"
    return f"has no {by} in its tables" if by in ("function", "file") and by not in kinds else None
