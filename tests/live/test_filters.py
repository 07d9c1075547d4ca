# SPDX-License-Identifier: BSD-2-Clause
"""Filters and values with a real tracer: what is told, what is not, and changes of it."""

from live import LIBRARY, LiveTest, counts, probe, wait_until

COUNT = "@[str(arg5)] = count();"

PROGRAM = """\
import json
import pack.part
import installed

class Encodable:
    def method(self): return 1

def in_main(): return json.dumps({"a": Encodable().method()}, indent=1)

in_main()
pack.part.in_pack()
installed.in_installed()
"""


def of(program):
    """A predicate: this machine may have other programs with pyusdt."""
    return f"/pid == {program.pid}/"


class Filters(LiveTest):
    def test_include(self):
        worker = self.worker(options=["--include", "__main__.work"])
        tracer = self.tracer("\n".join(
            probe(event, f'@[str(arg5), "{event}"] = count();', of(worker))
            for event in ("PY_START", "PY_RETURN", "CALL", "LINE")
        ))
        worker.ask("settle()")
        worker.ask("run(10)")
        self.assertEqual(counts(tracer.stop()), {
            f"work, {event}": 10 for event in ("PY_START", "PY_RETURN", "CALL", "LINE")
        })

    def test_exclude_wins(self):
        included = "__main__.work,__main__.run,__main__.helper"
        worker = self.worker(options=["-i", included, "-x", "*.run,__main__.h*"])
        tracer = self.tracer(probe("PY_START", COUNT, of(worker)))
        worker.ask("settle()")
        worker.ask("run(10)")
        self.assertEqual(counts(tracer.stop()), {"work": 10})

    def test_by_file(self):
        worker = self.worker(options=["-i", "file:*/programs/worker.py"])
        tracer = self.tracer(probe("CALL", "@[str(arg1)] = count();", of(worker)))
        worker.ask("settle()")
        worker.ask("run(10)")
        self.assertEqual(
            {key.rpartition("/")[2] for key in counts(tracer.stop())}, {"worker.py"}
        )

    def test_environment(self):
        worker = self.worker(environment={"PYUSDT_INCLUDE": "*.helper"})
        tracer = self.tracer(probe("PY_RETURN", COUNT, of(worker)))
        worker.ask("settle()")
        worker.ask("run(10)")
        self.assertEqual(counts(tracer.stop()), {"helper": 10})

    def test_changes_while_attached(self):
        worker = self.worker(options=["-i", "*.helper,*.work"])
        tracer = self.tracer(
            probe("PY_START", COUNT, of(worker))
            + probe("LINE", "@l[str(arg5)] = count();", of(worker))
        )
        worker.ask("settle()")
        for times, filters in (
            (1, ""),
            (10, "include='*.helper'"),
            (100, "include='*.work'"),
            (1000, "include=['*.work', '*.helper'], exclude='*.helper'"),
            (10000, "exclude=None"),
        ):
            worker.ask(f"pyusdt.configure({filters})")
            worker.ask(f"run({times})")
        worker.ask("pyusdt.configure(include='none')")
        worker.ask("run(3)")
        output = tracer.stop()
        expected = {"helper": 10011, "work": 11101}
        self.assertEqual(counts(output), expected)
        self.assertEqual(counts(output, "l"), expected)

    def test_lines_of_a_frame_that_runs(self):
        # The worker's own loop, of two lines, was entered long ago.
        worker = self.worker(options=["-i", "none"])
        tracer = self.tracer(probe("LINE", "@[str(arg1), str(arg5)] = count();", of(worker)))
        worker.ask("settle()")
        worker.ask("run(10)")
        worker.ask("pyusdt.configure(include='file:*/worker.py')")
        worker.ask("3")
        worker.ask("4")
        worker.ask("pyusdt.configure(include='none')")
        worker.ask("run(10)")
        (seen,) = counts(tracer.stop()).items()
        self.assertRegex(seen[0], r"/worker\.py, <module>$")
        # "for", twice both, and the line of what ends it.
        self.assertEqual(seen[1], 1 + 2 * 2 + 1)

    def test_returns_of_c_functions(self):
        worker = self.worker(options=["-i", "*.work"])
        tracer = self.tracer(probe("C_RETURN", COUNT, of(worker)))
        self.assertEqual(worker.ask("settle()"), ["CALL"])
        for times, name in ((5, "instrumented"), (3, "work")):
            worker.ask(f"pyusdt.configure(include='*.{name}')")
            for _ in range(times):
                worker.ask("instrumented()")
        seen = counts(tracer.stop())
        self.assertEqual(list(seen), ["instrumented"])
        self.assertEqual(seen["instrumented"] % 5, 0)

    def test_provider_python(self):
        worker = self.worker(options=["-x", "*.work"], environment={"PYUSDT_COMPAT": "1"})
        tracer = self.tracer("\n".join(
            f'usdt:{LIBRARY}:python:{name} {of(worker)} {{ @[str(arg1), "{name}"] = count(); }}'
            for name in ("function__entry", "function__return", "line")
        ))
        worker.ask("settle()")
        worker.ask("run(10)")
        seen = counts(tracer.stop())
        for name in ("function__entry", "function__return", "line"):
            self.assertEqual(seen[f"helper, {name}"], 10)
            self.assertNotIn(f"work, {name}", seen)

    def test_imports_and_threads_are_told(self):
        worker = self.worker(options=["-x", "*"])
        tracer = self.tracer(
            probe("IMPORT_START", "@imports[str(arg0)] = count();", of(worker))
            + probe("THREAD_START", "@threads = count();", of(worker))
            + probe("PY_START", COUNT, of(worker))
        )
        worker.ask("settle()")
        worker.ask("run_in_threads(5, 1)")
        worker.ask("__import__('colorsys') and None")
        output = tracer.stop()
        self.assertEqual(counts(output, "imports"), {"colorsys": 1})
        self.assertIn("@threads: 5\n", output)
        self.assertEqual(counts(output), {})

    def test_names_of_code(self):
        worker = self.worker(options=["-i", "*.helper"])
        tracer = self.tracer(
            probe("CODE", "@names[str(arg1)] = count();", of(worker))
            + probe("PY_START", COUNT, of(worker))
        )
        worker.ask("settle()")
        worker.ask("run(10)")
        worker.ask("pyusdt.configure(include='*.work')")
        worker.ask("run(10)")
        output = tracer.stop()
        self.assertEqual(counts(output), {"helper": 10, "work": 10})
        self.assertEqual(set(counts(output, "names")), {"helper", "work"})


class Presets(LiveTest):
    def seen(self, *options, program=("main.py",)):
        """The functions of a program with a package, an installed module and the stdlib."""
        directory = self.directory()
        for name, text in (
            ("main.py", PROGRAM),
            ("pack/__init__.py", ""),
            ("pack/part.py", "def in_pack(): return 2"),
            ("pack/__main__.py", f"def of_pack(): pass\nof_pack()\n{PROGRAM}"),
            ("site-packages/installed.py", "def in_installed(): return 3"),
        ):
            file = directory / "app" / name
            if name.startswith("site-packages"):
                file = directory / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        words = [str(directory / "app" / w) if w == "main.py" else w for w in program]
        path = f"{directory}/app:{directory}/site-packages"
        traced = self.program(*words, options=options,
                              environment={"PYTHONPATH": f"{path}:{self.package()}"})
        tracer = self.tracer(probe("PY_START", COUNT, of(traced)))
        traced.go()
        traced.finish()
        return set(counts(tracer.stop()))

    def package(self):
        return LIBRARY.parents[2] / "python"

    def test_without(self):
        seen = self.seen()
        self.assertLessEqual({"in_main", "Encodable.method", "in_pack", "in_installed",
                              "dumps", "JSONEncoder.encode", "_find_and_load"}, seen)

    def test_only_program(self):
        expected = {"<module>", "Encodable", "in_main", "Encodable.method", "in_pack"}
        self.assertEqual(self.seen("--only-program"), expected)

    def test_only_program_of_a_module(self):
        expected = {"<module>", "Encodable", "in_main", "Encodable.method", "in_pack", "of_pack"}
        seen = self.seen("--only-program", program=("-m", "pack"))
        self.assertEqual(seen, expected)

    def test_only_program_of_a_command(self):
        expected = {"<module>", "Encodable", "in_main", "Encodable.method"}
        self.assertEqual(self.seen("--only-program", program=("-c", PROGRAM)), expected)

    def test_no_stdlib(self):
        expected = {"<module>", "Encodable", "in_main", "Encodable.method", "in_pack",
                    "in_installed"}
        # setuptools, where it is installed, takes part in each import.
        seen = {name for name in self.seen("--no-stdlib")
                if not name.startswith("DistutilsMetaFinder.")}
        self.assertEqual(seen, expected)


class Values(LiveTest):
    SOURCE = (
        "class C:\n"
        "    def __repr__(self): return '<shown by itself>'\n"
        "def f(value): return value\n"
        "f(C()); f([1, 'x', [2]]); f('y' * 300)\n"
    )

    def told(self, output):
        return [line for line in output.splitlines() if line[:1] in ("0", "1")]

    def shown(self, *options, **environment):
        program = self.program("-c", self.SOURCE, options=options, environment=environment)
        action = 'printf("%d %s\\n", arg4 != 0, str(arg4));'
        predicate = f'/pid == {program.pid} && str(arg5) == "f"/'
        tracer = self.tracer(
            probe("PY_RETURN", action, predicate)
            + probe("PY_START", "@[str(arg5)] = count();", of(program))
        )
        program.go()
        program.finish()
        # bpftrace 0.27 may end without what it was told last.
        wait_until(lambda: len(self.told(tracer.output())) >= 3, "three values")
        output = tracer.stop()
        lines = self.told(output)
        self.assertEqual(len(lines), 3)
        # Whatever runs for a value is itself not told.
        self.assertNotIn("C.__repr__", counts(output))
        return lines

    def test_safe(self):
        first, *rest = self.shown("--value-max", "40")
        self.assertRegex(first, r"^1 <__main__\.C at 0x[0-9a-f]+>$")
        self.assertEqual(rest, ["1 [1, 'x', <list of 1>]", "1 '" + "y" * 35 + "..."])

    def test_repr(self):
        expected = ["1 <shown by itself>", "1 [1, 'x', [2]]", "1 '" + "y" * 35 + "..."]
        self.assertEqual(self.shown("--values", "repr", "--value-max", "40"), expected)
        self.assertEqual(self.shown(PYUSDT_VALUES="repr", PYUSDT_VALUE_MAX="40"), expected)

    def test_none(self):
        self.assertEqual([line.strip() for line in self.shown("--values=none")], ["0"] * 3)

    def test_changed_while_attached(self):
        worker = self.worker(options=["-i", "*.helper"])
        tracer = self.tracer(
            probe("PY_RETURN", 'printf("[%d %s]\\n", arg4 != 0, str(arg4));', of(worker))
        )
        worker.ask("settle()")
        for values in ("SAFE", "NONE", "REPR"):
            worker.ask(f"pyusdt.configure(values=pyusdt.VALUES_{values})")
            worker.ask("run(1)")
        wait_until(lambda: len(tracer.output().split("\n")) >= 4, "three lines")
        self.assertEqual(tracer.stop().split("\n")[:3], ["[1 2]", "[0 ]", "[1 2]"])
