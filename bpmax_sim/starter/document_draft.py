"""Draft example calls of every API of an OpenAPI document."""

from __future__ import annotations

from typing import Any

from bpmax_sim.field_path import with_member
from bpmax_sim.platform.model import Api, Platform
from bpmax_sim.simulator.engine import make_example_value
from bpmax_sim.starter.scenario_draft import ScriptedCall, format_platform_expression, to_javascript


def draft_sample_call(platform: Platform, name: str) -> ScriptedCall:
    """Return a call of the API *name* of *platform* with example values for required parameters.

    Raises:
        UnplayableCall: if a number among them has more digits than JavaScript keeps.
    """
    start = f"await {format_platform_expression(platform.platform_key)}.$api({to_javascript(name)})"
    return ScriptedCall(
        line=f"{start}{_format_required_setters(platform.apis[name])}.$call();",
        expectation={"call": f"{platform.platform_key}.{name}"},
    )


def _format_required_setters(api: Api) -> str:
    setters = ""
    for place in ("path", "query", "header"):
        values = {
            one.wire_name: make_example_value(one)
            for one in api.parameters
            if one.place == place and one.required
        }
        if values:
            setters += f".${place}({to_javascript(values)})"
    members = [one for one in api.parameters if one.place == "body" and one.required]
    whole = next((one for one in members if not one.steps), None)
    if whole is not None:
        return f"{setters}.$body({to_javascript(make_example_value(whole))})"
    body: dict[str, Any] = {}
    for one in members:
        body = with_member(body, one.steps, make_example_value(one))
    return f"{setters}.$body({to_javascript(body)})" if body else setters
