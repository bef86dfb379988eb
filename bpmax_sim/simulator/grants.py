"""The token endpoint of OAuth 2.0 (RFC 6749): sections 2.3.1, 4.4, 5 and 6."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from bpmax_sim.proxy.reading import as_text
from bpmax_sim.simulator.asked import basic
from bpmax_sim.simulator.model import Grants
from bpmax_sim.simulator.tokens import issue, left
from bpmax_sim.simulator.turn import Refused, Tenant, Turn


def grant(turn: Turn, rule: Grants) -> None:
    """Issue a token for what the form asks, and put it where the answer finds it.

    Raises:
        Refused: with the error of section 5.2.
    """
    form = turn.asked.form
    kind = form.get("grant_type", "")
    if not kind:
        raise Refused("invalid_request")
    tenant = _client(turn, rule)
    turn.belongs_to(tenant)
    if kind == "client_credentials":
        issued = issue(turn, tenant)
    elif kind == "refresh_token" and rule.refresh:
        _spend(turn, tenant, form.get("refresh_token", ""))
        issued = issue(turn, tenant, names=("token", "refresh_token"))
        turn.scope["refresh_token"] = issued.values.get("refresh_token")
    else:
        raise Refused("unsupported_grant_type")
    turn.scope |= {"token": issued.values["token"], "life": left(issued, turn.now)}
    if form.get("scope"):
        turn.scope["scope"] = form["scope"]


def _client(turn: Turn, rule: Grants) -> Tenant:
    """Return whom the client's credentials belong to; they come in one way only."""
    header = turn.asked.headers.get("authorization", "")
    in_form = "client_secret" in turn.asked.form
    if header and in_form:
        raise Refused("invalid_request")
    pair = basic(header) if header else _in_form(turn)
    for tenant in turn.world.tenants:
        own = tuple(as_text(tenant.credentials.get(name)) for name in (rule.client, rule.secret))
        if pair is not None and own in (pair, tuple(map(unquote_plus, pair))):
            return tenant
    raise Refused("invalid_client_basic" if header else "invalid_client")


def _in_form(turn: Turn) -> tuple[str, str]:
    form = turn.asked.form
    return form.get("client_id", ""), form.get("client_secret", "")


def _spend(turn: Turn, tenant: Tenant, token: str) -> None:
    """Take a refresh token; it is replaced, so that it works once."""
    mine = [one for one in turn.state.grants if one.instance == tenant.instance]
    known: set[Any] = {one.values.get("refresh_token") for one in mine if not one.revoked}
    known.add(tenant.credentials.get("refresh_token"))
    if not token or token not in known - turn.state.spent:
        raise Refused("invalid_grant")
    turn.change(spent=turn.state.spent | {token})
