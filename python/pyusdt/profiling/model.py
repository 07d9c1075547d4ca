# SPDX-License-Identifier: BSD-2-Clause
"""What was measured: functions as they called each other, and sums of their figures."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    Key = TypeVar("Key")

    # (parent or -1, code id, name, qualname, file, first line, calls, own ns, total ns,
    # longest ns, resumes, exceptions), callers before what they call.
    Row = tuple[int, int, str, str, str, int, int, int, int, int, int, int]
    Function = tuple[str, int, str, str]  # file, line, name, qualified name

# As cProfile has it, where it has line 0 too.
C_FILE = "~"
# A recursion of any depth would be a stack of any length for each of its levels.
DEPTH_MAX = 1000
DEEPER = ("", 0, "[deeper]", "[deeper]")


class Figures:
    """Numbers that add up. Times are in nanoseconds."""

    __slots__ = ("calls", "exceptions", "longest", "outermost", "own", "resumes", "total")

    def __init__(self) -> None:
        self.calls = 0
        self.resumes = 0
        self.exceptions = 0
        # Calls and resumes that were not within another of the same function.
        self.outermost = 0
        self.own = 0
        self.total = 0
        self.longest = 0

    def add(self, node: "Node", is_outermost: bool) -> None:
        self.calls += node.calls
        self.resumes += node.resumes
        self.exceptions += node.exceptions
        self.own += node.own
        self.longest = max(self.longest, node.longest)
        if is_outermost:
            # The time of the others is part of this already.
            self.total += node.total
            self.outermost += node.calls + node.resumes


class Node:
    """A function as it was called by the node above it, or called at all."""

    __slots__ = ("calls", "code", "depth", "exceptions", "function", "longest", "own",
                 "parent", "resumes", "total")

    def __init__(self, parent: "Node | None", code: int, function: int, row: "Row") -> None:
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        # Numbers: of code objects, and of functions, of which two can have the same names
        # and place.
        self.code = code
        self.function = function
        (*_, self.calls, self.own, self.total, self.longest, self.resumes,
         self.exceptions) = row

    @property
    def is_empty(self) -> bool:
        """A child of a fork has such nodes of its parent's."""
        return not (self.calls or self.resumes or self.own)


class Profile:
    """*names* are the functions, by their numbers."""

    def __init__(self, rows: "Iterable[Row]", hidden_files: str | None = None,
                 hidden_names: str | None = None) -> None:
        """*hidden_files*: what the files begin with that are left out, and the functions in
        C that they call. Others that they call are called by what called them.
        *hidden_names*: what the names of further functions in C begin with.
        """
        self.nodes: list[Node] = []
        codes: dict[tuple[int, Function], int] = {}
        functions: dict[Function, int] = {}
        made: list[Node | None] = []
        is_hidden: list[bool] = []
        for row in rows:
            caller, code_id, name, qualname, filename, line = row[:6]
            node = made[caller] if caller >= 0 else None
            if filename == C_FILE:
                hides = caller >= 0 and is_hidden[caller] or begins(name, hidden_names)
            else:
                hides = begins(filename, hidden_files)
            is_hidden.append(hides)
            if not hides:
                function = filename, line, name, qualname
                code = codes.setdefault((code_id, function), len(codes))
                number = functions.setdefault(function, len(functions))
                node = Node(node, code, number, row)
                self.nodes.append(node)
            made.append(node)
        self.names = list(functions)
        if any(node.depth >= DEPTH_MAX for node in self.nodes):
            self.names.append(DEEPER)

    def functions(self) -> "dict[Function, Figures]":
        sums = self._sums(lambda node: node.code, lambda node: node.function)
        return {self.names[number]: figures for number, figures in sums.items()}

    def edges(self) -> "dict[tuple[Function, Function], Figures]":
        """By caller and callee."""
        sums = self._sums(
            lambda node: node.parent and (node.parent.code, node.code),
            lambda node: (node.parent.function, node.function) if node.parent else None,
        )
        return {
            (self.names[caller], self.names[callee]): figures
            for (caller, callee), figures in sums.items()
        }

    def stacks(self, least_percent: float = 0) -> "dict[tuple[int, ...], Figures]":
        """By the numbers of all functions from the outermost on, as far down as there is
        room for. What has less of the time, with all that it called, is part of its caller.
        """
        least = least_percent / 100 * sum(node.own for node in self.nodes)
        times = self._times_with_callees() if least else {}
        found: dict[Node | None, tuple[int, ...]] = {None: ()}
        sums: dict[tuple[int, ...], Figures] = {}
        for node in self.nodes:
            stack = found[node.parent]
            if node.depth <= DEPTH_MAX and times.get(node, 0) >= least:
                deepest = len(self.names) - 1
                stack = (*stack, node.function if node.depth < DEPTH_MAX else deepest)
            found[node] = stack
            if not node.is_empty:
                if stack not in sums:
                    sums[stack] = Figures()
                sums[stack].add(node, True)
        return sums

    def _times_with_callees(self) -> "dict[Node, int]":
        times = {node: node.own for node in self.nodes}
        for node in reversed(self.nodes):
            if node.parent is not None:
                times[node.parent] += times[node]
        return times

    def _sums(self, code: "Callable[[Node], object]",
              name: "Callable[[Node], Key | None]") -> "dict[Key, Figures]":
        """By name, of the nodes that have one."""
        sums: dict[Key, Figures] = {}
        for node, is_outermost in self._walk(code):
            key = name(node)
            if key is not None and not node.is_empty:
                if key not in sums:
                    sums[key] = Figures()
                sums[key].add(node, is_outermost)
        return sums

    def _walk(self, code: "Callable[[Node], object]") -> "Iterator[tuple[Node, bool]]":
        """Each node, and whether none above it has the same code."""
        below: dict[Node | None, list[Node]] = {None: []}
        for node in self.nodes:
            below[node] = []
            below[node.parent].append(node)
        above: dict[object, int] = {}
        pending = [(node, False) for node in reversed(below[None])]
        while pending:
            node, is_left = pending.pop()
            key = code(node)
            if is_left:
                above[key] -= 1
                continue
            same = above.get(key, 0)
            yield node, not same
            above[key] = same + 1
            pending.append((node, True))
            pending += [(child, False) for child in reversed(below[node])]


def begins(text: str, start: str | None) -> bool:
    return start is not None and text.startswith(start)
