"""Checks of a scenario's sub-flows: which nodes start them, and what stands in for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from msgspec import UNSET

from bpmax_sim.errors import suggest_or_list
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario import model
from bpmax_sim.scenario.source import Spot
from bpmax_sim.scenario.table_rows import ScenarioDraft
from bpmax_sim.subject.definition import find_reachable


def check_subflow_starts(draft: ScenarioDraft) -> None:
    """Report sub-flows that do not exist, that start themselves, or that no node starts."""
    begins: dict[str | None, dict[str, Spot]] = {name: {} for name in draft.flows}
    for flow, (definition, file) in draft.flows.items():
        for name, node in definition.nodes.items():
            if node.child_flow is None:
                continue
            spot = file.at("nodes", name, "subflow")
            spot = spot if isinstance(node.subflow, str) else spot.at("flow")
            if node.child_flow.flow not in draft.flow_specs:  # one that cannot be read is there
                more = suggest_or_list(node.child_flow.flow, draft.subflows) or msg(
                    "; declare it in the scenario: flow.subflows"
                )
                draft.tell(spot, "no sub-flow {flow!r}{more}", flow=node.child_flow.flow, more=more)
            begins[flow][node.child_flow.flow] = spot
    started = _find_started_flows(begins.get(None, ()), begins)
    for flow in draft.subflows:
        circles = (
            spot
            for name, spot in begins[flow].items()
            if flow in _find_started_flows([name], begins)
        )
        for spot in islice(circles, 1):
            draft.tell(
                spot, "the sub-flow {flow!r} starts itself, so it would never end", flow=flow
            )
        if flow not in started:
            spot = draft.spot.at("flow", "subflows", flow)
            draft.tell(spot, "no node starts the sub-flow {flow!r}", flow=flow)


def _find_started_flows(
    flows: Iterable[str], begins: Mapping[str | None, Iterable[str]]
) -> set[str]:
    """Return *flows* and all sub-flows that they start. *begins* has those that each one starts."""
    return find_reachable(flows, lambda flow: begins.get(flow, ()))


def check_stand_ins(draft: ScenarioDraft) -> None:
    """Report sub-flows with neither a definition nor a stand-in, or both, and invalid stand-ins.

    A stand-in is a result that is declared in the scenario and used instead of running the
    sub-flow.
    """
    for name, (spec, spot) in draft.flow_specs.items():
        if not isinstance(spec, model.SubFlowSpec):
            continue
        is_stand_in = spec.result is not UNSET
        if is_stand_in is bool(spec.definition):
            wrong = msg("a sub-flow has a definition, or a result that stands in for it")
            draft.tell(spot, wrong)
        elif not is_stand_in and spec.status != "finished":
            draft.tell(spot.at("status"), msg("status goes with result; a definition is run"))
        elif is_stand_in and (spec.scripts or spec.libraries):
            key = "scripts" if spec.scripts else "libraries"
            wrong = msg("{key}: nothing of a sub-flow with a result is run", key=key)
            draft.tell(spot.at(key), wrong)
        elif is_stand_in:
            _check_result(draft, str(name), spec, spot)


def _check_result(draft: ScenarioDraft, name: str, spec: model.SubFlowSpec, spot: Spot) -> None:
    """Report what is missing from the result of a stand-in for the sub-flow *name*.

    That is a field that a node takes back from the sub-flow, and an end (*spec.status*) that no
    node expects.
    """
    result = spec.result if isinstance(spec.result, Mapping) else {}
    for definition, _ in draft.flows.values():
        for node, declared in definition.nodes.items():
            child = declared.child_flow
            if child is None or child.flow != name:
                continue
            known = (*result, *child.form)
            for field in child.back.values():
                if field not in known:
                    draft.tell(
                        spot.at("result"), "node {node!r} takes {field!r} back{hint}", node=node,
                        field=field,
                        hint=suggest_or_list(field, result) or msg("; result is empty"),
                    )  # fmt: skip
            if (
                spec.status == "rejected"
                and child.wait
                and "reject" not in declared.offered_actions
            ):
                draft.tell(
                    spot.at("status"),
                    "node {node!r} does not offer {then}; it offers {offered}",
                    node=node,
                    then="reject",
                    offered=join_list(declared.offered_actions),
                )
