# SPDX-License-Identifier: BSD-2-Clause
"""What was told by PROFILE, and functions of every kind to be counted."""

import gc
import threading


class Figure:
    def __init__(self, qualname, file, line, code_id, *sums):
        self.qualname, self.line, self.code_id = qualname, line, code_id
        self.calls, self.own, self.total, self.max, self.resumes, self.exceptions = sums

    def counts(self):
        return self.calls, self.resumes, self.exceptions


def told(file="account/workload.py"):
    """{qualname: [Figure, ...]} of what was told since the last time."""
    found = {}
    for event, *arguments in core.records(file):
        assert event == "PROFILE"
        figure = Figure(*arguments)
        found.setdefault(figure.qualname, []).append(figure)
    core.clear()
    return found


def counts(file="account/workload.py"):
    """{qualname: (calls, resumes, exceptions)}, all that was told added up."""
    return {
        name: tuple(map(sum, zip(*(figure.counts() for figure in figures))))
        for name, figures in told(file).items()
    }


def same(found, expected):
    assert found == expected, f"{found!r}, not {expected!r}"


SOURCE = workload
work = {"__name__": "work"}
exec(compile(SOURCE, "account/workload.py", "exec"), work)
