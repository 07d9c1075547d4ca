# SPDX-License-Identifier: BSD-2-Clause
"""What bpftrace prints: its JSON read as records, and records written as text."""
