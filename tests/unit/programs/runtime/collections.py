# SPDX-License-Identifier: BSD-2-Clause
"""Collects garbage, and says what is to be told of it: what gc itself tells."""

gc.disable()
infos = []


class Node:
    pass


def collect(generation, cycles=0):
    for i in range(cycles):
        node = Node()
        node.itself = node
    node = None
    return gc.collect(generation)


def recorded(phase, info):
    infos.append((phase, dict(info)))


def want(prefix=""):
    for phase, info in infos:
        numbers = [info[k] for k in ("generation", "collected", "uncollectable")]
        if phase == "start":
            yield prefix + "GC_START", numbers[0]
        elif prefix:
            yield prefix + "GC_DONE", sum(numbers[1:])
        else:
            yield "GC_DONE", *numbers
