# SPDX-License-Identifier: BSD-2-Clause
"""What is hidden is not counted, before or after it was; its callers have its time."""

core.enable(core.PROFILE)
core.watch(core.PROFILE)
core.poll()
work["run"]()
hide("work.leaf,work.numbers,work.key")
work["run"]()
work["run"]()
hide("")
work["run"]()
core.disable()
hidden = "leaf", "numbers", "key"
expected = {
    name: tuple(number * (2 if name in hidden else 4) for number in numbers)
    for name, numbers in work["COUNTS"].items()
}
same(counts(), expected)
