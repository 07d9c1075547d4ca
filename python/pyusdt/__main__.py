# SPDX-License-Identifier: BSD-2-Clause
"""The command line ``python -m pyusdt``."""

from pyusdt.cli import main

if __name__ == "__main__":
    main()
