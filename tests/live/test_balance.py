# SPDX-License-Identifier: BSD-2-Clause
"""Every entry of a function has one end, whatever way it is left and entered again."""

import collections
import json
import re
import sys

from live import LIBRARY, PROGRAMS, LiveTest

SEED, NUMBER = 2026, 300
PROGRAM = str(PROGRAMS / "balance.py")

ENTRIES = ("PY_START", "PY_RESUME", "PY_THROW")
EXITS = ("PY_RETURN", "PY_YIELD", "PY_UNWIND")
EVENTS = ENTRIES + EXITS

# Where CPython's own events do not balance: function, first version and last.
DEVIATIONS = (
    # A signal's handler raises where the function was about to begin or to go on: there is
    # a PY_UNWIND, and was no PY_START or PY_RESUME. No report of it is known.
    (r"signalled_at_entry_\d+_entered", (3, 13), None),
    (r"signalled_at_resume_\d+_resumed", (3, 13), None),
)

# By the address of the name, of which each code object has its own. In maps, of which
# nothing is lost.
SCRIPT = """
usdt:{library}:{provider}:{probe} /pid == {pid}/
{{
	@{probe}[{name}] = count();
	@name[{name}] = str({name}, 64);
	@file[{name}] = str({file}, 64);
}}
"""


class Balance(LiveTest):
    def test_programs(self):
        names, counts, recorded = self.trace()
        self.assertGreater(len(counts), NUMBER * 3)
        with self.subTest("the counts are those of CPython"):
            self.check_counts(names, counts, recorded)
        for address, events in counts.items():
            with self.subTest(function=names[address]):
                self.check_balance(names[address][0], events)

    def trace(self):
        """Returns: {address: function}, {address: {probe: count}}, CPython's recording."""
        program = self.program(
            PROGRAM, str(SEED), str(NUMBER),
            options=["-e", "none"], environment={"PYUSDT_COMPAT": "1"},
        )
        tracer = self.tracer(
            "".join(
                SCRIPT.format(library=LIBRARY, pid=program.pid, **words) for words in probes()
            )
        )
        program.go()
        recorded = json.loads(program.finish())
        maps = collections.defaultdict(dict)
        for name, address, value in re.findall(
            r"^@(\w+)\[(\d+)\]: (.*)$", tracer.stop(), re.MULTILINE
        ):
            maps[address][name] = value
        names, counts = {}, {}
        for address, values in maps.items():
            names[address] = values.pop("name"), values.pop("file")
            if names[address][1] != cut(PROGRAM):
                counts[address] = collections.Counter(
                    {probe: int(count) for probe, count in values.items()}
                )
        return names, counts, recorded

    def check_counts(self, names, counts, recorded):
        seen, expected = (collections.defaultdict(collections.Counter) for _ in range(2))
        for address, events in counts.items():
            seen[names[address]].update({event: events[event] for event in EVENTS})
        for name, file, events in recorded:
            expected[cut(name), cut(file)].update(events)
        self.assertEqual(set(seen), set(expected))
        for function, events in expected.items():
            # Without those that are zero.
            self.assertEqual(+seen[function], events, function)
        total = sum(expected.values(), collections.Counter())
        self.assertGreater(min(total[event] for event in EVENTS), NUMBER)

    def check_balance(self, name, events):
        entries, exits = (sum(events[event] for event in all) for all in (ENTRIES, EXITS))
        if deviates(name):
            self.assertIn(exits - entries, range(events["PY_UNWIND"] + 1), events)
        else:
            self.assertEqual(exits, entries, events)
        self.assertEqual(events["function__entry"], entries, events)
        self.assertEqual(events["function__return"], exits, events)


def probes():
    for event in EVENTS:
        yield {"provider": "pyusdt", "probe": event, "name": "arg0", "file": "arg1"}
    for probe in ("function__entry", "function__return"):
        yield {"provider": "python", "probe": probe, "name": "arg1", "file": "arg0"}


def cut(text):
    """As bpftrace 0.17 cuts."""
    return text[:63]


def deviates(name):
    running = sys.version_info[:2]
    return any(
        re.fullmatch(pattern, name) and first <= running <= (last or running)
        for pattern, first, last in DEVIATIONS
    )
