"""Add a translation to errors thrown by scripts, whose messages are always in English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from bpmax_sim.i18n import TranslatableText, msg, template, to_plain_english

_MEANINGS: Final[Mapping[str, str]] = {
    r"(?P<name>\S+) is not a (?:function|constructor); did you mean (?P<near>\S+)\?": template(
        "there is no {name}; did you mean {near}?"
    ),
    r"(?P<whole>.+) has no (?P<name>\$\w+); did you mean (?P<near>\$\w+)\?": template(
        "{whole} has no {name}; did you mean {near}?"
    ),
    r"(?P<name>\S+) is not a (?:function|constructor).*": template("{name} cannot be called"),
    r"'?(?P<name>[\w$.]+)'? is not defined": template("nothing is called {name}"),
    r"Cannot (?:read|set) properties of (?P<what>undefined|null) \((?:reading|setting) "
    r"'(?P<name>[^']*)'\)": template("what has to have {name} is {what}"),
}
"""What engine and bench say most to a script, by pattern, and how a reader is told of it."""
_BESIDE: Final = template("{thrown} (that is, {meaning})")


def append_message_in_language(thrown: str, message: str, known_messages: Iterable[str]) -> str:
    """Return *thrown*, followed by its message in the reader's language if not English.

    Errors of this package reach scripts in English, so that scripts do not depend on the language.

    Args:
        thrown: error as shown to the reader.
        message: message of the error as the script has it.
        known_messages: messages of earlier calls; a `TranslatableText` one among them is translated
            exactly.
    """
    meaning = next(
        (
            one
            for one in known_messages
            if to_plain_english(one) and to_plain_english(one) in message
        ),
        "",
    )
    if not isinstance(meaning, TranslatableText):
        meaning = _find_translation(message)
    if not meaning:
        return thrown
    return TranslatableText(
        to_plain_english(thrown), _BESIDE, {"thrown": thrown, "meaning": meaning}
    )


def _find_translation(message: str) -> str:
    for pattern, words in _MEANINGS.items():
        if match := re.fullmatch(pattern, to_plain_english(message)):
            return msg(words, **match.groupdict())
    return ""
