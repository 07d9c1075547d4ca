# SPDX-License-Identifier: BSD-2-Clause
"""A report that takes longer than it should: the README finds out why."""

import json
import pathlib
import tempfile

RECORDS = 20_000


def make_rates(folder):
    path = folder / "rates.json"
    path.write_text(json.dumps({"EUR": 1.0, "USD": 1.08, "JPY": 161.2}))
    return path


class Rates:
    def __init__(self, path):
        self.path = path

    def rate(self, currency):
        return self.load()[currency]

    def load(self):
        with open(self.path) as file:
            return json.load(file)


def records():
    for number in range(RECORDS):
        yield number % 100, ("EUR", "USD", "JPY")[number % 3]


def total(rates):
    return sum(amount / rates.rate(currency) for amount, currency in records())


def main():
    with tempfile.TemporaryDirectory() as folder:
        rates = Rates(make_rates(pathlib.Path(folder)))
        print(f"total: {total(rates):.2f} EUR")


if __name__ == "__main__":
    main()
