# SPDX-License-Identifier: BSD-2-Clause
"""Profiles that are taken in the process itself: no root, no kernel, no tracer.

recording.py takes one, model.py is what it consists of, and each way to write it is a file
of its own. Those that the runner needs import nothing of the standard library: a program
finds imported what its profiler has imported.
"""
