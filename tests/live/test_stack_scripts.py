# SPDX-License-Identifier: BSD-2-Clause
"""The scripts in bt/ that read Python stacks in kernel events."""

import json
import math
import re

from live import BUILDDIR, FULL, LiveTest, counts, once, room, wait_until

BT = BUILDDIR / "bt"


class Output(str):
    """What a script printed."""

    def table(self, name, file):
        """{(what comes before it.., function): number}, of functions of this file."""
        found = {}
        for key, number in counts(self, name).items():
            *before, function, of, _line = key.split(", ")
            if of == str(file):
                found[(*before, function) if before else function] = number
        return found

    def histogram(self, name, function):
        """How many values the histogram of this function has."""
        head = rf"^@{name}\[{re.escape(function)}, [^\n]*\]: *\n"
        match = re.search(head + r"((?:[\[(].*\n)+)", self, re.MULTILINE)
        return sum(int(n) for n in re.findall(r"[\])] +(\d+) \|", match[1]))

    def stacks(self):
        """{key: [function, innermost first]}"""
        stacks = {}
        for line in self.splitlines():
            if line.startswith("STACK\t"):
                _, key, depth, function, *_ = line.split("\t")
                stacks.setdefault(int(key, 16), {})[int(depth)] = function
        return {key: [frames[n] for n in sorted(frames)] for key, frames in stacks.items()}

    def stack_values(self):
        """[(functions, number)] of @stacks, joined by the key."""
        stacks = self.stacks()
        entries = re.findall(r"^@stacks\[(-?\d+)(?:,[^\]]*)?\]: (\d+)$", self, re.MULTILINE)
        return [
            (stacks.get(int(key) % 2**64, []), int(number)) for key, number in entries
        ]

    def total_in(self, function):
        """The sum of @stacks where this function is on the stack."""
        return sum(number for names, number in self.stack_values() if function in names)


class StackScript(LiveTest):
    name = "prog.py"

    def trace(self, script, source, *words, environment=None, full=0):
        """Run a program of this source. The script is given its process id and words.

        Returns: what the script printed. self.file is the program, self.printed what it
        printed.
        """
        self.file = self.directory() / self.name
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(source, encoding="utf-8")
        program = self.program(str(self.file))
        *words, last = [str(program.pid), *words]
        tracer = self.tracer(last, BT / script, *words, environment=environment)
        program.go()
        self.printed = program.finish()
        output = Output(tracer.stop())
        self.check_output(output, program.pid)
        self.assertEqual(output.count(FULL), full)
        return output

    def check_output(self, output, pid):
        self.assertRegex(output, rf"(?m)^Process {pid}: CPython 3\.\d+\.\d+$")
        # The script's own maps are not left over.
        names = set(re.findall(r"^@(\w+)", output, re.MULTILINE))
        own = {"layout", "announced", "seen", "entered", "key", "name", "known", "full"}
        self.assertFalse(names & own)


class SystemCalls(StackScript):
    def test_calls_and_time(self):
        output = self.trace("pysyscall.bt", """\
import os, signal
def looks():
    for _ in range(37):
        os.stat('/')
def sleeps():
    for _ in range(3):
        signal.sigtimedwait([], 0.02)
def both():
    os.getppid()
    looks()
    os.getppid()
both()
sleeps()
""")
        calls = output.table("calls", self.file)
        stat = {key: n for key, n in calls.items() if "stat" in key[0]}
        self.assertEqual(list(stat.values()), [37])
        self.assertEqual(next(iter(stat))[1], "looks")
        self.assertEqual(calls["getppid", "both"], 2)
        self.assertEqual(calls["rt_sigtimedwait", "sleeps"], 3)
        time = output.table("total_us", self.file)
        # It waits for so long from the system call on; time.sleep() until a time that is set before.
        self.assertGreaterEqual(time["rt_sigtimedwait", "sleeps"], 60_000)
        self.assertLess(time["getppid", "both"], time["rt_sigtimedwait", "sleeps"])

    def test_forked_child_is_seen_until_it_runs_another_program(self):
        output = self.trace("pysyscall.bt", """\
import os
def child():
    for _ in range(11):
        os.getpgid(0)
    os.execv('/bin/true', ['true'])
def parent():
    pid = os.fork()
    if not pid:
        child()
    os.waitpid(pid, 0)
parent()
""")
        calls = output.table("calls", self.file)
        self.assertEqual(calls["getpgid", "child"], 11)
        self.assertEqual(calls["wait4", "parent"], 1)
        self.assertLessEqual({key[1] for key in calls}, {"child", "parent", "<module>"})


    def test_whole_stack(self):
        output = self.trace("pysyscall-stacks.bt", """\
import os, signal
class Sleeper:
    def sleep(self):
        signal.sigtimedwait([], 0.05)
def generates():
    Sleeper().sleep()
    yield
def recurs(depth):
    if depth:
        return recurs(depth - 1)
    signal.sigtimedwait([], 0.1)
class Made:
    def __init__(self, number):
        if number == 99:
            signal.sigtimedwait([], 0.02)
def makes():
    for number in range(100):
        Made(number)
list(generates())
recurs(100)
makes()
""")
        stacks = output.stacks()
        slept = {
            tuple(stacks[int(key) % 2**64]): int(us)
            for key, us in re.findall(
                r"^@stacks\[(-?\d+), rt_sigtimedwait\]: (\d+)$", output, re.MULTILINE
            )
        }
        expected = {
            ("Sleeper.sleep", "generates", "<module>"): 50_000,
            (*["recurs"] * 101, "<module>"): 100_000,
            # CPython 3.13 has a frame of its own before it, once the call is specialised.
            ("Made.__init__", "makes", "<module>"): 20_000,
        }
        # Below the program's module is what runs it.
        own = {names[: names.index("<module>") + 1]: us for names, us in slept.items()}
        self.assertEqual(own.keys(), expected.keys())
        for names, us in expected.items():
            self.assertGreaterEqual(own[names], us)

    def test_names_outside_ascii(self):
        output = self.trace("pysyscall-stacks.bt", """\
import time
def \u540d\u524d():
    time.sleep(0.01)
def caf\u00e9():
    \u540d\u524d()
caf\u00e9()
""")
        (names,) = [n for n in output.stacks().values() if n[2:3] == ["<module>"]]
        for name in names[:2]:
            self.assertRegex(name, r"^code 0x[0-9a-f]+$")


    @once
    def test_threads_that_end_leave_room(self):
        source = """\
import os, threading
def goes_on():
    for _ in range(7):
        os.getppid()
for _ in range(700):
    thread = threading.Thread(target=len, args=[()])
    thread.start()
    thread.join()
goes_on()
"""
        # The call that ends a thread does not return. The names of all calls need 450.
        output = self.trace("pysyscall.bt", source, environment=room(600))
        self.assertEqual(output.table("calls", self.file)["getppid", "goes_on"], 7)
        output = self.trace("pysyscall-stacks.bt", source, environment=room(600))
        self.assertGreater(output.total_in("goes_on"), 0)

    @once
    def test_full_map_of_stacks(self):
        source = """\
import os
functions = []
for number in range(700):
    names = {"os": os}
    exec(f"def f{number}(): os.getppid()", names)
    functions.append(names[f"f{number}"])
for _ in range(3):
    for function in functions:
        function()
"""
        output = self.trace(
            "pysyscall-stacks.bt", source, environment=room(600), full=1
        )
        innermost = re.findall(r"(?m)^STACK\t(\w+)\t0\t", output)
        self.assertGreater(len(innermost), 500)
        self.assertEqual(len(innermost), len(set(innermost)))
        self.trace("pysyscall.bt", source, environment=room(600), full=1)


@once
class LongPath(StackScript):
    name = "long-" * 20 + "/package/module.py"

    def test_its_end_is_shown(self):
        output = self.trace("pysyscall-stacks.bt", """\
import os
def asks():
    os.getppid()
asks()
""")
        self.assert_end(re.findall(r"(?m)^STACK\t\w+\t\d+\tasks\t(.*)\t2\t", output))
        output = self.trace("pysyscall.bt", "import os\ndef asks(): os.getppid()\nasks()\n")
        self.assert_end(re.findall(r"(?m)^@calls\[getppid, asks, (.*), 2\]: 1$", output))

    def assert_end(self, shown):
        """Of what does not fit into the strings of this bpftrace the end is shown."""
        self.assertEqual(len(shown), 1, shown)
        self.assertTrue(str(self.file).endswith(shown[0]), shown)
        self.assertGreaterEqual(len(shown[0]), min(len(str(self.file)), 63))


class Opens(StackScript):
    def test_result_and_function(self):
        output = self.trace("pyopen.bt", """\
import os
def opens():
    print(os.open('/etc/passwd', os.O_RDONLY))
def fails():
    try:
        os.open('/nonexistent/file', os.O_RDONLY)
    except OSError:
        pass
opens()
fails()
""")
        lines = [line.split(maxsplit=4) for line in output.splitlines()
                 if f"({self.file}:" in line]
        fd = self.printed.strip()
        self.assertEqual(
            [line[2:] for line in lines],
            [
                [fd, "0", f"/etc/passwd, by opens ({self.file}:2)"],
                ["-1", "2", f"/nonexistent/file, by fails ({self.file}:4)"],
            ],
        )


class InputOutput(StackScript):
    def test_calls_and_bytes(self):
        output = self.trace("pyio.bt", """\
import os
def writes(fd):
    for _ in range(8):
        os.write(fd, b'x' * 100)
    os.writev(fd, [b'y' * 10, b'z' * 20])
def reads(fd):
    for _ in range(5):
        os.read(fd, 50)
    os.set_blocking(fd, False)
    while True:
        try:
            os.read(fd, 1000)
        except BlockingIOError:
            return
read, write = os.pipe()
writes(write)
reads(read)
""")
        self.assertEqual(output.table("writes", self.file), {"writes": 9})
        self.assertEqual(output.table("written_bytes", self.file), {"writes": 830})
        self.assertEqual(output.histogram("write_us", "writes"), 9)
        self.assertEqual(output.table("reads", self.file), {"reads": 7})
        self.assertEqual(output.table("read_bytes", self.file), {"reads": 830})
        self.assertEqual(output.histogram("read_us", "reads"), 7)


SLEEPERS = """\
import threading, time
def short():
    for _ in range(5):
        time.sleep(0.01)
def long():
    time.sleep(0.3)
def caller():
    long()
def spins():
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
thread = threading.Thread(target=short)
thread.start()
caller()
thread.join()
spins()
"""


class OffCpu(StackScript):
    def test_sleeps(self):
        output = self.trace("pyoffcpu.bt", SLEEPERS)
        blocked = output.table("blocked_us", self.file)
        # The timer runs before the thread has left its CPU: a little less than it sleeps,
        # and nothing where it was kept from leaving until the timer was through.
        self.assertGreaterEqual(blocked["short"], 25_000)
        self.assertGreaterEqual(blocked["long"], 285_000)
        self.assertNotIn("caller", blocked)
        # It may wait for the GIL when the sleeper wakes, and blocks for nothing else.
        self.assertLess(blocked.get("spins", 0), 50_000)
        self.assertGreaterEqual(output.table("blocks", self.file)["short"], 3)
        self.assertIn(
            ["long", "caller", "<module>"],
            [names[:3] for names, number in output.stack_values() if number >= 285_000],
        )
        self.assertGreaterEqual(output.total_in("short"), 25_000)
        self.assertRegex(output, r"@stacks\[-?\d+, *\n(?: .*\n)* +\S*schedule\b")

    def test_minimum(self):
        output = self.trace("pyoffcpu.bt", SLEEPERS, "200000")
        self.assertEqual(output.table("blocks", self.file), {"long": 1})


class OnCpu(StackScript):
    SOURCE = """\
import sys, time
def spins(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
def little():
    spins(0.025)
def much():
    spins(0.075)
def sleeps():
    time.sleep(0.5)
# By turns: a guest's timer may not tick for a while, of which both are to have their share.
for _ in range(20):
    little()
    much()
sleeps()
"""

    def check(self, script):
        output = self.trace(script, self.SOURCE)
        samples = output.table("samples", self.file)
        little, much = output.total_in("little"), output.total_in("much")
        total = little + much
        # 99 a second of two seconds of CPU time; fewer where the machine is a guest.
        self.assertGreater(total, 60)
        self.assertGreaterEqual(samples["spins"], 0.9 * total)
        # Four standard deviations of a share of a quarter.
        error = 4 * math.sqrt(0.25 * 0.75 / total)
        self.assertAlmostEqual(little / total, 0.25, delta=error)
        self.assertLessEqual(samples.get("sleeps", 0), 2)
        return output

    def test_shares(self):
        self.check("pyoncpu.bt")

    def test_shares_with_native_stacks(self):
        output = self.check("pyoncpu-native.bt")
        # Kernel and user: each is there or empty.
        self.assertRegex(output, r"(?m)^@stacks\[-?\d+, ")


class PageFaults(StackScript):
    def test_touched_pages(self):
        output = self.trace("pyfault.bt", """\
import mmap, resource
def touches(memory, pages):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for page in range(pages):
        memory[page * 4096] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
def outer():
    memory = mmap.mmap(-1, 4096 * 1000)
    if hasattr(mmap, 'MADV_NOHUGEPAGE'):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    print(touches(memory, 1000))
outer()
""")
        faults = output.table("faults", self.file)["touches"]
        self.assertGreaterEqual(faults, 1000)
        # Those before the first look, and after the second.
        self.assertAlmostEqual(faults, int(self.printed), delta=10)
        stacks = output.stack_values()
        where = ["touches", "outer", "<module>"]
        touched = sum(n for names, n in stacks if names[:3] == where)
        self.assertEqual(touched, faults)


class Network(StackScript):
    def test_loopback(self):
        output = self.trace("pynet.bt", """\
import socket
def sends(connection):
    for _ in range(6):
        connection.send(b'x' * 100)
    connection.sendmsg([b'y' * 50, b'z' * 50])
    connection.close()
def receives(connection):
    while connection.recv(70):
        pass
def refused(port):
    try:
        socket.socket().connect(('127.0.0.1', port))
    except ConnectionRefusedError:
        pass
def connects(address):
    client = socket.socket()
    client.connect(address)
    return client
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen()
print(server.getsockname()[1])
client = connects(server.getsockname())
accepted, _ = server.accept()
server.close()
sends(client)
receives(accepted)
accepted.close()
refused(1)
""")
        port = self.printed.strip()
        lines = [line.split(maxsplit=4) for line in output.splitlines()
                 if f"({self.file}:" in line]
        self.assertEqual(
            [(line[2], line[4]) for line in lines],
            [
                ("0", f"127.0.0.1:{port}, by connects ({self.file}:15)"),
                ("111", f"127.0.0.1:1, by refused ({self.file}:10)"),
            ],
        )
        self.assertEqual(output.table("connects", self.file), {"connects": 1, "refused": 1})
        (accepts,) = counts(output, "accepts").items()
        self.assertRegex(str(accepts), r"^\('socket\.accept, .*', 1\)$")
        self.assertEqual(output.table("sends", self.file), {"sends": 7})
        self.assertEqual(output.table("sent_bytes", self.file), {"sends": 700})
        self.assertEqual(output.table("recv_bytes", self.file), {"receives": 700})
        self.assertEqual(output.table("recvs", self.file), {"receives": 11})
        self.assertEqual(output.histogram("recv_us", "receives"), 11)
        self.assertEqual(output.histogram("send_us", "sends"), 7)


class Programs(StackScript):
    def test_by_whom(self):
        output = self.trace("pyexec.bt", """\
import os, subprocess
def runs():
    subprocess.run(['true', 'an argument'])
def shell():
    os.system('exit 0')
def spawns():
    os.waitpid(os.posix_spawn('/bin/true', ['true', '2'], {}), 0)
def fails():
    try:
        subprocess.run(['/nonexistent/program'])
    except OSError:
        pass
runs()
fails()
shell()
spawns()
""")
        lines = r"^(\d+): (.*)\n\1: by (\S+) .*\n\1: for (\S+) "
        started = [words for _, *words in re.findall(lines, output, re.MULTILINE)]
        self.assertEqual(
            # Not every C library has the -- for the shell.
            [(words.replace(r"--\x00", ""), by) for words, by, _ in started],
            [
                (r"true\x00an argument\x00", "Popen._execute_child"),
                (r"sh\x00-c\x00exit 0\x00", "shell"),
                (r"true\x002\x00", "spawns"),
            ],
        )
        self.assertEqual(started[0][2], "runs")
        stacks = [names for names, number in output.stack_values() for _ in range(number)]
        self.assertEqual(len(stacks), 3)
        for function in ("runs", "shell", "spawns"):
            self.assertEqual(output.total_in(function), 1)


    def test_programs_that_ended_leave_room(self):
        output = self.trace("pyexec.bt", """\
import os
def spawns():
    for _ in range(60):
        os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)
spawns()
""", environment=room(40))
        lines = re.findall(r"(?m)^\d+: true.*\n\d+: by spawns .*\n\d+: for ", output)
        self.assertEqual(len(lines), 60)


HOLDER = """\
import threading, time
def computes():
    end = time.thread_time() + 0.7
    while time.thread_time() < end:
        pass
def wants_it():
    while holder.is_alive():
        time.sleep(0.001)
def holds():
    global holder
    holder = threading.Thread(target=computes)
    holder.start()
    waiters = [threading.Thread(target=wants_it) for _ in range(3)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join()
"""

# Runs what is above the line of dashes in another interpreter, under the same file name.
SUBINTERPRETER = HOLDER + """\
# ---
import sys
if sys.version_info >= (3, 13):
    import _interpreters as interpreters
    def create(has_own):
        return interpreters.create("isolated" if has_own else "legacy")
    run = interpreters.exec
else:
    import _xxsubinterpreters as interpreters
    def create(has_own):
        return interpreters.create(isolated=has_own)
    run = interpreters.run_string
def run_there(has_own, call):
    code = ("space = {}\\n"
            f"source = open({__file__!r}).read().partition('# ---')[0]\\n"
            f"exec(compile(source, {__file__!r}, 'exec'), space)\\n"
            f"space[{call!r}]()\\n")
    there = create(has_own)
    run(there, code)
    interpreters.destroy(there)
"""


class Gil(StackScript):
    def test_contended(self):
        output = self.trace("pygil.bt", """\
import threading, time
def spins():
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        pass
def waits_for_a_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=0.3)
waits_for_a_lock()
threads = [threading.Thread(target=spins) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
""")
        waited = output.table("waited_us", self.file)
        # Each has 0.3 s of CPU time, for most of which the other one waits.
        self.assertGreater(waited["spins"], 200_000)
        self.assertGreater(output.table("waits", self.file)["spins"], 10)
        # A lock is not the GIL: it was waited for so long.
        self.assertLess(waited.get("waits_for_a_lock", 0), 300_000)
        self.assertGreater(output.total_in("spins"), 200_000)

    def check_holder(self, output):
        waited = output.table("waited_us", self.file)
        held_up = output.table("held_up_us", self.file)
        self.assertGreater(waited["wants_it"], 100_000)
        self.assertGreater(output.table("held_up", self.file)["computes"], 10)
        # The others have it, too, for a moment each; a busy machine may keep them from going on.
        self.assertGreater(held_up["computes"], 0.9 * sum(held_up.values()))
        # Of a stack, too, it is told who had the GIL.
        by_stack = re.findall(r"(?m)^@stacks\[-?\d+, computes, .*\]: (\d+)$", output)
        self.assertAlmostEqual(sum(map(int, by_stack)) / held_up["computes"], 1, places=2)

    def test_holder(self):
        self.check_holder(self.trace("pygil.bt", HOLDER + "holds()\n"))

    def test_kept_by_c_code(self):
        output = self.trace("pygil.bt", """\
import ctypes, threading, time
usleep = ctypes.PyDLL(None).usleep
def keeps():
    for _ in range(5):
        usleep(60_000)
        time.sleep(0.001)
def wants_it():
    while thread.is_alive():
        time.sleep(0.001)
thread = threading.Thread(target=keeps)
thread.start()
wants_it()
""")
        # It is asked for after 5 ms, and again each 5 ms, so that no wait is long.
        self.assertGreater(output.table("longest_kept_us", self.file)["keeps"], 45_000)

    def test_on_a_processor(self):
        output = self.trace("pygil.bt", """\
import json, os, threading, time, zlib
data = os.urandom(1 << 20)
def packs():
    while time.thread_time() < 0.5:
        zlib.compress(data)
    used["packs"] = time.thread_time()
def computes():
    while time.thread_time() < 0.5:
        pass
    used["computes"] = time.thread_time()
used = {}
for function in packs, computes:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
print(json.dumps(used))
""")
        used = json.loads(self.printed)
        on, off = (output.table(name, self.file) for name in ("runs_with_us", "runs_without_us"))
        # By samples, of which a busy machine may lose some.
        self.assertAlmostEqual(on["computes"] / (used["computes"] * 1e6), 1, delta=0.5)
        self.assertAlmostEqual(off["packs"] / (used["packs"] * 1e6), 1, delta=0.5)
        self.assertLess(off.get("computes", 0), 0.1 * on["computes"])
        self.assertLess(on.get("packs", 0), 0.1 * off["packs"])

    def test_holder_in_a_subinterpreter_that_shares_it(self):
        self.check_holder(self.trace("pygil.bt", SUBINTERPRETER + """\
def computes_there():
    run_there(False, "computes")
    done.append(True)
done = []
threads = [threading.Thread(target=computes_there)]
holder = threads[0]
threads += [threading.Thread(target=wants_it) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert done
"""))

    def test_holder_in_a_subinterpreter_with_its_own(self):
        self.check_holder(self.trace("pygil.bt", SUBINTERPRETER + """\
run_there(True, "holds")
"""))


# Each tells how long it took to get what it asks for, which is given after 0.3 s.
LOCKS = """\
import json, queue, threading, time
asked = {}
def lock_is_asked():
    began = time.monotonic()
    lock.acquire()
    asked["lock_is_asked"] = time.monotonic() - began
def lock_is_asked_in_vain():
    began = time.monotonic()
    lock.acquire(timeout=0.1)
    asked["lock_is_asked_in_vain"] = time.monotonic() - began
def rlock_is_asked():
    began = time.monotonic()
    rlock.acquire()
    asked["rlock_is_asked"] = time.monotonic() - began
    rlock.release()
def simple_queue_is_asked():
    began = time.monotonic()
    simple_queue.get()
    asked["simple_queue_is_asked"] = time.monotonic() - began
def queue_is_asked():
    began = time.monotonic()
    a_queue.get()
    asked["queue_is_asked"] = time.monotonic() - began
def condition_is_asked():
    with condition:
        began = time.monotonic()
        while not given:
            condition.wait()
        asked["condition_is_asked"] = time.monotonic() - began
def spins():
    end = time.thread_time() + 0.2
    while time.thread_time() < end:
        pass
def run(functions, meanwhile):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join()
def give():
    time.sleep(0.3)
    lock.release()
    rlock.release()
    simple_queue.put(1)
    a_queue.put(1)
    with condition:
        given.append(True)
        condition.notify()
given = []
lock, rlock, condition = threading.Lock(), threading.RLock(), threading.Condition()
simple_queue, a_queue = queue.SimpleQueue(), queue.Queue()
lock.acquire()
rlock.acquire()
run([lock_is_asked, lock_is_asked_in_vain, rlock_is_asked, simple_queue_is_asked,
     queue_is_asked, condition_is_asked], give)
run([spins, spins], lambda: None)
print(json.dumps(asked))
"""


class Locks(StackScript):
    def test_waits(self):
        output = self.trace("pylock.bt", LOCKS)
        waited, waits, longest = (output.table(name, self.file)
                                  for name in ("waited_us", "waits", "longest_wait_us"))
        asked = json.loads(self.printed)
        self.assertEqual(len(asked), 6)
        for function, seconds in asked.items():
            with self.subTest(function=function):
                by_stack = output.total_in(function)
                self.assertLessEqual(by_stack, seconds * 1e6)
                self.assertGreater(by_stack, 0.5 * seconds * 1e6)
                # Those of classes wait in methods of the library, where they are the same.
                if function in ("queue_is_asked", "condition_is_asked"):
                    self.assertNotIn(function, waits)
                else:
                    self.assertAlmostEqual(waited[function] / by_stack, 1, places=2)
                    self.assertGreaterEqual(waits[function], 1)
                    self.assertLessEqual(longest[function], waited[function])
        library = [line for line in output.splitlines()
                   if line.startswith("@waited_us[Condition.wait, ")]
        self.assertEqual(len(library), 1)
        # The GIL is no lock.
        self.assertNotIn("spins", waits)


@once
class AnyScript(LiveTest):
    def test_loads_everywhere(self):
        scripts = sorted(BT.glob("*.bt"))
        self.assertGreater(len(scripts), 10)
        for script in scripts:
            with self.subTest(script=script.name):
                worker = self.worker()
                tracer = self.tracer(str(worker.pid), script)
                worker.ask("settle()")
                self.assertEqual(worker.ask("run(3)"), 3)
                tracer.stop()
                self.assertEqual(tracer.process.returncode, 0)
                self.assertNotRegex(tracer.messages(), r"(?i)error: (?!.*RLIMIT_MEMLOCK)")
                worker.process.stdin.close()
                worker.process.wait()

    def test_no_probe_in_a_list_and_by_itself(self):
        # bpftrace 0.17 runs the block of one of them twice, and the other one never.
        scripts = list(BT.glob("*.bt"))
        self.assertTrue(scripts)
        for script in scripts:
            pattern = r"(?m)^((?:\w+:\S+,\n)*\w+:\S+)\n(?=[/{])"
            blocks = re.findall(pattern, script.read_text())
            self.assertTrue(blocks)
            lists = [block.split(",\n") for block in blocks]
            for block in lists:
                if len(block) > 1:
                    # The same list again is no harm.
                    others = sum((other for other in lists if other != block), [])
                    self.assertEqual([probe for probe in block if probe in others], [],
                                     script.name)

    def test_hint_without_a_layout(self):
        tracer = self.tracer("1", BT / "pyopen.bt")
        hint = "Of no process it is known where its Python frames are"
        wait_until(lambda: hint in tracer.output(), "the hint")
        self.assertEqual(tracer.stop().count(hint), 1)
