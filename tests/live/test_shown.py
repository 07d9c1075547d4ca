# SPDX-License-Identifier: BSD-2-Clause
"""What a person sees of the installed scripts: tables, on a terminal of 80 columns and without
one; and the same as JSON and CSV."""

import csv
import fcntl
import json
import os
import re
import struct
import subprocess
import sys
import termios
import threading

from live import (
    BUILDDIR, ENVIRONMENT, PROGRAMS, SECONDS, TRACE, LiveTest, counts, once, room,
)

PROGRAM = """\
import asyncio, gc, os, socket, subprocess, threading, time

async def waits():
    await asyncio.sleep(0.01)

def computes():
    return sum(n * n for n in range(300000))

def fails():
    try:
        int('x, y')
    except ValueError:
        pass

def connects():
    with socket.socket() as server, socket.socket() as client:
        server.bind(('127.0.0.1', 0))
        server.listen()
        client.connect(server.getsockname())
        with server.accept()[0] as accepted:
            client.send(b'x' * 2000)
            accepted.recv(2000)

def reads():
    with open(__file__) as file:
        return bytearray(1 << 20), file.read()

def works():
    threads = [threading.Thread(target=computes, name=f'worker {n}') for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

asyncio.run(waits())
fails()
connects()
reads()
works()
gc.collect()
subprocess.run(['true', 'it is'])
threading.Thread(target=time.sleep, args=[60], daemon=True, name='left').start()
"""

MANY = "".join(f"def f{n}(): pass\nfor _ in range({n}): f{n}()\n" for n in range(60))

# What each has at least, of its own and of the program.
SHOWN = {
    "sample": "LINE              works", "pyflow": "-> works (",
    "pyimport": "MODULE", "pythreads": "LIVED(ms) NAME",
    "pyopen": "BY FUNCTION (FILE:LINE)", "pyexec": "true it is",
    "pycalls": "CALLS  ", "pylatency": "TOTAL  ",
    "pyprofile": "OWN  ", "pylines": "HITS  FUNCTION", "pycfunc": "CALLS  FUNCTION",
    "pyexcept": "RAISED  EXCEPTION", "pyasync": "RAN  ", "pygc": "COLLECTED  GENERATION",
    "pysyscall": "CALLS  PROCESS", "pysyscall-stacks": "TOTAL  PROCESS",
    "pyio": "READS  ", "pynet": "CONNECTS  ACCEPTS  FUNCTION", "pyfault": "FAULTS  ",
    "pyoffcpu": "BLOCKS  ", "pyoncpu": "SAMPLES  ", "pyoncpu-native": "SAMPLES  ",
    "pygil": "HELD-UP   SHARE  WAITS", "pylock": "LONGEST  FUNCTION",
}
COLUMNS = 80
TITLE = re.compile(r"^\x1b\[1m(.+)\x1b\[m$", re.MULTILINE)


@once
class Shown(LiveTest):
    def file(self, source=PROGRAM):
        path = self.directory() / "prog.py"
        path.write_text(source)
        return str(path)

    def on_terminal(self, *words, **environment):
        main, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [sys.executable, TRACE, *words], stdin=subprocess.DEVNULL, stdout=terminal,
            stderr=subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT, "TERM": "xterm", **environment},
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        os.close(terminal)
        pieces = []

        def read():
            try:
                while piece := os.read(main, 1 << 16):
                    pieces.append(piece)
            except OSError:
                pass  # The last who writes there has ended.

        reader = threading.Thread(target=read)
        reader.start()
        errors = process.stderr.read().decode()
        self.assertEqual(process.wait(SECONDS), 0, errors)
        reader.join()
        os.close(main)
        return b"".join(pieces).decode().replace("\r\n", "\n")

    def rows(self, text):
        return [members for members in map(json.loads, text.splitlines())
                if members["type"] == "row"]

    def test_every_script_at_80_columns(self):
        installed = {path.stem for path in (BUILDDIR / "bt").glob("*.bt")}
        self.assertEqual(installed, set(SHOWN))
        file = self.file()
        for script, expected in SHOWN.items():
            with self.subTest(script):
                # Lines of all that the program imports are more than bpftrace can print.
                words = ("--", "--only-program") if script in ("sample", "pyflow") else ()
                text = self.on_terminal(script, *words, file)
                self.assertIn(expected, text)
                # Nothing is left of the raw form.
                self.assertNotRegex(text, r"(?m)^(@|STACK)|^Attaching")
                titles = TITLE.findall(text)
                header = (BUILDDIR / f"bt/{script}.bt").read_text()
                described = re.findall(r"(?m)^ \* (?:TABLE|HISTOGRAM|STACKS): (.+)$", header)
                self.assertEqual(titles, [title for title in described if title in titles])
                for title in re.findall(r"(?m)^ \* (?:TABLE|STACKS): (.+)$", header):
                    self.assertIn(title, titles)
                if titles:
                    # What stands above them is the script's own lines.
                    for line in TITLE.sub(r"\1", text[TITLE.search(text).start():]).split("\n"):
                        self.assertLessEqual(len(line), COLUMNS, line)

    def test_colours(self):
        file = self.file()
        self.assertNotIn("\x1b", self.on_terminal("pycalls", file, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.run_trace("pycalls", file, TERM="xterm")[0])

    def test_json_is_the_raw_form(self):
        file = self.file()
        rows = self.rows(self.run_trace("--json", "pycalls", file)[0])
        raw = counts(self.run_trace("--raw", "pycalls", "--", "--only-program", file)[0], "calls")
        own = {f"{row['function']}, {row['file']}, {row['line']}": row["calls"]
               for row in rows if row["file"] == file}
        self.assertGreaterEqual(len(own), 8)
        self.assertEqual(raw, own)

    def test_all_of_a_map(self):
        """The script prints 40 rows by itself; here all come, and what is not shown is summed."""
        file = self.file(MANY)
        rows = self.rows(self.run_trace("--json", "pycalls", file)[0])
        own = {row["function"]: row["calls"] for row in rows if row["file"] == file}
        self.assertEqual(own, {"<module>": 1, **{f"f{n}": n for n in range(1, 60)}})
        text, _ = self.run_trace("--rows", "3", "pycalls", "--", "--only-program", file)
        shown = re.findall(r"(?m)^ *([\d,]+)  .*  (f\d+|\[57)(?= )", text)
        total = sum(range(60)) + 1
        self.assertEqual(shown, [("59", "f59"), ("58", "f58"), ("57", "f57"),
                                 (f"{total - 59 - 58 - 57:,}", "[57")])
        text, _ = self.run_trace("--rows", "0", "pycalls", "--", "--only-program", file)
        self.assertEqual(len(re.findall(r"(?m)^ *[\d,]+  .*  f\d", text)), 59)

    def test_csv(self):
        file = self.file(MANY)
        text, _ = self.run_trace("--csv", "pycalls", "--", "--only-program", file)
        head, *rows = csv.reader(text.splitlines())
        self.assertEqual(head, ["pid", "command", "function", "file", "line", "calls", "own_us",
                                "total_us", "longest_us"])
        self.assertEqual(rows[0][2:6], ["f59", file, "119", "59"])
        self.assertEqual(len(rows), 60)

    def test_lines_as_json(self):
        file = self.file()
        text, _ = self.run_trace("--json", "pyopen", file)
        lines = [members for members in map(json.loads, text.splitlines())
                 if members["type"] == "line" and members.get("function") == "reads"]
        line, = lines
        self.assertGreaterEqual(line.pop("fd"), 3)
        self.assertEqual(line.pop("pid"), line.pop("tid"))
        self.assertEqual(line, {"type": "line", "error": 0, "path": file, "function": "reads",
                                "file": file, "line": 25})

    def test_stacks_as_json(self):
        file = self.file()
        text, _ = self.run_trace("--json", "pyoffcpu", file)
        stacks = [members for members in map(json.loads, text.splitlines())
                  if members["type"] == "stack"]
        joined = [stack for stack in stacks if stack["python"] and
                  [frame["function"] for frame in stack["python"] if frame["file"] == file]
                  == ["works", "<module>"]]
        self.assertTrue(joined)
        for stack in joined:
            self.assertGreater(stack["blocked_us"], 0)
            self.assertTrue(any("schedule" in frame for frame in stack["kernel"]))

    def test_flame_graph_beside_the_tables(self):
        file, folder = self.file(), self.directory()
        self.run_trace("-o", folder / "trace", "--flame", folder / "folded", "pyoffcpu", file)
        trace = (folder / "trace").read_text()
        self.assertRegex(trace, r"\nBLOCKED +SHARE  BLOCKS  ")
        self.assertNotIn("STACK\t", trace)
        self.assertRegex((folder / "folded").read_text(),
                         rf"(?m)^<module> \({file}:39\);works \({file}:3[13]\);.* \d+$")

    def test_full_map(self):
        file = self.file(MANY)
        _, errors = self.run_trace("--strict", "pycalls", file, status=3, **room(30))
        self.assertTrue(errors.endswith("pyusdt-trace: missing in the trace: a map was full "
                                        "(FULL MAPS in pyusdt-trace(1))\n"), errors)
        self.run_trace("--strict", "pycalls", "--", "--only-program", file)

    def test_more_functions_than_a_map_has_room_for(self):
        text, errors = self.run_trace("--strict", "--json", "pycalls", "--",
                                   "--include", "file:*/many.py", PROGRAMS / "many.py", status=3)
        self.assertIn("missing in the trace: a map was full", errors)
        calls = [row["calls"] for row in self.rows(text) if row["function"][1:].isdigit()]
        self.assertGreater(len(calls), 16_000)
        self.assertEqual(set(calls), {2})

    def test_scripts_of_the_users_own(self):
        file, script = self.file("def f(): pass\nf()\nf()\n"), self.directory() / "my.bt"
        program = "usdt:%s:pyusdt:PY_START /str(arg5) == \"f\"/ { @n[str(arg5), arg2] = count(); }\n" \
            % (BUILDDIR / "libpyusdt/.libs/libpyusdt.so.0")
        script.write_text(program)
        text, _ = self.run_trace(str(script), file)
        self.assertIn("@n[f, 1]: 2\n", text)
        for form in "--json", "--csv":
            _, errors = self.run_trace(form, str(script), file, status=2)
            self.assertRegex(errors, f"^pyusdt-trace: {form}: my does not say what it prints")
        script.write_text("/*\n * TABLE: Own\n * KEY: function, line\n * COLUMN: N @n count\n */\n"
                          + program)
        text, _ = self.run_trace(str(script), file)
        self.assertEqual(text, "\nOwn\n\nN  FUNCTION  LINE\n2  f         1\n")
        script.write_text("/*\n * TABLE: Own\n */\n" + program)
        _, errors = self.run_trace(str(script), file, status=2)
        self.assertEqual(errors, f"pyusdt-trace: {script}: TABLE 'Own' has no COLUMN\n")
