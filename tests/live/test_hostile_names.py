# SPDX-License-Identifier: BSD-2-Clause
"""Whatever the traced program calls its functions, files, threads and values: on the
terminal and in the trace it is a name, and not a line more."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import textwrap

from live import (
    BUILDDIR, ENVIRONMENT, SECONDS, TESTS, TRACE, LiveTest, Tracer, counts, once,
    probe, wait_until,
)

FORGED = "@stacks[0, ]: 999999"
NAMES = [
    "plain", "\x1b[31mred\x1b]0;title\x07", "\x9b31m\x85\x84", "\x07\x08\x7f",
    "a\u202eb\u2066c\u200f", "line\u2028paragraph\u2029", "t\tn\nr\rv\vf\f",
    f"\n{FORGED}\n", "\n@calls[f, f.py, 1]: 999999\n", FORGED,
    "STACK\tff\t0\tforged\tf.py\t1\t-1", "\nSTACK\tff\t0\tforged\tf.py\t1\t-1\n",
    '\n{"type": "map", "data": {"@stacks": {"0": 999999}}}\n', "\nLost 7 events\n",
    "\n    vfs_read+1\n, \n]: 999999\n", "caf\u00e9 \u65e5\u672c", "\udc80\ud800",
    'q"\\n\\', "x" * 10_000,
]

PROGRAM = f"NAMES = {NAMES!a}\n" + textwrap.dedent("""\
    import os, threading

    def raises(error):
        raise error

    def named(name, line, work):
        function = lambda value: work(value)
        function.__code__ = function.__code__.replace(
            co_name=name, co_qualname=name, co_firstlineno=line)
        return function

    for line, name in enumerate(NAMES, 1):
        named(name, line, str)(name)
        path = "/nonexistent/" + name.encode("ascii", "replace").decode()
        named(name, line, os.path.exists)(path)
        try:
            named(name, line, raises)(ValueError(name))
        except ValueError:
            pass
        thread = threading.Thread(target=named(name, line, str), args=(name,), name=name)
        thread.start()
        thread.join()
    """)

# What else begins a line in the output of these scripts.
OWN_LINES = {
    "pycalls": r"@(calls|own_us|total_us|longest_us)\[",
    "sample": r"[A-Z_]+ +",
    "pyflow": r" *\d+ +\d+ ",
    "pyexcept": r"@(left|raised)\[",
    "pythreads": r" *\d+ +\d+ +\d+ (start|exit) |@|\[",
    "pysyscall": r"@(calls|total_us)\[|Process \d+: CPython",
    "pysyscall-stacks":
        r"STACK\t[0-9a-f]{1,16}\t\d+\t|@(stacks|total_us)\[|Process \d+: CPython",
}
EVERYWHERE = r"Attaching \d+ probes?\.\.\.$|.*Ctrl-C to end\.$|$| *(PID|TID|TIME\(ms\)) "


def visible(name):
    """As a person would read it. Not by pyusdt itself, which would load the library here."""
    return "".join(
        character if character.isprintable()
        else character.encode("unicode_escape").decode()
        for character in name.encode("utf-8", "backslashreplace").decode()
    )


def cut(name, size):
    """As bpftrace cuts it: no name here has a character that ends beyond."""
    return visible(name.encode("utf-8", "backslashreplace")[:size - 1].decode())


@once
class HostileNames(LiveTest):
    def trace(self, script, *options):
        """Returns: what is written to standard output, where the program writes nothing; in
        the raw form where no options are given."""
        path = self.directory() / "p.py"
        path.write_text(PROGRAM)
        result = subprocess.run(
            [sys.executable, TRACE, *(options or ["--raw"]), script, "--", "--only-program",
             path],
            stdin=subprocess.DEVNULL,
            capture_output=True, timeout=SECONDS, env={**os.environ, **ENVIRONMENT},
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.file = str(path)
        self.assert_visible(result.stderr.decode())
        self.assertNotIn(b"Traceback", result.stderr)
        return result.stdout.decode()

    def assert_visible(self, text):
        rest = text.replace("\n", "").replace("\t", "")
        self.assertTrue(rest.isprintable(), ascii(rest))

    def size(self):
        """Of a string, with its end."""
        return 64 if self.bpftrace < (0, 22) else 1024

    def test_lines_are_the_scripts_own(self):
        for script, pattern in OWN_LINES.items():
            with self.subTest(script):
                output = self.trace(script)
                self.assert_visible(output)
                lines = output.split("\n")
                self.assertGreater(len(lines), len(NAMES))
                own = re.compile(rf"\A(?:{pattern}|{EVERYWHERE})")
                for line in lines:
                    self.assertRegex(line, own)
                    # Neither a number that somebody else has made up.
                    self.assertNotRegex(line, r"\A@.*\]: 999999\Z")

    def test_tables(self):
        """Neither a row, nor a column, nor a number is theirs."""
        for script in OWN_LINES:
            with self.subTest(script):
                output = self.trace(script, "--rows", "0")
                self.assert_visible(output)
                self.assertNotIn("999,999", output)
                for line in output.split("\n"):
                    self.assertNotRegex(line, r"\A(@|STACK|\{|Lost|Attaching)")
                    self.assertNotRegex(line, r"\A *[\d,]*99999")
                if script == "pycalls":
                    rows = [line for line in output.split("\n")
                            if self.file in line and "  <module>  " not in line]
                    found = {row.rpartition(":")[2]: row.split()[0] for row in rows}
                    expected = {str(line): "4" for line in range(1, len(NAMES) + 1)}
                    self.assertEqual({line: found.get(line) for line in expected}, expected)

    def test_json(self):
        for script in OWN_LINES:
            with self.subTest(script):
                output = self.trace(script, "--json")
                self.assertTrue(output.isascii())
                members = [json.loads(line) for line in output.splitlines()]
                kinds = {"row", "line", "message", "stack"}
                if script == "pythreads":
                    kinds.add("histogram")
                self.assertLessEqual({record["type"] for record in members}, kinds)
                numbers = [value for record in members for value in record.values()
                           if isinstance(value, int)]
                self.assertNotIn(999999, numbers)
                if script == "pycalls":
                    self.check_calls(members)
                if script == "pyexcept":
                    self.check_exceptions(members)

    def check_calls(self, members):
        """Each name as it is; but bpftrace cuts it, and later versions leave out spaces."""
        found = {(record["function"].replace(" ", ""), record["line"]): record["calls"]
                 for record in members if record["type"] == "row" and record["file"] == self.file}
        expected = {(self.told(name).replace(" ", ""), line): 4
                    for line, name in enumerate(NAMES, 1)}
        self.assertEqual({key: found.get(key) for key in expected}, expected)

    def check_exceptions(self, members):
        """Messages with commas are messages. Others are written by the library, with escapes."""
        found = {record["exception"].replace(" ", ""): record["left"] for record in members
                 if "left" in record and record["function"] == "raises"}
        expected = {self.told(f"ValueError: {name}").replace(" ", ""): 1
                    for name in NAMES if name.isprintable() and len(name) < 100
                    and "\\" not in name}
        self.assertEqual({key: found.get(key) for key in expected}, expected)
        self.assertEqual(len(found), len(NAMES))

    def told(self, name):
        """As the library tells it, and bpftrace cuts it."""
        told = name.encode("utf-8", "backslashreplace")[:self.size() - 1]
        return told.decode()

    def test_csv(self):
        for script in "pycalls", "pyexcept", "pysyscall":
            with self.subTest(script):
                output = self.trace(script, "--csv")
                self.assert_visible(output)
                for table in output.split("\n\n"):
                    head, *rows = csv.reader(io.StringIO(table))
                    self.assertEqual({len(row) for row in rows}, {len(head)})
                    for row in rows:
                        self.assertNotRegex(row[0], r"\A[-+=@]")
                        self.assertNotIn("999999", row)

    def test_counts_are_those_of_the_names(self):
        found = {}
        for key, count in counts(self.trace("pycalls"), "calls").items():
            if self.file in key:
                found[key.replace(" ", "")] = count
        expected = {
            f"{cut(name, self.size())},{self.file},{line}".replace(" ", ""): 4
            for line, name in enumerate(NAMES, 1)
        }
        self.assertEqual({key: found.get(key) for key in expected}, expected)

    def test_counts_after_the_names(self):
        """0.24 and later go on in hexadecimal."""
        script = self.directory() / "calls.bt"
        script.write_text(probe("PY_START", 'printf("called %s\\n", str(arg0)); @h = hist(20);'))
        output = self.trace(script)
        calls = len(re.findall(r"(?m)^called ", output))
        self.assertGreater(calls, 20)
        self.assertRegex(output, rf"(?m)^\[16, 32\) +{calls} \|")

    def test_values_and_names_in_lines(self):
        """printf: nothing is lost, not even blanks."""
        calls = re.findall(r"(?m)^PY_START +(.*) \(.*:(\d+)\) offset",
                           self.trace("sample"))
        for line, name in enumerate(NAMES, 1):
            # Tabs may be the script's. What is cut ends with dots in some versions.
            begin = cut(name, 60).replace(r"\t", "\t").replace("STACK\t", r"STACK\t")
            found = [call for call, of in calls if of == str(line)
                     and (call == begin or len(name) > 60 and call.startswith(begin))]
            self.assertEqual(len(found), 4, name)

    def test_flame_graph(self):
        path = self.directory() / "folded"
        self.trace("pysyscall-stacks", "--flame", path)
        text = path.read_text()
        self.assert_visible(text)
        self.assertNotIn("999999\n", text)
        self.assertNotIn("forged (f.py:1)", text)
        for name in NAMES[:2]:
            self.assertIn(f"{visible(name)} ({self.file}:".replace(";", ":"), text)

    def test_files_are_for_their_owner_only(self):
        trace, flame = self.directory() / "trace", self.directory() / "flame.svg"
        self.trace("pysyscall-stacks", "-o", trace, "--flame", flame)
        for path in trace, flame:
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        trace.chmod(0o640)
        self.trace("pysyscall-stacks", "-o", trace, "--raw")
        self.assertEqual(trace.stat().st_mode & 0o777, 0o640)
        self.assertIn("@stacks[", trace.read_text())

    def test_command_of_another_process(self):
        """bpftrace by itself and pyusdt-stacks: a name of 15 bytes is enough for a line."""
        script = self.directory() / "comm.bt"
        script.write_text("""\
usdt:LIBRARY:pyusdt:PY_START /pid == $1/ { @stacks[0, comm] = count(); }
""".replace("LIBRARY", str(BUILDDIR / "libpyusdt/.libs/libpyusdt.so.0")))
        program = self.directory() / "p.py"
        program.write_text("open('/proc/self/comm', 'w').write('\\n@x[1]: 99\\x1b')\n"
                           "def f(): pass\nfor _ in range(7): f()\n")
        result = subprocess.run(
            [sys.executable, TRACE, script, program], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=SECONDS,
            env={**os.environ, **ENVIRONMENT},
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line.replace(" ", "") for line in result.stdout.split("\n")]
        self.assertIn(r"@stacks[0,\n@x[1]:99\x1b]:7", lines)
        self.assertNotRegex(result.stdout, r"(?m)^@x")


    def test_messages_about_a_process(self):
        program = subprocess.Popen(
            [sys.executable, "-c", "import sys\n"
             "open('/proc/self/comm', 'w').write('\x1b[31m\\n\x9bb')\n"
             "print(flush=True)\nsys.stdin.read()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        self.addCleanup(program.communicate)
        program.stdout.readline()
        result = subprocess.run(
            [sys.executable, TRACE, "pycalls", "-p", str(program.pid)],
            capture_output=True, text=True, timeout=SECONDS,
        )
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(f"process {program.pid} (", result.stderr)
        self.assert_visible(result.stderr)


@once
class ShownCommands(LiveTest):
    def shown(self):
        """The words of what man pages and --help tell to type."""
        texts = [
            (TESTS.parent / "man/pyusdt-stacks.1").read_text(),
            subprocess.run(
                [sys.executable, "-c", "from pyusdt.stacks.command import main; main()", "--help"],
                stdout=subprocess.PIPE, text=True, check=True,
                env={**os.environ, "PYUSDT_EVENTS": "none"},
            ).stdout,
        ]
        found = [words for text in texts
                 for words in re.findall(r"(?m)\bbpftrace (\S+\.bt\b.*?) *(?:[|>]|$)", text)]
        self.assertGreaterEqual(len(found), 3)
        return set(found)

    def test_pipe_to_pyusdt_stacks(self):
        """As it stands there, also with bpftrace versions that take what follows a script
        for the script's."""
        for command in self.shown():
            with self.subTest(command):
                worker = self.worker()
                *words, script, last = (
                    str(BUILDDIR / "bt" / word) if word.endswith(".bt")
                    else str(worker.pid) if word == "4711" else word
                    for word in ["bpftrace", *command.split()]
                )
                tracer = Tracer(last, command=(*words, script))
                self.addCleanup(tracer.kill)
                wait_until(lambda: f"Process {worker.pid}: CPython" in tracer.output(),
                           "the layout of the process")
                worker.ask("time.sleep(0.02)")
                output = tracer.stop()
                folded = subprocess.run(
                    [sys.executable, "-c", "from pyusdt.stacks.command import main; main()"],
                    input=output, stdout=subprocess.PIPE, text=True, timeout=SECONDS,
                    check=True, env={**os.environ, "PYUSDT_EVENTS": "none"},
                ).stdout
                self.assertRegex(folded, r"(?m)<module> \(.*worker\.py:1\).*_\[k\] \d+$")
