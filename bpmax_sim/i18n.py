"""Translatable messages: a template with values, translated by the catalogues in ``locale``.

`msg` returns a `TranslatableText`: a ``str`` with the English text that also keeps its template and
values, which may be messages themselves. So all code raises, stores, compares and serialises
English. Only output (terminal, report, pytest, JUnit) passes a text through `translate`, which
looks up each template in the catalogue of the chosen language.

Catalogues are in gettext's format, ``locale/<language>/LC_MESSAGES/bpmax_sim.mo``.
`tests.catalogue` extracts the templates: the literal arguments of ``msg``, ``plural`` and
`MessageError`.
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


class TranslatableText(str):
    """An English text that keeps the template and the values it was made from.

    Attributes:
        template: key in the catalogue, with ``{name}`` for each value.
        values: text of each value; a `TranslatableText` if the value was one.
        many: for a `plural`, the template for all numbers except one; else "".
    """

    __slots__ = ("many", "template", "values")

    template: str
    values: Mapping[str, str]
    many: str

    def __new__(
        cls, text: str, template: str, values: Mapping[str, str] = _NOTHING, many: str = ""
    ) -> Self:
        """Create the message with the English *text*."""
        self = super().__new__(cls, text)
        self.template = template
        self.values = values
        self.many = many
        return self

    def __str__(self) -> str:
        """Return the message itself, so that ``str(error)`` keeps its template."""
        return self

    def __add__(self, other: str, /) -> str:
        """Return the concatenation as a message."""
        return join_messages("", (self, other)) if other else self

    def __radd__(self, other: str, /) -> str:
        """Return the concatenation as a message."""
        return join_messages("", (other, self)) if other else self

    def strip(self, chars: str | None = None, /) -> str:
        """Return the message itself if there is nothing to strip, else a plain ``str``."""
        text = super().strip(chars)
        return self if len(text) == len(self) else text

    def rstrip(self, chars: str | None = None, /) -> str:
        """Return the message itself if there is nothing to strip, else a plain ``str``."""
        text = super().rstrip(chars)
        return self if len(text) == len(self) else text

    def splitlines(self, keepends: bool = False) -> list[str]:
        """Return the lines; those of a message that only joins other messages stay translatable."""
        lines = super().splitlines(keepends)
        if lines == [to_plain_english(self)]:
            return [self]
        if keepends or not self.values or self.many:
            return lines
        if any(
            letter.isalpha() for literal, *_ in _parse_template(self.template) for letter in literal
        ):
            return lines
        return [
            "".join(line) if not line else join_messages("", line)
            for line in _split_message_lines(self)
        ]

    def __reduce__(self) -> tuple[object, ...]:
        return TranslatableText, (
            to_plain_english(self),
            self.template,
            dict(self.values),
            self.many,
        )


def to_plain_english(text: str) -> str:
    """Return the untranslated text as a real ``str``, for encoders that accept no subclass."""
    return str.__str__(text) if type(text) is str else "".join(text)


def encode_as_english(value: object) -> object:
    """Return the English text of a message, as ``enc_hook`` of msgspec.

    msgspec encodes ``str`` but no subclass of it, and calls the hook for others.

    Raises:
        NotImplementedError: if *value* is not a message, as msgspec requires.
    """
    if isinstance(value, TranslatableText):
        return to_plain_english(value)
    raise NotImplementedError(f"objects of type {type(value).__name__}")


def message_from_json(value: object) -> str:
    """Return the message that a trace contains as template and values, or as plain text.

    "" if *value* is None.
    """
    if not isinstance(value, Mapping):
        return "" if value is None else str(value)
    parts = value.get("values")
    known = parts if isinstance(parts, Mapping) else {}  # a file may have been damaged
    values = {name: message_from_json(part) for name, part in known.items()}
    text, template = str(value.get("text", "")), str(value.get("template", ""))
    return TranslatableText(text, template, values, str(value.get("many", "")))


def template(text: str, /) -> str:
    """Mark *text* as a template to be filled later by `msg`, so that the catalogues contain it.

    A text in a table must not be made by `msg`: a message made from a message would look up its
    values under wrong names when translated.
    """
    return text


@overload  # a message as template makes None, which is refused wherever a text is wanted
def msg(template: TranslatableText, /, **values: object) -> None: ...  # type: ignore[overload-overlap]
@overload
def msg(template: str, /, **values: object) -> str: ...
def msg(template: str, /, **values: object) -> str | None:
    """Return the message made from *template* and *values*, a `TranslatableText`.

    It never returns None: that is only what type checkers see for a template that is itself a
    message.

    Args:
        template: English format string as for ``str.format``: ``{name}``, ``{name!r}``,
            ``{count:,}``. Without values its text is used unchanged, including braces.
        values: values to insert; a `TranslatableText` is kept as one; names not in the template are
            ignored.

    Raises:
        TypeError: if the template is itself a message; mark it with `template` where it is written.
    """
    if type(template) is TranslatableText:
        raise TypeError(f"a message is no template: {to_plain_english(template)!r}")
    if not values:
        return TranslatableText(template, template)
    texts = {
        name: _format_value(values[name], *how)
        for name, how in parse_template_fields(template).items()
    }
    return TranslatableText(_fill_values(template, texts), template, texts)


def fill_if_values(text: str, values: Mapping[str, object]) -> str:
    """Return *text* unchanged if *values* is empty, else the message made from both."""
    return msg(text, **values) if values else text


class DataValue:
    """A value of a YAML or JSON file, or of a script, in a message: with null, true and false."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        """Show *value*, for ``{value!r}`` with quotes around texts."""
        self.value = value

    def __str__(self) -> str:
        """Return it without quotes around a text."""
        return self.value if isinstance(self.value, str) else repr(self)

    def __repr__(self) -> str:
        """Return it as a file has it, in one line."""
        value = self.value
        if value is None or isinstance(value, bool):
            return "null" if value is None else str(value).lower()
        if isinstance(value, Mapping):
            members = [f"{DataValue(key)!r}: {DataValue(one)!r}" for key, one in value.items()]
            return f"{{{', '.join(members)}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join([repr(DataValue(one)) for one in value])}]"
        return repr(value)


def plural(number: int, singular: str, many: str, /, **values: object) -> str:
    """Return the message for *number*: *singular* for 1, else *many*; both may use ``{number}``.

    As with gettext's ``ngettext``, a translation may have another number of plural forms.
    """
    template = singular if number == 1 else many
    everything: dict[str, object] = {"number": number, **values}
    forms = {**parse_template_fields(singular), **parse_template_fields(many)}
    texts = {n: _format_value(v, *forms.get(n, ("", ""))) for n, v in everything.items()}
    return TranslatableText(_fill_values(template, texts), singular, texts, many)


class MessageError(Exception):
    """An error whose text is a message, made from template and values as by `msg`."""

    def __init__(self, template: str, /, **values: object) -> None:
        """Make the message; if *template* is already a message, it is used unchanged."""
        is_message = type(template) is TranslatableText and not values
        super().__init__(template if is_message else msg(template, **values))


def join_messages(separator: str, parts: Iterable[str]) -> str:
    """Return ``separator.join(parts)``, as a message if *separator* or one of *parts* is one."""
    pieces: list[str] = []
    for part in parts:
        pieces += [separator, part] if pieces else [part]
    pieces = [piece for piece in pieces if piece]
    if not any(isinstance(piece, TranslatableText) for piece in pieces):
        return "".join(pieces)
    if len(pieces) == 1:
        return pieces[0]
    texts = {f"part{number}": piece for number, piece in enumerate(pieces)}
    return TranslatableText("".join(pieces), "".join(f"{{{name}}}" for name in texts), texts)


def label_message(label: object, text: object) -> str:
    """Return ``label: text``, with the colon of the reader's language."""
    return join_messages(msg(": "), (str(label), str(text)))


def join_list(parts: Iterable[str]) -> str:
    """Return *parts* as a list in the reader's language: ``a, b``, or ``a、b``."""
    return join_messages(msg(", "), parts)


def change_english_text(text: str, change: Callable[[str], str]) -> str:
    """Return *text* after *change*, a function that gets its English text.

    A message stays translatable if *change* only alters its values: if filling the template with
    the changed values gives the same text. Otherwise the result is a plain text.
    """
    changed = change(to_plain_english(text))
    if not isinstance(text, TranslatableText) or changed == text:
        return text if changed == text else changed
    values = {name: change_english_text(value, change) for name, value in text.values.items()}
    template = text.many if text.many and values.get("number") != "1" else text.template
    same = bool(values) and _fill_values(template, values) == changed
    return TranslatableText(changed, text.template, values, text.many) if same else changed


def cut_message(text: str, max_length: int) -> str:
    """Return *text* shortened to *max_length* characters, with an ellipsis if it was longer.

    In a message the last value is shortened, so that it stays a message.
    """
    if len(text) <= max_length:
        return text
    short = to_plain_english(text)[: max_length - 1] + "…"
    if not isinstance(text, TranslatableText):
        return short
    template = text.many if text.many and text.values["number"] != "1" else text.template
    name = next((name for _, name, _, _ in reversed(_parse_template(template)) if name), "")
    left = len(text.values.get(name, "")) - (len(text) - max_length)
    if left < 1:
        return short
    values = {**text.values, name: cut_message(text.values[name], left)}
    cut = TranslatableText(_fill_values(template, values), text.template, values, text.many)
    return cut if len(cut) <= max_length else short


def generalise_messages(one: str, other: str) -> str:
    """Return the message that *one* and *other* share, with ``…`` in place of values that differ.

    It serves to group messages that differ in names only. Messages with different templates share
    nothing, so the result is ``…``.
    """
    if one == other:
        return one
    if (
        not isinstance(one, TranslatableText)
        or not isinstance(other, TranslatableText)
        or (one.template, one.many, {*one.values}) != (other.template, other.many, {*other.values})
        or not one.values
        or one.many
    ):
        return "…"
    values = {
        name: generalise_messages(text, other.values[name]) for name, text in one.values.items()
    }
    return TranslatableText(_fill_values(one.template, values), one.template, values)


def _format_value(value: object, conversion: str, spec: str) -> str:
    if isinstance(value, TranslatableText) and not conversion and spec[:1] in {"", "<"}:
        return value  # a column is as wide in every language, see `_fill_values`
    if isinstance(value, str):
        value = to_plain_english(value)
    if conversion:
        value = repr(value) if conversion == "r" else ascii(value)
    if spec == "g" and isinstance(value, int | float):
        return format_number(value)
    return format(value, spec)


_MOST_DIGITS: Final = 15  # as many as a float always has


def format_number(value: float) -> str:
    """Return *value* as people write it: ``0.3``, ``7200000``, ``0.00001``; no power of ten.

    It is rounded to six digits, or to a whole number where that has more. One of more than 15
    places before or behind the point keeps its power.
    """
    text = f"{value:g}"
    if "e" not in text or not 10**-_MOST_DIGITS <= abs(value) < 10**_MOST_DIGITS:
        return text
    return f"{value:.0f}" if abs(value) >= 1 else f"{value:.{_MOST_DIGITS}f}".rstrip("0")


@lru_cache(maxsize=4096)
def _parse_template(template: str) -> tuple[tuple[str, str | None, str, str], ...]:
    return tuple(
        (literal, name, conversion or "", spec or "")
        for literal, name, spec, conversion in string.Formatter().parse(template)
    )


@lru_cache(maxsize=4096)
def parse_template_fields(template: str) -> Mapping[str, tuple[str, str]]:
    """Return name -> conversion and format (``!r`` and ``:,``) of each value in *template*."""
    parsed = _parse_template(template)
    return {name: (conversion, spec) for _, name, conversion, spec in parsed if name is not None}


def _fill_values(
    template: str, values: Mapping[str, str], translations: Mapping[str, str] = _NOTHING
) -> str:
    """Return *template* filled with *values*; a value that *translations* has is taken from there.

    A translated value is padded to the width that the template demands, counted in columns. A
    space of the template that would stand between wide characters, which Chinese does not have, is
    left out beside a message; values of users keep theirs.
    """
    parts: list[str] = []
    after = ""  # the message that was just inserted
    for literal, name, _, spec in _parse_template(template):
        message = name is not None and type(values[name]) is TranslatableText
        text = "" if name is None else translations.get(name, values[name])
        text = text if type(text) is str else to_plain_english(text)
        inserted = text if message else ""
        is_beside = bool(after or inserted)
        parts += (
            _strip_spaces_between_wide(after, literal, inserted) if is_beside else literal,
            text,
        )
        after = inserted
        # Not by `format`, which counts characters: a Chinese one takes two columns.
        if message and spec[:1] == "<":
            parts.append(" " * (int(spec[1:]) - measure_display_width(text)))
    return "".join(parts)


def measure_display_width(text: str) -> int:
    """Return the number of terminal columns that *text* takes: two for each Chinese character."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _strip_spaces_between_wide(before: str, literal: str, behind: str) -> str:
    """Return *literal* without a single space at its beginning or end between two wide characters.

    *before* and *behind* are the texts around it; Chinese text has no such spaces.
    """
    if literal[:1] == " " and _is_wide(before[-1:]) and _is_wide(literal[1:2]):
        literal = literal[1:]
    if literal[-1:] == " " and _is_wide(literal[-2:-1]) and _is_wide(behind[:1]):
        return literal[:-1]
    return literal


def _is_wide(letter: str) -> bool:
    """Return whether *letter* is a Chinese one, or punctuation as wide as one; "" is not."""
    return bool(letter) and measure_display_width(letter) == _WIDE


_WIDE = 2


def _split_message_lines(message: TranslatableText) -> list[list[str]]:
    """Return the lines of a message whose values contain line breaks, each line as its parts.

    Most parts are messages themselves, so that each line can be translated on its own.
    """
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
    """Raised for a language without catalogue."""


class _ReaderLanguage:
    """The language of output, one for the whole process."""

    language = ""


def choose_language(language: str | None = None, *, configured: str | None = None) -> str:
    """Choose the language of `translate`, and return its name.

    Args:
        language: language requested by the reader (``--lang``); else that of ``BPMAX_SIM_LANG``.
        configured: language of the project (``[tool.bpmax_sim] language``), used next; else that of
            the locale.

    Raises:
        UnknownLanguageError: if there is no such language; the message lists all.
    """
    name = language or os.environ.get("BPMAX_SIM_LANG") or configured
    known = re.split(r"[-_.]", name.lower())[0] if name else _get_locale_language()
    if known not in LANGUAGES:
        languages = join_list(f"{name} ({title})" for name, title in LANGUAGES.items())
        raise UnknownLanguageError(
            "no language {language!r}; there are {languages}", language=name, languages=languages
        )
    _ReaderLanguage.language = known
    return known


def get_current_language() -> str:
    """Return the language chosen for `translate`."""
    return _ReaderLanguage.language or "en"


def _get_locale_language() -> str:
    """Return the language of the locale, from the environment variables that gettext reads."""
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
    """Return *text* in *language* (default: the chosen one); English if the catalogue lacks it.

    A text that is not a `TranslatableText` is returned unchanged: it is user data.
    """
    language = language or get_current_language()
    if not isinstance(text, TranslatableText):
        return text
    if language == "en":
        return to_plain_english(text)
    catalogue = _load_catalogue(language)
    if text.many:
        number = int(to_plain_english(text.values["number"]).replace(",", ""))
        template = catalogue.ngettext(text.template, text.many, number)
    else:
        template = catalogue.gettext(text.template) if text.template else ""
    if not text.values:
        return template
    shown = {name: translate(value, language) for name, value in text.values.items()}
    return _fill_values(template, text.values, shown)
