# SPDX-License-Identifier: BSD-2-Clause
"""Bound by regular expressions and strings: a log that is parsed, counted and printed."""

import re

LINE = re.compile(
    r"(?P<host>\S+) \[(?P<time>[^\]]+)\] \"(?P<method>[A-Z]+) (?P<path>\S+)\" "
    r"(?P<status>\d{3}) (?P<length>\d+|-)"
)
WORD = re.compile(r"[a-z]+")
METHODS = "GET", "POST", "HEAD"


def log(count):
    for number in range(count):
        yield (
            f"10.0.{number % 8}.{number % 250} [{number // 60:02}:{number % 60:02}]"
            f' "{METHODS[number % 3]} /shop/item{number % 40}/page?q={number}"'
            f" {200 + number % 5} {number * 37 % 5000 or '-'}"
        )


def clean(path):
    path, _, query = path.partition("?")
    return "/".join(part.strip().lower() for part in path.split("/") if part), query


def run(size):
    lengths = {}
    words = 0
    for line in log(125 * size):
        match = LINE.match(line)
        path, query = clean(match["path"])
        words += len(WORD.findall(path)) + query.count("7")
        length = match["length"]
        key = f"{match['method']:>6} {path.replace('/', '.')}"
        lengths[key] = lengths.get(key, 0) + (0 if length == "-" else int(length))
    rows = "\n".join(f"{key:<40}{lengths[key]:>12,}" for key in sorted(lengths))
    return len(re.sub(r"\s+", " ", rows)) + words
