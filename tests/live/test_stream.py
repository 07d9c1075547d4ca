# SPDX-License-Identifier: BSD-2-Clause
"""Every event, argument by argument and in order, against CPython's own recording."""

import json

from live import PROGRAMS, LiveTest, probe

EVENTS = ("PY_START", "PY_RESUME", "PY_RETURN", "PY_YIELD", "CALL", "LINE")

# bpftrace 0.17 cannot have more than 512 bytes of strings, and no arg6.
HEAD = (
    'printf("%s\\t%s\\t%s\\t%d\\t%d\\t%d\\t%s\\t%s\\n", probe, str(arg0), str(arg1), '
    "arg2, arg3, arg4 != 0, str(arg4), str(arg5));"
)
TAIL = 'printf("+\\t%s\\t%d\\t%lx\\n", str(arg6), arg7, arg8);'


def cut(text, size=63):
    """As bpftrace cuts: by bytes, even within a character."""
    return text.encode()[:size].decode(errors="replace")


class Stream(LiveTest):
    def test_same_as_cpython(self):
        directory = self.directory()
        program = (directory / "stream.py")
        program.write_text((PROGRAMS / "stream.py").read_text())
        traced = self.program(str(program), str(directory / "reference.json"))
        action = HEAD + (TAIL if self.bpftrace >= (0, 18) else "")
        predicate = f'/pid == {traced.pid} && str(arg1) == "{program}"/'
        tracer = self.tracer(
            "\n".join(probe(event, action, predicate) for event in EVENTS)
        )
        traced.go()
        traced.finish()
        seen = self.parse(tracer.stop())
        reference = json.loads((directory / "reference.json").read_text())

        # Before and after the recording pyusdt sees events of this file, too.
        expected = [self.expected(row) for row in reference]
        self.assertGreater(len(expected), 200)
        first = seen.index(expected[0])
        self.assertEqual(seen[first : first + len(expected)], expected)
        self.assertEqual({row[0] for row in expected}, set(EVENTS))

    def parse(self, output):
        rows = []
        for line in output.splitlines():
            words = line.split("\t")
            if words[0] == "+":
                rows[-1] += [words[1], int(words[3], 16)]
            elif words[0]:
                event = words[0].rpartition(":")[2]
                name, path, line, offset, has_text, text, qualname = words[1:]
                text = text if has_text == "1" else None
                rows.append([event, name, path, int(line), int(offset), text, qualname])
        return rows

    def expected(self, row):
        event, name, path, line, offset, text, qualname, module, value = row
        seen = [event, name, path, line, offset, text and cut(text), qualname]
        return seen + [module, value] if self.bpftrace >= (0, 18) else seen
