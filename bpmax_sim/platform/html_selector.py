"""Read a value from an HTML page by a CSS selector, such as the CSRF field of a login form.

Supported is the part of Selectors Level 4 that finds a form field: type, ``#id``, ``.class`` and
attributes (``[name=csrf]``, ``^=``, ``$=``, ``*=``, ``~=``), joined by a space or ``>``.
``@attribute`` at the end names the attribute to read; without it the value is ``value``,
``content`` or the text.

The tree is built from the tags as they are, without the error recovery of browsers (WHATWG HTML,
13.2). Elements that are never closed, such as ``<p>``, only add ancestors, which does not matter
for selectors by name or id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Final

import msgspec

from bpmax_sim.errors import BAD_PATTERN, ConfigError

_VOID: Final = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
})  # fmt: skip
# Letters, digits, _, - and all beyond ASCII, said by what is none: `re` compiles a range up to
# U+10FFFF a hundred times as slowly.
_NAME = r"-?[^\x00-@\[-\^`{-\x7f][^\x00-,./:-@\[-\^`{-\x7f]*"
_PART = re.compile(
    rf"(?P<kind>[#.])(?P<word>{_NAME})"
    rf"|\[\s*(?P<name>{_NAME}(?::{_NAME})?)\s*"
    rf"(?:(?P<test>[\^$*~]?=)\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[\w-]+))\s*)?\]"
)
# Possessive, or a bracket that is never closed would be tried in every division of the rest.
_PIECES = re.compile(r"\s*>\s*|(?:\[(?:[^\]\"']|\"[^\"]*\"|'[^']*')*+\]|[^\s>\[\]])++")
_WHOLE = re.compile(rf"(?:\s++|{_PIECES.pattern})*+")
_TYPE = re.compile(rf"\*|{_NAME}")
_ATTRIBUTE = re.compile(rf"@({_NAME})\s*$")
_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": lambda has, value: has == value,
    "^=": lambda has, value: bool(value) and has.startswith(value),
    "$=": lambda has, value: bool(value) and has.endswith(value),
    "*=": lambda has, value: bool(value) and value in has,
    "~=": lambda has, value: value in has.split(),
}
_PLACES: Final = {"^=": 0, "$=": 2}
"""Operator -> where its value stands among those of the same attribute; others are between."""
_LONGEST = 2_000_000
"""Characters of a page that are looked at: a login form is never behind them."""

Attributes = Mapping[str, str]


class _Compound(msgspec.Struct, frozen=True):
    """Conditions for one element: its type, and tests of its attributes.

    Attributes:
        type: name of the element; ``*`` for any.
        tests: name, operator ("" if the attribute only has to be there) and value of each test.
        is_child: whether it must be a child of the element before it (``>``), not any descendant.
    """

    type: str
    tests: tuple[tuple[str, str, str], ...]
    is_child: bool = False

    def matches(self, tag: str, attributes: Attributes) -> bool:
        return self.type in {"*", tag} and all(
            name in attributes and (not test or _TESTS[test](attributes[name], value))
            for name, test, value in self.tests
        )

    def make_attributes(self) -> dict[str, str]:
        """Return attributes that pass all tests, as far as several of one attribute allow it."""
        texts: dict[str, list[str]] = {}
        for name, test, value in sorted(self.tests, key=lambda one: _PLACES.get(one[1], 1)):
            texts.setdefault(name, []).extend([value] if test else [])
        exact = {name: value for name, test, value in self.tests if test == "="}
        return {name: exact.get(name, " ".join(parts)) for name, parts in texts.items()}


class Selector(msgspec.Struct, frozen=True):
    """A compiled CSS selector, and the attribute to read.

    Without *attribute*, the attribute ``value`` or ``content`` is read, else the element's text.
    """

    compounds: tuple[_Compound, ...]
    attribute: str = ""

    def find(self, page: str) -> str | None:
        """Return the value of the first matching element of *page*; None if there is none."""
        reader = _PageReader(self)
        try:
            reader.feed(page[:_LONGEST])
            reader.close()
        except _ValueFound:
            pass
        return reader.value

    def make_element(self, value: str) -> str:
        """Return HTML of an element with *value* that this selector finds; used for stand-ins."""
        html = ""
        for compound in reversed(self.compounds):
            is_last = compound is self.compounds[-1]
            any_tag = "input" if is_last else "div"
            tag = any_tag if compound.type == "*" else compound.type
            attributes = compound.make_attributes()
            if is_last:
                attributes[self.attribute or ("content" if tag == "meta" else "value")] = value
            text = "".join(f' {name}="{escape(item)}"' for name, item in attributes.items())
            html = f"<{tag}{text}>" if tag in _VOID else f"<{tag}{text}>{html}</{tag}>"
        return html


@lru_cache(maxsize=256)
def compile_selector(text: str) -> Selector:
    """Return the compiled selector *text*.

    Raises:
        ConfigError: if it is no selector, or uses more than the supported part.
    """
    attribute = _ATTRIBUTE.search(text)
    source = text[: attribute.start()] if attribute else text
    compounds: list[_Compound] = []
    is_child = False
    for piece in _PIECES.findall(source) if _WHOLE.fullmatch(source) else ():
        if piece.strip() == ">":
            if is_child or not compounds:
                break
            is_child = True
            continue
        compound = _compile_compound(piece, is_child=is_child)
        if compound is None:
            compounds.clear()
            break
        compounds.append(compound)
        is_child = False
    if not compounds or is_child:
        raise ConfigError(
            "{text!r} is not a CSS selector that can be used here; write such as "
            "css:input[name=csrf_token], with types, #id, .class, [attribute=value], spaces and > "
            "alone, and @attribute at the end for another one than value",
            text=text,
        )
    return Selector(tuple(compounds), attribute[1].lower() if attribute else "")


def _compile_compound(piece: str, *, is_child: bool) -> _Compound | None:
    kind = _TYPE.match(piece)
    end = kind.end() if kind else 0
    tests: list[tuple[str, str, str]] = []
    while end < len(piece):
        part = _PART.match(piece, end)
        if part is None:
            return None
        if part["kind"]:
            tests.append(
                ("id", "=", part["word"]) if part["kind"] == "#" else ("class", "~=", part["word"])
            )
        else:
            value = next((v for v in part.group("double", "single", "bare") if v is not None), "")
            tests.append((part["name"].lower(), part["test"] or "", value))
        end = part.end()
    return _Compound(kind[0].lower() if kind else "*", tuple(tests), is_child)


@lru_cache(maxsize=256)
def compile_value_regex(text: str) -> re.Pattern[str]:
    """Return the compiled regular expression *text*.

    Its group, or else the whole match, is the value.

    Raises:
        ConfigError: if it is no regular expression, or has several groups.
    """
    try:
        pattern = re.compile(text)
    except BAD_PATTERN as error:
        raise ConfigError(
            "{text!r} is not a regular expression: {error}", text=text, error=error
        ) from None
    if pattern.groups > 1:
        raise ConfigError(
            "{text!r} has {groups} groups; make all but that of the value (?:…)",
            text=text,
            groups=pattern.groups,
        )
    return pattern


class _ValueFound(Exception):  # noqa: N818 - the end of reading, no error
    """Raised to stop reading the page when the value is known."""


class _PageReader(HTMLParser):
    """Reads an HTML page until an element matches the selector and its value is complete."""

    def __init__(self, selector: Selector) -> None:
        super().__init__(convert_charrefs=True)
        self.selector = selector
        self.value: str | None = None
        self._open: list[tuple[str, Attributes]] = []
        self._text: list[str] = []
        self._collects_at = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Of an attribute that is there twice the first counts (WHATWG HTML, attribute name state).
        attributes = {name: value or "" for name, value in reversed(attrs)}
        if self._collects_at:
            if tag not in _VOID:
                self._open.append((tag, attributes))
            return
        if self._matches_selector(tag, attributes):
            self._read_value(tag, attributes)
        if tag not in _VOID:
            self._open.append((tag, attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # the slash means nothing in HTML

    def handle_endtag(self, tag: str) -> None:
        depth = max((i for i, (name, _) in enumerate(self._open, 1) if name == tag), default=0)
        if not depth:
            return
        del self._open[depth - 1 :]
        if self._collects_at and depth <= self._collects_at:
            self._finish_text()

    def handle_data(self, data: str) -> None:
        if self._collects_at:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        if self._collects_at:
            self._finish_text()

    def _finish_text(self) -> None:
        """Take the collected text as the value, without surplus spaces, and stop reading."""
        self.value = " ".join("".join(self._text).split())
        raise _ValueFound

    def _read_value(self, tag: str, attributes: Attributes) -> None:
        """Take the value from the attributes of a matching element, or begin to collect text."""
        names = (self.selector.attribute,) if self.selector.attribute else ("value", "content")
        known = [attributes[name] for name in names if name in attributes]
        if known:
            self.value = known[0]
            raise _ValueFound
        if self.selector.attribute or tag in _VOID:
            return
        self._collects_at = len(self._open) + 1

    def _matches_selector(self, tag: str, attributes: Attributes) -> bool:
        *ancestors, last = self.selector.compounds
        return last.matches(tag, attributes) and self._ancestors_match(
            ancestors, last, len(self._open)
        )

    def _ancestors_match(self, compounds: list[_Compound], below: _Compound, depth: int) -> bool:
        """Return whether the elements around an element satisfy *compounds*, the parts left of it.

        *below* is the part of the selector that the element itself satisfies; *depth* is the number
        of open elements around it.
        """
        if not compounds:
            return True
        *rest, last = compounds
        first = max(depth - 1, 0) if below.is_child else 0
        return any(
            last.matches(*self._open[at]) and self._ancestors_match(rest, last, at)
            for at in range(depth - 1, first - 1, -1)
        )
