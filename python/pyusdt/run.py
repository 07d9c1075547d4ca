# SPDX-License-Identifier: BSD-2-Clause
"""Run a program in place of the runner, as the interpreter itself would run it.

What the program sees of its surroundings (``sys.argv``, ``sys.path``, ``__main__``, its
tracebacks) is what it would see when started by ``python`` itself.
"""

import importlib.machinery as loaders  # "from" would import warnings on 3.14
import marshal
import os
import runpy
import sys
from importlib.util import MAGIC_NUMBER
from types import CodeType, TracebackType

from pyusdt import _pyusdt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], Any]
    Ready = Callable[[], None]
    Names = frozenset[str]

_PYC_HEADER = 16
_before: "Names" = frozenset()
_INITIAL_MAIN = frozenset({
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__annotations__",
    "__builtins__",
})


def run(kind: str, target: str, args: list[str], ready: "Ready",
        before: "Names") -> None:
    """Run the program; *ready* is called right before its first line.

    *before* names the modules that it finds imported in any case.
    """
    global _before
    _before = before
    try:
        _RUNNERS[kind](target, args, ready)
    except BaseException as error:
        if not isinstance(error, SystemExit) or sys.flags.inspect:
            hook = getattr(sys, "excepthook", sys.__excepthook__)
            sys.excepthook = _without_runner(hook)
        # The interpreter does the rest: hook, exit status, death by SIGINT.
        raise


def _run_command(source: str, args: list[str], ready: "Ready") -> None:
    sys.argv = ["-c", *args]
    _set_path0("")
    source += "\n"
    if sys.version_info >= (3, 14):
        source = _dedent(source)
    code = _compile(source, "<string>")
    if sys.version_info >= (3, 13):
        _remember_source(code, source)
    namespace = _fresh_main()
    ready()
    exec(code, namespace)


def _run_module(name: str, args: list[str], ready: "Ready") -> None:
    sys.argv = ["-m", *args]
    folder = _working_directory()
    if folder is not None:
        _set_path0(folder)
    _fresh_main()
    ready()
    # Private, but what the interpreter calls for -m: same errors, same tracebacks.
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def _run_script(name: str, args: list[str], ready: "Ready") -> None:
    sys.argv = [name, *args]
    if name == "-":
        _run_stdin(ready)
        return
    path = _absolute(name)
    if _is_importable(path):
        _run_archive(path, ready)
    else:
        _run_file(path, ready)


def _run_stdin(ready: "Ready") -> None:
    _set_path0("")
    with open(0, "rb", closefd=False) as stdin:
        code = _compile(stdin.read(), "<stdin>")
    namespace = _fresh_main("<stdin>")
    ready()
    exec(code, namespace)


def _run_archive(path: str, ready: "Ready") -> None:
    # Unlike other entries, also with -P.
    sys.path.insert(0, path)
    _forget_shadowed(path)
    _fresh_main()
    ready()
    # As for -m; False: this is no -m, leave sys.argv alone.
    runpy._run_module_as_main("__main__", False)  # type: ignore[attr-defined]


def _run_file(path: str, ready: "Ready") -> None:
    content = _read(path)
    _set_path0(os.path.dirname(_resolved(path)))
    if path.endswith(".pyc") or content.startswith(MAGIC_NUMBER[:2]):
        code = _unmarshal(content)
        namespace = _fresh_main(path, loaders.SourcelessFileLoader("__main__", path))
    else:
        code = _compile(content, path)
        namespace = _fresh_main(path, loaders.SourceFileLoader("__main__", path))
    ready()
    exec(code, namespace)


_RUNNERS: "dict[str, Callable[[str, list[str], Ready], None]]" = {
    "script": _run_script,
    "module": _run_module,
    "command": _run_command,
}


def _fresh_main(file: str | None = None,
                loader: object = loaders.BuiltinImporter) -> "dict[str, Any]":
    """Make ``__main__``, the runner's so far, what a new program finds there."""
    namespace = sys.modules["__main__"].__dict__
    has_cached = "__cached__" in namespace  # runpy set it, if this version has it
    for name in namespace.keys() - _INITIAL_MAIN:
        del namespace[name]
    namespace.update(__doc__=None, __package__=None, __loader__=loader, __spec__=None)
    if file is not None:
        namespace["__file__"] = file
        if has_cached:
            namespace["__cached__"] = None
    return namespace


def _set_path0(entry: str) -> None:
    """What ``python -m`` had there was taken away before the runner's first import."""
    if not sys.flags.safe_path:
        sys.path.insert(0, entry)
        _forget_shadowed(entry or _working_directory() or "/")


def _forget_shadowed(entry: str) -> None:
    """Of what the runner has imported, forget what the program has a module of its own for.

    The program imports that one, as it would without the runner, which goes on with those
    that it has.
    """
    cached = entry in sys.path_importer_cache
    imported = sys.modules.keys() - _before - {"__main__"}
    shadowed = {name for name in {name.partition(".")[0] for name in imported}
                if _is_shadowed(name, entry)}
    for name in imported:
        if name.partition(".")[0] in shadowed:
            del sys.modules[name]
    if not cached:
        # What is in the folder is the program's to find out, when it imports.
        sys.path_importer_cache.pop(entry, None)


def _is_shadowed(name: str, entry: str) -> bool:
    ours = getattr(sys.modules.get(name), "__spec__", None)
    if ours is None or not ours.has_location:
        return False  # built in or frozen: it is found before any file
    theirs = loaders.PathFinder.find_spec(name, [entry])
    return (theirs is not None and theirs.loader is not None
            and theirs.origin != ours.origin)


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _absolute(path: str) -> str:
    # Not os.path.abspath: the interpreter does not normalise what it was given.
    return os.path.join(_working_directory() or "", path)


def _resolved(path: str) -> str:
    try:
        return os.path.realpath(path, strict=True)
    except OSError:
        return path  # such as a pipe's /dev/fd/63


def _is_importable(path: str) -> bool:
    """Is there an importer for *path*: a directory, a zip file, or what a hook knows?"""
    cache = sys.path_importer_cache
    if path not in cache:
        cache[path] = _find_importer(path)
    return cache[path] is not None


def _find_importer(path: str) -> "Any":
    for hook in sys.path_hooks:
        try:
            return hook(path)
        except ImportError:
            continue
    return None


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        print(f"{sys.orig_argv[0]}: can't open file {path!r}: {reason}", file=sys.stderr)
        sys.exit(2)


def _unmarshal(content: bytes) -> CodeType:
    if not content.startswith(MAGIC_NUMBER):
        raise RuntimeError("Bad magic number in .pyc file")
    code = marshal.loads(content[_PYC_HEADER:])
    if not isinstance(code, CodeType):
        raise RuntimeError("Bad code object in .pyc file")
    return code


def _compile(source: str | bytes, filename: str) -> CodeType:
    content = _as_content(source)
    if sys.version_info >= (3, 15) and "warnings" in sys.modules:
        # Filters of warnings may name the module, which nothing but compile() takes. Those
        # that there are before that is imported do not.
        code = compile(source, filename, "exec", dont_inherit=True, module="__main__")
    elif content is not None:
        return _pyusdt.compile(content, filename)
    else:
        code = compile(source, filename, "exec", dont_inherit=True)
    assert isinstance(code, CodeType)
    return code


def _as_content(source: str | bytes) -> bytes | None:
    """The same as a file would have it, or None: in a file a NUL ends it, and a comment can
    name an encoding, which is not heeded in what is text already."""
    if isinstance(source, str):
        if not source.isascii() or "coding" in source:
            return None
        source = source.encode()
    return None if b"\0" in source else source


def _dedent(text: str) -> str:
    lines = text.split("\n")
    blank = [not line.strip() for line in lines]
    solid = [line for line, is_blank in zip(lines, blank) if not is_blank]
    # What these two have in common those between them have. (os.path.commonprefix() warns.)
    first, last = min(solid, default=""), max(solid, default="")
    margin = 0
    for ours, theirs in zip(first, last):
        if ours != theirs or ours not in " \t":
            break
        margin += 1
    return "\n".join("" if is_blank else line[margin:]
                     for line, is_blank in zip(lines, blank))


def _remember_source(code: CodeType, source: str) -> None:
    """Let tracebacks show the lines of -c code, by the interpreter's own means."""
    import linecache

    # The first 3.13 releases register by file name, later ones by code object.
    key = code if hasattr(linecache, "_interactive_cache") else code.co_filename
    linecache._register_code(key, source, code.co_filename)  # type: ignore[attr-defined]


def _without_runner(hook: "ExceptHook") -> "ExceptHook":
    """An excepthook for one use: puts *hook* back and shows it the program's frames."""
    def excepthook(kind: type[BaseException], error: BaseException,
                   traceback: TracebackType | None) -> None:
        sys.excepthook = hook
        error.__traceback__ = sys.last_traceback = _below_runner(traceback)
        try:
            hook(kind, error, error.__traceback__)
        except BaseException as failure:
            failure.__traceback__ = _below_runner(failure.__traceback__)
            raise  # which, unlike "raise failure", does not add this frame again

    return excepthook


def _below_runner(traceback: TracebackType | None) -> TracebackType | None:
    """Skip the leading entries up to the runner's own, and those."""
    while traceback is not None and not _is_runner(traceback):
        traceback = traceback.tb_next
    while traceback is not None and _is_runner(traceback):
        traceback = traceback.tb_next
    return traceback


def _is_runner(traceback: TracebackType) -> bool:
    return traceback.tb_frame.f_globals.get("__package__") == __package__
