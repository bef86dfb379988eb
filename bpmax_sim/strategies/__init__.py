"""Hypothesis strategies for `$proxy` programs, platforms, traffic and scenarios.

Fuzz your own platform in four lines::

    @given(strategies.for_platform("scenarios/platforms/crm.yaml"))
    def test_my_crm(program):
        with Session.open("scenarios/platforms", mode="live", transport=Handler(my_server)) as s:
            strategies.perform(program, s)
"""

from __future__ import annotations

from bpmax_sim.strategies.platforms import (
    apis,
    auths,
    instances,
    platforms,
    secrets,
    with_instances,
)
from bpmax_sim.strategies.programs import (
    chains,
    direct_calls,
    for_platform,
    javascript,
    parameter_values,
    perform,
    steps,
)
from bpmax_sim.strategies.rare_setters import claims, rivals
from bpmax_sim.strategies.traffic import (
    cassettes,
    exchanges,
    failures,
    requests,
    responses,
    scenarios,
    scripts,
    yaml_text,
)
from bpmax_sim.strategies.values import json_values, script_values, texts

__all__ = [
    "apis",
    "auths",
    "cassettes",
    "chains",
    "claims",
    "direct_calls",
    "exchanges",
    "failures",
    "for_platform",
    "instances",
    "javascript",
    "json_values",
    "parameter_values",
    "perform",
    "platforms",
    "requests",
    "responses",
    "rivals",
    "scenarios",
    "script_values",
    "scripts",
    "secrets",
    "steps",
    "texts",
    "with_instances",
    "yaml_text",
]
