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

# Of floor.c. Counting is on within COUNTED, per thread. Not two options: each would turn
# the state to begin with.
REGION = "pyusdt_bench_region"
COUNTED = "pyusdt_bench_*"

HERE = pathlib.Path(__file__).resolve().parent


def environment(builddir, shift=0):
    """The same hashes and an even allocator, so the same instructions in every run.

    @shift: so many variables more. Objects lie elsewhere then, and so in other slots of
    tables by address.
    """
    modules = builddir / "tests/bench/.libs"
    return {
        **os.environ,
        **{f"PYUSDT_BENCH_SHIFT_{number}": "" for number in range(shift)},
        "LD_PRELOAD": str(modules / "evenmalloc.so"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join(
            map(str, (builddir / "python", HERE, HERE.parent))
        ),
        "PYUSDT_BENCH_FLOOR": str(modules / "floor.so"),
        "PYUSDT_EVENTS": "none",
    }


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
        f"--toggle-collect={COUNTED}",
        f"--dump-after={REGION}",
    ]


def parts(text):
    """The instructions of each part of a callgrind file, in the order of time."""
    return [int(total) for total in re.findall(r"^totals: (\d+)", text, re.MULTILINE)]


def count_whole(words, environment):
    """Returns: the instructions of a program from its first to its last."""
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory, "callgrind.out")
        tool = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={output}"]
        subprocess.run([*tool, *words], env=environment, check=True)
        return sum(parts(output.read_text()))


def count(words, builddir, shift=0):
    """Run a Python program. Returns: what it printed, and the counts of its regions."""
    with tempfile.TemporaryDirectory() as directory:
        output = pathlib.Path(directory, "callgrind.out")
        process = subprocess.run(
            [*command(output), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(builddir, shift),
        )
        if process.returncode:
            raise RuntimeError(f"{words}: {process.stderr}")
        counts = parts(output.read_text())
        if not any(counts):
            raise RuntimeError(f"{words}: callgrind has counted nothing")
        return process.stdout, counts
