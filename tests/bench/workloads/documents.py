# SPDX-License-Identifier: BSD-2-Clause
"""JSON: a large document written, compact and indented, and read again."""

import json


def record(number):
    return {
        "id": number,
        "name": f"item {number}",
        "price": number * 1.25,
        "tags": ["a", "b\n", "\u00e9"][: number % 4],
        "stock": {"here": number % 7, "there": None, "ordered": number % 2 == 0},
    }


def run(size):
    document = {"version": 1, "items": [record(number) for number in range(60 * size)]}
    compact = json.dumps(document)
    indented = json.dumps(document, indent=1, sort_keys=True)
    again = json.loads(compact), json.loads(indented)
    if again != (document, document):
        raise AssertionError("a document is not what was written")
    return len(compact) + len(indented)
