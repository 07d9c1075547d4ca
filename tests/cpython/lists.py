# SPDX-License-Identifier: BSD-2-Clause
"""modules.list and exclusions.list: which modules run, how, and what is left out of it."""

import fnmatch
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
WAYS = ("idle", "runner", "traced")


class Exclusion:
    def __init__(self, pattern, ways, versions, reason):
        self.pattern = pattern
        self.reason = reason
        self._ways = ways
        self._versions = versions

    def is_for(self, way, version):
        return way in self._ways and ("*" in self._versions or version in self._versions)


def rows(name, columns):
    """The rows of a list, without comments: the last column is the rest of the line."""
    for line in (HERE / name).read_text().splitlines():
        words = line.split(maxsplit=columns - 1)
        if words and not words[0].startswith("#"):
            if len(words) < columns:
                raise SystemExit(f"{name}: not {columns} columns: {line}")
            yield words


class Module:
    def __init__(self, name, quick_ways=(), ways=WAYS, tool_id=None):
        self.name = name
        self.ways = ways
        self.quick_ways = quick_ways
        self.tool_id = tool_id


def modules():
    """{name: Module}."""
    found = {}
    for name, ways, quick_ways, tool_id in rows("modules.list", 4):
        if name in found:
            raise SystemExit(f"modules.list: {name} is there twice")
        found[name] = Module(
            name,
            ways=check(listed(ways), WAYS, name),
            quick_ways=check(listed(quick_ways), listed(ways), name),
            tool_id=None if tool_id == "-" else int(tool_id),
        )
    return found


def listed(column):
    return [] if column == "-" else column.split(",")


def exclusions():
    return [
        Exclusion(pattern, check(ways.split(","), WAYS, pattern), versions.split(","), reason)
        for pattern, ways, versions, reason in rows("exclusions.list", 4)
    ]


def check(words, known, row):
    for word in words:
        if word not in known:
            raise SystemExit(f"{row}: {word} is none of {', '.join(known)}")
    return words


def patterns_for(way, version):
    """The patterns of test ids that are left out when run in this way."""
    return [one.pattern for one in exclusions() if one.is_for(way, version)]


def matches(test, patterns):
    return any(fnmatch.fnmatchcase(test, pattern) for pattern in patterns)
