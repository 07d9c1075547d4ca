# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-trace: a bpftrace script run on a Python program, in one go."""
