# SPDX-License-Identifier: BSD-2-Clause
"""The command pyusdt-stacks: flame graphs, profiles and folded stacks of what a script printed."""
