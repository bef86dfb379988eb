"""The answer to a login request: whether it is a success, and the values that it yields.

Nothing of a body is quoted in an error but its code and message, for it may hold a secret that
nobody knows yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

from bpmax_sim.errors import AuthError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import Extract, LoginStep, OkRule, Ttl
from bpmax_sim.proxy.body import Body, media_type, read_body
from bpmax_sim.proxy.environment import Secrets
from bpmax_sim.proxy.plan import Plan
from bpmax_sim.proxy.reading import (
    ABSENT,
    accepts,
    as_text,
    compile_conditions,
    find_first,
    finder,
    is_success,
)
from bpmax_sim.proxy.redacted import redacted_headers

TTL: Final = "ttl"
_UNITS: Final = {"s": 1.0, "ms": 0.001, "absolute": 1.0, "absolute_ms": 0.001}
_CODES: Final = tuple(map(finder, ("$.error", "$.errcode", "$.code")))
_MESSAGES: Final = tuple(
    map(finder, ("$.error_description", "$.errmsg", "$.message", "$.msg", "$.error_msg"))
)
_LONGEST: Final = 200


@dataclass(slots=True)
class Yielded:
    """What the steps so far have yielded, with real values and with stand-ins."""

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    standins: dict[str, Any] = field(default_factory=dict, repr=False)


def expiry(ttl: Ttl, value: Any, now: float) -> float:
    """Return the instant from which a grant is renewed: *margin* before its end.

    A life shorter than twice the margin is renewed at its half, or every call would log in.
    """
    life = float(value) * _UNITS[ttl.unit] if value is not None else now + ttl.default
    if value is None or ttl.unit.startswith("absolute"):
        life -= now
    return now + life - min(ttl.margin, max(life, 0) / 2)


@dataclass(slots=True)
class LoginAnswer:
    """One answer, with what is needed to tell of it."""

    plan: Plan
    vault: Secrets
    number: int
    request: Request
    response: Response
    body: Body = field(init=False)

    def __post_init__(self) -> None:
        self.body = read_body(self.response)

    def check(self, step: LoginStep) -> None:
        """Judge the answer by the step's rule, else by status and the platform's conditions.

        Raises:
            AuthError: if it is no success.
        """
        if isinstance(step.ok, OkRule):
            accepted = accepts(step.ok, self.response, self.body)
        else:
            conditions = compile_conditions(self.plan.recipe.rules.conditions, lenient=True)
            accepted = is_success(self.response.status) and all(
                holds(self.response, self.body) for holds in conditions
            )
        if not accepted:
            raise self._error("was refused", "; check its credentials")

    def collect(self, step: LoginStep, yielded: Yielded) -> None:
        """Add the values of *step* to *yielded*, and make secret ones known to the vault.

        Raises:
            AuthError: if a value is missing or is no text or number.
        """
        for name, rule in step.extract.items():
            value = self._value(name, rule)
            if value is ABSENT:
                continue
            yielded.values[name] = yielded.standins[name] = value
            if rule.secret:
                call, text = self.plan.call, as_text(value)
                yielded.values[name] = text
                yielded.standins[name] = self.vault.minted(
                    call.platform, call.instance, name, text, rule.kind
                )

    def _value(self, name: str, rule: Extract) -> Any:
        value = finder(rule.path)(self.response, self.body)
        if value is ABSENT or value is None or value == "":
            if rule.optional or (name == TTL and self.body.rules_see is not None):
                return ABSENT
            raise self._error(f"yields no {name}", f"; expected it at {rule.path}")
        if name == TTL and not _is_number(value):
            raise self._error(f"yields a {name} that is not a number", f"; see {rule.path}")
        if isinstance(value, dict | list | bool):
            raise self._error(f"yields a {name} that is no text", f"; see {rule.path}")
        return float(value) if name == TTL else value

    def _error(self, what: str, hint: str) -> AuthError:
        call, response = self.plan.call, self.response
        sent = self.request.recorded.call
        line = f"{sent.method} {sent.path}" if sent else self.request.method
        told = ", ".join(self._told())
        redact = self.vault.shown
        return AuthError(
            redact(
                f"{call.platform}: the login of instance {call.instance!r} {what}"
                f" (step {self.number}, {line}): {told}{hint}"
            ),
            platform=call.platform,
            instance=call.instance,
            api=call.api,
            status=response.status,
            response={
                "status": response.status,
                "headers": redacted_headers(response.headers, redact),
                "body": None,
            },
        )

    def _told(self) -> Iterator[str]:
        """Yield status, form, code and message of the answer, whatever there is."""
        response, body, rules = self.response, self.body, self.plan.recipe.rules
        yield f"HTTP {response.status}"
        yield from self._form()
        for label, first, further in (
            ("code ", rules.code, _CODES),
            ("", rules.message, _MESSAGES),
        ):
            found = first(response, body)
            value = find_first(further, response, body) if found is ABSENT else found
            if isinstance(value, str | int | float):
                yield f"{label}{self.vault.shown(as_text(value))[:_LONGEST]}"

    def _form(self) -> Iterator[str]:
        if isinstance(self.body.rules_see, dict):
            return
        if isinstance(self.body.rules_see, list):
            yield "a JSON array"
        elif self.body.kind == "null":
            yield "an empty body"
        elif self.body.kind == "broken":
            yield f"broken JSON ({self.body.problem})"
        else:
            media = media_type(self.response.header("content-type")) or "no content type"
            yield f"{media}, {len(self.response.body)} bytes"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False
