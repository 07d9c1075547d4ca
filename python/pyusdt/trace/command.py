# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-trace does, from its command line to the flame graph."""

import os
import pathlib
import sys
import tempfile
from collections.abc import Callable
from typing import NoReturn

from pyusdt.failure import Failure, complain, end
from pyusdt.rendering import description
from pyusdt.rendering.grouping import cannot_group
from pyusdt.rendering.snapshots import prints_before_its_end
from pyusdt.stacks import command as stacks
from pyusdt.stacks.options import PROG as STACKS
from pyusdt.trace.announcer import Selection, has_stacks
from pyusdt.trace.containers import find_group
from pyusdt.trace.executables import find_bpftrace, find_python
from pyusdt.trace.framelines import has_places
from pyusdt.trace.library import (
    Installation, announcer_of, find_script, installed_announcer, installed_scripts,
    keeps_stacks, read_script, unit_of,
)
from pyusdt.trace.loading import loaded
from pyusdt.trace.options import CONDITIONS, HELP, PROG, Options, parse_arguments
from pyusdt.trace.output import Output
from pyusdt.trace.presentation import Form, Presentation
from pyusdt.trace.program import EndedEarly
from pyusdt.trace.processes import show_processes
from pyusdt.trace.session import trace_all, trace_outside, trace_process
from pyusdt.trace.signals import Signals
from pyusdt.trace.starting import Launch, trace_program
from pyusdt.trace.target import Process
from pyusdt.trace.topscreen import check_terminal


def main(script_dir: str, attacher: str) -> NoReturn:
    installation = Installation(pathlib.Path(script_dir), attacher)

    def work() -> int:
        try:
            return trace(parse_arguments(sys.argv[1:]), installation)
        except EndedEarly as early:
            return early.status

    end(PROG, work)


def trace(options: Options, installation: Installation) -> int:
    script_dir = installation.scripts
    if options.wants_help:
        print(HELP, end="")
        return 0
    if options.wants_list:
        print("\n".join(installed_scripts(script_dir)))
        return 0
    if options.wants_processes:
        return show_processes(script_dir, options.form == Form.JSON)
    assert options.script is not None  # see check_arguments()
    script = find_script(options.script, script_dir)
    if options.flame is not None:
        check_flame(options.flame, script, script_dir)
    check_form(options.presentation, script)
    if options.has_top:
        check_terminal()
    if options.wants_lines and not has_places(read_script(script)):
        raise Failure(f"--lines: {script.stem} has no tables of functions in kernel events", 2)
    bpftrace = find_bpftrace()
    top = f"{script.stem} of {subject(options)}"
    if options.flame is None:
        status, _ = run_script(
            bpftrace, script, installation,
            lambda: Output(options.output, options.presentation, top=top), options,
        )
        return status
    with tempfile.TemporaryDirectory() as directory:
        raw = os.path.join(directory, "trace")

        def open_output() -> Output:
            if options.output is None and not options.has_top:
                return Output(raw, Presentation(is_strict=options.is_strict))
            return Output(options.output, options.presentation, Output(raw), top)

        status, is_whole = run_script(bpftrace, script, installation, open_output, options)
        return draw(script, raw, options.flame, options) or status if is_whole else status


def run_script(
    bpftrace: str, script: pathlib.Path, installation: Installation,
    open_output: Callable[[], Output], options: Options,
) -> tuple[int, bool]:
    """Returns: the exit status, and whether bpftrace has printed all of its trace."""
    announcer = announcer_of(read_script(script))
    # Root runs none that a script of anybody's names.
    is_ours = announcer is not None and announcer == installed_announcer(installation.scripts)
    if options.program:
        python = find_python(options.python)
        launch = Launch(options.program, python, bpftrace, script, open_output())
        return trace_program(launch, announcer if is_ours else None)
    if announcer is None:
        return trace_events(bpftrace, script, installation, open_output, options)
    if options.wants_load:
        raise Failure(f"--load: {script.stem} is on kernel events, needs nothing loaded", 2)
    if not is_ours:
        raise Failure(f"{script} listens to another pyusdt-announce than the installed "
                      f"scripts: {announcer}", 2)
    if len(options.pids) == 1:
        with Process(options.pids[0]) as process:
            if process.is_armed() and not has_stacks(announcer, process.pid):
                # It tells of itself, as on arm64, where nothing is seen from outside.
                return trace_process(bpftrace, script, process, open_output())
    cgroup = options.cgroup if options.container is None else find_group(options.container)
    selection = Selection(options.pids, options.user, cgroup)
    return trace_outside(bpftrace, script, announcer, selection, open_output())


def trace_events(
    bpftrace: str, script: pathlib.Path, installation: Installation,
    open_output: Callable[[], Output], options: Options,
) -> tuple[int, bool]:
    """As run_script(), of running processes by a script on events of Python."""
    for condition in CONDITIONS:
        if getattr(options, condition) is not None:
            raise Failure(f"--{condition}: {script.stem} is on events of Python, of every "
                          "process that has pyusdt loaded", 2)
    if options.wants_all:
        return trace_all(bpftrace, script, open_output())
    if len(options.pids) > 1:
        raise Failure(f"{script.stem} is on events of Python: give one PID, or --all", 2)
    with Process(options.pids[0]) as process:
        if options.wants_load:
            signals = Signals()
            text = read_script(script)
            with loaded(installation.attacher, text, process, signals) as library:
                return trace_process(bpftrace, script, process, open_output(), library.disarm)
        process.require_library()
        return trace_process(bpftrace, script, process, open_output())


def draw(script: pathlib.Path, trace: str, graph: str, options: Options) -> int:
    """Returns: 0, or the exit status of what it could not do and has told why."""
    words = ["--title", f"{script.stem} of {subject(options)}", "-o", graph]
    unit = unit_of(read_script(script))
    if unit is not None:
        words += ["--unit", unit]
    try:
        return stacks.run([*words, trace])
    except Failure as failure:
        complain(STACKS, str(failure))
        return 1


def subject(options: Options) -> str:
    if options.program:
        return " ".join(options.program)
    if options.wants_all:
        words = [options.user and f"of {options.user}", options.cgroup and f"in {options.cgroup}",
                 options.container and f"in {options.container}"]
        return " ".join(["every Python", *filter(None, words)])
    plural = "es" if len(options.pids) > 1 else ""
    return f"process{plural} " + ", ".join(map(str, options.pids))


def check_form(presentation: Presentation, script: pathlib.Path) -> None:
    text = read_script(script)
    try:
        described = description.read(text)
    except description.BadDescription as error:
        raise Failure(f"{script}: {error}", 2) from None
    wanted = wanted_options(presentation)
    if not wanted:
        return
    if described is None:
        raise Failure(f"{wanted[0]}: {script.stem} does not say what it prints, see "
                      "DESCRIPTIONS in pyusdt-trace(1)", 2)
    kinds = {part.kind for part in described.parts}
    for option in wanted:
        if option in ("--csv", "--top") and "TABLE" not in kinds:
            raise Failure(f"{option}: {script.stem} has no table", 2)
        if option == "--interval" and not kinds:
            raise Failure(f"--interval: {script.stem} prints lines as things happen, and no "
                          "table", 2)
        if option == "--by" and (why := cannot_group(described, presentation.by)):
            raise Failure(f"--by {presentation.by}: {script.stem} {why}", 2)
        if option in ("--interval", "--top") and prints_before_its_end(text, described):
            raise Failure(f"{option}: {script.stem} prints its maps as it runs", 2)


def wanted_options(presentation: Presentation) -> list[str]:
    """Those that need a description."""
    wanted = []
    if presentation.form in (Form.JSON, Form.CSV):
        wanted.append(f"--{presentation.form.value}")
    if presentation.by is not None:
        wanted.append("--by")
    if presentation.has_top:
        wanted.append("--top")
    elif presentation.milliseconds is not None:
        wanted.append("--interval")
    return wanted


def check_flame(name: str, script: pathlib.Path, script_dir: pathlib.Path) -> None:
    """Now, not when the trace has been made."""
    if not keeps_stacks(read_script(script)):
        able = ", ".join(
            other for other in installed_scripts(script_dir)
            if keeps_stacks(read_script(script_dir / f"{other}.bt"))
        )
        raise Failure(f"--flame: {script.stem} keeps no stacks, use one of {able}", 2)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise Failure(f"--flame {name}: there is no folder {folder}", 2)
    if os.path.isdir(name):
        raise Failure(f"--flame {name}: that is a folder, give a file in it", 2)
    if not os.access(name if os.path.exists(name) else folder, os.W_OK):
        raise Failure(f"--flame {name}: cannot be written", 2)
