"""Turn a captured run into script, scenario with stubs for its ``$proxy`` results, and flow.

Only results are known, not requests. If no platform declares a called API, its method and path are
invented; its parameters are those that the script passed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from bpmax_sim.i18n import join_list, msg, translate
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.platform.check import describe_wrong_platform_key
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import to_snake_case
from bpmax_sim.secret.secret_names import is_secret_name, is_secret_value
from bpmax_sim.starter.platform_draft import add_comments
from bpmax_sim.starter.scenario_draft import BUTTON, write_script_value
from bpmax_sim.yamlfile import write_yaml

_SHANGHAI: Final = timezone(timedelta(hours=8))
_FAULTS: Final = {"TIMEOUT": "timeout", "CONNECT": "connect", "RESET": "reset", "TLS": "tls"}
_END: Final = "结束"
_UNSEEN: Final = "not-recorded"
"""What stands for a secret, whose place alone was told."""


class CapturedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A ``$proxy`` call captured in a live BPMAX.

    Attributes:
        call_record: captured record of the call: platform, API, arguments.
        outcome_record: captured record of its response or error; None if the capture ended before
            it.
    """

    call_record: Mapping[str, Any]
    outcome_record: Mapping[str, Any] | None

    @property
    def platform(self) -> str:
        """Return the key of the platform, spelled as in the script."""
        return str(decode_captured_value(self.call_record.get("platform")))

    @property
    def api(self) -> str:
        """Return the name of the API, spelled as in the script."""
        return str(decode_captured_value(self.call_record.get("api")))

    @property
    def error(self) -> Mapping[str, Any]:
        """Return the members of the error with which the call ended; empty if it succeeded."""
        if not self.outcome_record or self.outcome_record["e"] != "throw":
            return {}
        value = decode_captured_value(self.outcome_record.get("error"))
        return value if isinstance(value, dict) and value else {"code": ""}


class RunDraftTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of the files drafted from one captured run of a script.

    Attributes:
        script: the script in JavaScript.
        scenario: the scenario that runs it.
        flow: the flow definition; "" for the script of a form.
    """

    script: str
    scenario: str
    flow: str


def decode_captured_value(value: Any) -> Any:
    """Return a captured *value* as plain data for a YAML file.

    A capture marks what JSON cannot hold by ``{"$": kind, "value": …}``. Of dates, bigints, texts
    that were cut, maps and sets the value stays; all else so marked becomes None. A secret becomes
    ``not-recorded``.
    """
    if isinstance(value, Mapping):
        if "$secret" in value:
            return _UNSEEN
        if "$" in value:
            kind, inner = value["$"], value.get("value")
            return (
                inner
                if kind in {"date", "bigint", "cut"}
                else decode_captured_value(inner)
                if kind in {"map", "set"}
                else None
            )
        return {
            str(name).replace("$$", "$", 1) if name == "$$" else str(name): decode_captured_value(
                one
            )
            for name, one in value.items()
        }
    return [decode_captured_value(one) for one in value] if isinstance(value, list) else value


def explain_undeclarable_platforms(run: CapturedRun) -> str:
    """Return why no file can declare a platform that *run* called; "" if each can be declared.

    A script may pass anything to ``$proxy``.
    """
    keys = dict.fromkeys(call.platform for call in list_calls(run))
    return next(filter(None, map(describe_wrong_platform_key, keys)), "")


def list_calls(run: CapturedRun) -> list[CapturedCall]:
    """Return the calls of *run*, in the order in which they were made."""
    outcomes = {one["id"]: one for one in run.records if one.get("e") in {"ok", "throw"}}
    return [
        CapturedCall(call_record=one, outcome_record=outcomes.get(one["id"]))
        for one in run.records
        if one.get("e") == "ask"
    ]


def draft_captured_platforms(runs: Iterable[CapturedRun], known: Platforms) -> dict[str, str]:
    """Return the platform files that *runs* need besides the *known* ones: key -> text.

    Only names of platforms and APIs and the results are captured, so address, methods and paths in
    them are made up.
    """
    called: dict[str, dict[str, list[CapturedCall]]] = {}
    for run in runs:
        for call in list_calls(run):
            called.setdefault(call.platform, {}).setdefault(to_snake_case(call.api), []).append(
                call
            )
    texts = {}
    for key, apis in called.items():
        if known.find(key) is None:
            head = add_comments(
                (
                    msg("Drafted by bpmax-sim init --from, of what a script called."),
                    msg(
                        "Only results of $proxy are known: address, auth, methods and paths are "
                        "made up."
                    ),
                ),
                write_yaml(
                    {
                        "platform_key": key,
                        "title": key,
                        "base_url": f"https://{_invent_host_name(key)}.example.test",
                        "auth": "none",
                    }
                ),
            )
            entries = {calls[0].api: _draft_api(calls) for calls in apis.values()}
            texts[key] = head + write_yaml({"apis": entries}, block_levels=3)
    return texts


def _invent_host_name(key: str) -> str:
    """Return a host name made from platform *key*, for an invented address."""
    return re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "platform"


def _draft_api(calls: Sequence[CapturedCall]) -> dict[str, Any]:
    parameters: dict[tuple[str, str], dict[str, Any]] = {}
    has_body = False
    for call in calls:
        for place, name in _list_passed_parameters(call):
            parameters.setdefault((place, name), {"name": name, "in": place})
            has_body = has_body or place == "body"
    names = [name for place, name in parameters if place == "path"]
    path = "/" + "/".join(
        [re.sub(r"[^\w-]+", "_", calls[0].api), *(f"{{{name}}}" for name in names)]
    )
    for (place, _), entry in parameters.items():
        if place == "path":
            entry["required"] = True
    value: dict[str, Any] = {"method": "POST" if has_body else "GET", "path": path}
    entries = [*parameters.values()]
    counted: set[str] = set()
    for entry in entries:
        if entry["name"] in counted:
            entry["to"], entry["name"] = entry["name"], f"{entry['in']}_{entry['name']}"
        counted.add(entry["name"])
    return value | ({"parameters": entries} if entries else {})


def _list_passed_parameters(call: CapturedCall) -> Iterator[tuple[str, str]]:
    """Yield place (``query``, ``body`` …) and name of each parameter that *call* passed.

    Direct arguments have no names and are called ``arg_1``, ``arg_2`` ….
    """
    arguments = call.call_record.get("args")
    if arguments is not None:
        place = (
            "body"
            if any(isinstance(decode_captured_value(one), dict | list) for one in arguments)
            else "query"
        )
        for number in range(1, len(arguments) + 1):
            yield place, f"arg_{number}"
        return
    for kind, values in call.call_record.get("steps", ()):
        value = decode_captured_value(values)
        if kind == "body" and not isinstance(value, Mapping):
            continue
        yield from (
            (kind, str(name))
            for name in (value if isinstance(value, Mapping) else ())
            if str(name).strip() and "." not in str(name)
        )


Rules = list[dict[str, Any]]


def draft_stubs_and_faults(
    calls: Sequence[CapturedCall], names: Mapping[tuple[str, str], str]
) -> tuple[Rules, Rules]:
    """Return stubs that respond to *calls* in order, and faults for those without a response.

    *names* are those of the declared APIs, by platform and API as scripts wrote them.
    """
    stubs: dict[str, Rules] = {}
    faults: Rules = []
    counted: Counter[str] = Counter()
    for call in calls:
        on = names[call.platform, call.api]
        counted[on] += 1
        if fault := _FAULTS.get(str(call.error.get("code"))):
            faults.append({"on": on, "call": counted[on], "do": {"error": fault}})
        else:
            stubs.setdefault(on, []).append(_draft_stub_response(call))
    return [{"on": on, "answers": answers} for on, answers in stubs.items()], faults


def _draft_stub_response(call: CapturedCall) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    if call.error:
        reply = call.error.get("response")
        told = reply if isinstance(reply, dict) else {}
        status = call.error.get("status", told.get("status"))
        answer["status"] = status if isinstance(status, int) else 500
        body = told.get("body")
    else:
        body = decode_captured_value((call.outcome_record or {}).get("value"))
    answer["body"] = "" if body is None else body
    if ms := (call.outcome_record or {}).get("ms"):
        answer["delay"] = f"{ms}ms"
    return answer


class RunDraftTitleAndPaths(msgspec.Struct, frozen=True):
    """The title of a run's scenario, and the paths of its script and flow below ``scenarios``."""

    title: str
    script: str
    flow: str


def draft_run(
    run: CapturedRun,
    known: Platforms,
    files: RunDraftTitleAndPaths,
    source: str = "",
    others: Sequence[CapturedRun] = (),
) -> list[RunDraftTexts]:
    """Return drafts of *run*, the most probable first; they differ in the expected error.

    The last one has, instead of the script itself, a script that repeats the captured calls.

    *known* are the platforms that exist already; *files* has the scenario's title and the paths of
    script and flow. *source* is the script's text if the run does not contain it; *others* are the
    runs of the same flow, from which the flow is drafted.
    """
    calls = list_calls(run)
    names = {(one.platform, one.api): _resolve_api_name(one, known) for one in calls}
    told = hide_secret_literals(str(run.begin_record.get("script") or source).strip("\n"))
    node = _get_approval_node(run)
    stubs, faults = draft_stubs_and_faults(calls, names)
    value = _draft_scenario_head(run, node, files)
    if calls:
        value["proxy"] = {"platforms": "platforms/"} | ({"stubs": stubs} if stubs else {})
    value |= {"faults": faults} if faults else {}
    step: dict[str, Any] = (
        {"approve": _draft_approval_step(run, node)} if node else {"click": BUTTON}
    )
    step |= _draft_expectation(run, calls, names, is_flow=bool(node))
    codes = [code for code in (str(one.error.get("code") or "") for one in calls) if code]
    # First that the script caught every error; then that the last failed call ended it; then one
    # of those before.
    endings = [{}, *({"expect_error": {"code": code}} for code in dict.fromkeys(reversed(codes)))]
    scenario = _ScenarioWithoutEnding(value, step, bool(node))
    flow = _draft_flow_definition(files.title, run, others) if node else ""
    drafts = [
        RunDraftTexts(script=f"{told}\n", scenario=scenario.format_scenario(ending, ()), flow=flow)
        for ending in (endings if told else ())
    ]
    why = _NEEDS_MORE if told else _UNTOLD
    again = _draft_script(run, told)
    return [
        *drafts,
        RunDraftTexts(script=again, scenario=scenario.format_scenario({}, (why,)), flow=flow),
    ]


_UNTOLD: Final = msg("The script's text was not told: this one does again what was seen.")
_NEEDS_MORE: Final = msg(
    "The script needs what is not here, such as a library or a later event: this one does again "
    "what was seen, and the script stands above it."
)


class _ScenarioWithoutEnding(msgspec.Struct, frozen=True):
    """A drafted scenario whose last step does not say yet whether the script ends with an error.

    Several endings are drafted, the most probable first.
    """

    value: Mapping[str, Any]
    step: Mapping[str, Any]
    has_node: bool

    def format_scenario(self, expected_error_keys: Mapping[str, Any], more: Iterable[str]) -> str:
        """Return the scenario: *expected_error_keys* in its last step, *more* as comments.

        *expected_error_keys* is the expected error (``expect_error``); empty for a script that
        succeeds.
        """
        comments = [msg("Drafted by bpmax-sim init --from, of a run in a live BPMAX."), *more]
        if not self.has_node:
            comments.append(
                msg("Guess: a button starts the script; hang it on the event that it has in BPMAX.")
            )
        steps = [{**self.step, **expected_error_keys}]
        return add_comments(comments, write_yaml({**self.value, "steps": steps}, block_levels=2))


def _resolve_api_name(call: CapturedCall, known: Platforms) -> str:
    platform = known.platform(call.platform)
    return f"{platform.platform_key}.{known.api(platform, call.api).key}"


def _draft_scenario_head(
    run: CapturedRun, node: str, files: RunDraftTitleAndPaths
) -> dict[str, Any]:
    """Return the drafted scenario of *run* without ``steps`` and ``proxy``.

    *node* is the node at whose approval the script ran; "" makes it the script of a button.
    """
    start = datetime.fromtimestamp(run.begin_record["at"] / 1000, UTC).astimezone(_SHANGHAI)
    value: dict[str, Any] = {"version": 1, "scenario": files.title}
    if node:
        flow: dict[str, Any] = {"definition": files.flow}
        flow |= {"scripts": {f"approve.{node}": files.script}, "at": node}
        if name := _get_context_member(run, "project").get("name"):
            flow["project"] = {"name": name}
        value["flow"] = {**flow, "form": _collect_field_values(run)}
    else:
        scripts = {f"click.{BUTTON}": files.script}
        value["form"] = {"scripts": scripts, "fields": _collect_field_values(run)}
    user = _get_context_member(run, "userInfo")
    if _is_id(user.get("id")):
        value["user"] = user
    return {**value, "clock": start.isoformat(timespec="seconds")}


def _get_context_member(run: CapturedRun, name: str) -> dict[str, Any]:
    """Return the captured member *name* of ``ctx``; empty if it is not an object."""
    value = decode_captured_value((run.begin_record.get("ctx") or {}).get(name))
    return value if isinstance(value, dict) else {}


def _collect_field_values(run: CapturedRun) -> dict[str, Any]:
    fields = {
        str(name): decode_captured_value(one)
        for name, one in (run.begin_record.get("form") or {}).items()
    }
    for record in run.records:
        name = str(record.get("name", ""))
        if record.get("of") == "form" and name:
            fields.setdefault(
                name, decode_captured_value(record["value"]) if record["e"] == "get" else None
            )
    return {name: one for name, one in fields.items() if not name.startswith("$")}


def _draft_expectation(
    run: CapturedRun,
    calls: Sequence[CapturedCall],
    names: Mapping[tuple[str, str], str],
    *,
    is_flow: bool,
) -> dict[str, Any]:
    written = {
        str(one["name"]): decode_captured_value(one["value"]) for one in _list_field_writes(run)
    }
    proxy = [{"call": names[one.platform, one.api], **_draft_expected_result(one)} for one in calls]
    form = {"flow": {"form": written}} if is_flow else {"form": written}
    return {"expect": {**(form if written else {}), "proxy": proxy}}


def _list_field_writes(run: CapturedRun) -> Iterator[Mapping[str, Any]]:
    """Yield the captured records of writes to form fields, without states such as ``$visible``."""
    for one in run.records:
        if (one.get("e"), one.get("of")) == ("set", "form") and str(one["name"])[:1] != "$":
            yield one


def _draft_expected_result(call: CapturedCall) -> dict[str, Any]:
    """Return what a scenario's ``expect: proxy`` has to say of *call*.

    That is the code of the error if it had no response, else the HTTP status.
    """
    if (code := str(call.error.get("code"))) in _FAULTS:
        return {"error": code}
    return {"status": _draft_stub_response(call).get("status", 200)}


def _get_approval_node(run: CapturedRun) -> str:
    """Return the node at whose approval the script ran; "" for a form's script."""
    step = _get_context_member(run, "step")
    told = decode_captured_value((run.begin_record.get("ctx") or {}).get("step_id"))
    return str(step.get("name") or step.get("id") or told or "")


def _draft_approval_step(run: CapturedRun, node: str) -> dict[str, Any]:
    """Return the step that approves at *node*, by the person who ran the script."""
    by = _get_context_member(run, "userInfo").get("id")
    return {"at": node} | ({"by": by} if _is_id(by) else {})


def _is_id(value: Any) -> bool:
    """Return whether *value* is the id of a person, which may be 0."""
    return value is not None and value != ""


def group_runs_by_shared_nodes(runs: Iterable[CapturedRun]) -> list[tuple[CapturedRun, ...]]:
    """Return the runs of flows, grouped by flow: runs of one flow have nodes in common.

    Runs of forms are left out.
    """
    groups: list[tuple[set[str], list[CapturedRun]]] = []
    for run in runs:
        if node := _get_approval_node(run):
            # Every flow may end in it, so it joins none.
            places = {node, _get_target_node(run)} - {_END}
            same = [group for group in groups if group[0] & places]
            groups = [group for group in groups if group not in same]
            merged = [one for _, own in same for one in own]
            groups.append((places.union(*(known for known, _ in same)), [*merged, run]))
    return [tuple(own) for _, own in groups]


def _get_target_node(run: CapturedRun) -> str:
    """Return the node to which the captured approval led; an invented end if it is not known."""
    return str(
        decode_captured_value((run.begin_record.get("ctx") or {}).get("target_step")) or _END
    )


def _list_owner_and_runner_ids(run: CapturedRun) -> list[str]:
    """Return the ids of the captured node's owners, and of the person who ran the script."""
    told = _get_context_member(run, "step").get("owner")
    ids = [_get_owner_id(one) for one in told] if isinstance(told, list) else []
    by = _get_context_member(run, "userInfo").get("id")
    return [*dict.fromkeys([*ids, *([str(by)] if _is_id(by) else [])])]


def _draft_flow_definition(title: str, run: CapturedRun, runs: Sequence[CapturedRun]) -> str:
    """Return the flow definition inferred from *run* and the other *runs* of its flow.

    A captured run says where the approval at one node led. Each node gets one such route: the node
    of *run* the one that *run* took, any other the one that the first of *runs* from there took.
    Routes that differ from these are named in a comment. *title* is the flow's name.
    """
    owners: dict[str, list[str]] = {}
    targets: dict[str, str] = {}
    for one in (run, *runs):
        node = _get_approval_node(one)
        targets.setdefault(node, _get_target_node(one))
        own = owners.setdefault(node, [])
        own += [name for name in _list_owner_and_runner_ids(one) if name not in own]
    start = _find_start_node(_get_approval_node(run), targets)
    path = [*_follow_approvals(start, targets)]
    nodes: dict[str, dict[str, Any]] = {
        name: {"owners": owners[name], "approve": targets[name]}
        if name in targets
        else {"end": True}
        for name in path
    }
    if path[-1] in targets:  # a circle, which the draft ends
        nodes[path[-1]]["approve"] = _END
        nodes[_END] = {"end": True}
    followed = {(name, node.get("approve")) for name, node in nodes.items()}
    more = dict.fromkeys(
        f"{place[0]} → {place[1]}"
        for one in runs
        if (place := (_get_approval_node(one), _get_target_node(one))) not in followed
    )
    comments = [
        msg("Drafted by bpmax-sim init --from, of the nodes in which scripts ran."),
        msg(
            "Not seen: what leads to {node}, what follows {target}, where a rejection goes.",
            node=start,
            target=path[-1],
        ),
        *([msg("Seen too, and not in here: {ways}", ways=join_list(more))] if more else ()),
    ]
    return add_comments(
        comments, write_yaml({"flow": title, "start": start, "nodes": nodes}, block_levels=2)
    )


def _find_start_node(node: str, targets: Mapping[str, str]) -> str:
    """Return the node at which the chain of approvals to *node* begins.

    *targets* maps a node to the one that its approval leads to.
    """
    seen = {node}
    while before := [name for name, to in targets.items() if to == node and name not in seen]:
        node = before[0]
        seen.add(node)
    return node


def _follow_approvals(node: str, targets: Mapping[str, str]) -> dict[str, None]:
    """Return *node* and the nodes to which approvals lead from there, in order.

    *targets* maps a node to the one that its approval leads to.
    """
    path = {node: None}
    while (node := targets.get(node, node)) not in path:
        path[node] = None
    return path


_LITERAL: Final = re.compile(
    r"""(?P<name>[\w$\u4e00-\u9fff-]+)\\?["']?\s*[:=]\s*(?P<quote>\\?["'`])"""
    r"""(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\\n])){6,})(?P=quote)"""
)
"""A name and its literal. Its quotes are escaped in a text that is itself a literal, as of JSON."""
_SCHEME: Final = re.compile(r"""(?P<scheme>(?:Bearer|Basic)\s+)(?P<value>[\w.~+/=-]{6,})""")
_TOKEN: Final = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*")


def hide_secret_literals(script: str) -> str:
    """Return *script* with literal secrets replaced by named placeholders."""
    text = _SCHEME.sub(r"\g<scheme><secret script>", "".join(_hide_named_literals(script)))
    return _TOKEN.sub("<secret script>", text)


def _hide_named_literals(script: str) -> Iterator[str]:
    """Yield the parts of *script* with a placeholder for each literal that has a secret's name."""
    at = 0
    while found := _LITERAL.search(script, at):
        name, value = found["name"], found["value"]
        is_secret = is_secret_name(name) and is_secret_value(name, value)
        yield script[at : found.start("value")]
        # A literal that is none may have one in it, such as the text of an object as JSON.
        at = found.start("value")
        if is_secret and not value.startswith("<secret"):
            yield f"<secret script.{name}>"
            at = found.end("value")
    yield script[at:]


def _get_owner_id(owner: Any) -> str:
    if not isinstance(owner, dict):
        return str(owner)
    return str(owner.get("owner_id") if owner.get("id") is None else owner["id"])


def _draft_script(run: CapturedRun, comment: str) -> str:
    """Return a script that repeats what was captured of *run*: its calls and its writes to fields.

    *comment* is put above it as a comment.
    """
    lines = [f"// | {line}".rstrip() for line in comment.splitlines()]
    lines.append(
        f"// {translate(msg('What was seen of the script: its calls, and what it wrote.'))}"
    )
    for record in run.records:
        if record.get("e") == "ask":
            key = write_script_value(decode_captured_value(record.get("platform")))
            lines.append(f"await $proxy({key}){_format_call_chain(record)}.catch(() => null);")
        elif record in tuple(_list_field_writes(run)):
            value = write_script_value(decode_captured_value(record["value"]))
            lines.append(f"form[{write_script_value(record['name'])}] = {value};")
    return "\n".join(lines) + "\n"


def _format_call_chain(call_record: Mapping[str, Any]) -> str:
    api = decode_captured_value(call_record["api"])
    if call_record.get("args") is not None:
        values = map(decode_captured_value, call_record["args"])
        name = f".{api}" if str(api).isidentifier() else f"[{write_script_value(api)}]"
        return f"{name}({', '.join(map(write_script_value, values))})"
    steps = [
        f".${kind}({write_script_value(decode_captured_value(value))})"
        for kind, value in call_record.get("steps", ())
    ]
    return f".$api({write_script_value(api)}){''.join(steps)}.$call()"
