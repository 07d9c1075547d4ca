# SPDX-License-Identifier: BSD-2-Clause
"""Bound by methods and attributes: a workshop, as a simulation of discrete events.

Orders pass through stations that are quick or slow, wear out and are repaired.
"""

import heapq


class Order:
    __slots__ = ("done_at", "number", "steps")

    def __init__(self, number, steps):
        self.number = number
        self.steps = steps
        self.done_at = None

    def next_step(self):
        return self.steps.pop() if self.steps else None

    def finish(self, now):
        self.done_at = now


class Station:
    def __init__(self, shop, name, pace):
        self.shop = shop
        self.name = name
        self.pace = pace
        self.waiting = []
        self.current = None
        self.worked = 0

    @property
    def busy(self):
        return self.current is not None

    def accept(self, order):
        self.waiting.append(order)
        if not self.busy:
            self.start_next()

    def start_next(self):
        if not self.waiting:
            return
        self.current = self.waiting.pop(0)
        self.shop.schedule(self.duration(self.current), self)

    def duration(self, order):
        return self.pace + order.number % 3

    def happen(self):
        order, self.current = self.current, None
        self.worked += 1
        self.shop.forward(order)
        self.start_next()


class WearingStation(Station):
    """Needs a repair now and then."""

    endurance = 7

    def __init__(self, shop, name, pace):
        super().__init__(shop, name, pace)
        self.wear = 0

    def duration(self, order):
        pace = super().duration(order)
        self.wear += 1
        if self.wear >= self.endurance:
            self.wear = 0
            return pace + self.repair_time()
        return pace

    def repair_time(self):
        return 5 * self.pace


class Shop:
    def __init__(self):
        self.now = 0
        self.events = []
        self.counter = 0
        self.finished = []
        self.stations = {
            "cut": Station(self, "cut", 2),
            "drill": WearingStation(self, "drill", 3),
            "paint": Station(self, "paint", 4),
            "check": WearingStation(self, "check", 1),
        }

    def schedule(self, delay, station):
        self.counter += 1
        heapq.heappush(self.events, (self.now + delay, self.counter, station))

    def forward(self, order):
        step = order.next_step()
        if step is None:
            order.finish(self.now)
            self.finished.append(order)
        else:
            self.stations[step].accept(order)

    def work(self):
        while self.events:
            self.now, _, station = heapq.heappop(self.events)
            station.happen()


def route(number):
    names = ["check", "paint", "drill", "cut"]
    return names if number % 2 else names[:2] + names[3:]


def run(size):
    total = 0
    for _ in range(size):
        shop = Shop()
        for number in range(110):
            shop.forward(Order(number, route(number)))
        shop.work()
        total += sum(order.done_at for order in shop.finished)
    return total
