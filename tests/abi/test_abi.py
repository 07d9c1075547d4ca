# SPDX-License-Identifier: BSD-2-Clause
"""What the built files promise to linkers, loaders and tracers."""

import os
import pathlib
import re
import struct
import subprocess
import unittest

import semaphores

BUILDDIR = pathlib.Path(os.environ["PYUSDT_BUILDDIR"])
SRCDIR = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = BUILDDIR / "libpyusdt/.libs/libpyusdt.so.0"
ANNOUNCE = BUILDDIR / "tools/announce/pyusdt-announce"
BINDING = next((BUILDDIR / "python/.libs").glob("_pyusdt*.so"))

PAGE = 4096
# Bytes that a site may take: nop, nop5, or nop and nop10.
SITES = (
    b"\x90\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00",
    b"\x0f\x1f\x44\x00\x00",
    b"\x90",
)
# name, file, line, offset, value, qualified name, module, code id, object
CODE_EVENT = [8, 8, -4, -8, 8, 8, 8, 8, 8]
OTHERS = {
    "GC_START": [-4],  # generation
    "GC_DONE": [-4, -8, -8],  # generation, collected, uncollectable
    "IMPORT_START": [8],  # module
    "IMPORT_DONE": [8, -4],  # module, found
    "THREAD_START": [8, -8],  # name, native id
    "THREAD_EXIT": [8, -8],
    "LAYOUT": [8, 4],  # the layout, the version of Python
    "PROCESS": [8, 8, 8, 8, 8, 8],  # 0, tstate, walk, names, rest, version
    # qualified name, file, line, calls, own, sums, id, total, max, resumes
    "PROFILE": [8, 8, -4, 8, 8, 8, 8, 8, 8, 8],
    "PROFILE_TABLE": [8],
    "PROFILE_BUCKET": [8, 8, -4, 8, 8, 8],  # qualified name, file, line, low, count, id
    "CODE": [8, 8, 8, -4, 8, 8],  # id, name, file, line, qualified name, module
    # Provider python, with the types of CPython's own.
    "function__entry": [8, 8, -4],  # file, function, line
    "function__return": [8, 8, -4],
    "line": [8, 8, -4],
    "gc__start": [-4],  # generation
    "gc__done": [-8],  # collected
    "import__find__load__start": [8],  # module
    "import__find__load__done": [8, -4],  # module, found
}


def readelf(option, file):
    return subprocess.run(
        ["readelf", "-W", option, file], stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def rows(pattern):
    text = (SRCDIR / "libpyusdt/events/events.def").read_text()
    return re.findall(rf"^{pattern}", text, re.MULTILINE)


def code_events():
    return rows(r"EVENT\((\w+),")


def other_events():
    return rows(r"(?:RUNTIME|ANNOUNCEMENT)\((\w+),")


def compat_probes():
    return rows(r"COMPAT\(\w+, \d+, (\w+)[,)]")


def exported_names():
    text = (SRCDIR / "libpyusdt/libpyusdt.sym").read_text()
    return set(re.findall(r"^\t(\w+);", text, re.MULTILINE))


def symbols(file):
    """(name, section, binding) of each dynamic symbol."""
    for line in readelf("--dyn-syms", file).splitlines():
        words = line.split()
        if len(words) >= 8 and words[0].rstrip(":").isdigit():
            yield words[7].partition("@")[0], words[6], words[4], words[7]


def sections(file):
    """{name: (address, offset, size)}"""
    pattern = r"\] (\S+) +\S+ +([0-9a-f]{16}) ([0-9a-f]{6,}) ([0-9a-f]{6,})"
    return {
        name: tuple(int(number, 16) for number in numbers)
        for name, *numbers in re.findall(pattern, readelf("-S", file))
    }


def probes(file=LIBRARY):
    """{name: (provider, location, semaphore, [sizes of arguments])}"""
    pattern = (
        r"Provider: (\S+)\n\s+Name: (\S+)\n\s+Location: 0x(\w+), Base: \S+ "
        r"Semaphore: 0x(\w+)\n\s+Arguments: (.*)"
    )
    found = re.findall(pattern, readelf("-n", file))
    return [
        (provider, name, int(location, 16), int(semaphore, 16),
         [int(word.partition("@")[0]) for word in arguments.split()])
        for provider, name, location, semaphore, arguments in found
    ]


class Symbols(unittest.TestCase):
    def test_exported(self):
        exported = {name for name, section, *_ in symbols(LIBRARY)
                    if section not in ("UND", "ABS")}
        self.assertEqual(exported, exported_names())

    def test_binding_exports_its_initialiser_only(self):
        exported = {name for name, section, *_ in symbols(BINDING) if section != "UND"}
        self.assertEqual(exported, {"PyInit__pyusdt"})

    def test_undefined(self):
        for name, section, binding, versioned in symbols(LIBRARY):
            if section != "UND" or not name:
                continue
            of_libc = "@GLIBC_" in versioned
            of_python = re.fullmatch(r"_?Py\w+", name)
            of_toolchain = binding == "WEAK" and re.match(r"_ITM_|__gmon_|__cxa_", name)
            self.assertTrue(of_libc or of_python or of_toolchain, versioned)

    def test_symbols_outside_of_the_stable_abi_are_weak(self):
        source = (SRCDIR / "libpyusdt/base/pycompat.c").read_text()
        weak = set(re.findall(r"(\w+)(?:\([^)]*\))? WEAK;", source))
        self.assertIn("PyCode_Type", weak)
        bindings = {name: binding for name, section, binding, _ in symbols(LIBRARY)
                    if section == "UND"}
        for name in weak & bindings.keys():
            self.assertEqual(bindings[name], "WEAK", name)

    def test_needed(self):
        for file in (LIBRARY, BINDING):
            self.assertNotIn("libpython", readelf("-d", file))
        self.assertIn("[libpyusdt.so.0]", readelf("-d", LIBRARY))
        self.assertIn("[libpyusdt.so.0]", readelf("-d", BINDING))

    def test_never_unloaded(self):
        self.assertRegex(readelf("-d", LIBRARY), r"FLAGS_1.*NODELETE")


class Notes(unittest.TestCase):
    def test_one_probe_per_event(self):
        self.assertEqual(
            sorted((provider, name) for provider, name, *_ in probes()),
            sorted(
                [("pyusdt", name) for name in code_events() + other_events()]
                + [("python", name) for name in compat_probes()]
            ),
        )

    def test_arguments(self):
        expected = OTHERS | dict.fromkeys(code_events(), CODE_EVENT)
        self.assertEqual(
            {name: sizes for _, name, _, _, sizes in probes()}, expected
        )

    def test_the_other_tests_read_them_right(self):
        self.assertEqual(
            sorted(note[:4] for note in semaphores.notes(LIBRARY)),
            sorted(probe[:4] for probe in probes()),
        )

    def test_each_has_a_semaphore_of_its_own(self):
        address, _, size = sections(LIBRARY)[".probes"]
        semaphores = [semaphore for *_, semaphore, _ in probes()]
        self.assertEqual(len(set(semaphores)), len(semaphores))
        for semaphore in semaphores:
            self.assertTrue(address <= semaphore <= address + size - 2)

    def test_semaphores_are_zero_in_the_file(self):
        _, offset, size = sections(LIBRARY)[".probes"]
        self.assertEqual(LIBRARY.read_bytes()[offset : offset + size], bytes(size))

    def test_sites_are_within_a_page(self):
        address, offset, _ = sections(LIBRARY)[".text"]
        content = LIBRARY.read_bytes()
        kinds = set()
        for _, name, location, *_ in probes():
            code = content[location - address + offset :]
            site = next((site for site in SITES if code.startswith(site)), None)
            self.assertIsNotNone(site, name)
            kinds.add(site)
            self.assertEqual(location // PAGE, (location + len(site) - 1) // PAGE, name)
        self.assertEqual(len(kinds), 1)

    def test_of_the_announcer(self):
        [(provider, name, location, semaphore, sizes)] = probes(ANNOUNCE)
        self.assertEqual((provider, name), ("pyusdt", "PROCESS"))
        self.assertEqual(sizes, [8] * 6)  # pid, tstate, walk, names, rest, version
        address, _, size = sections(ANNOUNCE)[".probes"]
        self.assertEqual((semaphore, size), (address, 2))
        self.assertEqual(location // PAGE, (location + max(map(len, SITES)) - 1) // PAGE)
        self.assertNotIn("libpython", readelf("-d", ANNOUNCE))

    def test_machine_is_64_bit(self):
        # The sizes above, and bpftrace's pointers, are of a 64-bit machine.
        self.assertEqual(struct.calcsize("P"), 8)
