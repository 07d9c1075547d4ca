# SPDX-License-Identifier: BSD-2-Clause
"""Count the instructions of parts of a Python program, by valgrind's callgrind.

Instructions are the same on a busy machine as on an idle one; times are not.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

REGION = "pyusdt_bench_region"  # of floor.c

# The same hashes, so the same instructions, in every run.
ENVIRONMENT = {"PYTHONHASHSEED": "0"}


def why_not():
    """Why nothing can be counted here, or None."""
    return None if shutil.which("valgrind") else "valgrind is not installed"


def command(output):
    return [
        "valgrind",
        "--tool=callgrind",
        "--quiet",
        f"--callgrind-out-file={output}",
        "--combine-dumps=yes",
        f"--toggle-collect={REGION}",
        f"--dump-after={REGION}",
    ]


def parts(text):
    """The instructions of each part of a callgrind file, in the order of time."""
    return [int(total) for total in re.findall(r"^totals: (\d+)", text, re.MULTILINE)]


def count(words, environment=None):
    """Run a Python program. Returns: what it printed, and the counts of its regions."""
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory, "callgrind.out")
        process = subprocess.run(
            [*command(output), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
        )
        if process.returncode:
            raise RuntimeError(f"{words}: {process.stderr}")
        return process.stdout, parts(output.read_text())
