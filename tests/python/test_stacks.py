# SPDX-License-Identifier: BSD-2-Clause
"""pyusdt-stacks: what bpftrace printed, as folded stacks, speedscope and flame graph."""

import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from pyusdt import amounts
from pyusdt.stacks import flamegraph, folded, joining, reading, speedscope

SECONDS = 60
SVG = "{http://www.w3.org/2000/svg}"

STACK_LINES = (
    "STACK\tfedcba9876543210\t0\tread_all\t/srv/a b.py\t3\t14\n"
    "STACK\tfedcba9876543210\t1\t<module>\t/srv/a b.py\t1\t40\n"
)

# As bpftrace 0.17 prints them. What follows a comma at the end of a line is a space.
TEXT_017 = "Attaching 4 probes...\n" + STACK_LINES + """\
tick


@hist[python3]: @
[2, 4)                 1 |@@@@@@@@@@@@                                        |
[4, 8)                 4 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

@other[@
    vfs_read+128
]: 1000
@scalar: 98
@st: count 98, average 5, total 490

@stacks[-81985529216486896, 22549, python3, , @
    _PyObject_Malloc+55
]: 1
@stacks[-81985529216486896, 22549, python3, @
    vfs_read+128
    ksys_read+102
, @
    __libc_read+13
    0xa2930006f
]: 20
@stacks[0, 22549, python3, @
    vfs_read+187
    ksys_read+102
, @
    __libc_read+13
]: 3
@stacks[-81985529216486896, 22549, python3, , ]: 2
@stacks[-81985529216486896, 22549, python3, @
    finish_task_switch.isra.0+147
, ]: 4
""".replace("@\n", "\n")

TEXT_027 = "Attached 4 probes\n" + STACK_LINES + """\
tick


@hist[python3]:
[4, 8)                 1 |@                                                   |

@other[
        vfs_read+128
]: 1000
@scalar: 99
@st: { .count = 99, .average = 5, .total = 495 }
@stacks[18364758544493064720, 22549, python3, @
, @
        _PyObject_Malloc+55
]: 1
@stacks[18364758544493064720, 22549, python3, @
        vfs_read+128
        ksys_read+102
, @
        __libc_read+13
        0xa2930006f
]: 20
@stacks[0, 22549, python3, @
        vfs_read+187
        ksys_read+102
, @
        __libc_read+13
]: 3
@stacks[18364758544493064720, 22549, python3, @
, @
]: 2
@stacks[18364758544493064720, 22549, python3, @
        finish_task_switch.isra.0+147
, @
]: 4
""".replace("@\n", "\n")

JSON_HEAD = "".join(
    json.dumps({"type": "printf", "data": f"{line}\n"}) + "\n"
    for line in [*STACK_LINES.splitlines(), "tick"]
)
JSON_017 = (
    r"""{"type": "attached_probes", "data": {"probes": 4}}
""" + JSON_HEAD + r"""

{"type": "hist", "data": {"@hist": {"python3": [{"min": 4, "max": 7, "count": 1}]}}}
{"type": "map", "data": {"@other": {"\n    vfs_read+128\n": 1000}}}
{"type": "map", "data": {"@scalar": 98}}
{"type": "stats", "data": {"@st": {"count": 98, "average": 5, "total": 490}}}
""" + r"""{"type": "map", "data": {"@stacks": {
"-81985529216486896,22549,python3,,\n    _PyObject_Malloc+55\n": 1,
"-81985529216486896,22549,python3,\n    vfs_read+128\n    ksys_read+102\n,
\n    __libc_read+13\n    0xa2930006f\n": 20,
"0,22549,python3,\n    vfs_read+187\n    ksys_read+102\n,\n    __libc_read+13\n": 3,
"-81985529216486896,22549,python3,,": 2,
"-81985529216486896,22549,python3,\n    finish_task_switch.isra.0+147\n,": 4
}}}""".replace("\n", "") + "\n")

JSON_027 = (
    r"""{"type": "attached_probes", "count": 4, "data": {"probes": 4}}
""" + JSON_HEAD + r"""

{"type": "map", "data": {"@other": {"\nvfs_read+128\n": 1000}}}
{"type": "map", "data": {"@scalar": 99}}
{"type": "stats", "data": {"@st": {"count": 99, "average": 5, "total": 495}}}
""" + r"""{"type": "map", "data": {"@stacks": {
"18364758544493064720,22549,python3,\n,\n_PyObject_Malloc+55\n": 1,
"18364758544493064720,22549,python3,\nvfs_read+128\nksys_read+102\n,
\n__libc_read+13\n0xa2930006f\n": 20,
"0,22549,python3,\nvfs_read+187\nksys_read+102\n,\n__libc_read+13\n": 3,
"18364758544493064720,22549,python3,\n,\n": 2,
"18364758544493064720,22549,python3,\nfinish_task_switch.isra.0+147\n,\n": 4
}}}""".replace("\n", "") + "\n")

RECORDINGS = {
    "0.17 text": TEXT_017,
    "0.27 text": TEXT_027,
    "0.17 JSON": JSON_017,
    "0.27 JSON": JSON_027,
}
PYTHON = "22549 python3;<module> (/srv/a b.py:1);read_all (/srv/a b.py:3)"
FOLDED = f"""\
{PYTHON} 2
{PYTHON};[unknown];__libc_read;ksys_read_[k];vfs_read_[k] 20
{PYTHON};_PyObject_Malloc 1
{PYTHON};finish_task_switch.isra.0_[k] 4
22549 python3;[no Python];__libc_read;ksys_read_[k];vfs_read_[k] 3
"""


def read(text: str) -> reading.Recording:
    return reading.read(io.StringIO(text, newline="\n"))


def join(text: str, *maps: str, **options: bool) -> joining.Joined:
    return joining.join(read(text), maps or ["stacks"], joining.JoinOptions(**options))


def fold(text: str, *maps: str, **options: bool) -> list[str]:
    return folded.folded(join(text, *maps, **options).stacks).splitlines()


def total(lines: list[str]) -> int:
    return sum(int(line.rpartition(" ")[2]) for line in lines)


def frame_line(key: int, depth: int, name: str, line: int = 1, file: str = "f.py",
               offset: int = -1) -> str:
    return f"STACK\t{key:x}\t{depth}\t{name}\t{file}\t{line}\t{offset}\n"


class ReadTest(unittest.TestCase):
    def test_every_form_says_the_same(self) -> None:
        for form, text in RECORDINGS.items():
            with self.subTest(form):
                joined = join(text)
                self.assertEqual(folded.folded(joined.stacks), FOLDED)
                self.assertEqual(joined.notes, [])
                self.assertEqual(list(read(text).maps), ["stacks"])

    def test_only_a_number_in_the_key(self) -> None:
        text = frame_line(5, 0, "f") + "@stacks[5]: 7\n@stacks[0]: 2\n"
        self.assertEqual(fold(text), ["[no Python] 2", "f (f.py:1) 7"])

    def test_words_after_stacks(self) -> None:
        text = "@stacks[0, \n    read+1\n, python3]: 7\n"
        self.assertEqual(fold(text), ["python3;[no Python];read_[k] 7"])

    def test_single_native_stack(self) -> None:
        text = "@my_user_stacks[0, \n    read+1\n]: 7\n"
        self.assertEqual(fold(text, "my_user_stacks"), ["[no Python];read 7"])

    def test_stack_mode_perf(self) -> None:
        text = ("@stacks[0, \n\tffffffff816b82b0 vfs_read+128\n, \n"
                "\t7f5940b16011 open64+81 (/usr/lib/libc.so.6)\n"
                "\t1 0x1 ([unknown])\n]: 7\n")
        self.assertEqual(fold(text), ["[no Python];[unknown];open64;vfs_read_[k] 7"])

    def test_line_that_runs(self) -> None:
        """As pyusdt-trace adds it; 0: it has not found it."""
        rest = "\t4711\t0x7f00"
        text = "".join(
            frame_line(5, depth, "f", 3).rstrip("\n") + rest + line + "\n"
            for depth, line in enumerate(("", "\t4", "\t0"))
        ) + "@stacks[5]: 7\n"
        self.assertEqual(fold(text), ["f (f.py:3+);f (f.py:4);f (f.py:3) 7"])
        self.assertEqual(fold(text, short=True), ["f;f;f 7"])
        frames, = join(text).stacks
        self.assertEqual([(frame.line, frame.first_line) for frame in frames],
                         [(3, 3), (4, 3), (3, 3)])

    def test_numbers_in_names(self) -> None:
        """What the script has told stands at the end."""
        for name, file in ("f\t1\t-1\t5\t0xff\t7", "f.py"), ("f", "f.py\t1\t-1\t5\t0xff\t7"):
            for line, shown in ("", "3"), ("\t4", "4"):
                text = (frame_line(5, 0, name, 3, file).rstrip("\n")
                        + f"\t4711\t0x7f00{line}\n@stacks[5]: 1\n")
                (frame,), = join(text).stacks
                self.assertEqual((frame.first_line, str(frame.line)), (3, shown))

    def test_repeated_keys_are_added(self) -> None:
        key = r"0,\n    read+1\n"
        text = f'{{"type": "map", "data": {{"@stacks": {{"{key}": 3, "{key}": 4}}}}}}\n'
        self.assertEqual(fold(text), ["[no Python];read_[k] 7"])
        self.assertEqual(fold("@stacks[0]: 3\n@stacks[0]: 4\n"), ["[no Python] 7"])

    def test_last_stack_wins(self) -> None:
        text = (frame_line(5, 0, "old") + frame_line(5, 1, "main")
                + frame_line(5, 0, "new") + "@stacks[5]: 1\n")
        self.assertEqual(fold(text, short=True), ["main;new 1"])

    def test_frames_after_the_maps_and_amid_other_output(self) -> None:
        text = ("@stacks[5]: 1\nno end of line" + frame_line(5, 1, "main")
                + "words\n" + frame_line(5, 0, "f"))
        self.assertEqual(fold(text, short=True), ["main;f 1"])

    def test_missing_frames(self) -> None:
        text = (frame_line(5, 2, "c") + frame_line(5, 3, "d") + frame_line(5, 6, "g")
                + "@stacks[5]: 1\n")
        self.assertEqual(fold(text, short=True), ["g;[missing];d;c;[missing] 1"])

    def test_recursion(self) -> None:
        text = "".join(frame_line(5, depth, "f") for depth in range(400))
        self.assertEqual(
            fold(text + "@stacks[5]: 3\n", short=True), [";".join(["f"] * 400) + " 3"]
        )

    def test_unknown_stack(self) -> None:
        joined = join("@stacks[-1]: 3\n@stacks[0]: 4\n@stacks[255]: 1\n")
        self.assertEqual(
            folded.folded(joined.stacks).splitlines(),
            ["[no Python] 4", "[unknown stack ff] 1",
             "[unknown stack ffffffffffffffff] 3"],
        )
        self.assertEqual(len(joined.notes), 1)
        self.assertIn("2 stack keys, 4 of 8", joined.notes[0])

    def test_entries_that_are_no_numbers(self) -> None:
        text = ("@stacks[1]: count 3, average 5, total 15\n@stacks[word]: 1\n"
                "@stacks[1]: \n[2, 4)  1 |@@@|\n@stacks[0]: 1\n@stacks[2]: -4\n")
        joined = join(text)
        self.assertEqual(joined.stacks.total(), 1)
        self.assertEqual(len(joined.notes), 1)
        self.assertIn("4 entries of @stacks", joined.notes[0])

    def test_entry_cut_short(self) -> None:
        for rest in ("", "@stacks[0]: 1\n", "words\n@stacks[0]: 1\n"):
            with self.subTest(rest):
                recording = read("@stacks[7, \n        read+1\n" + rest)
                self.assertEqual(recording.rejected["@stacks"], 1)
                self.assertEqual(len(recording.maps.get("stacks", [])), bool(rest))

    def test_any_beginning_of_the_input(self) -> None:
        for text in RECORDINGS.values():
            whole = read(text).maps["stacks"]
            for length in range(0, len(text), 7):
                recording = read(text[:length])
                # The last one may have been cut.
                *entries, _ = recording.maps.get("stacks", [None])
                self.assertEqual(entries, whole[:len(entries)])
                if recording.maps:
                    joining.join(recording, ["stacks"], joining.JoinOptions())

    def test_name_that_cannot_be_shown(self) -> None:
        text = frame_line(5, 0, "", 7, "code 7f12") + "@stacks[5]: 1\n"
        self.assertEqual(fold(text), ["code 7f12:7 1"])
        self.assertEqual(fold(text, short=True), ["code 7f12 1"])

    def test_lost_events_are_told(self) -> None:
        for text in ("Lost 7 events\n@stacks[0]: 1\nLost 2 events\n",
                     '{"type": "lost_events", "data": {"events": 9}}\n'
                     '{"type": "map", "data": {"@stacks": {"0": 1}}}\n'):
            joined = join(text)
            self.assertEqual(joined.stacks.total(), 1)
            self.assertEqual(joined.notes,
                             ["bpftrace has lost 9 events: numbers are too low"])

    def test_zero_is_left_out(self) -> None:
        self.assertEqual(fold("@stacks[0]: 0\n"), [])


def printf(text: str) -> str:
    return json.dumps({"type": "printf", "data": text}) + "\n"


class ForgeryTest(unittest.TestCase):
    """What a name of the traced program may hold, and must remain: a name."""

    FORGED = "\n@stacks[0, ]: 999999\n"
    FRAME = "STACK\t5\t0\tforged\tf.py\t1\t-1\n"
    MAP = '{"type": "map", "data": {"@stacks": {"0": 999999}}}\n'
    STACKS = '{"type": "map", "data": {"@stacks": {"5": 7}}}\n'

    def test_lines_in_a_name(self) -> None:
        text = printf(frame_line(5, 0, f"f{self.FORGED}g")) + self.STACKS
        self.assertEqual(fold(text, short=True), [r"f\n@stacks[0: ]: 999999\ng 7"
                                                  .replace("0:", "0,")])

    def test_frames_in_a_name(self) -> None:
        for head in ("", "\n", "a\n"):
            text = (printf(frame_line(5, 0, "f")) + printf(f"{head or 'x'}{self.FRAME}")
                    + self.STACKS)
            self.assertEqual(fold(text, short=True), ["f 7"])

    def test_lines_of_the_program_amid_json(self) -> None:
        text = (printf(frame_line(5, 0, "f")) + self.FORGED.lstrip() + self.FRAME
                + self.STACKS)
        self.assertEqual(fold(text, short=True), ["f 7"])

    def test_json_amid_text(self) -> None:
        text = frame_line(5, 0, "f") + self.MAP + "@stacks[5]: 7\n" + self.MAP
        self.assertEqual(fold(text, short=True), ["f 7"])

    def test_keys_that_are_escaped_twice(self) -> None:
        """As bpftrace 0.23 does it."""
        key = r"5,a\\tb,\\n        vfs_read+1\\n,\\n        \\uffffffc3\\uffffffa4+1\\n"
        text = '{"type": "map", "data": {"@stacks": {"%s": 3}}}\n' % key
        self.assertEqual(fold(text), [r"a\tb;[unknown stack 5];\u00e4;vfs_read_[k] 3"
                                      .replace(r"\u00e4", "\u00e4")])


class JoinTest(unittest.TestCase):
    INTERPRETER = """\
@stacks[5, @
        vfs_read+1
, @
        read+13
        _io_FileIO_read+4
        _PyEval_EvalFrameDefault+99
        Py_RunMain+3
]: 6
""".replace("@\n", "\n")

    def test_interpreter_is_what_python_frames_show(self) -> None:
        text = frame_line(5, 0, "main") + self.INTERPRETER
        self.assertEqual(fold(text, short=True),
                         ["main;_io_FileIO_read;read;vfs_read_[k] 6"])

    def test_full_native(self) -> None:
        text = frame_line(5, 0, "main") + self.INTERPRETER
        self.assertEqual(
            fold(text, short=True, full_native=True),
            ["main;Py_RunMain;_PyEval_EvalFrameDefault;_io_FileIO_read;read;vfs_read_[k]"
             " 6"],
        )

    def test_interpreter_is_kept_without_python_frames(self) -> None:
        self.assertIn("_PyEval_EvalFrameDefault", fold(self.INTERPRETER)[0])

    def test_addresses_without_names_are_one_frame(self) -> None:
        text = ("@stacks[0, \n    read+1\n, \n    a+1\n    0x7f00\n    0\n    0x1\n"
                "    b+1\n    b+1\n    0x5\n]: 7\n")
        self.assertEqual(fold(text),
                         ["[no Python];[unknown];b;b;[unknown];a;read_[k] 7"])

    def test_short_joins_functions_of_one_name(self) -> None:
        text = (frame_line(5, 0, "f", 1) + frame_line(6, 0, "f", 9)
                + "@stacks[5]: 1\n@stacks[6]: 2\n")
        self.assertEqual(fold(text), ["f (f.py:1) 1", "f (f.py:9) 2"])
        self.assertEqual(fold(text, short=True), ["f 3"])

    def test_separators_in_names(self) -> None:
        text = (frame_line(5, 0, "a;b c", 1, "x;y z.py") + frame_line(6, 0, "a:b c", 1,
                "x:y z.py") + "@stacks[5]: 1\n@stacks[6]: 2\n")
        self.assertEqual(fold(text), ["a:b c (x:y z.py:1) 3"])

    def test_names_are_escaped(self) -> None:
        text = (frame_line(5, 0, "a\x1b[2Jb", 1, "x\ty\x9b\u202e.py")
                + "@stacks[5, py\u2028\x07, \n    vfs\x1b+1\n, \n]: 1\n")
        self.assertEqual(
            fold(text),
            [r"py\u2028\x07;a\x1b[2Jb (x\ty\x9b\u202e.py:1);vfs\x1b_[k] 1"],
        )

    def test_total_is_conserved(self) -> None:
        for options in ({}, {"short": True}, {"lines": True}, {"full_native": True}):
            for form, text in RECORDINGS.items():
                with self.subTest(form, **options):
                    self.assertEqual(total(fold(text, **options)), 30)


class LinesTest(unittest.TestCase):
    SOURCE = dedent("""\
        import functools

        @functools.cache
        def outer(witness):
            values = [
                1,
                inner(witness),
            ]
            return values

        def inner(witness):
            return (
                0 +
                witness()
            )

        two = (lambda f: f(), lambda f: (0,
            f()))
    """)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "sample.py")
        self.path.write_text(self.SOURCE)
        self.namespace: dict[str, object] = {}
        exec(compile(self.SOURCE, str(self.path), "exec"), self.namespace)

    def recorded(self, function: Callable[[Callable[[], int]], object]) -> str:
        """What a script prints of the stack in which the function calls its argument."""
        lines: list[str] = []

        def witness() -> int:
            frame = sys._getframe(1)
            while frame.f_code.co_filename == str(self.path):
                code = frame.f_code
                lines.append(frame_line(5, len(lines), code.co_qualname,
                                        code.co_firstlineno, code.co_filename,
                                        frame.f_lasti))
                frame = frame.f_back
            return 0

        function(witness)
        return "".join(lines) + "@stacks[5]: 1\n"

    def test_lines_of_calls(self) -> None:
        text = self.recorded(self.namespace["outer"])
        joined = join(text, lines=True)
        self.assertEqual(joined.notes, [])
        self.assertEqual(
            folded.folded(joined.stacks),
            f"outer ({self.path}:7);inner ({self.path}:14) 1\n",
        )
        self.assertEqual(fold(text, lines=True, short=True), ["outer:7;inner:14 1"])

    def test_first_lines_without_the_option(self) -> None:
        text = self.recorded(self.namespace["outer"])
        self.assertEqual(fold(text), [f"outer ({self.path}:3);inner ({self.path}:11) 1"])

    def assert_not_decoded(self, text: str, reason: str, line: int) -> None:
        joined = join(text, lines=True, short=True)
        self.assertRegex(folded.folded(joined.stacks), rf":{line} 1\n\Z")
        self.assertEqual(len(joined.notes), 1)
        self.assertIn(reason, joined.notes[0])

    def test_modules_that_are_compiled_into_cpython(self) -> None:
        code = importlib._bootstrap._find_and_load.__code__
        start, _, line = next(part for part in code.co_lines()
                              if part[2] and part[2] > code.co_firstlineno + 1)
        text = frame_line(5, 0, code.co_qualname, code.co_firstlineno, code.co_filename,
                          start) + "@stacks[5]: 1\n"
        self.assertEqual(code.co_filename, "<frozen importlib._bootstrap>")
        self.assertEqual(fold(text, lines=True, short=True), [f"_find_and_load:{line} 1"])

    def test_source_is_gone(self) -> None:
        text = self.recorded(self.namespace["outer"])
        self.path.unlink()
        self.assert_not_decoded(text, "inner and 1 more shown with the first line", 11)

    def test_source_has_changed(self) -> None:
        text = self.recorded(self.namespace["inner"])
        self.path.write_text("\n" + self.SOURCE)
        self.assert_not_decoded(text, "no such function at line 11", 11)

    def test_source_does_not_compile(self) -> None:
        text = self.recorded(self.namespace["inner"])
        for source in ("(", "\0", "(" * 5000):
            with self.subTest(source[:2]):
                self.path.write_text(source)
                self.assert_not_decoded(text, "is no source", 11)

    def test_lambdas_of_one_line(self) -> None:
        text = self.recorded(self.namespace["two"][1])
        joined = join(text, lines=True, short=True)
        if joined.notes:
            self.assertIn("several of that name", joined.notes[0])
        else:
            self.assertIn("<lambda>:18 1", folded.folded(joined.stacks))

    def test_offset_out_of_the_function(self) -> None:
        text = frame_line(5, 0, "inner", 11, str(self.path), 10000) + "@stacks[5]: 1\n"
        self.assert_not_decoded(text, "no line at offset 10000", 11)

    def test_no_offset(self) -> None:
        for offset in (-1, (1 << 32) - 1, (1 << 64) - 1):
            line = frame_line(5, 0, "inner", 11, str(self.path), offset)
            self.assert_not_decoded(line + "@stacks[5]: 1\n", "gives no offset", 11)


    def claimed(self, file: str) -> str:
        """What a stack shows with a file that is one only in the words of the program."""
        text = frame_line(5, 0, "inner", 11, file, 2) + "@stacks[5]: 1\n"
        joined = join(text, lines=True)
        self.assertEqual(folded.folded(joined.stacks), f"inner ({file}:11) 1\n")
        self.assertEqual(len(joined.notes), 1)
        return joined.notes[0]

    def test_files_that_are_no_sources(self) -> None:
        fifo = self.path.with_name("fifo")
        os.mkfifo(fifo)
        link = self.path.with_name("link")
        link.symlink_to("/dev/zero")
        for file in (fifo, link, "/dev/zero", "/dev/tty", self.path.parent):
            with self.subTest(file):
                self.assertIn("is no regular file", self.claimed(str(file)))

    def test_files_that_never_end(self) -> None:
        """Regular ones by their mode, as many in /proc and /sys are."""
        self.assertIn("has no such function", self.claimed("/proc/self/environ"))
        if os.geteuid() == 0 and os.path.exists("/proc/kmsg"):
            # Reading it would wait, and take it from others.
            self.assertIn("has no such function", self.claimed("/proc/kmsg"))

    def test_huge_file(self) -> None:
        os.truncate(self.path, 1 << 40)
        self.assertIn("is larger than 8 MiB", self.claimed(str(self.path)))

    def test_link_to_a_source_is_followed(self) -> None:
        link = self.path.with_name("link.py")
        link.symlink_to(self.path)
        text = self.recorded(self.namespace["inner"])
        self.assertEqual(fold(text.replace(str(self.path), str(link)), lines=True),
                         [f"inner ({link}:14) 1"])

    def test_names_that_no_file_has(self) -> None:
        for file in ("a\0b", "", "x" * 10_000, "\ud800"):
            text = frame_line(5, 0, "f", 11, file, 2) + "@stacks[5]: 1\n"
            self.assertEqual(join(text, lines=True).stacks.total(), 1)

    def test_sources_are_compiled_without_privileges(self) -> None:
        """And what they make the compiler do ends with the process that compiles."""
        seen = self.path.with_name("seen")
        program = dedent("""\
            import builtins, os, resource, sys
            from pyusdt.stacks import sourcelines

            def compiler(*words, **keywords):
                status = open("/proc/self/status").read()
                os.write(seen, f"{os.getpid()}\\n{status}".encode())
                os.abort()

            seen = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT)
            sourcelines.resource.RLIMIT_FSIZE = resource.RLIMIT_SIGPENDING
            builtins.compile = compiler
            try:
                sourcelines.compile_apart(sys.argv[1], b"pass")
            except sourcelines.NoLine as reason:
                print(os.getpid(), reason)
        """)
        result = subprocess.run(
            [sys.executable, "-c", program, "a.py", seen], capture_output=True, text=True,
            timeout=SECONDS, env={**os.environ, "PYUSDT_EVENTS": "none"}, check=True,
        )
        pid, reason = result.stdout.split(maxsplit=1)
        self.assertIn("a.py is no source", reason)
        compiler, status = seen.read_text().split("\n", 1)
        self.assertNotEqual(compiler, pid)
        if os.geteuid() == 0:
            self.assertRegex(status, r"(?m)^Uid:(\t65534){4}$")
            self.assertRegex(status, r"(?m)^Gid:(\t65534){4}$")
            self.assertRegex(status, r"(?m)^Groups:\s*$")
            self.assertRegex(status, r"(?m)^CapEff:\t0+$")


class AmountTest(unittest.TestCase):
    def test_units(self) -> None:
        for number, unit, text in (
            (0, "ns", "0 ns"), (999, "ns", "999 ns"), (1000, "ns", "1.0 us"),
            (12_345, "ns", "12.3 us"), (999_499, "ns", "999 us"), (999_500, "ns", "1.0 ms"),
            (99_940, "us", "99.9 ms"), (99_951, "us", "100 ms"), (123_456_789, "ns", "123 ms"),
            (1_500_000_000, "ns", "1.5 s"), (12_345_600_000_000, "ns", "12,346 s"),
            (999, "us", "999 us"), (-1500, "us", "-1.5 ms"), (19_037_951, "us", "19.0 s"),
            (7, "ms", "7 ms"), (1500, "ms", "1.5 s"), (999, "bytes", "999 B"),
            (1023, "bytes", "1.0 KB"), (340 << 10, "bytes", "340 KB"),
            (5 << 40, "bytes", "5.0 TB"), (12_345, "samples", "12,345 samples"),
        ):
            self.assertEqual(amounts.amount(number, unit), text)

    def test_signs(self) -> None:
        for number, text in ((1500, "+1.5 ms"), (-1500, "-1.5 ms"), (-7, "-7 us")):
            self.assertEqual(amounts.amount(number, "us", "+"), text)
        self.assertEqual(amounts.amount(12_345, "count", "+"), "+12,345 count")


class SpeedscopeTest(unittest.TestCase):
    def setUp(self) -> None:
        self.document = json.loads(
            speedscope.speedscope(join(TEXT_017).stacks, "a title", "us")
        )

    def test_document(self) -> None:
        self.assertEqual(self.document["$schema"],
                         "https://www.speedscope.app/file-format-schema.json")
        self.assertEqual(self.document["name"], "a title")
        self.assertEqual(len(self.document["profiles"]), 1)

    def test_profile(self) -> None:
        (profile,) = self.document["profiles"]
        self.assertEqual(profile["type"], "sampled")
        self.assertEqual(profile["unit"], "microseconds")
        self.assertEqual((profile["startValue"], profile["endValue"]), (0, 30))
        self.assertEqual(len(profile["samples"]), len(profile["weights"]))
        self.assertEqual(sum(profile["weights"]), 30)

    def test_samples_start_at_the_root(self) -> None:
        frames = self.document["shared"]["frames"]
        (profile,) = self.document["profiles"]
        named = {
            tuple(frames[index]["name"] for index in sample): weight
            for sample, weight in zip(profile["samples"], profile["weights"], strict=True)
        }
        python = ("22549 python3", "<module>", "read_all")
        self.assertEqual(named[python], 2)
        self.assertEqual(named[*python, "finish_task_switch.isra.0_[k]"], 4)

    def test_frames(self) -> None:
        frames = self.document["shared"]["frames"]
        self.assertIn({"name": "read_all", "file": "/srv/a b.py", "line": 3}, frames)
        self.assertIn({"name": "vfs_read_[k]", "file": "[kernel]"}, frames)
        self.assertEqual(len({json.dumps(frame) for frame in frames}), len(frames))


class Frame:
    def __init__(self, element: ElementTree.Element) -> None:
        rect = element.find(f"{SVG}rect")
        self.tip = element.findtext(f"{SVG}title")
        self.name = self.tip.rpartition("\n")[0]
        self.text = element.findtext(f"{SVG}text")
        self.x, self.y, self.width = (float(rect.get(name)) for name in
                                      ("x", "y", "width"))
        self.fill = rect.get("fill")
        self.value = int(element.get("data-v"))
        self.start = int(element.get("data-x"))
        self.depth = int(element.get("data-d"))


class FlameGraphTest(unittest.TestCase):
    def frames(self, labelled: dict[flamegraph.Labels, int],
               min_percent: float = 0) -> list[Frame]:
        text = flamegraph.render(labelled, "title", "samples", min_percent)
        root = ElementTree.fromstring(text)
        return [Frame(element) for element in root.iter(f"{SVG}g")
                if "frame" in element.get("class").split()]

    def test_real_one(self) -> None:
        text = flamegraph.svg(join(TEXT_027).stacks, "a <title>", "us", 0)
        root = ElementTree.fromstring(text)
        self.assertEqual(root.findtext(f"{SVG}title"), "a <title>")
        tips = [element.text for element in root.iter(f"{SVG}title")]
        self.assertIn("all\n30 us, 100.00 %", tips)
        self.assertIn("read_all (/srv/a b.py:3)\n27 us, 90.00 %", tips)
        self.assertIn("_PyObject_Malloc\n1 us, 3.33 %", tips)
        self.assertIn("finish_task_switch.isra.0_[k]\n4 us, 13.33 %", tips)
        words = {element.text for element in root.iter(f"{SVG}text")}
        self.assertLessEqual({"Python", "native", "kernel", "other"}, words)

    def test_widths_are_proportional(self) -> None:
        a, b, c = (("a", "python"), ("b", "native"), ("c", "kernel"))
        frames = {frame.name: frame for frame in
                  self.frames({(a, b): 30, (a, c): 10, (a,): 20, (c, b, b): 40})}
        width = frames["all"].width
        self.assertAlmostEqual(frames["a"].width, width * 0.6, delta=0.01)
        for frame in frames.values():
            self.assertAlmostEqual(frame.width, width * frame.value / 100, delta=0.01)

    def test_children_stand_on_their_parents(self) -> None:
        a, b, c = (("a", "python"), ("b", "native"), ("c", "kernel"))
        frames = self.frames({(a, b): 30, (a, c): 10, (a,): 20, (c, b, b): 40})
        self.assertEqual(len(frames), 7)
        for number, frame in enumerate(frames[1:], 1):
            parents = [other for other in frames[:number]
                       if other.depth == frame.depth - 1
                       and other.start <= frame.start
                       and other.start + other.value >= frame.start + frame.value]
            self.assertEqual(len(parents), 1, frame.tip)
            self.assertEqual(parents[0].y - frame.y, flamegraph.ROW)

    def test_frames_come_from_left_to_right(self) -> None:
        """What the search in the browser relies on to count nothing twice."""
        labelled = {((f"f{number % 7}", "python"), (f"g{number}", "python")): number
                    for number in range(1, 50)}
        starts = [frame.start for frame in self.frames(labelled)]
        self.assertEqual(starts, sorted(starts))

    def test_deep(self) -> None:
        frames = self.frames({(("f", "python"),) * 3000: 1})
        self.assertEqual(len(frames), 3001)
        self.assertEqual({frame.width for frame in frames}, {frames[0].width})

    def test_names_are_escaped(self) -> None:
        names = ['<lambda> & "x"', "]]>", "</title><script>", "caf\u00e9 \u65e5\u672c"]
        frames = self.frames({((name, "python"),): 1 for name in names})
        self.assertEqual({frame.name for frame in frames}, {"all", *names})

    def test_characters_that_xml_has_not(self) -> None:
        frames = self.frames({(("a\0b\x1b\ud800\ufffe", "python"),): 1})
        self.assertEqual(frames[1].name, "a\ufffdb" + "\ufffd" * 3)

    def test_texts_fit(self) -> None:
        labelled = {((f"function_{number}" * 3, "python"),): number
                    for number in range(1, 60)}
        frames = self.frames(labelled)
        self.assertEqual({(bool(frame.text), frame.text == frame.name) for frame in frames},
                         {(False, False), (True, False), (True, True)})
        for frame in frames:
            if frame.text:
                self.assertLess(7.25 * len(frame.text), frame.width)
            if frame.text and frame.text != frame.name:
                self.assertEqual(frame.text, frame.name[:len(frame.text) - 2] + "..")

    def test_colours(self) -> None:
        labelled = {((f"f{number}", kind),): 1 for number in range(50)
                    for kind in flamegraph.BANDS}
        fills = {frame.fill for frame in self.frames(labelled)[1:]}
        self.assertGreater(len(fills), 150)
        for fill in fills:
            self.assertGreater(contrast(fill, "#14171a"), 4.5, fill)

    def test_colour_is_the_same_in_every_graph(self) -> None:
        self.assertEqual(flamegraph.colour("main (a.py:1)", "python"), "#99d5ec")

    def test_small_frames_are_left_out(self) -> None:
        labelled = {(("big", "python"), ("end", "python")): 99, (("small", "python"),): 1}
        names = [frame.name for frame in self.frames(labelled, 2)]
        self.assertEqual(names, ["all", "big", "end"])
        for least, said in ((2, True), (1, False)):
            text = flamegraph.render(labelled, "title", "samples", least)
            self.assertEqual("left out" in text, said)

    def test_nothing_from_elsewhere(self) -> None:
        text = flamegraph.svg(join(TEXT_027).stacks, "title", "us", 0)
        self.assertEqual(text.count("http"), text.count("http://www.w3.org/2000/svg"))
        for word in ("href", "url(", "@import", "foreignObject"):
            self.assertNotIn(word, text)

    def test_nothing_to_draw(self) -> None:
        with self.assertRaises(ValueError):
            flamegraph.render({}, "title", "samples")


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines have it."""
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class CommandTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_command(
        self, *words: str, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from pyusdt.stacks.command import main; main()", *words],
            input=text, capture_output=True, text=True, cwd=self.folder,
            timeout=SECONDS, env={**os.environ, "PYUSDT_EVENTS": "none"}, check=False,
        )

    def output(self, *words: str, text: str = "") -> str:
        result = self.run_command(*words, text=text)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def assert_refused(
        self, status: int, message: str, *words: str, text: str = ""
    ) -> None:
        result = self.run_command(*words, text=text)
        self.assertEqual((result.returncode, result.stdout), (status, ""))
        self.assertRegex(result.stderr, rf"\Apyusdt-stacks: .*{message}.*\n\Z")

    def test_folded_from_standard_input(self) -> None:
        self.assertEqual(self.output(text=TEXT_017), FOLDED)
        self.assertEqual(self.output("-", text=TEXT_017), FOLDED)

    def test_file(self) -> None:
        Path(self.folder, "out").write_text(TEXT_017)
        self.assertEqual(self.output("out"), FOLDED)

    def test_bytes_that_are_no_utf8(self) -> None:
        text = TEXT_017.replace("read_all", "read_\xff").encode("latin-1")
        Path(self.folder, "out").write_bytes(text)
        self.assertIn(r"read_\xff", self.output("out"))

    def test_format_is_that_of_the_name(self) -> None:
        for name, start in (("x.svg", "<svg "), ("x.json", "{"), ("x.txt", "22549 ")):
            self.output("-o", name, text=TEXT_017)
            self.assertTrue(Path(self.folder, name).read_text().startswith(start))
        self.output("-o", "y.svg", "--format", "folded", text=TEXT_017)
        self.assertEqual(Path(self.folder, "y.svg").read_text(), FOLDED)

    def test_title_and_unit(self) -> None:
        svg = self.output("--format=svg", "-t", "a & b", "--unit=bytes", text=TEXT_017)
        self.assertIn("<title>a &amp; b</title>", svg)
        self.assertIn("30 B in 5 stacks", svg)

    def test_choice_of_maps(self) -> None:
        text = "@a_stacks[0]: 1\n@b_stacks[0]: 2\n"
        self.assertEqual(self.output("-m", "b_stacks", text=text), "[no Python] 2\n")
        self.assertEqual(self.output("-m", "@a_stacks", "-m", "b_stacks", text=text),
                         "[no Python] 3\n")
        self.assert_refused(2, "@a_stacks, @b_stacks: choose with --map", text=text)
        self.assert_refused(1, "no numbers in @c_stacks", "-m", "c_stacks", text=text)
        result = self.run_command(text="@stacks[0]: 5\n" + text)
        self.assertEqual(result.stdout, "[no Python] 5\n")
        self.assertIn("@stacks taken, not @a_stacks, @b_stacks", result.stderr)

    def test_only_map(self) -> None:
        self.assertEqual(self.output(text="@on_stacks[0]: 1\n"), "[no Python] 1\n")

    def test_unusable_input(self) -> None:
        self.assert_refused(1, "the input is empty")
        self.assert_refused(1, "no map @stacks", text="words\n")
        self.assert_refused(1, "no usable entry in @stacks", text="@stacks[1]: x\n")
        self.assert_refused(1, "values of @stacks are 0", text="@stacks[1]: 0\n")
        self.assert_refused(1, "nowhere: No such file", "nowhere")

    def test_wrong_usage(self) -> None:
        self.assert_refused(2, "--nonsense", "--nonsense")
        self.assert_refused(2, "--format", "--format", "pdf")
        self.assert_refused(2, "--min-percent", "--min-percent", "101")
        self.assert_refused(2, "--min-percent", "--min-percent", "x")

    def test_output_that_cannot_be_written(self) -> None:
        self.assert_refused(1, "no/x: No such file", "-o", "no/x", text=TEXT_017)

    def test_new_output_is_for_its_owner_only(self) -> None:
        for mask in (0o000, 0o022):
            name = f"out-{mask}.svg"
            before = os.umask(mask)
            try:
                self.output("-o", name, text=TEXT_017)
            finally:
                os.umask(before)
            self.assertEqual(Path(self.folder, name).stat().st_mode & 0o777, 0o600)

    def test_output_that_exists_keeps_its_mode(self) -> None:
        path = Path(self.folder, "out")
        path.write_text("x" * 100_000)
        path.chmod(0o644)
        self.output("-o", "out", text=TEXT_017)
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        self.assertEqual(path.read_text(), FOLDED)

    def test_output_by_a_link(self) -> None:
        target, link = Path(self.folder, "target"), Path(self.folder, "link")
        target.write_text("")
        link.symlink_to(target)
        self.output("-o", "link", text=TEXT_017)
        self.assertEqual(target.read_text(), FOLDED)
        self.assertEqual(self.output("-o", "/dev/stdout", text=TEXT_017), FOLDED)
        if os.geteuid() != 0:
            self.skipTest("only root can lay a link in another's name")
        os.chown(link, 65534, 65534, follow_symlinks=False)
        target.write_text("kept")
        self.assert_refused(1, "link: Too many levels of symbolic links", "-o", "link",
                            text=TEXT_017)
        self.assertEqual(target.read_text(), "kept")

    def test_reader_that_goes(self) -> None:
        text = "".join(f"@stacks[0, label{number}]: 1\n" for number in range(20000))
        Path(self.folder, "out").write_text(text)
        result = subprocess.run(
            ["sh", "-c", '"$0" -c "from pyusdt.stacks.command import main; main()" out | head -1',
             sys.executable],
            capture_output=True, text=True, cwd=self.folder, timeout=SECONDS,
            env={**os.environ, "PYUSDT_EVENTS": "none"}, check=True,
        )
        self.assertEqual((result.stdout, result.stderr), ("label0;[no Python] 1\n", ""))

    def test_help(self) -> None:
        self.assertIn("pyusdt-stacks", self.output("--help"))


if __name__ == "__main__":
    unittest.main()
