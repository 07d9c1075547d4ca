# SPDX-License-Identifier: BSD-2-Clause
"""Reads a command line that ends with a program, to which all words after it belong.

argparse has no such form: it goes on to look for its own options behind a word that it does
not know. Nor may the runner import it, or anything else of the standard library that it can
do without: the program would find those modules imported, as it does not without the runner,
and they could be files of its own folder. What this needs is built into the interpreter.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, NoReturn

    Fail = Callable[[str], NoReturn]

NONE, OPTIONAL, REQUIRED = range(3)


class Option:
    """*take* is handed the object that has the options, and the argument if there is one."""

    def __init__(self, take: "Callable[[Any, str | None], None]", argument: int) -> None:
        self.take = take
        self.argument = argument


def flag(attribute: str) -> Option:
    return Option(lambda options, _: setattr(options, attribute, True), NONE)


def value(attribute: str, convert: "Callable[[str], object]" = str) -> Option:
    return Option(lambda options, text: setattr(options, attribute, convert(text or "")),
                  REQUIRED)


def take_options(words: list[str], known: "Mapping[str, Option]", options: object,
                 fail: "Fail") -> bool:
    """Take the options away from the front of these words.

    Returns: True where "--" has ended them, which is taken away too; False where a word has
    that is none of these options.
    """
    while words:
        word = words[0]
        if word == "--":
            del words[0]
            return True
        name, text = split(word)
        if name not in known:
            break
        del words[0]
        option = known[name]
        if text is None and option.argument == REQUIRED:
            if not words:
                fail(f"option {name} needs an argument")
            text = words.pop(0)
        elif text is not None and option.argument == NONE:
            fail(f"option {name} takes no argument")
        option.take(options, text)
    return False


def split(word: str) -> tuple[str, str | None]:
    """The option and the argument that is in the same word."""
    if not word.startswith("--"):
        return word[:2], word[2:] or None
    name, equals, text = word.partition("=")
    return name, text if equals else None


def is_option(word: str) -> bool:
    """"-" alone is not: it stands for standard input."""
    return word.startswith("-") and word != "-"
