# SPDX-License-Identifier: BSD-2-Clause
"""Two virtual environments that are the same but for pyusdt.

A file in site-packages arms every process of the tests: a path on PYTHONPATH, or python -m
pyusdt, would not reach those that tests start with -I, -E or an environment of their own.
"""

import pathlib
import subprocess

from regrtest import clean_environment

ARMED = "import sys, pyusdt; sys.exit(pyusdt.enabled() != pyusdt.supported())"
UNWATCHED = "import sys, pyusdt; sys.exit(bool(pyusdt.active()))"
PLAIN = "import sys; sys.exit('pyusdt' in sys.modules)"


def plain(python, builddir, directory):
    """Returns: its interpreter."""
    interpreter = make(python, directory, f"{package(builddir)}\n")
    require(interpreter, PLAIN, "pyusdt is there though nobody asked for it")
    return interpreter


def armed(python, builddir, directory, tool_id=None):
    """Returns: the interpreter of an environment that arms, as this tool of sys.monitoring."""
    words = "import pyusdt"
    if tool_id is not None:
        words += f"; pyusdt.disable(); pyusdt.configure(tool_id={tool_id}); pyusdt.enable()"
    interpreter = make(python, directory, f"{package(builddir)}\n{words}\n")
    require(interpreter, ARMED, "pyusdt is not armed")
    return interpreter


def package(builddir):
    return pathlib.Path(builddir) / "python"


def make(python, directory, content):
    output([python, "-m", "venv", "--without-pip", directory])
    interpreter = directory / "bin" / "python3"
    sites = output([interpreter, "-c", "import site; print(site.getsitepackages()[0])"])
    (pathlib.Path(sites.strip()) / "pyusdt.pth").write_text(content)
    return interpreter


def require(interpreter, expression, complaint):
    # As the tests start interpreters that are to depend on nothing.
    words = [interpreter, "-I", "-c", expression]
    if subprocess.run(words, env={}, check=False).returncode:
        raise SystemExit(f"tests/cpython: {interpreter}: {complaint}")


def output(words):
    done = subprocess.run(
        list(map(str, words)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=clean_environment(),
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"tests/cpython: {words[0]}: {done.stdout}")
    return done.stdout


def has_tests(python):
    return not subprocess.run(
        [python, "-I", "-c", "import test.libregrtest.main, test.test_generators"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    ).returncode
