# SPDX-License-Identifier: BSD-2-Clause
"""A few functions that call each other and sleep: something to look at with sample.bt."""

import time


def snooze(seconds):
    time.sleep(seconds)
    return seconds


def naps(count):
    for number in range(1, count + 1):
        yield snooze(number / 100)


def main():
    total = sum(naps(3))
    print(f"slept {total:.2f} s")


if __name__ == "__main__":
    main()
