"""Write a finding as a scenario that fails until the script is fixed, and then remains as a test.

It is stored beside the scenario that was explored, so that relative file names stay valid, and
plays the same recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from bpmax_sim.errors import BpmaxError
from bpmax_sim.explore.orders import Interruption
from bpmax_sim.explore.search import JudgedVariant
from bpmax_sim.file_names import to_file_name
from bpmax_sim.i18n import msg, to_plain_english, translate
from bpmax_sim.platform.model import matches_api
from bpmax_sim.project import SUFFIX
from bpmax_sim.scenario.events import ScenarioFinished
from bpmax_sim.scenario.load import ScenarioItem, load_items
from bpmax_sim.scenario.model import FaultRule
from bpmax_sim.scenario.runner import open_session, run_item
from bpmax_sim.yamlfile.write import write_text_creating_folders, write_yaml

_OF_A_CHECK = ("expect", "expect_error", "save", "retry")


class ReproducingScenario(msgspec.Struct, frozen=True):
    """A scenario file, perhaps not yet written, that reproduces a finding: it fails as that did.

    Attributes:
        path: where it is written.
        text: its content.
        fails_expectation: whether an expectation of it fails; else the step fails by an error.
    """

    path: Path
    text: str
    fails_expectation: bool


def reproduce(item: ScenarioItem, variant: JudgedVariant) -> ReproducingScenario:
    """Return the scenario that fails in the same way as *item* did in *variant*.

    It is *item*, a scenario or row, with the failure or order of *variant* as fault rules, and ends
    with the step that was judged.
    """
    document = dict(_to_plain_document(item))
    title = f"{document['scenario']}：{variant.call.label} {to_plain_english(variant.kind)}"
    document["was"] = [document["scenario"], *_to_list(document.get("was"))]
    document["scenario"] = title
    document.pop("explore", None)
    # What judges the whole run, or runs after it, would fail for the shortened one, too.
    document.pop("finally", None)
    document.pop("expect", None)
    if item.row is not None:
        document["cases"] = [{**item.row.values, "id": item.row.id}]
    document["proxy"] = _adapt_proxy_section(item, document.get("proxy") or {}, variant)
    document["faults"] = [
        *_to_list(document.get("faults")),
        *map(make_rule_data, variant.rules),
    ]
    document["steps"] = _make_reproduction_steps(_to_list(document["steps"]), variant)
    head = f"# {translate(variant.judgement.why)}".replace("\n", " ")
    order = ("version", "scenario", "was")
    first = {name: document[name] for name in order if name in document}
    last = {"steps": document.pop("steps")}
    name = to_file_name(
        f"{item.path.name.removesuffix(SUFFIX)} {variant.call.label} {variant.kind}"
    )
    path = item.path.with_name(f"{name}{SUFFIX}")
    text = f"{head}\n{write_yaml({**first, **document, **last})}"
    return ReproducingScenario(path, text, bool(variant.judgement.failing_expectation))


def save_and_check_reproduction(reproduction: ReproducingScenario) -> str:
    """Write *reproduction* and run it to make sure that it fails as intended.

    Return "", or why it does not; then the file is deleted again, as it is after any exception.

    Raises:
        ConfigError: if it cannot be written.
    """
    with ExitStack() as undo:
        undo.callback(reproduction.path.unlink, missing_ok=True)
        write_text_creating_folders(reproduction.path, reproduction.text)
        why = _explain_wrong_reproduction(reproduction)
        if not why:
            undo.pop_all()
    return why


def _explain_wrong_reproduction(reproduction: ReproducingScenario) -> str:
    """Return why the scenario does not fail for the intended reason; "" if it does."""
    try:
        (item,) = load_items(reproduction.path)
        session = open_session(item)
        *_, last = run_item(item, session)
    except (BpmaxError, ValueError) as error:
        return str(error).partition("\n")[0]
    assert isinstance(last, ScenarioFinished)
    kinds = [failure.kind for failure in last.failures]
    unexpected = ("error", "refused") if reproduction.fails_expectation else ()
    wrong = {"fault", "value", "config", "unplayed", *unexpected}
    if last.outcome == "failed" and kinds[0] not in wrong:
        return ""
    return last.failures[0].essence if last.failures else msg("it passes")


def _to_plain_document(item: ScenarioItem) -> Mapping[str, Any]:
    document = item.spot.source.root.to_plain()
    assert isinstance(document, Mapping), "it was loaded"
    return document


def _to_list(value: Any) -> Sequence[Any]:
    """Return the elements of a list of a scenario file, in which a single one may stand alone."""
    return () if value is None else value if isinstance(value, list | tuple) else (value,)


def make_rule_data(rule: FaultRule) -> dict[str, Any]:
    """Return *rule* in the form of a scenario file."""
    data: dict[str, Any] = msgspec.to_builtins(rule)
    return data


def format_rules(rules: Sequence[FaultRule]) -> str:
    """Return *rules* as YAML lines of a scenario file."""
    return write_yaml({"faults": list(map(make_rule_data, rules))}).rstrip()


def _adapt_proxy_section(
    item: ScenarioItem, proxy: Mapping[str, Any], variant: JudgedVariant
) -> dict[str, Any]:
    """Return *proxy*, that section of the scenario, as the reproduction needs it.

    It names the recording of *item* (or the simulators, if they responded), and has only the stubs
    of APIs that the shortened run calls; all of them if a person acts during a call.
    """
    changed = {**proxy, "unused": "ignore"}
    if variant.is_simulated:
        changed["mode"] = "simulate"
    elif not proxy.get("cassette"):
        own = item.cassette
        changed["cassette"] = own.rpartition("/")[0] if item.row else own
    if "stubs" in proxy and variant.interruption is None:
        stubs = _to_list(proxy["stubs"])
        changed["stubs"] = [stub for stub in stubs if _is_stub_needed(stub, variant)]
    return changed


def _is_stub_needed(stub: Mapping[str, Any], variant: JudgedVariant) -> bool:
    """Return whether the run up to the failure calls an API that *stub* responds to."""
    on = str(stub.get("on"))
    return on == "*" or any(matches_api(on, name) for name in variant.base_call_names)


def _make_reproduction_steps(
    steps: Sequence[Mapping[str, Any]], variant: JudgedVariant
) -> list[Any]:
    """Return the steps up to the judged one, which gets the expectation that fails."""
    interruption = variant.interruption
    if interruption is not None:
        steps = list(_insert_interruption(steps, interruption))
        number = len(steps)
    else:
        number = min(int(variant.call.step or 1), len(steps))
    kept = [*steps[: number - 1], _drop_keys(steps[number - 1], *_OF_A_CHECK)]
    first = int(variant.call.step or 1) - 1
    kept[first:] = [_drop_keys(step, *_OF_A_CHECK) for step in kept[first:]]
    for step, code in variant.refusals.items():
        kept[int(step) - 1] = {**kept[int(step) - 1], "expect_error": {"code": code}}
    if variant.judgement.failing_expectation:
        kept[-1] = {**kept[-1], "expect": variant.judgement.failing_expectation}
    return kept


def _insert_interruption(
    steps: Sequence[Mapping[str, Any]], interruption: Interruption
) -> Iterator[Mapping[str, Any]]:
    """Yield *steps* with the action of *interruption* performed during another step."""
    index = int(interruption.call.step) - 1
    inner = steps[index if interruption.is_again else index + 1]
    for number, step in enumerate(steps):
        if number == index:
            meanwhile = _drop_keys(inner, *_OF_A_CHECK, "during", "faults", "id")
            during = {"call": interruption.call.name, "steps": [meanwhile]}
            yield {**step, "during": during}
        elif number != index + 1 or interruption.is_again:
            yield step


def _drop_keys(step: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name not in names}
