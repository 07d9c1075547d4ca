# SPDX-License-Identifier: BSD-2-Clause
"""Many lines, hardly any calls: primes by a sieve, and a game of life on integers."""


def sieve(limit):
    composite = bytearray(limit)
    count = 0
    for number in range(2, limit):
        if composite[number]:
            continue
        count += 1
        multiple = number * number
        while multiple < limit:
            composite[multiple] = 1
            multiple += number
    return count


def life(generations, width):
    cells = [1 if x * x % 7 < 3 else 0 for x in range(width * width)]
    size = width * width
    for _ in range(generations):
        following = [0] * size
        for place in range(size):
            left = cells[place - 1]
            right = cells[(place + 1) % size]
            above = cells[place - width]
            below = cells[(place + width) % size]
            neighbours = left + right + above + below
            if neighbours == 2:
                following[place] = cells[place]
            elif neighbours == 3:
                following[place] = 1
        cells = following
    return sum(cells)


def run(size):
    total = 0
    for _ in range(size):
        total += sieve(1200)
        total += life(4, 20)
    return total
