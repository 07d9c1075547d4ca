# SPDX-License-Identifier: BSD-2-Clause
"""Two threads that compute, and hand each other their results by a queue."""

import queue
import threading


def collatz(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def longest(numbers):
    return max(map(collatz, numbers))


def work(tasks, results):
    while (numbers := tasks.get()) is not None:
        results.put(longest(numbers))


def run(size):
    tasks, results = queue.SimpleQueue(), queue.SimpleQueue()
    workers = [threading.Thread(target=work, args=(tasks, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    jobs = 5 * size
    for job in range(jobs):
        first = 2 + job % 40 * 20
        tasks.put(range(first, first + 20))
    for _ in workers:
        tasks.put(None)
    total = sum(results.get() for _ in range(jobs))
    for worker in workers:
        worker.join()
    return total
