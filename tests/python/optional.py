# SPDX-License-Identifier: BSD-2-Clause
"""Tests that need a program which few machines have: where it is missing that is said."""


def where(found, otherwise):
    """Of a test or a class of tests. *otherwise*: why it is left out if nothing was found."""
    def decide(test):
        if found:
            return test
        print(f"left out: {test.__name__}: {otherwise}")
        return None

    return decide
