# SPDX-License-Identifier: BSD-2-Clause
"""Takes a profile of all threads of the process, one at a time."""

from _thread import allocate_lock

from pyusdt.profiling.model import Profile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_taken = allocate_lock()
# What the profiler does itself is not what was asked for.
_OWN_FOLDER = __file__.removesuffix("profiling/recording.py")
_OWN_FUNCTIONS = "<built-in method pyusdt._pyusdt."


class Recording:
    """*binding* has what counts, python/_pyusdt.c."""

    def __init__(self, binding: "ModuleType", stacks: bool, c_functions: bool) -> None:
        self._binding = binding
        self._flags = (stacks and binding.PROFILE_TREE) | (
            c_functions and binding.PROFILE_C_FUNCTIONS)

    def begin(self) -> None:
        """Raises RuntimeError while another one is taken, OSError where none can be."""
        if not _taken.acquire(blocking=False):
            raise RuntimeError("a profile is being taken already: one at a time")
        try:
            self._binding.profile_begin(self._flags)
        except BaseException:
            _taken.release()
            raise

    def stop(self) -> None:
        self._binding.profile_end()

    def take(self) -> Profile:
        try:
            return Profile(self._binding.profile_nodes(), _OWN_FOLDER, _OWN_FUNCTIONS)
        finally:
            self._binding.profile_free()
            _taken.release()
