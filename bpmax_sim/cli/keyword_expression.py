"""``-k``: expressions of names with and, or, not and brackets, in the grammar of pytest.

expression: and_test ('or' and_test)*
and_test:   not_test ('and' not_test)*
not_test:   'not' not_test | '(' expression ')' | NAME
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg

Matches = Callable[[Sequence[str]], bool]
"""Whether words, all in lower case, are selected."""

_NAME = r"(?::?\w|[-+:.\[\]\\/])+"
_TOKEN = re.compile(rf"\s*({_NAME}|\S)")
_IS_NAME = re.compile(_NAME)
_RESERVED = frozenset({"and", "or"})


def parse_keyword(text: str) -> Matches:
    """Return a function that returns whether a list of words matches the ``-k`` expression *text*.

    A name in the expression matches any word that contains it.

    Raises:
        ConfigError: if *text* cannot be parsed.
    """
    parser = _Parser(text)
    matches = parser.parse_expression()
    if parser.current_word:
        parser.fail(msg("and, or, or the end"))
    return matches


class _Parser:
    """A recursive-descent parser of one ``-k`` expression: or, and, not, parentheses, names."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)

    @property
    def current_word(self) -> str:
        """Return the current token, or "" at the end."""
        return self._tokens[0] if self._tokens else ""

    def fail(self, expected: str) -> NoReturn:
        raise ConfigError(
            "-k {text!r}: expected {expected}, got {got}; write it as for pytest, such as "
            "-k 'crm and not slow'",
            text=self._text,
            expected=expected,
            got=self.current_word or msg("the end"),
        )

    def parse_expression(self) -> Matches:
        return self._parse_chain("or", lambda: self._parse_chain("and", self._parse_not, all), any)

    def _parse_chain(
        self, word: str, parse: Callable[[], Matches], join: Callable[..., bool]
    ) -> Matches:
        parts = [parse()]
        while self.current_word == word:
            self._tokens.pop(0)
            parts.append(parse())
        return lambda words: join(part(words) for part in parts)

    def _parse_not(self) -> Matches:
        """Parse ``not …``, a parenthesis or a name."""
        token = self.current_word
        is_operand = token in {"not", "("} or (_IS_NAME.fullmatch(token) and token not in _RESERVED)
        if not is_operand:
            self.fail(msg("a name, not or '('"))
        self._tokens.pop(0)
        if token == "not":  # noqa: S105 - a word of an expression
            inner = self._parse_not()
            return lambda words: not inner(words)
        if token != "(":  # noqa: S105
            return lambda words: any(token.lower() in word for word in words)
        matches = self.parse_expression()
        if self.current_word != ")":
            self.fail(msg("')'"))
        self._tokens.pop(0)
        return matches
