"""APIs as a platform file declares them: auth, inputs, and an answer that says them back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from bpmax_sim.messages import Response
from bpmax_sim.platform.model import Api, Auth, Idempotency, Parameter, ResponseRules
from bpmax_sim.platform.template import names_in
from bpmax_sim.proxy.reading import as_text
from bpmax_sim.simulator.asked import ABSENT, every, is_empty, look
from bpmax_sim.simulator.checks import once
from bpmax_sim.simulator.derived import data_path, put
from bpmax_sim.simulator.examples import example, sampled, typed
from bpmax_sim.simulator.fill import respond
from bpmax_sim.simulator.login import yields
from bpmax_sim.simulator.model import Once, Reply, Signed
from bpmax_sim.simulator.naming import is_changing, names_for, rendered
from bpmax_sim.simulator.routes import matched
from bpmax_sim.simulator.signature import at, check
from bpmax_sim.simulator.state import Grant
from bpmax_sim.simulator.turn import Refused, Tenant, Turn

_SIGNED = Signed(window=900, error="signature", expired="expired", used="used")
_WINDOW = 3600
_WHOLE = frozenset({"$", "."})


def api_at(turn: Turn) -> Api | None:
    """Return the API that the request is for, the one with the most fixed text first."""
    fitting = [
        (api.path.count("{"), api, values)
        for api in turn.world.platform.apis.values()
        if (values := matched(api.method, api.path, turn.asked)) is not None
    ]
    if not fitting:
        return None
    _, api, values = min(fitting, key=lambda found: found[0])
    turn.scope["path"] = values
    return api


def call(turn: Turn, api: Api) -> Response:
    """Return the answer to a declared API.

    Raises:
        Refused: the token, a signature or an input is not right.
        Repeated: the same idempotency key was there before.
    """
    platform = turn.world.platform
    auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    _authorise(turn, auth)
    if auth.sign is not None:
        check(turn, auth, auth.sign, _SIGNED)
    said = {one.name: _input(turn, one) for one in api.parameters}
    if isinstance(api.idempotency, Idempotency):
        place = f"{api.idempotency.place}.{api.idempotency.name}"
        once(turn, Once(at=(place.lower() if place[:6] == "header" else place,), window=_WINDOW))
    rules = api.response if isinstance(api.response, ResponseRules) else platform.response
    data = {name: value for name, value in said.items() if value is not ABSENT}
    if api.answer:
        return _answered(turn, api, rules, data)
    body: dict[str, Any] = {}
    if data_path(rules) == "$":
        body = data
    else:
        put(body, data_path(rules), data)
    return respond(turn, Reply(), turn.world.table.ok, data=body)


def _answered(turn: Turn, api: Api, rules: ResponseRules, said: Mapping[str, Any]) -> Response:
    """Return an answer as it is declared, in which members have the values that were said."""
    body, ok = sampled(api.answer), turn.world.table.ok
    inner = look({"body": body}, ".".join(["body", *data_path(rules).split(".")[1:]]))
    if isinstance(inner, dict):
        inner |= {name: said[name] for name in inner.keys() & said.keys()}
    # What an envelope says of success stands in it; a list or a text has no room for that.
    over = ok if isinstance(body, dict) else replace(ok, body=UNSET)
    return respond(turn, Reply(), over, data=body)


def _authorise(turn: Turn, auth: Auth) -> None:
    asked, acquire = turn.asked, auth.acquire
    is_due = acquire is not None and (not acquire.methods or asked.method in acquire.methods)
    later = frozenset() if is_due else yields(auth)
    wanted = [item for item in auth.apply if not names_in(item.value) & later]
    if not wanted:
        return
    rule = turn.world.table.tokens
    if all(_given(turn, item.place, item.name) is ABSENT for item in wanted):
        raise Refused(rule.missing or "token")
    ended: Grant | None = None
    for tenant, grant in _holders(turn, is_due=is_due):
        names = names_for(turn, tenant, auth, grant.values if grant else None)
        if not all(_carries(turn, auth, item, names) for item in wanted):
            continue
        if grant is None or grant.is_live(turn.now):
            turn.belongs_to(tenant)
            return
        ended = grant
    over = ended is not None and not ended.revoked
    raise Refused((rule.expired if over else rule.invalid) or "token")


def _holders(turn: Turn, *, is_due: bool) -> Iterator[tuple[Tenant, Grant | None]]:
    for tenant in turn.world.tenants:
        if not is_due:
            yield tenant, None
        for grant in turn.state.grants if is_due else ():
            if grant.instance == tenant.instance:
                yield tenant, grant


def _carries(turn: Turn, auth: Auth, item: Any, names: Mapping[str, Any]) -> bool:
    given = _given(turn, item.place, rendered(item.name, names) or item.name)
    if is_changing(item.value, auth):
        return given is not ABSENT
    wanted = rendered(item.value, names)
    return wanted is not None and given is not ABSENT and as_text(given) == wanted


def _given(turn: Turn, place: str, name: str) -> Any:
    if place == "body" and turn.asked.form:
        return turn.asked.form.get(name, ABSENT)
    return at(turn.scope, place, name)


def _input(turn: Turn, parameter: Parameter) -> Any:
    """Return what was given for *parameter*, else an example.

    Raises:
        Refused: it is required and absent, or not of its type or choice.
    """
    given = _found(turn, parameter)
    where = f"{parameter.place}.{parameter.target}"
    if given is ABSENT:
        if parameter.required and not _is_hidden(turn, parameter):
            raise Refused("400", f"{where} is missing")
        return example(parameter)
    value = typed(given, parameter)
    if value is ABSENT:
        raise Refused("400", f"{where} is not of type {parameter.type}")
    if parameter.enum and as_text(value) not in map(as_text, parameter.enum):
        raise Refused("400", f"{where} is none of {', '.join(map(as_text, parameter.enum))}")
    return value


def _found(turn: Turn, parameter: Parameter) -> Any:
    place, target = parameter.place, parameter.target
    if parameter.type == "array" and (place == "query" or (place == "body" and turn.asked.form)):
        return every(turn.asked, place, target)
    if place == "body" and target in _WHOLE:
        return _text(turn) if parameter.type == "string" else turn.asked.body
    if place == "body" and turn.asked.form:
        return turn.asked.form.get(target, ABSENT)
    if place == "body":
        return look({"body": turn.asked.body}, f"body.{target}")
    return _given(turn, place, parameter.name if place == "path" else target)


def _text(turn: Turn) -> Any:
    """Return the body as it was sent: a text is one even where it reads as ``null``."""
    body = turn.asked.request.body
    return ABSENT if body is None else body.decode("utf-8", "replace")


def _is_hidden(turn: Turn, parameter: Parameter) -> bool:
    """Return whether a body is in a form that is not looked into."""
    body = turn.asked.request.body
    return parameter.place == "body" and turn.asked.body is ABSENT and not is_empty(body)
