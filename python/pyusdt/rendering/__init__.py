# SPDX-License-Identifier: BSD-2-Clause
"""What pyusdt-trace shows to a person: a script's maps as tables, histograms and stacks."""
