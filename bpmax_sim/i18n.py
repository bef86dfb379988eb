"""Messages in a language: a template and its values, translated by the catalogues of ``locale``.

`msg` makes a `Translatable`: a ``str``, the English text, that remembers the template and the
values that it was made of; values may be messages. So everything below the edge raises, stores,
compares and serialises English. The terminal, the report, pytest's output and JUnit pass a text
through `translate`, which looks each template up in the catalogue of the chosen language.

Catalogues are gettext's, ``locale/<language>/LC_MESSAGES/bpmax_sim.mo``; `tests.catalogue` extracts
the templates, which are the literal arguments of ``msg``, ``plural`` and `MessageError`.
"""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self, overload
from unicodedata import east_asian_width

if TYPE_CHECKING:
    import gettext

DOMAIN: Final = "bpmax_sim"
CATALOGUES: Final = Path(__file__).parent / "locale"
LANGUAGES: Final = MappingProxyType({"en": "English", "zh": "简体中文"})
"""The languages that messages can be read in, by the name that ``--lang`` takes."""

SHOWN_BY: Final[list[Callable[[Callable[[str], str]], None]]] = []
"""Who shows texts of this process: the last one gets what redacts them of each session opened."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Translatable(str):
    """An English text that knows what it was made of.

    Attributes:
        template: what the catalogue is asked for, with ``{name}`` where a value goes.
        values: the text of each value; a `Translatable` where it was one.
        many: for a `plural`, the template of all numbers but one; else empty.
    """

    __slots__ = ("many", "template", "values")

    template: str
    values: Mapping[str, str]
    many: str

    def __new__(
        cls, text: str, template: str, values: Mapping[str, str] = _NOTHING, many: str = ""
    ) -> Self:
        """Make the message that reads *text* in English."""
        self = super().__new__(cls, text)
        self.template = template
        self.values = values
        self.many = many
        return self

    def __str__(self) -> str:
        """Return the message itself: ``str(error)`` goes on knowing its template."""
        return self

    def __add__(self, other: str, /) -> str:
        """Return both, one after the other, as a message."""
        return join_messages("", (self, other)) if other else self

    def __radd__(self, other: str, /) -> str:
        """Return both, one after the other, as a message."""
        return join_messages("", (other, self)) if other else self

    def strip(self, chars: str | None = None, /) -> str:
        """Return the message itself where there is nothing to strip."""
        text = super().strip(chars)
        return self if len(text) == len(self) else text

    def rstrip(self, chars: str | None = None, /) -> str:
        """Return the message itself where there is nothing to strip."""
        text = super().rstrip(chars)
        return self if len(text) == len(self) else text

    def splitlines(self, keepends: bool = False) -> list[str]:
        """Return the lines; those of a message that only joins others are messages again."""
        lines = super().splitlines(keepends)
        if lines == [plain_text(self)]:
            return [self]
        if keepends or not self.values or self.many:
            return lines
        if any(
            letter.isalpha() for literal, *_ in _parse_template(self.template) for letter in literal
        ):
            return lines
        return [
            "".join(line) if not line else join_messages("", line) for line in _message_lines(self)
        ]

    def __reduce__(self) -> tuple[object, ...]:
        return Translatable, (plain_text(self), self.template, dict(self.values), self.many)


def plain_text(text: str) -> str:
    """Return the English text alone, as a ``str`` for encoders that take no class of ours."""
    return str.__str__(text) if type(text) is str else "".join(text)


def encode_message(value: object) -> object:
    """Return the text of a message: the ``enc_hook`` of msgspec, which knows ``str`` itself alone.

    Raises:
        NotImplementedError: *value* is something else, as msgspec wants to be told.
    """
    if isinstance(value, Translatable):
        return plain_text(value)
    raise NotImplementedError(f"objects of type {type(value).__name__}")


def read_message(value: object) -> str:
    """Return the message that a trace holds as its template and values, or as a text."""
    if not isinstance(value, Mapping):
        return "" if value is None else str(value)
    values = {name: read_message(part) for name, part in (value.get("values") or {}).items()}
    text, template = str(value.get("text", "")), str(value.get("template", ""))
    return Translatable(text, template, values, str(value.get("many", "")))


def template(text: str, /) -> str:
    """Mark *text* as a template that is filled later, so that the catalogues know it.

    What stands in a table and is filled by `msg` later is no message yet: a message made of a
    message would look its values up by the wrong names when it is translated.
    """
    return text


@overload  # a message as template makes None, which is refused wherever a text is wanted
def msg(template: Translatable, /, **values: object) -> None: ...  # type: ignore[overload-overlap]
@overload
def msg(template: str, /, **values: object) -> str: ...
def msg(template: str, /, **values: object) -> str | None:
    """Return the message that *template* makes of *values*, a `Translatable`.

    Args:
        template: English, as ``str.format`` takes it: ``{name}``, ``{name!r}``, ``{count:,}``.
            Without any value its text is taken as it stands, braces too.
        values: what goes into it; a `Translatable` stays one, what the template lacks is left out.

    Raises:
        TypeError: the template is a message itself; mark it with `template` where it is written.
    """
    if type(template) is Translatable:
        raise TypeError(f"a message is no template: {plain_text(template)!r}")
    if not values:
        return Translatable(template, template)
    texts = {
        name: _format_value(values[name], *how) for name, how in template_fields(template).items()
    }
    return Translatable(_fill_values(template, texts), template, texts)


def fill_message(text: str, values: Mapping[str, object]) -> str:
    """Return *text* as it stands, or where there are *values* the message that they make of it."""
    return msg(text, **values) if values else text


def plural(number: int, singular: str, many: str, /, **values: object) -> str:
    """Return *singular* or *many*, as *number* demands; ``{number}`` in them is the number.

    gettext's ``ngettext``: a language may have another number of forms than two.
    """
    template = singular if number == 1 else many
    everything: dict[str, object] = {"number": number, **values}
    forms = {**template_fields(singular), **template_fields(many)}
    texts = {n: _format_value(v, *forms.get(n, ("", ""))) for n, v in everything.items()}
    return Translatable(_fill_values(template, texts), singular, texts, many)


class MessageError(Exception):
    """An error whose text is a message, made of a template and its values as `msg` makes it."""

    def __init__(self, template: str, /, **values: object) -> None:
        """Make the message; a text that is a message already stays it."""
        is_message = type(template) is Translatable and not values
        super().__init__(template if is_message else msg(template, **values))


def join_messages(separator: str, parts: Iterable[str]) -> str:
    """Return ``separator.join(parts)``, as a message where one of *parts* or *separator* is."""
    pieces: list[str] = []
    for part in parts:
        pieces += [separator, part] if pieces else [part]
    pieces = [piece for piece in pieces if piece]
    if not any(isinstance(piece, Translatable) for piece in pieces):
        return "".join(pieces)
    if len(pieces) == 1:
        return pieces[0]
    texts = {f"part{number}": piece for number, piece in enumerate(pieces)}
    return Translatable("".join(pieces), "".join(f"{{{name}}}" for name in texts), texts)


def label_message(label: object, text: object) -> str:
    """Return ``label: text``, with the colon that a language has."""
    return join_messages(msg(": "), (str(label), str(text)))


def series(parts: Iterable[str]) -> str:
    """Return *parts* as a language writes the items of a list: ``a, b``, or ``a、b``."""
    return join_messages(msg(", "), parts)


def map_message(text: str, change: Callable[[str], str]) -> str:
    """Return *change* of *text*; a message stays one where changing its values does the same."""
    changed = change(plain_text(text))
    if not isinstance(text, Translatable) or changed == text:
        return text if changed == text else changed
    values = {name: map_message(value, change) for name, value in text.values.items()}
    template = text.many if text.many and values.get("number") != "1" else text.template
    same = bool(values) and _fill_values(template, values) == changed
    return Translatable(changed, text.template, values, text.many) if same else changed


def cut_message(text: str, room: int) -> str:
    """Return *text* in *room* characters at most, an ellipsis at its end where it is longer.

    Of a message its last value is cut, so that it stays a message.
    """
    if len(text) <= room:
        return text
    short = plain_text(text)[: room - 1] + "…"
    if not isinstance(text, Translatable):
        return short
    template = text.many if text.many and text.values["number"] != "1" else text.template
    name = next((name for _, name, _, _ in reversed(_parse_template(template)) if name), "")
    left = len(text.values.get(name, "")) - (len(text) - room)
    if left < 1:
        return short
    values = {**text.values, name: cut_message(text.values[name], left)}
    cut = Translatable(_fill_values(template, values), text.template, values, text.many)
    return cut if len(cut) <= room else short


def common_message(one: str, other: str) -> str:
    """Return what *one* and *other* say alike, with ``…`` for values that are not the same."""
    if one == other:
        return one
    if (
        not isinstance(one, Translatable)
        or not isinstance(other, Translatable)
        or (one.template, one.many, {*one.values}) != (other.template, other.many, {*other.values})
        or not one.values
        or one.many
    ):
        return "…"
    values = {name: common_message(text, other.values[name]) for name, text in one.values.items()}
    return Translatable(_fill_values(one.template, values), one.template, values)


def _format_value(value: object, conversion: str, spec: str) -> str:
    if isinstance(value, Translatable) and not conversion and spec[:1] in {"", "<"}:
        return value  # a column is as wide in every language, see `_fill_values`
    if isinstance(value, str):
        value = plain_text(value)
    if conversion:
        value = repr(value) if conversion == "r" else ascii(value)
    return format(value, spec)


@lru_cache(maxsize=4096)
def _parse_template(template: str) -> tuple[tuple[str, str | None, str, str], ...]:
    return tuple(
        (literal, name, conversion or "", spec or "")
        for literal, name, spec, conversion in string.Formatter().parse(template)
    )


@lru_cache(maxsize=4096)
def template_fields(template: str) -> Mapping[str, tuple[str, str]]:
    """Return conversion and format of each value of *template*, by its name."""
    parsed = _parse_template(template)
    return {name: (conversion, spec) for _, name, conversion, spec in parsed if name is not None}


def _fill_values(
    template: str, values: Mapping[str, str], shown: Mapping[str, str] = _NOTHING
) -> str:
    """Return *template* with *values*, or with what is *shown* of them in another language."""
    parts: list[str] = []
    for literal, name, _, spec in _parse_template(template):
        parts.append(literal)
        if name is not None:
            text = plain_text(shown.get(name, values[name]))
            parts.append(text)
            if spec[:1] == "<" and isinstance(values[name], Translatable):
                parts.append(" " * (int(spec[1:]) - display_width(text)))
    return "".join(parts)


def display_width(text: str) -> int:
    """Return how many columns of a terminal *text* takes: two for each Chinese character."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _message_lines(message: Translatable) -> list[list[str]]:
    """Return the pieces of each line of what *message* joins."""
    lines: list[list[str]] = [[]]
    for literal, name, _, _ in _parse_template(message.template):
        for piece in (literal, message.values[name] if name is not None else ""):
            if "\n" not in piece:
                lines[-1].append(piece)
                continue
            first, *rest = piece.splitlines()
            lines[-1].append(first)
            lines += [[part] for part in rest]
            if piece.endswith("\n"):
                lines.append([])
    return lines if any(lines[-1]) else lines[:-1]


# ---------------------------------------------------------------------------- languages


class UnknownLanguageError(MessageError, ValueError):
    """A language that there is no catalogue for."""


class _ReaderLanguage:
    """The language of this process's reader: one terminal, one report, one language."""

    language = ""


def choose_language(language: str | None = None, *, configured: str | None = None) -> str:
    """Choose the language that `translate` puts messages into, and return its name.

    Args:
        language: what the reader asks for (``--lang``); ``BPMAX_SIM_LANG`` comes next.
        configured: that of the project (``[tool.bpmax_sim] language``); else the locale tells.

    Raises:
        UnknownLanguageError: there is none of this name; says which there are.
    """
    name = language or os.environ.get("BPMAX_SIM_LANG") or configured
    known = re.split(r"[-_.]", name.lower())[0] if name else _locale_language()
    if known not in LANGUAGES:
        languages = series(f"{name} ({title})" for name, title in LANGUAGES.items())
        raise UnknownLanguageError(
            "no language {language!r}; there are {languages}", language=name, languages=languages
        )
    _ReaderLanguage.language = known
    return known


def current_language() -> str:
    """Return the language that `translate` puts messages into."""
    return _ReaderLanguage.language or "en"


def _locale_language() -> str:
    """Return the language of the locale, by the variables that gettext looks at."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "zh" if value.lower().startswith("zh") else "en"
    import locale  # noqa: PLC0415 - only Windows, which sets none of them, asks the C library

    name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


@lru_cache
def _load_catalogue(language: str) -> gettext.NullTranslations:
    import gettext  # noqa: PLC0415 - a run in English never needs it

    return gettext.translation(DOMAIN, CATALOGUES, [language], fallback=True)


def translate(text: str, language: str | None = None) -> str:
    """Return *text* in *language*, or in the chosen one; English where the catalogue lacks it.

    A text that is no `Translatable` is returned as it is: user data is nobody's to translate.
    """
    language = language or current_language()
    if not isinstance(text, Translatable):
        return text
    if language == "en":
        return plain_text(text)
    catalogue = _load_catalogue(language)
    if text.many:
        number = int(plain_text(text.values["number"]).replace(",", ""))
        template = catalogue.ngettext(text.template, text.many, number)
    else:
        template = catalogue.gettext(text.template) if text.template else ""
    if not text.values:
        return template
    shown = {name: translate(value, language) for name, value in text.values.items()}
    return _fill_values(template, text.values, shown)
