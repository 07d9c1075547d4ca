# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-stacks: what a script printed of stacks, as a flame graph, a profile for
speedscope or pprof, or folded text; and two files of folded text compared."""
