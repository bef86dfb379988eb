"""Comments that exclude mutants: ``// bpmax-ignore-next args-swap: why it is right``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from bpmax_sim.challenge.mutants import BRANCH, KINDS
from bpmax_sim.errors import ConfigError, Place, Problem, suggest_or_list
from bpmax_sim.i18n import msg
from bpmax_sim.script_source.syntax import SyntaxTree


class IgnoreComment(msgspec.Struct, frozen=True):
    """A comment ``// bpmax-ignore-next args-swap: reason``, which excludes mutants of a line.

    Attributes:
        kinds: kinds of mutants that it excludes.
        line: script line whose mutants it excludes.
        reason: why they are no mistakes.
        wrong: reason why the comment is invalid; empty if it is valid.
    """

    kinds: tuple[str, ...]
    line: int
    reason: str
    place: Place
    wrong: str = ""


# An input method for Chinese types `：`, `，` and `、` for colon and comma.
_COMMA: Final = r"\s*[,，、]\s*"
_IGNORE: Final = re.compile(
    rf"bpmax-ignore-next\b\s*([\w-]+(?:{_COMMA}[\w-]+)*)?\s*[:：]?\s*(.*)", re.DOTALL
)


def read_ignore_comments(tree: SyntaxTree) -> Iterator[IgnoreComment]:
    """Yield the comments of a script that exclude mutants."""
    for node in tree.walk():
        text = tree.get_source(node).strip("/* \t\r\n") if node.type == "comment" else ""
        match = _IGNORE.match(text)
        if match is not None:
            kinds = tuple(re.split(_COMMA, match[1])) if match[1] else ()
            place = tree.find_place(node)
            last = tree.find_place_of_byte(node.end_byte).line
            yield IgnoreComment(
                kinds, last + 1, match[2].strip(), place, _find_comment_mistake(kinds, match[2])
            )


def _find_comment_mistake(kinds: Sequence[str], reason: str) -> str:
    """Return why a comment with these *kinds* and this *reason* is invalid; "" if it is valid."""
    known = (*KINDS, BRANCH)
    unknown = next((kind for kind in kinds if kind not in known), None)
    if unknown is not None:
        return msg("no kind {kind!r}{hint}", kind=unknown, hint=suggest_or_list(unknown, known))
    if not kinds or not reason.strip():
        return msg("a reason is missing; write // bpmax-ignore-next args-swap: why it is right")
    return ""


class IgnoreCommentIndex:
    """The comments of several scripts that exclude mutants, and which of them were used."""

    def __init__(self, comments: Iterable[IgnoreComment]) -> None:
        """Check the comments that `read_ignore_comments` yields.

        Raises:
            ConfigError: if a comment has no reason, or names an unknown kind of mutant.
        """
        self._comments = tuple(comments)
        if wrong := [Problem(one.wrong, one.place) for one in self._comments if one.wrong]:
            raise ConfigError(*wrong)
        self._used: set[Place] = set()

    def is_ignored(self, kind: str, place: Place) -> bool:
        """Return whether a comment excludes mutants of *kind* on the line of *place*."""
        for one in self._comments:
            if (one.place.file, one.line) == (place.file, place.line) and kind in one.kinds:
                self._used.add(one.place)
                return True
        return False

    def find_unused(self) -> Iterator[Problem]:
        """Yield a problem for each comment that excluded no mutant."""
        message = msg("this comment leaves nothing out; remove it")
        for one in self._comments:
            if one.place not in self._used:
                yield Problem(message, one.place)
