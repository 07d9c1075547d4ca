# SPDX-License-Identifier: BSD-2-Clause
"""Reads profile.proto of pprof, by nothing that writes it."""

from typing import NamedTuple


class Found(NamedTuple):
    types: list
    samples: list  # of ([(name, file, first line, line), ...], values)
    comments: list
    default_type: str


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def fields(data):
    """{number: [value, ...]}"""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        else:
            raise ValueError(f"wire type {key & 7}")
        found.setdefault(key >> 3, []).append(value)
    return found


def packed(data):
    numbers, at = [], 0
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number)
    return numbers


def one(found, number):
    return found.get(number, [0])[0]


def profile(data):
    top = fields(data)
    strings = [text.decode() for text in top[6]]
    assert strings[0] == ""
    functions = {}
    for function in map(fields, top.get(5, [])):
        name, file = (strings[one(function, i)] for i in (2, 4))
        functions[one(function, 1)] = (name, file, one(function, 5))
    locations = {}
    for place in map(fields, top.get(4, [])):
        line = fields(one(place, 4))
        locations[one(place, 1)] = (*functions[one(line, 1)], one(line, 2))
    assert 0 not in locations and 0 not in functions
    types = [fields(kind) for kind in top[1]]
    return Found(
        [(strings[one(kind, 1)], strings[one(kind, 2)]) for kind in types],
        [([locations[number] for number in packed(one(sample, 1))], packed(one(sample, 2)))
         for sample in map(fields, top.get(2, []))],
        [strings[number] for number in top[13]],
        strings[one(top, 14)],
    )
