"""The outcome of a call, and whether it violates a law."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from bpmax_sim import errors
from bpmax_sim.fuzz.target import FuzzTarget
from bpmax_sim.i18n import label_message, msg
from bpmax_sim.simulator.simulator import RULES

_REFUSED: Final = range(400, 500)
_LONGEST: Final = 160
_UNPRINTED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


WasJudged = bool
"""Whether there was anything to judge: most laws say nothing of a call that was not sent.

A law that does not hold raises `LawBroken`.
"""


class LawBroken(errors.ExpectationError):
    """Raised if a call violates a law, one of the properties in `LAWS`.

    Attributes:
        why: what happened instead, in one line, without a drawn value.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        """Make the message, with characters that no terminal prints written as escapes."""
        super().__init__(template, **values)
        self.why = _UNPRINTED.sub(lambda match: f"\\u{ord(match[0]):04x}", str(self))
        self.args = (self.why,)

    def name_law_and_call(self, law: str, call: str) -> LawBroken:
        """Return the error naming the call: ``crm.create_order breaks the law 'arrives': …``."""
        error = LawBroken("{call} breaks the law {law!r}: {why}", call=call, law=law, why=self.why)
        error.why = self.why
        return error


class CallCrash(errors.BpmaxError):
    """Raised if a call ends with an exception that is not an error of this package."""


class CallOutcome(msgspec.Struct, frozen=True):
    """The value that a call returned, or the error that it was rejected with."""

    value: Any = None
    error: errors.BpmaxError | None = None


def run_call(call: Callable[[], Any]) -> CallOutcome:
    """Run *call* and return its value or error.

    An exception that is not ours becomes a `CallCrash`.
    """
    try:
        return CallOutcome(call())
    except errors.BpmaxError as error:
        return CallOutcome(error=error)
    except Exception as error:  # noqa: BLE001 - to find these is what a search is for
        return CallOutcome(
            error=CallCrash("a crash, {name}: {error}", name=type(error).__name__, error=error)
        )


def is_plausible_refusal(error: errors.BpmaxError, target: FuzzTarget) -> bool:
    """Return whether a third party may respond with *error* although the call is valid.

    A live system may not know a made-up customer (4xx), and neither may a simulator that has
    records of its own; one that is generated from the platform file alone has no reason to refuse.
    """
    refuses = isinstance(error, errors.BusinessError) or (
        isinstance(error, errors.HttpStatusError) and error.status in _REFUSED
    )
    return refuses and (target.is_live or target.key in RULES)


def describe_error_on_one_line(error: errors.BpmaxError, target: FuzzTarget | None = None) -> str:
    """Return *error* as one line; of an error for a missing recording only its kind.

    The body that a simulator answered is appended; that of a live system is not, as it may name its
    customers.
    """
    if isinstance(error, errors.NoMatchError):
        return msg("a miss: {case}", case=error.case)
    text = " ".join(str(error).split())
    if not isinstance(error, errors.CallError):
        return text
    if target is not None and not target.is_live and error.response:
        text = f"{text}, {json.dumps(error.response['body'], ensure_ascii=False)[:_LONGEST]}"
    return label_message(error.code, text)
