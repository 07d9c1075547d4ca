# SPDX-License-Identifier: BSD-2-Clause
"""Every event, argument by argument and in order, against CPython's own recording."""

import contextlib
import errno
import itertools
import json
import pathlib
import re
import subprocess
import sys

from live import LIBRARY, PROGRAMS, TESTS, LiveTest, ask_bpftrace, counts, wait_until

EVENTS_DEF = (TESTS.parent / "libpyusdt/events/events.def").read_text()
EVENTS = re.findall(r"^EVENT\((\w+),", EVENTS_DEF, re.MULTILINE)
PYTHON_PROBES = re.findall(r"^COMPAT\(\w+, \d+, (\w+),?", EVENTS_DEF, re.MULTILINE)
LEFT_AND_RIGHT = ("BRANCH_LEFT", "BRANCH_RIGHT")

# Probes of the provider python: name, and the events that it is made of.
PYTHON = {
    "PYTHON_FUNCTION_ENTRY": ("function__entry", ["PY_START", "PY_RESUME", "PY_THROW"]),
    "PYTHON_FUNCTION_RETURN": ("function__return", ["PY_RETURN", "PY_YIELD", "PY_UNWIND"]),
    "PYTHON_LINE": ("line", ["LINE"]),
}

# bpftrace 0.17 cannot have more than 512 bytes of strings, of 64 each, and no arg6, which
# 0.23 has not either. Later ones take a kilobyte for a string of which nothing is said, and
# then lose some.
FIRST_SIX = (
    "%s\\t%s\\t%s\\t%d\\t%d\\t%d\\t%s\\t%s",
    "probe, str(arg0, 64), str(arg1, 64), arg2, arg3, arg4 != 0, str(arg4, {size}), "
    "str(arg5, 64)",
)
THE_REST = ("\\t%s\\t%d\\t%lx", ", str(arg6, 64), arg7, arg8")
OF_PYTHON = ("%s\\t%s\\t%s\\t%d", "probe, str(arg1, 64), str(arg0, 64), arg2")

# Of the text of a value, with its NUL.
VALUE_MAX = 256


def supported():
    if sys.version_info >= (3, 14):
        return EVENTS
    return [event for event in EVENTS if event not in LEFT_AND_RIGHT]


def cut(text, size):
    """As bpftrace cuts: by bytes, even within a character."""
    return text.encode()[:size].decode(errors="replace")


def cut_value(text):
    """As the library cuts what is longer than it has room for. ASCII only."""
    return text if len(text) < VALUE_MAX else text[: VALUE_MAX - 4] + "..."


class Stream(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        start = f"BEGIN {{ exit(); }} usdt:{LIBRARY}:pyusdt:PY_START"
        cls.has_all_arguments = ask_bpftrace(f"{start} {{ @ = arg6; }}") is not None
        size = ask_bpftrace(
            'BEGIN { $text = (uint64)0; printf("%d;", sizeof(str(uptr($text)))); exit(); }'
        )
        cls.text_size = min(VALUE_MAX, int(re.search(r"(\d+);", size)[1]))

    def test_each_event_alone(self):
        self.check({event: ([event], [event]) for event in supported()})

    def test_all_events_together(self):
        self.check({"together": (supported(), supported())})

    def test_provider_python(self):
        ways = {event: ([event], names) for event, (_, names) in PYTHON.items()}
        together = sum((names for _, names in PYTHON.values()), [])
        self.check({**ways, "together": (list(PYTHON), together)})

    def check(self, ways):
        """The stream of each way is the same as the recording of the same run."""
        traced = self.program(
            str(PROGRAMS / "stream.py"), json.dumps(ways),
            environment={"PYUSDT_COMPAT": "1"},
        )
        armed = {event for events, _ in ways.values() for event in events}
        tracer = self.tracer("\n".join(self.probe(event, traced.pid) for event in armed))
        traced.go()
        recorded = json.loads(traced.finish())
        lines = sum(map(len, recorded.values()))
        # All of it before it is told to end: then a busy bpftrace drops what it has not read.
        with contextlib.suppress(AssertionError):
            wait_until(lambda: tracer.output().count("\n") >= lines, "as many as recorded")
        seen = self.parse(tracer.stop())
        for way, (events, names) in ways.items():
            with self.subTest(way=way):
                expected = self.expected_python if events[0] in PYTHON else self.expected
                self.assertEqual({row[0] for row in recorded[way]}, set(names))
                # One by one: unittest takes minutes to tell how long lists differ.
                for row in itertools.zip_longest(seen.get(way, ()), map(expected, recorded[way])):
                    self.assertEqual(*row)

    def probe(self, event, pid):
        if event in PYTHON:
            provider, name, file = "python", PYTHON[event][0], "arg0"
            text, arguments = OF_PYTHON
        else:
            provider, name, file = "pyusdt", event, "arg1"
            parts = (FIRST_SIX, THE_REST) if self.has_all_arguments else (FIRST_SIX,)
            text, arguments = map("".join, zip(*parts))
        arguments = arguments.replace("{size}", str(self.text_size))
        mine = f'pid == {pid} && strncmp(str({file}), "stream/", 7) == 0'
        action = f'printf("{text}\\n", {arguments});'
        return f"usdt:{LIBRARY}:{provider}:{name} /{mine}/ {{ {action} }}"

    def parse(self, output):
        """Returns: {way: rows}. Code objects are numbered as they come."""
        seen, codes = {}, {}
        for line in filter(None, output.splitlines()):
            event, name, path, line_number, *more = line.split("\t")
            way = path.rpartition("/")[2]
            row = [event.rpartition(":")[2], name, path, int(line_number)]
            if more:
                offset, has_text, text, qualname, *more = more
                row += [int(offset), text if has_text == "1" else None, qualname]
            if more:
                module, code, value = more
                known = codes.setdefault(way, {})
                row += [module, known.setdefault(code, len(known)), int(value, 16)]
            seen.setdefault(way, []).append(row)
        return seen

    def expected(self, row):
        event, name, path, line, offset, text, qualname, module, code, value, _ = row
        text = text and cut(cut_value(text), self.text_size - 1)
        seen = [event, name, path, line, offset, text, qualname]
        return seen + [module, code, value] if self.has_all_arguments else seen

    def expected_python(self, row):
        event, name, path, *_, current = row
        probe = next(probe for probe, names in PYTHON.values() if event in names)
        return [probe, name, path, current]


class Unsupported(LiveTest):
    def test_left_and_right_before_3_14(self):
        source = (
            "import pyusdt\n"
            "try: pyusdt.enable(pyusdt.Event.{})\n"
            "except OSError as error: print(error.errno)\n"
            "else: print(pyusdt.enabled().name)\n"
        )
        for event in LEFT_AND_RIGHT:
            program = self.program("-c", source.format(event), options=["-e", "none"])
            program.go()
            armed = event if event in supported() else str(errno.ENOTSUP)
            self.assertEqual(program.finish().strip(), armed)


class Native(LiveTest):
    """Builds of CPython with --with-dtrace have some probes of the provider python."""

    def test_silent_where_the_interpreter_has_the_probe(self):
        fired, native = self.fired(environment={"PYUSDT_COMPAT": ""})
        self.assertEqual(fired, set(PYTHON_PROBES) - native)

    def test_asked_for(self):
        fired, _ = self.fired(environment={"PYUSDT_COMPAT": "1"})
        self.assertEqual(fired, set(PYTHON_PROBES))

    def fired(self, **keywords):
        """Returns: the probes of ours that fired, and those of the interpreter's own."""
        worker = self.worker(**keywords)
        mine = f"/pid == {worker.pid}/ {{ @[probe] = count(); }}"
        tracer = self.tracer(
            "\n".join(f"usdt:{LIBRARY}:python:{probe} {mine}" for probe in PYTHON_PROBES)
        )
        worker.ask("settle()")
        worker.ask("run(3)")
        worker.ask("__import__('gc').collect()")
        worker.ask("__import__('colorsys').ONE_THIRD")
        native = own_probes(worker.pid)
        seen = counts(tracer.stop())
        return {probe.rpartition(":")[2] for probe in seen}, native


def own_probes(pid):
    """Of the provider python, in the file that has the interpreter."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    shared = re.search(r"/\S*/libpython3\S*", maps)
    notes = subprocess.run(
        ["readelf", "-n", shared[0] if shared else f"/proc/{pid}/exe"],
        stdout=subprocess.PIPE, text=True, check=True,
    ).stdout
    names = re.findall(r"Provider: python\s+Name: (\w+)", notes)
    return set(names) & set(PYTHON_PROBES)
