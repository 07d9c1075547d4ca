# SPDX-License-Identifier: BSD-2-Clause
"""The lines that run in frames of other processes: what BPF tells of a frame is its code object
and an offset in that; the line is read from the process's memory."""
