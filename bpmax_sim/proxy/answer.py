"""What a finished exchange is to the script: an answer, or the rejection it becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from bpmax_sim.errors import BadResponseError, BusinessError, CallError, HttpStatusError
from bpmax_sim.messages import Response
from bpmax_sim.proxy.body import Body, read_body
from bpmax_sim.proxy.hidden import Hidden
from bpmax_sim.proxy.plan import Plan
from bpmax_sim.proxy.printing import json_text
from bpmax_sim.proxy.reading import ABSENT, as_text, is_success
from bpmax_sim.proxy.redacted import redacted_response

_LONGEST = 300


class Answer(Hidden, frozen=True):
    """What a call resolves with.

    Attributes:
        value: the Python value; integers are exact.
        text: for ``json`` the text that the script's own ``JSON.parse`` reads, for ``text`` the
            text itself, else None.
        kind: ``json``, ``text``, ``bytes`` or ``null``.
    """

    value: Any
    text: str | None
    kind: Literal["json", "text", "null", "bytes"]


NULL = Answer(None, None, "null")


def read_answer(
    response: Response,
    plan: Plan,
    body: Body | None = None,
    redact: Callable[[str], str] = str,
) -> Answer:
    """Return what *response* is to the script.

    Raises:
        HttpStatusError: for a status that is not 2xx.
        BadResponseError: if the content type says JSON and the body is not.
        BusinessError: for a business failure, where the platform rejects those.
    """
    body = body or read_body(response)
    if not is_success(response.status):
        line = f"HTTP {response.status} {response.reason}".rstrip()
        raise rejected(HttpStatusError, line, response, body, plan, redact)
    if body.kind == "broken":
        told = f"the answer says JSON and is not: {body.problem}"
        raise rejected(BadResponseError, told, response, body, plan, redact)
    recipe = plan.recipe
    if recipe.rejects_business and not recipe.rules.is_ok(response, body):
        raise rejected(BusinessError, "business failure", response, body, plan, redact)
    if recipe.result == "envelope":
        return _envelope(response, body, plan)
    if body.kind == "null":
        return NULL
    return Answer(body.value, None if body.kind == "bytes" else body.text, body.kind)


def _envelope(response: Response, body: Body, plan: Plan) -> Answer:
    """Return ``{code, message, data}``: the body's own where it has them, else the exchange's."""
    rules = plan.recipe.rules
    code, message = rules.code(response, body), rules.message(response, body)
    found = (find(response, body) for find in rules.data)
    data = next((value for value in found if value is not ABSENT), body.value)
    value = {
        "code": response.status if code is ABSENT else code,
        "message": response.reason if message is ABSENT else message,
        "data": data,
    }
    return Answer(value, json_text(value).decode(), "json")


def rejected(
    kind: type[CallError],
    line: str,
    response: Response,
    body: Body,
    plan: Plan,
    redact: Callable[[str], str],
) -> CallError:
    """Return an error that tells of *response*, with its business code and message, redacted."""
    call, rules = plan.call, plan.recipe.rules
    parts = [line]
    for label, value in (
        ("code ", rules.code(response, body)),
        ("", rules.message(response, body)),
    ):
        if value is not ABSENT:
            parts.append(f"{label}{redact(as_text(value))[:_LONGEST]}")
    return kind(
        redact(f"{call.name}: {', '.join(parts)}"),
        platform=call.platform,
        instance=call.instance,
        api=call.api,
        status=response.status,
        response=redacted_response(response, redact),
    )


def rejection(error: CallError) -> dict[str, Any]:
    """Return the own properties of the JavaScript Error that *error* becomes."""
    fields: dict[str, Any] = {
        "message": error.message,
        "code": error.code,
        "platform_key": error.platform,
        "instance_key": error.instance,
        "api": error.api,
    }
    if error.status is not None:
        fields["status"] = error.status
    if error.response is not None:
        fields["response"] = dict(error.response)
    return fields
