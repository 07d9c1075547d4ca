# SPDX-License-Identifier: BSD-2-Clause
"""What bpftrace 0.17, 0.23 and 0.27 have printed, read as JSON and written as text."""

import ast
import json
import re
import unittest
from pathlib import Path

from pyusdt.bpftrace import records, textform
from pyusdt.bpftrace import script as script_text
from pyusdt.bpftrace.escaping import escape

RECORDINGS = Path(__file__).resolve().parent / "recordings"
VERSIONS = ("0.17", "0.23", "0.27")
SCRIPT = (RECORDINGS / "names.bt").read_text()
FILE = "names of all kinds.py"


def hostile_names() -> list[str]:
    """NAMES of names.py, as the library told them."""
    tree = ast.parse((RECORDINGS / "names.py").read_text())
    (value,) = (node.value for node in tree.body if isinstance(node, ast.Assign)
                and node.targets[0].id == "NAMES")
    names = eval(compile(ast.Expression(value), "names.py", "eval"))
    # It tells halves of surrogates as Python writes them in a str.
    return [name.replace("\udc80", r"\udc80").replace("\ud800", r"\ud800")
            for name in names]


def lines(version: str) -> list[bytes]:
    return (RECORDINGS / f"{version}.json").read_bytes().splitlines(keepends=True)


def dialect(version: str) -> records.Dialect:
    return records.dialect(tuple(map(int, version.split("."))))


def read(version: str, script: str = SCRIPT) -> list[records.Record]:
    maps = script_text.read(script)
    return [records.read(line, dialect(version), maps) for line in lines(version)]


def text_of(version: str) -> str:
    return "".join(map(textform.write, read(version)))


def last_map(version: str, name: str) -> records.Map:
    return [record for record in read(version)
            if isinstance(record, records.Map) and record.name == name][-1]


def shown(version: str, name: str) -> str:
    """A name as bpftrace has it in the key of a map."""
    if version == "0.17":
        name = name[:63]
    return re.sub(r"\A\((.*)\)\Z", r"\1", name).replace(" ", "") if version == "0.27" \
        else name


class Recorded(unittest.TestCase):
    maxDiff = None

    def comparable(self, text: str) -> list[str]:
        """Without what differs between two runs, and what bpftrace's JSON does not tell:
        the order of equals, addresses, and blanks."""
        text = re.sub(r"0x[0-9a-f]+", "ADDRESS", text)
        text = re.sub(r"\{ \.count = (\d+), \.average = (\d+), \.total = (\d+) \}",
                      r"count \1, average \2, total \3", text)
        # Stacks on one line, empty ones the same in all versions.
        text = re.sub(r"\n *(?=ADDRESS|, |\]: )", "|", text).replace(", |,", ", ,")
        # A printf without line break, and what comes after it.
        text = text.replace(";(", ";\n(")
        # Which two of the equals print(@calls, 2) shows is chance. What cannot be taken apart
        # for the commas in a name has stacks in another form.
        return sorted(
            line.replace(" ", "").replace("\t", "\\t") for line in text.split("\n")
            if line.strip() and not re.match(r"@calls|@stacks\[(2|3|12|13),|Att", line)
        )

    def test_text_is_what_bpftrace_prints_with_names_escaped(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                text = (RECORDINGS / f"{version}.text").read_bytes().decode()
                for name in hostile_names():
                    if not name.isprintable():
                        text = text.replace(name, escape(name))
                ours = self.comparable(text_of(version))
                self.assertEqual(ours, self.comparable(text))
                self.assertGreater(len(ours), 250)

    def test_each_record_is_one_line(self) -> None:
        for version in VERSIONS:
            for line, record in zip(lines(version), read(version), strict=True):
                with self.subTest(version, line=line):
                    text = textform.write(record)
                    if isinstance(record, records.Text | records.Value):
                        self.assertNotIn("\n", text[:-1])
                    elif isinstance(record, records.Map):
                        for part in text.splitlines():
                            self.assertRegex(part, rf"\A(@{record.name}[:\[]|[\[(].*\|\Z"
                                                   r"|    ADDRESS|    0x|, |\]: 1|\Z)")
                    self.assertTrue(text.replace("\n", "").replace("\t", "").isprintable())

    def test_keys_are_taken_apart(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                entries = last_map(version, "calls").entries
                plain = [name for name in hostile_names() if "," not in name]
                file = shown(version, FILE)
                expected = {(shown(version, name), file, str(number))
                            for number, name in enumerate(hostile_names())
                            if name in plain}
                keys = {entry.key for entry in entries if len(entry.key) == 3}
                self.assertEqual(keys, expected)
                # These have a comma of their own.
                rest = {entry.key for entry in entries if len(entry.key) != 3}
                self.assertEqual(len(rest), len(hostile_names()) - len(plain))
                self.assertEqual({len(key) for key in rest}, {1})

    def test_stacks_in_keys(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                found = {entry.key[0]: entry.key
                         for entry in last_map(version, "stacks").entries}
                number, kernel, name, user = found["14"]
                self.assertEqual(kernel, records.Frames())
                # A name that looks like one is none.
                self.assertEqual(name, shown(version, "\n    vfs_read+1\n"))
                self.assertIsInstance(user, records.Frames)
                self.assertEqual(len(user), 2)
                self.assertRegex(user[0], r"\A0x[0-9a-f]+\Z")

    def test_values(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                last, = last_map(version, "last").entries
                text, = last_map(version, "text").entries
                self.assertEqual(last, (("0",), [text.value, 3]))
                self.assertEqual(text.key, ())
                self.assertRegex(text.value, r"\Ax{63,100}\Z")
                large, = last_map(version, "large").entries
                self.assertEqual(large, ((), 1 << 60))
                stats = last_map(version, "stat")
                self.assertEqual(stats.kind, "stats")
                self.assertEqual(stats.entries[0].value,
                                 (("count", 1), ("average", 3), ("total", 3)))

    def test_histograms(self) -> None:
        for version in VERSIONS:
            with self.subTest(version):
                powers = last_map(version, "all").entries[0].value
                self.assertEqual(powers.linear, False)
                self.assertEqual([bucket for bucket in powers.buckets if bucket.hits],
                                 [(None, -1, 1), (0, 0, 1), (1, 1, 2),
                                  (1 << 21, (1 << 22) - 1, 1)])
                linear = last_map(version, "kib").entries[0].value
                self.assertEqual(linear.linear, True)
                self.assertEqual([bucket for bucket in linear.buckets if bucket.hits],
                                 [(2048, 3071, 1), (65536, None, 1)])

    def test_first_record(self) -> None:
        for version in VERSIONS:
            self.assertEqual(read(version)[0], records.Attached(3))


class ReadTest(unittest.TestCase):
    def read(self, line: bytes, version: str = "0.17", script: str = "") -> records.Record:
        return records.read(line, dialect(version), script_text.read(script))

    def test_bytes(self) -> None:
        """As x86-64 writes them, and as machines do whose char has no sign."""
        for line in (rb"\uffffffc3\uffffffa4\uffffffff\\uffffffc3",
                     b"\xc3\xa4\xff" rb"\\uffffffc3"):
            record = self.read(b'{"type": "printf", "data": "%s"}\n' % line)
            self.assertEqual(record, records.Text("printf", "\xe4\udcff\\uffffffc3"))
            self.assertEqual(textform.write(record), "\xe4\\xff\\uffffffc3")

    def test_character_cut_in_two(self) -> None:
        """bpftrace 0.17 cuts at 64 bytes."""
        record = self.read(rb'{"type": "printf", "data": "a\uffffffe6\uffffff97"}')
        self.assertEqual(textform.write(record), r"a\xe6\x97")

    def test_lines_that_are_no_json(self) -> None:
        for line in (b"\n", b"words\n", b"\xff\x1b\n", b"[1]\n",
                     b'{"type": "value", "data": 10:00:00}\n',
                     b'{"type": "map", "data": {"@a": {"x": Permission denied}}}\n',
                     b"{}\n", b'{"type": "printf", "data": "cut', b"[" * 100_000 + b"\n",
                     b'{"type": "hist", "data": {"@h": [1]}}\n',
                     b'{"type": "hist", "data": {"@h": [{"count": 1}]}}\n',
                     b'{"type": "hist", "data": {"@h": [{"min": "x", "count": 1}]}}\n',
                     b'{"type": "map", "data": {}}\n'):
            with self.subTest(line[:50]):
                record = self.read(line)
                self.assertIsInstance(record, records.Other)
                text = textform.write(record)
                self.assertEqual(text.count("\n"), 1)
                self.assertTrue(text[:-1].isprintable())

    def test_lost_events(self) -> None:
        for line in (b'{"type": "lost_events", "data": {"events": 12}}\n',
                     b'{"type": "lost_events", "count": 12, "data": {"events": 12}}\n'):
            self.assertEqual(self.read(line), records.Lost(12))
        self.assertEqual(textform.write(records.Lost(12)), "Lost 12 events\n")

    def test_problems(self) -> None:
        for line, text in (
            (b'{"type": "helper_error", "helper": "map_update_elem", "retcode": -7, "line": 3, '
             b'"col": 5}\n',
             "ERROR: helper error (helper map_update_elem, retcode -7, line 3, col 5)\n"),
            (b'{"type": "helper_error", "msg": "Map full", "helper": "map_update_elem", '
             b'"retcode": -7, "filename": "a.bt", "line": 3, "col": 5}\n',
             "ERROR: Map full (helper map_update_elem, retcode -7, filename a.bt, line 3, "
             "col 5)\n"),
            (b'{"type": "helper_error", "msg": "No such file or directory", "retcode": -2}\n',
             "WARNING: No such file or directory (retcode -2)\n"),
            (rb'{"type": "errorf", "msg": "no \u001b", "line": 3}',
             "ERROR: no \\x1b (line 3)\n"),
        ):
            record = self.read(line)
            self.assertIsInstance(record, records.Problem)
            self.assertEqual(textform.write(record), text)

    def test_histogram_beyond_32_bits(self) -> None:
        """bpftrace 0.17's bounds: 1 << 31 and 1 << 32 of an int."""
        rows = [{"min": 1073741824, "max": 2147483647, "count": 1},
                {"min": -2147483648, "max": 0, "count": 2}, {"min": 1, "max": 1, "count": 3}]
        for first in (0, 1):
            line = json.dumps({"type": "hist", "data": {"@h": rows[first:]}}).encode()
            (entry,) = self.read(line).entries
            self.assertEqual(
                [(bucket.low, bucket.high) for bucket in entry.value.buckets],
                [(1 << power, (2 << power) - 1) for power in (30, 31, 32)][first:],
            )

    def test_numbers_that_no_double_can_hold(self) -> None:
        """bpftrace 0.24 and later have them as strings."""
        record = self.read(b'{"type": "hist", "data": {"@h": [{"min": 1152921504606846976, '
                           b'"max": "2305843009213693951", "count": 1}]}}\n', "0.27")
        self.assertTrue(textform.write(record).startswith("@h:\n[1E, 2E)  "))

    def test_frozen_modules_keep_their_space(self) -> None:
        line = b'{"type": "map", "data": {"@a": {"f,<frozenimportlib._bootstrap>,3": 1}}}'
        record = self.read(line, "0.27", "p { @a[x, y, z] = count(); }")
        self.assertEqual(textform.write(record),
                         "@a[f, <frozen importlib._bootstrap>, 3]: 1\n")

    def test_repeated_keys(self) -> None:
        record = self.read(b'{"type": "map", "data": {"@a": {"x": 1, "x": 2}}}')
        self.assertEqual([entry.value for entry in record.entries], [1, 2])

    def test_name_of_10000_characters(self) -> None:
        name = "\x1b" * 10_000
        for kind, data in (("printf", f"{name}\n"), ("map", {"@a": {name: 1}})):
            line = json.dumps({"type": kind, "data": data}).encode()
            text = textform.write(self.read(line))
            self.assertEqual(text.count(r"\x1b"), 10_000)


class TextFormTest(unittest.TestCase):
    def test_escapes(self) -> None:
        for character, text in (
            ("\x1b", r"\x1b"), ("\x9b", r"\x9b"), ("\x07", r"\x07"), ("\x7f", r"\x7f"),
            ("\n", r"\n"), ("\t", r"\t"), ("\r", r"\r"), ("\0", r"\x00"),
            ("\u202e", r"\u202e"), ("\u2066", r"\u2066"), ("\u200f", r"\u200f"),
            ("\u061c", r"\u061c"), ("\u2028", r"\u2028"), ("\u2029", r"\u2029"),
            ("\u200b", r"\u200b"), ("\ufeff", r"\ufeff"), ("\U000e0041", r"\U000e0041"),
            ("\ud800", r"\ud800"), ("\udcff", r"\xff"), ("\xa0", r"\xa0"),
        ):
            self.assertEqual(escape(f"a{character}b"), f"a{text}b")
        for text in ("", "f", "a b", "\\n", "caf\u00e9 \u65e5\u672c", "\U0001f40d", "'\"\\"):
            self.assertEqual(escape(text), text)

    def test_printf_cannot_read_as_another_record(self) -> None:
        for text in ("@stacks[0, ]: 999999\n", "@calls[f]: 3\n", "@\n",
                     "\n@stacks[0]: 1\n", "x\nSTACK\tff\t0\tf\tf.py\t1\t-1\n",
                     "xSTACK\tff\t0\tf\tf.py\t1\t-1\n", "Lost 5 events\n",
                     "Attaching 7 probes...\n", '{"type": "map"}\n'):
            with self.subTest(text):
                for record in (records.Text("printf", text),
                               records.Value(text.rstrip("\n")),
                               records.Other(text.rstrip("\n"))):
                    written = textform.write(record)
                    self.assertNotRegex(
                        written,
                        r'(?m)^@|STACK\t|^Lost \d+ events$|^Attaching|^\{"type"',
                    )

    def test_frame_of_a_stack_is_kept(self) -> None:
        text = "STACK\tff\t0\tf\tf.py\t1\t-1\n"
        self.assertEqual(textform.write(records.Text("printf", text)), text)
        text = "STACK\tff\t0\tf\n@stacks[0]: 1\tf.py\t1\t-1\n"
        self.assertEqual(textform.write(records.Text("printf", text)),
                         "STACK\tff\t0\tf\\n@stacks[0]: 1\tf.py\t1\t-1\n")

    def test_bars_in_single_precision(self) -> None:
        """In double precision 15 / 26 * 52 is a little less than 30."""
        self.assertEqual([textform.bar(count, 26) for count in (26, 15, 0)], [52, 30, 0])
        self.assertEqual(textform.bar(0, 0), 0)


class ScriptTest(unittest.TestCase):
    def test_keys(self) -> None:
        script = """
        // @comment[a, b]
        /* @comment[a, b] */
        BEGIN { printf("@text[%d, %d]\\"@text[", 1, 2); }
        x {
            @one[tid] = 1; @two[str(arg0, 2), @one[tid]] = 2; @none = 3;
            @kernel[tid] = kstack(9);
            $u = ustack;
            @three[(1, 2), $u, @kernel[tid], kstack(perf, 3), kstackless] = count();
            @[comm, pid] = count();
        }"""
        self.assertEqual(script_text.read(script).keys, {
            "one": (False,), "two": (False, False), "kernel": (False,),
            "three": (False, True, True, True, False), "": (False, False),
        })

    def test_line_breaks_at_the_end(self) -> None:
        """A script may print a name by itself."""
        script = script_text.read(r'''BEGIN {
            printf("%-8d, %s", pid, str(arg0)); printf("%s", str(arg0));
            printf(", by %s \"(%s:%d)\"\t100%%\n", str(arg0), str(arg1), arg2); }''')
        for text, is_end in ((', by f "(f.py:1)"\t100%\n', True), ("name\n", False),
                             (', by f\n "(f.py:1)"\t100%\n', True), ("\n", False),
                             (", by f\n", False)):
            self.assertEqual(script.ends_line(text), is_end, text)
        line = b'{"type": "printf", "data": "a\\nb\\n"}\n'
        record = records.read(line, records.Dialect(), script)
        self.assertEqual(textform.write(record), r"a\nb\n")
        for source in (r'BEGIN { printf("%s\n", str(arg0)); printf("part %d;", 1); }', ""):
            record = records.read(line, records.Dialect(), script_text.read(source))
            self.assertEqual(textform.write(record), "a\\nb\n")

    def test_linear_histograms(self) -> None:
        script = "x { @a = lhist(1, 2, 3, 4); @b[1, x(2)] = lhist(5, 6, 7, 8); @c = hist(1); }"
        self.assertEqual(script_text.read(script).linear, {"a", "b"})

    def test_script_that_is_cut(self) -> None:
        for script, keys in (("@a[", {"a": ()}), ("@a[x, (", {"a": (False,)}),
                             ('@a["', {"a": ()}), ("/* @a[", {"a": ()}), ("@", {})):
            self.assertEqual(script_text.read(script).keys, keys)


if __name__ == "__main__":
    unittest.main()
