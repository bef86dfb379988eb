"""Actions of people on a project: their checks at load and their runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from msgspec import UNSET

from bpmax_sim.errors import suggest_or_list
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.scenario import action, source
from bpmax_sim.scenario.names import CheckContext
from bpmax_sim.scenario.references import to_text_or_empty
from bpmax_sim.subject.definition import Action as Decision
from bpmax_sim.subject.definition import Definition
from bpmax_sim.subject.flow import START
from bpmax_sim.subject.hooks import FlowMove, Result, Where

WHO: Mapping[str, str] = {
    "_": msg("Who acts where"),
    "project": msg("Sub-flow whose project it is; by default the main one"),
    "at": msg("Node"),
    "by": msg("Who; has to be allowed to"),
    "comment": msg("Comment"),
}


class FlowAction(action.Action, frozen=True, kw_only=True):
    """A step that calls a method of `FlowSubject` for one of the people, such as ``approve: {…}``.

    Attributes:
        method: name of that method; by default the step's key.
        decides: decision (``approve`` or ``reject``) that the node must offer; None for other
            actions.
        meant: what the key ``to`` means for this action, as a phrase for messages.
        needs_task: whether only an owner with a task may do it, not any participant.
        ends_stay: whether it moves the project off the node, unless other owners still decide.
        is_for_starter: whether it is for the starter of a project that was returned to the start.
        project: name of the sub-flow's project it acts on; empty for the main one.
        by: person who acts.
    """

    others: ClassVar[tuple[Any, ...]] = (None,)
    needs = ("flow",)
    method: ClassVar[str] = ""
    decides: ClassVar[Decision | None] = None
    meant: ClassVar[str] = "who"
    needs_task: ClassVar[bool] = False
    ends_stay: ClassVar[bool] = False
    is_for_starter: ClassVar[bool] = False
    texts: ClassVar = WHO

    project: str = ""
    by: str | int = ""
    comment: str = ""

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: source.Spot) -> None:
        """Report unknown nodes, people and sub-flows in *value*, that of the action at *spot*.

        Also unknown keys, and keys without a value. A comment alone is valid if the action allows
        that.
        """
        needs_others = "to" in cls.__struct_fields__
        is_short = value is None and not needs_others
        if is_short or (isinstance(value, str) and str in cls.others):
            return
        if not cls.check_keys_if_map(context, value, spot):
            return
        if not cls._report_keys_without_value(context, value, spot):
            cls._check_names(context, value, spot)

    @classmethod
    def _report_keys_without_value(
        cls, context: CheckContext, value: Any, spot: source.Spot
    ) -> bool:
        """Report each of ``by``, ``at``, ``project``, ``to`` that is written without a value.

        Return whether any is. ``to`` is required if the action has it.
        """
        wrong = [
            key for key in ("by", "at", "project") if key in value and _names_nothing(value[key])
        ]
        if "to" in cls.__struct_fields__:
            others = _wrap_in_list(value.get("to"))
            wrong += ["to"] if not others or any(map(_names_nothing, others)) else []
        for key in wrong:
            meant = cls.meant if key == "to" else cls.texts[key]
            where = spot.at(key) if key in value else spot
            kind = "" if key == "to" else "name"
            context.tell(where, "expected {key}: {meant}", key=key, meant=meant, kind=kind)
        return bool(wrong)

    @classmethod
    def _check_names(cls, context: CheckContext, value: Any, spot: source.Spot) -> None:
        name = value.get("project", "")  # 盖章#2 is the second of its kind
        project = name.partition("#")[0] if is_literal_text(name) else ""
        if project and project not in context.names.subflows:
            more = suggest_or_list(project, context.names.subflows)
            where = spot.at("project")
            context.tell(where, "no sub-flow {flow!r}{more}", flow=project, more=more)
            return
        definition = context.names.subflows[project] if project else context.names.definition
        if definition is not None:
            cls.check_node(context, definition, value.get("at", ""), spot.at("at"))
        check_people_exist(context, value.get("by", ""), spot.at("by"))
        to = value.get("to", "")
        if cls.meant != _NODE:
            check_people_exist(context, to, spot.at("to"))
        elif (
            definition is not None
            and is_literal_text(to)
            and to not in {*definition.nodes, START, ""}
        ):
            known = (*definition.nodes, START)
            context.tell(spot.at("to"), "no node {at!r}{hint}", known=known, at=to)

    @classmethod
    def check_node(
        cls, context: CheckContext, definition: Definition, at: Any, spot: source.Spot
    ) -> None:
        """Report the node *at* if *definition* lacks it or it does not offer the action's decision.

        *spot* is that of *at*. An empty *at*, or one with ``${…}``, is not checked here.
        """
        if not is_literal_text(at) or not at:
            return
        if at not in definition.nodes:
            context.tell(spot, "no node {at!r}{hint}", known=definition.nodes, at=at)
        elif cls.decides and cls.decides not in definition.nodes[at].offered_actions:
            context.tell(
                spot,
                "node {at!r} does not offer {decides}; it offers {offers}",
                at=at,
                decides=cls.decides,
                offers=join_list(definition.nodes[at].offered_actions) or msg("no action"),
            )

    @classmethod
    def run(cls, performer: action.Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Perform the action by a method of the flow, which refuses a person who may not act."""
        options = value if isinstance(value, Mapping) else {}
        flow = performer.require_flow(cls.derive_key()).find(
            to_text_or_empty(options.get("project"))
        )
        move = to_flow_move(value)
        if cls.decides:
            flow.decide(cls.decides, move)
        else:
            getattr(flow, cls.method or cls.derive_key())(move)


class NodeAction(FlowAction, frozen=True, kw_only=True):
    """A flow action on the node that the key ``at`` names; by default that where the project is."""

    at: str = ""


class PlayAction(action.Action, frozen=True, kw_only=True):
    """Let a project run by itself: people act by their policies, deadlines and timers pass."""

    about = msg("Let people decide by the policies, until the project is at a node or has ended")
    texts: ClassVar = {
        "_": msg("How far the project runs by policies, deadlines and timers"),
        "until": msg("The node, or start; by default the end of the project"),
    }
    others: ClassVar = (None,)
    takes = msg("`{until: node}`, or nothing: until it has ended")
    needs = ("flow",)

    until: str = ""

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: source.Spot) -> None:
        """Report a node ``until`` that does not exist, or where no project can stop."""
        definition = context.names.definition
        if definition is None:
            context.tell(spot, msg("play needs flow.definition; without it nothing moves"))
            return
        if value is None or not cls.check_keys_if_map(context, value, spot):
            return
        until = value.get("until", "")
        if not isinstance(until, str):
            context.tell(spot.at("until"), msg("expected the name of a node"))
        elif until and "${" not in until and until not in {*definition.nodes, START}:
            known = (*definition.nodes, START)
            context.tell(spot.at("until"), "no node {until!r}{hint}", known=known, until=until)
        elif until in definition.nodes and definition.nodes[until].parallel:
            context.tell(
                spot.at("until"),
                "no project stays at {until!r}, where branches begin; name one of their nodes, or "
                "the join {join!r}",
                until=until,
                join=definition.nodes[until].join,
            )

    @classmethod
    def run(cls, performer: action.Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Let the people of the scenario act until the project is at ``until``, or has ended."""
        flow = performer.require_flow("play")
        if performer.player is not None:
            performer.player.play(performer, flow, str((value or {}).get("until", "")), result)


class PreviewAction(action.Action, frozen=True, kw_only=True):
    """Compute which way a project would take if it were submitted, without submitting it."""

    about = msg("Tell the nodes, owners and branches that a project would come to; nothing stays")
    texts: ClassVar = {
        "_": msg("What would come if everybody agreed"),
        "by": msg("Who would submit it"),
        "form": msg("What the form would hold"),
    }
    others: ClassVar = (None,)
    needs = ("flow",)

    by: str | int = ""
    form: Mapping[str, Any] = {}

    @classmethod
    def check(cls, context: CheckContext, value: Any, spot: source.Spot) -> None:
        """Report people and fields in *value*, that of the action, that do not exist.

        Without a flow definition only that is reported, as no way can be computed then.
        """
        if context.names.definition is None:
            context.tell(spot, msg("preview needs flow.definition; without it nothing moves"))
        elif value is not None and cls.check_keys_if_map(context, value, spot):
            check_performer(context, value, spot)
            check_form_field_names(context, value.get("form"), spot.at("form"))

    @classmethod
    def run(cls, performer: action.Performer, value: Any, script_name: str, result: Result) -> None:  # noqa: ARG003
        """Make the preview; it becomes the step's result."""
        result.set_value(performer.require_flow("preview").preview(to_flow_move(value)))


_NODE = msg("the node")


def to_flow_move(value: Any) -> FlowMove:
    """Return the value of a flow action as the argument of the method that performs it.

    A text is the comment; a missing key, or null (an empty cell of a row), leaves the default.
    """
    given = value if isinstance(value, Mapping) else {"comment": value}
    options = {key: item for key, item in given.items() if item is not None}
    where: Where = options.get("where", "before")
    return FlowMove(
        at=to_text_or_empty(options.get("at")),
        by=to_text_or_empty(options.get("by")),
        comment=to_text_or_empty(options.get("comment")),
        form=options.get("form", {}),
        others=tuple(_wrap_in_list(options.get("to", ()))),
        where=where,
        rule=options.get("complete", "all"),
    )


def _is_blank_text_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _names_nothing(value: Any) -> bool:
    """Return whether *value* names no single person, node or sub-flow: blank, a list or a map."""
    return _is_blank_text_or_none(value) or isinstance(value, list | tuple | Mapping)


def _wrap_in_list(value: Any) -> Sequence[str | int]:
    return value if isinstance(value, list | tuple) else (value,)


def check_form_field_names(context: CheckContext, fields: Any, spot: source.Spot) -> None:
    """Report fields and columns of *fields* that the form does not have, or that it is no map.

    Nothing is reported of None, an empty cell of a row, or of a text with ``${…}``.
    """
    if not isinstance(fields, Mapping):
        if fields is not None and (not isinstance(fields, str) or is_literal_text(fields)):
            context.tell(spot, msg("expected a map of fields and values"))
        return
    names = context.names
    for name, value in fields.items():
        if wrong := names.find_field_problem(name):
            context.tell(spot.at(name), wrong, kind="name")
        for path, wrong in names.find_unknown_columns(name, value):
            context.tell(spot.at(name, *path), wrong, kind="name")


def is_literal_text(value: Any) -> bool:
    """Return whether *value* is a text without ``${…}``, so that it is known before the run."""
    return isinstance(value, str) and "${" not in value


def describe_person(
    user: Any, people: Mapping[str, Any], resolve: Callable[[Any], Any]
) -> Mapping[str, Any]:
    """Return the members of a person as scripts see them: ``{id, name, …}``.

    *user* is a map of these members, or an id that is looked up in *people*; *resolve* replaces
    ``${…}``.
    """
    user = {} if user is UNSET else resolve(user)
    if user is None:
        return {}
    if isinstance(user, Mapping):
        return user
    known = people.get(str(user))
    more = known if isinstance(known, Mapping) else {"name": known} if known else {}
    return {"id": user, **resolve(more)}


def check_people_exist(context: CheckContext, value: Any, spot: source.Spot) -> None:
    """Report people who do not exist, if the scenario lists all people there are.

    Without a list nothing is checked, not even similar names: two names that differ in one
    character (王小明, 王小红), or ids such as 1001 and 1002, are usually two persons. Whether a
    person may act is checked when the action runs.
    """
    known = context.names.all_named_people
    for name in map(str, _wrap_in_list(value) if context.names.lists_people else ()):
        if name and "${" not in name and name not in known:
            context.tell(spot, "people has no {name!r}{hint}", known=known, name=name, kind="name")


def check_performer(context: CheckContext, value: Mapping[str, Any], spot: source.Spot) -> None:
    """Report ``by`` of *value* at *spot* if it is empty, or nobody that there is."""
    if "by" in value and _names_nothing(value["by"]):
        meant = WHO["by"]
        context.tell(spot.at("by"), "expected {key}: {meant}", key="by", meant=meant, kind="name")
    check_people_exist(context, value.get("by", ""), spot.at("by"))


def check_user(context: CheckContext, user: Any, spot: source.Spot) -> None:
    """Report *user*, an id at *spot*, if the scenario lists all people and has no such person."""
    if isinstance(user, Mapping):
        check_people_exist(context, user.get("id", ""), spot.at("id"))
    elif isinstance(user, str | int):
        check_people_exist(context, user, spot)


def check_unmentioned_denied_person(context: CheckContext, name: Any, spot: source.Spot) -> None:
    """Report the person *name*, whom an expectation denies, if nothing else mentions that person.

    An example is ``pending: {$not: {$contains: 张三}}``: with a misspelled name it would always
    hold. If the scenario lists all people, other checks find that.
    """
    known = context.names.mentioned_people
    if (
        not context.names.lists_people
        and known
        and is_literal_text(name)
        and name
        and name not in known
    ):
        context.tell(
            spot,
            "nobody in this scenario is called {name!r}, so that this always holds{hint}",
            known=known,
            name=name,
            kind="name",
            fails=False,
        )
