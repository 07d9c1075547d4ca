# SPDX-License-Identifier: BSD-2-Clause
"""Other tools beside a tracer, with every probe watched, say what they say without."""

from running import ProgramTest

# Something for a tool to look at: calls, loops, exceptions, generators, C functions.
WORK = """
def helper(number):
    if number % 3 == 0:
        raise KeyError(number)
    return [number] * number

def generate(limit):
    for number in range(limit):
        try:
            yield helper(number)
        except KeyError:
            yield sorted({number, -number})

def work(limit=8):
    total = 0
    for items in generate(limit):
        total += sum(items)
        if total > 5: total -= 1
    return total
"""


class Tools(ProgramTest):
    def with_tool(self, source, *options, **extra):
        source = "\n".join(line[12:] for line in source.splitlines())
        self.same(WORK + source, *options, values=("safe",), **extra)

    def test_settrace(self):
        self.with_tool(
            """
            import sys
            def tracer(frame, event, argument):
                frame.f_trace_opcodes = opcodes
                if frame.f_code.co_filename == __file__:
                    where = frame.f_lasti if event == "opcode" else frame.f_lineno
                    print(frame.f_code.co_name, where, event, type(argument).__name__)
                return tracer
            for opcodes in (False, True):
                sys.settrace(tracer)
                work()
                sys.settrace(None)
            """,
            says="helper 4 exception",
        )

    def test_setprofile(self):
        self.with_tool(
            """
            import sys, threading
            def profiler(frame, event, argument):
                # Of the calls that set it, here, the end may be seen.
                if frame.f_code.co_filename == __file__ and frame.f_code.co_name != "<module>":
                    name = getattr(argument, "__name__", argument)
                    rows.append((frame.f_code.co_name, frame.f_lineno, event, name))
            rows = []
            sys.setprofile(profiler)
            work()
            sys.setprofile(None)
            threading.setprofile(profiler)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            for row in rows: print(*row)
            """,
            says="c_call sum",
        )

    def test_cprofile(self):
        self.with_tool(
            """
            import cProfile, pstats
            profile = cProfile.Profile()
            profile.runcall(work)
            for place, (calls, primitive, *_, callers) in sorted(pstats.Stats(profile).stats.items()):
                print(place, calls, primitive, sorted((c, n[:2]) for c, n in callers.items()))
            """,
            says="'helper') 8 8",
        )

    def test_monitoring(self):
        # As coverage does: a line is disabled when it was seen, and all start again.
        self.with_tool(
            """
            import sys
            monitoring = sys.monitoring
            E = monitoring.events
            monitoring.use_tool_id(1, "coverage")
            def seen(kind, disable):
                def callback(code, *arguments):
                    # Of the call that sets the events, here, the end may be seen.
                    if code.co_filename == __file__ and code.co_name != "<module>":
                        # From 3.14 on the offset of a branch depends on what else is set.
                        print(kind, code.co_name, arguments[0] if kind != branch else "")
                        if disable: return monitoring.DISABLE
                return callback
            branch = "BRANCH_LEFT" if hasattr(E, "BRANCH_LEFT") else "BRANCH"
            kinds = {"LINE": True, "PY_START": True, branch: True, "JUMP": False,
                     "PY_YIELD": True, "PY_RETURN": False, "CALL": False,
                     "C_RETURN": False, "RAISE": False, "EXCEPTION_HANDLED": False}
            mask = 0
            for kind, disable in kinds.items():
                event = getattr(E, kind)
                monitoring.register_callback(1, event, seen(kind, disable))
                if kind != "C_RETURN": mask |= event
            for code in (work.__code__, helper.__code__):
                monitoring.set_local_events(1, code, E.LINE | E.PY_START)
                work()
                work()
                monitoring.set_local_events(1, code, 0)
            for _ in range(2):
                monitoring.set_events(1, mask)
                work()
                work()
                monitoring.set_events(1, 0)
                work()
                monitoring.restart_events()
            """,
            says="LINE helper 4",
        )

    def test_monitoring_beside_filters(self):
        # What is refused is disabled for us alone.
        self.with_tool(
            """
            import sys
            monitoring = sys.monitoring
            E = monitoring.events
            monitoring.use_tool_id(2, "profiler")
            count = dict.fromkeys(("PY_START", "LINE", "CALL"), 0)
            def counter(kind):
                def callback(code, *arguments):
                    if code.co_filename == __file__: count[kind] += 1
                return callback
            for kind in count:
                monitoring.register_callback(2, getattr(E, kind), counter(kind))
            monitoring.set_events(2, E.PY_START | E.LINE | E.CALL)
            for _ in range(3): work()
            monitoring.set_events(2, 0)
            print(count)
            """,
            says="'PY_START': 30", PYUSDT_EXCLUDE="*.helper,*.work",
        )

    def test_monitoring_with_our_tool_id(self):
        # Freed by the program: nothing of ours is left to who takes it next, nor taken.
        self.check(
            WORK + """
import sys
import pyusdt, semaphores
monitoring = sys.monitoring
E = monitoring.events

def is_ours(tool):
    def traced(): pass
    traced()
    return (monitoring.get_tool(tool) == "pyusdt" and monitoring.get_events(tool) == events
            and semaphores.told(traced))

def callbacks(tool):
    bits = [bit for bit in vars(E).values() if isinstance(bit, int) and bit.bit_count() == 1]
    return [c for bit in bits if (c := monitoring.register_callback(tool, bit, None))]

events = monitoring.get_events(4)
assert events and is_ours(4)
monitoring.free_tool_id(4)
pyusdt.poll()
assert is_ours(4)
monitoring.free_tool_id(4)
pyusdt.disable()
monitoring.use_tool_id(4, "next")
assert monitoring.get_events(4) == 0 and callbacks(4) == []

pyusdt.enable()
assert is_ours(3)
monitoring.free_tool_id(3)
monitoring.use_tool_id(3, "another")
seen = []
monitoring.register_callback(3, E.PY_START, lambda code, *_: seen.append(code.co_name))
monitoring.set_events(3, E.PY_START)
pyusdt.poll()
assert is_ours(5) and monitoring.get_events(3) == E.PY_START
pyusdt.disable()
seen.clear()
work(2)
monitoring.set_events(3, 0)
print(seen)
""",
            output="['work', 'generate', 'helper', 'helper']\n",
        )

    def test_pdb(self):
        self.with_tool(
            """
            import io, pdb
            commands = ["break helper", "continue", "where", "p number", "next", "step",
                        "up", "p items if 'items' in dir() else 0", "clear 1", "return",
                        "until", "tbreak work", "continue", "continue"]
            import sys
            output = io.StringIO()
            debugger = pdb.Pdb(stdin=io.StringIO("\\n".join(commands) + "\\n"), stdout=output,
                               nosigint=True)
            debugger.use_rawinput = False
            print(debugger.runcall(work))
            print(work())
            print(output.getvalue())
            """,
            says="helper(number)",
        )

    def test_tracemalloc(self):
        # Blocks of the program's own are counted where it made them, and no others.
        self.with_tool(
            """
            import gc, tracemalloc
            def make(count):
                return [bytearray(1000 + i) for i in range(count)]
            make(1); work()
            tracemalloc.start(5)
            kept = make(50)
            before, size = tracemalloc.get_traced_memory()[0], 0
            snapshot = tracemalloc.take_snapshot()
            for statistic in snapshot.statistics("lineno"):
                frame = statistic.traceback[0]
                if frame.filename == __file__ and statistic.size > 10000:
                    print(frame.lineno, statistic.size, statistic.count)
            print(tracemalloc.get_object_traceback(kept[7])[-1].lineno)
            tracemalloc.stop()
            """,
            says="23\n",
        )

    def test_faulthandler(self):
        self.with_tool(
            """
            import faulthandler, signal, sys
            def helper(number):
                if number == 2: faulthandler.dump_traceback()
                return [number]
            faulthandler.register(signal.SIGUSR1)
            work()
            signal.raise_signal(signal.SIGUSR1)
            faulthandler.dump_traceback_later(0.05, exit=False, file=sys.stderr)
            faulthandler.cancel_dump_traceback_later()
            """,
            says="in helper",
        )

    def test_trace_module(self):
        self.with_tool(
            """
            import trace
            tracer = trace.Trace(count=True, trace=False)
            tracer.runfunc(work)
            counts = tracer.results().counts
            print(sorted(n for n in counts.items() if n[0][0] == __file__))
            """,
            says=", 8)",
        )

    def test_audit_hook(self):
        # It may refuse us what we want; the program is not concerned.
        self.with_tool(
            """
            import os, sys
            refused = []
            def hook(event, arguments):
                if "monitoring" in event:
                    refused.append(event)
                    raise RuntimeError(event)
            sys.addaudithook(hook)
            if os.environ["PYUSDT_WATCHED"] == "1":
                import semaphores
                semaphores.add(-1)
                import pyusdt
                for call in (pyusdt.poll, pyusdt.disable):
                    try: call()
                    except OSError: pass
            print(work())
            """,
            says="91",
        )
