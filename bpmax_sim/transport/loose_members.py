"""Members of texts that are almost JSON: a name twice, JSONP, text that is cut off, JavaScript.

Parsers refuse such texts or lose values of them. What is found here serves to search names only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from bpmax_sim.cassette.model import group_by_name
from bpmax_sim.secret.secret_names import (
    is_redactable_everywhere,
    is_secret_name,
    is_secret_value,
)

_NAME: Final = re.compile(r'(?<!\\)"((?:[^"\\]|\\.){1,480}+)"\s*+:')
_JSONP: Final = re.compile(
    r"(?:\s|/\*.{0,99}?\*/)*+[\w.$]{1,200}\s*+\(\s*+([{\[].*[}\]])\s*\)\s*;?\s*", re.DOTALL
)
# Repetitions are bounded, so that the time grows with the text and not with its square.
_ASSIGNMENT: Final = re.compile(
    r"""(?<![\w$-])(?!(?<=\\)u[0-9A-Fa-f]{4})(?P<mark>["']?)"""
    r"""(?P<name>(?:[\w$-]|\\u[0-9A-Fa-f]{4}){2,80})(?P=mark)\s{0,9}[:=]\s{0,9}"""
    r"""(?P<quote>["'`])(?P<text>(?:(?!(?P=quote))[^\\\r\n]|\\.){6,4000})(?P=quote)"""
)
_SCRIPT: Final = re.compile(r"<script\b[^<>]*>(.*?)</script", re.DOTALL | re.IGNORECASE)
_ENCODED: Final = re.compile(r"[A-Za-z0-9][!-~]*")
_MARKS_OF_TEMPLATES: Final = re.compile(r"[{}<>$%()|]")


def restore_repeated_members(value: Any, text: str) -> Any:
    """Return *value*, parsed from the JSON *text*, with all values of secret names in one object.

    Of a name that an object has twice, parsers keep the last value; here it has a list of all.
    """
    counts = Counter(map(_unescape, _NAME.findall(text)))
    if not any(count > 1 and is_secret_name(name) for name, count in counts.items()):
        return value
    try:
        return json.loads(text, object_pairs_hook=group_by_name, strict=False)
    except (ValueError, RecursionError):
        return value


def unwrap_jsonp(text: str) -> str:
    """Return the JSON of *text*, a call of JavaScript such as ``callback({…});``, else ""."""
    found = _JSONP.fullmatch(text)
    return found[1] if found else ""


def find_assigned_secrets(text: str, *, is_data: bool) -> Iterator[tuple[str, str]]:
    """Yield name and value where a secret name stands before a quoted text, as in JavaScript.

    In data, such as JSON that was cut off, a quoted name has any value that a secret may have. In
    programs and pages, which have labels and selectors under these names, too, a value has to look
    like none.
    """
    for found in _ASSIGNMENT.finditer(text):
        name = _unescape(found["name"])
        if not is_secret_name(name):
            continue
        value = _unescape(found["text"])
        if is_secret_value(name, value) and (
            (is_data and found["mark"]) or is_certainly_no_word(value)
        ):
            yield name, value


def find_secrets_in_scripts(markup: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the secrets in the inline scripts of *markup*."""
    for script in _SCRIPT.findall(markup):
        yield from find_assigned_secrets(script, is_data=False)


def is_certainly_no_word(value: str) -> bool:
    """Return whether *value* beside a secret name is no label, path, selector or template.

    Only what has a digit is: texts of programs and forms have these names, too.
    """
    return (
        bool(_ENCODED.fullmatch(value))
        and any(character.isdigit() for character in value)
        and not _MARKS_OF_TEMPLATES.search(value)
        and not is_secret_name(value)
    )


def find_named_value(member: Mapping[Any, Any]) -> tuple[str, str] | None:
    """Return (key of the value, name) of an object that names a secret in one of its own members.

    Such are ``{"name": "password", "value": "…"}`` of HAR, Postman and forms. None for others.
    """
    value_key = next((key for key in member if _fold(key) in _OF_VALUES), None)
    if value_key is None or not isinstance(text := member[value_key], str):
        return None
    for key, name in member.items():
        if isinstance(name, str) and _fold(key) in _OF_NAMES and is_secret_name(name):
            return (str(value_key), name) if _is_value_of_pair(name, text) else None
    return None


_OF_NAMES: Final = frozenset({"name", "key", "field", "fieldname", "paramname", "param"})
_OF_VALUES: Final = frozenset({"value", "val", "fieldvalue", "paramvalue"})


@lru_cache(maxsize=4096)
def _fold(key: object) -> str:
    return str(key).replace("_", "").lower()


def _is_value_of_pair(name: str, text: str) -> bool:
    return (
        is_secret_value(name, text)
        and is_certainly_no_word(text)
        and is_redactable_everywhere(text)  # beside the name of such a pair it is not looked for
    )


def _unescape(text: str) -> str:
    """Return the text of a literal of JSON or JavaScript; as it is if it has other escapes."""
    if "\\" in text:
        with suppress(ValueError):
            unescaped: str = json.loads('"{}"'.format(text.replace("\\'", "'")))
            return unescaped
    return text


def group_texts(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return *pairs* by name, each value once."""
    return group_by_name([*dict.fromkeys(pairs)])
