# SPDX-License-Identifier: BSD-2-Clause
"""Make this process one in which pyusdt cannot find the layout of frames.

By a seccomp filter that refuses process_vm_readv(2), as some containers do.
"""

import ctypes
import platform
import struct

NUMBERS = {"x86_64": 310, "aarch64": 270}

PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
RETURN_EPERM = 0x00050001
RETURN_ALLOW = 0x7FFF0000


def instruction(code, k, jump_true=0, jump_false=0):
    return struct.pack("HBBI", code, jump_true, jump_false, k)


def refuse():
    number = NUMBERS[platform.machine()]
    program = b"".join((
        instruction(0x20, 0),  # load the system call's number
        instruction(0x15, number, 0, 1),  # skip the next unless it is that one
        instruction(0x06, RETURN_EPERM),
        instruction(0x06, RETURN_ALLOW),
    ))
    buffer = ctypes.create_string_buffer(program)
    length = len(program) // 8
    argument = ctypes.create_string_buffer(struct.pack("HxxxxxxP", length, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(argument), 0, 0),
    ):
        if libc.prctl(call[0], *map(ctypes.c_ulong, call[1:])):
            raise OSError(ctypes.get_errno(), "prctl")
