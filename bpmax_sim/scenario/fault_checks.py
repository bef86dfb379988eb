"""Find injected faults and replayed recordings that made no difference to a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.i18n import msg
from bpmax_sim.platform.load import Platforms
from bpmax_sim.proxy.response import satisfies_rule
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.findings import RunFinding
from bpmax_sim.scenario.load import ScenarioItem
from bpmax_sim.scenario.result_checks import find_compiled_api, to_platform_response
from bpmax_sim.session.session import Session
from bpmax_sim.transport.faults import Slow

_OF_TIME: Final = re.compile(
    r"setTimeout|setInterval|Abort|Promise\s*\.|Date\b|performance|\$timeout|console\.time"
)
"""What scripts use to notice that something takes long."""


def find_useless_faults(
    item: ScenarioItem, calls: Sequence[CallMade], session: Session
) -> Iterator[RunFinding]:
    """Yield the faults that cannot have changed the result of the run, and so test nothing.

    If the scenario has ``proxy: {repeat: true}``, by which a recording may be replayed for several
    calls, also each writing call whose recording an earlier call had got.
    """
    yield from _find_normal_faults(calls, session.platforms)
    yield from _find_harmless_delays(item, session)
    if item.scenario.proxy.repeat is True:
        yield from _find_writes_replayed_twice(calls)


def _find_normal_faults(calls: Iterable[CallMade], platforms: Platforms) -> Iterator[RunFinding]:
    """Yield each fault whose response counts as success by the rules of its platform file.

    It then tests no failure. A response with an empty value is left out: that may be what is
    tested.
    """
    for call in calls:
        recipe = find_compiled_api(call, platforms) if call.source == "fault" else None
        if recipe is None or not recipe.rules.ok.all or not _has_no_empty_value(call.response):
            continue
        if satisfies_rule(recipe.rules.ok, *to_platform_response(call)):
            yield RunFinding("rule", msg(
                "the fault of {call} answers as {platform} does where all is well; write it as a "
                "stub (proxy: stubs), or let it fail: status: 503",
                call=call.call, platform=recipe.platform.platform_key,
            ), call.place, fails=False)  # fmt: skip


def _has_no_empty_value(value: Any) -> bool:
    """Return whether *value* contains nothing empty or null, at any depth.

    An injected body with an empty value may be meant to test just that.
    """
    if isinstance(value, Mapping):
        return bool(value) and all(map(_has_no_empty_value, value.values()))
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_has_no_empty_value, value))
    return value not in (None, "", UNSET)


def _find_harmless_delays(item: ScenarioItem, session: Session) -> Iterator[RunFinding]:
    """Yield delays shorter than the timeout if nothing in scripts or scenario depends on time.

    A scenario with several rows is not judged.
    """
    struck = {id(one.fault): one.fault for one in session.injected_faults}.values()
    slow = [(one, one.action) for one in struck if isinstance(one.action, Slow)]
    if not slow or any(located.during for located in item.walk_steps()):
        return
    texts = item.names.texts
    if texts is None or any(map(_OF_TIME.search, texts)) or item.rows > 1:
        return
    for fault, action in slow:
        platform = session.platforms.find(fault.on.partition(".")[0])
        if platform is not None and action.delay < platform.timeout and not action.chunks:
            yield RunFinding("rule", msg(
                "{fault}: a delay of {delay:g} s is below the timeout of {limit:g} s, and no "
                "script looks at the time, so that it changes nothing; let it take longer, or do "
                "something meanwhile: during",
                fault=str(fault), delay=action.delay, limit=platform.timeout,
            ), fault.place, fails=False)  # fmt: skip


def _find_writes_replayed_twice(calls: Iterable[CallMade]) -> Iterator[RunFinding]:
    """Yield each writing call (not GET or HEAD) that got a response which an earlier call had got.

    ``repeat: true`` allows that, and so hides that a script sends something twice.
    """
    seen: set[tuple[str, int]] = set()
    for call in calls:
        match = call.recording
        if match is None or not match.played or call.method in {"GET", "HEAD"}:
            continue
        key = (match.file, match.exchange)
        if key in seen:
            yield RunFinding("rule", msg(
                "{call} was recorded once and sent again here, which repeat: true hides; record "
                "both, or count it: proxy: [{{call: {call}, times: 1}}]", call=call.call,
            ), call.place, fails=False)  # fmt: skip
        seen.add(key)
