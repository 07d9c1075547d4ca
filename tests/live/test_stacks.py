# SPDX-License-Identifier: BSD-2-Clause
"""The Python stack that BPF code reads in a system call is the one that CPython has."""

import pathlib
import platform
import re
import subprocess

from live import BUILDDIR, LIBRARY, PROGRAMS, LiveTest, wait_until
from marks import compare, parse

TOP = pathlib.Path(__file__).resolve().parents[2]
BT = TOP / "bt"

SCRIPT = """
@INCLUDE_LAYOUT@

tracepoint:syscalls:sys_enter_openat
/@layout[pid].1/
{
	@INCLUDE_BEGIN@
	@INCLUDE_STACK@
	@INCLUDE_FUNCTION@
	printf("MARK\\t%s\\t%llx\\t%s\\n", str(args->filename), $key, str(uptr($name)));
}

END
{
	@INCLUDE_END@
	clear(@seen);
}
"""

THREAD_POINTERS = {"x86_64": "thread.fsbase", "aarch64": "thread.uw.tp_value"}

# Deeper than the installed scripts go, and what kernel 6.1 still loads: with bpftrace 0.23 it
# takes 192 and refuses 256. The deepest stack of programs/stacks.py has to fit.
DEPTH = 160


def expand(template, depth):
    """As the build does. Returns: the script."""
    variables = {
        "folders": BT,
        "header": TOP / "include" / "pyusdt_layout.h",
        "library": LIBRARY,
        "announce": BUILDDIR / "tools" / "announce" / "pyusdt-announce",
        "depth": depth,
        "thread_pointer": THREAD_POINTERS[platform.machine()],
    }
    options = [word for name, value in variables.items() for word in ("-v", f"{name}={value}")]
    return subprocess.run(
        ["awk", *options, "-f", BT / "expand.awk"],
        input=template, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout


class Stacks(LiveTest):
    maxDiff = 10000

    def test_same_as_getframe(self):
        directory = self.directory()
        mark = f"/nowhere-{directory.name}/"
        reference = directory / "reference"
        program = directory / "stacks.py"
        program.write_text((PROGRAMS / "stacks.py").read_text())
        script = directory / "stacks.bt"
        script.write_text(expand(SCRIPT, DEPTH))

        traced = self.program(str(program), mark, str(reference))
        traced.go()
        self.assertEqual(traced.process.stdout.readline(), "ready\n")
        tracer = self.tracer(script)
        wait_until(lambda: f"Process {traced.pid}:" in tracer.output(), "PROCESS")
        traced.process.stdin.write("\n")
        traced.finish()
        output = tracer.stop()
        stacks, marks = parse(output, mark)
        innermost = re.findall(rf"^MARK\t{mark}\d+\t\w+\t(.*)$", output, re.MULTILINE)
        self.assertEqual(set(innermost), {"mark"})
        self.assertEqual(len(innermost), len(marks))

        # The child goes on counting where its parent was when it forked.
        for file in (reference, f"{reference}.child"):
            self.assertGreater(compare(self, file, stacks, marks), 60)
