"""Where a project is, who decides there, and when their decisions decide the node.

Each owner has rounds, which are decided one after the other: people added before the
owner decide first, people added after decide last, people added beside decide together with the
owner. A `ParallelBranches` is a gateway that was passed. It ends at its join, once every branch has
arrived there, or when a branch leaves it for another node outside.

The three ways of adding people (前加签, 后加签, 并加签) and the rules ``all`` (会签), ``any``
(或签) and ``in_order`` (依次) follow Feishu's approvals (v4); WeCom and DingTalk use the same
names. BPMAX's own rules are not public.

An *owner item* is the product's `OwnerItem`: a dict with ``owner_id``, ``status`` (0 untreated, 1
passed, 2 refused) and whatever else a script put there. One dict is shared by `Visit.decision`,
which decides, and by the map of owners that scripts see, so a decision is stored once for both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import msgspec

from bpmax_sim.errors import SubjectError, shorten_list, suggest_nearest, suggest_or_list
from bpmax_sim.i18n import DataValue, msg
from bpmax_sim.js_values import UndefinedType
from bpmax_sim.subject.hooks import Where

UNTREATED, PASSED, REFUSED = 0, 1, 2
"""The status of an owner, as the product has it."""
PROJECT = "0"
"""The key of a map of owners that stands for the project as a whole."""
Items = list[dict[str, Any]]
RULES = ("any", "all", "in_order")
_SHARE = re.compile(r"(100|[1-9]\d?)%")


def find_rule_problem(rule: Any, owner_count: int = 0) -> str | None:
    """Return what is wrong with *rule*, which says how many owners have to pass; None if nothing.

    A rule is ``any``, ``all``, ``in_order``, a number or a share such as ``60%``. *owner_count* is
    the number of owners, 0 if it is not known.
    """
    if isinstance(rule, int) and not isinstance(rule, bool):
        if rule < 1:
            return msg("expected at least one owner, got {rule}", rule=rule)
        if owner_count and rule > owner_count:
            return msg(
                "{rule} of {owners} owners can never be reached", rule=rule, owners=owner_count
            )
        return None
    if rule in RULES or _SHARE.fullmatch(str(rule)):
        return None
    hint = suggest_nearest(str(rule), RULES)
    known = msg("any, all, in_order, a number of owners or a share such as 60%")
    return msg("expected {known}, got {rule!r}{hint}", known=known, rule=DataValue(rule), hint=hint)


def decide_by_rule(rule: str | int, statuses: Sequence[int]) -> int:
    """Return `PASSED`, `REFUSED` or, if too few have decided, `UNTREATED`.

    *statuses* are those of the owners. *rule* is how many of them have to pass: ``any``, ``all``,
    ``in_order``, a number, or a share such as ``60%``.
    """
    passed, refused = statuses.count(PASSED), statuses.count(REFUSED)
    # One decision is enough, so there are several only if a hook returned owners with a status.
    if rule == "any":
        decided = [status for status in statuses if status != UNTREATED]
        return decided[0] if decided else UNTREATED
    needed = len(statuses)
    if isinstance(rule, int):
        needed = min(rule, len(statuses))
    elif match := _SHARE.fullmatch(rule):
        needed = math.ceil(len(statuses) * int(match[1]) / 100)
    if statuses and passed >= needed:
        return PASSED
    # Refused as soon as those who are left could not reach the number any more.
    return REFUSED if refused > len(statuses) - needed else UNTREATED


class OwnersRound(msgspec.Struct):
    """Owners of a node who decide together, by a rule of their own.

    Countersigning (加签), by which an owner adds people, can make further rounds.

    Attributes:
        items: owner items: ``owner_id`` and ``status``.
        rule: how many of them have to pass.
    """

    items: Items
    rule: str | int = "all"

    @property
    def status(self) -> int:
        """Return the decision of the round: `PASSED`, `REFUSED`, or `UNTREATED` if still open."""
        return decide_by_rule(self.rule, [item["status"] for item in self.items])

    def find_items_to_act_now(self) -> Iterator[dict[str, Any]]:
        """Yield the owner items (``owner_id`` and ``status``) of the people who are to act now.

        These are the undecided ones; with ``in_order`` only the first of them.
        """
        for item in self.items:
            if item["status"] == UNTREATED:
                yield item
                if self.rule == "in_order":
                    return


def _decide_rounds(rounds: list[OwnersRound]) -> int:
    """Return the decision of an owner's rounds.

    `PASSED` if all passed, `REFUSED` if one refused, else `UNTREATED`.
    """
    return decide_by_rule("all", [turn.status for turn in rounds])


class NodeDecision(msgspec.Struct):
    """Who has to decide at a node, and what was decided.

    Attributes:
        owner_rounds: for each owner the rounds in which he, and people added by him, decide.
        rule: how many of the owners have to pass.
    """

    owner_rounds: list[list[OwnersRound]] = msgspec.field(default_factory=list)
    rule: str | int = "any"

    @classmethod
    def from_items(cls, items: Items, rule: str | int) -> NodeDecision:
        """Return an undecided node whose owners decide by *rule*, each of them for himself."""
        return cls([[OwnersRound([item])] for item in items], rule)

    @property
    def status(self) -> int:
        """Return what the owners have decided so far by the rule of the node.

        `PASSED`, `REFUSED`, or `UNTREATED` as long as too few have decided.
        """
        return decide_by_rule(self.rule, [_decide_rounds(rounds) for rounds in self.owner_rounds])

    @property
    def owner_items(self) -> Items:
        """Return the items (``owner_id`` and ``status``) of all people who decide here.

        They are in the order of owners, and for each owner in that of his rounds: with people whom
        he added, before or behind him as they decide.
        """
        return [item for rounds in self.owner_rounds for turn in rounds for item in turn.items]

    @property
    def owner_ids(self) -> list[str]:
        """Return the ids of all people who decide here, those whom owners added included."""
        return [read_owner_id(item) for item in self.owner_items]

    def find_items_to_act_now(self) -> Items:
        """Return the items of the owners who may act now; with rule ``in_order`` only the first."""
        # Of each owner only the first undecided round acts; the rounds behind it wait.
        items: Items = []
        for rounds in self.owner_rounds:
            present = next((turn for turn in rounds if turn.status == UNTREATED), None)
            if _decide_rounds(rounds) == UNTREATED and present is not None:
                items += present.find_items_to_act_now()
                if self.rule == "in_order":
                    break
        return items

    def require_item_to_act_now(self, by: str) -> dict[str, Any]:
        """Return the item (``owner_id`` and ``status``) of the person *by*, if he is to act now.

        Raises:
            SubjectError: if it is not his turn, or he has decided; the message names who may.
        """
        for item in self.find_items_to_act_now():
            if read_owner_id(item) == by:
                return item
        may = shorten_list(read_owner_id(item) for item in self.find_items_to_act_now()) or msg(
            "nobody"
        )
        decided = any(read_owner_id(i) == by and i["status"] != UNTREATED for i in self.owner_items)
        code = "ALREADY_DECIDED" if decided else "NOT_YOUR_TURN"
        why = msg("has decided already") if decided else msg("is not to act yet")
        raise SubjectError("{by} {why}; who may act now: {may}", code=code, by=by, why=why, may=may)

    def compute_status_after(self, by: str, status: int) -> int:
        """Return the decision of the node (`PASSED`, `REFUSED` or `UNTREATED`) after one more.

        That is if the person *by* decides *status*, `PASSED` or `REFUSED`. Nothing is changed.

        Raises:
            SubjectError: if it is not the turn of *by*.
        """
        item = self.require_item_to_act_now(by)
        before, item["status"] = item["status"], status
        decided = self.status
        item["status"] = before
        return decided

    def add_owners(self, by: str, added: Items, where: Where, rule: str | int) -> None:
        """Add people who decide before the owner *by*, after or beside him (countersigning).

        Adding people after him counts as his approval. *rule* is how many of those added have to
        pass: ``any``, ``all``, ``in_order``, a number, or a share such as ``60%``. Beside him it is
        not used: all who decide together with him have to pass.

        Raises:
            SubjectError: if it is not the turn of *by*.
        """
        mine = self.require_item_to_act_now(by)
        rounds, at = next(
            (rounds, number)
            for rounds in self.owner_rounds
            for number, turn in enumerate(rounds)
            if any(mine is item for item in turn.items)
        )
        if where == "beside":
            # Beside means together, whatever rule the round had before.
            rounds[at].items += added
            rounds[at].rule = "all"
        elif where == "before":
            rounds.insert(at, OwnersRound(added, rule))
        else:
            # Adding people after oneself means to agree: they decide next.
            mine["status"] = PASSED
            rounds.insert(at + 1, OwnersRound(added, rule))


class PossibleMove(msgspec.Struct, frozen=True, kw_only=True):
    """A possible action now: a task of an owner at a node, or one without a task, as a withdrawal.

    Attributes:
        project: name of the sub-flow's project; "" for the main one.
        node: node of the task; ``start`` if the project is with its starter.
        by: owner who is to act; "" for an action without a task.
        visit: serial number of this stay at the node.
        arrived: virtual instant at which the project arrived.
        offered_actions: decisions that the node offers.
        is_shared: whether the first owner who decides, decides for all.
    """

    project: str
    node: str
    by: str = ""
    visit: int
    arrived: float
    offered_actions: tuple[str, ...] = ()
    is_shared: bool = False


def read_owner_id(item: Mapping[str, Any]) -> str:
    """Return the id of the person who is the owner of an owner item, as text."""
    return str(item.get("owner_id"))


def list_owner_ids(value: Any) -> list[str]:
    """Return the ids in ``ctx.project.owner``, which scenarios and scripts may write as they like.

    It is a list of owner items or ids, or one of these alone. What has no id is left out.
    """
    every = value if isinstance(value, list | tuple) else (value,)
    ids = (item.get("owner_id") if isinstance(item, Mapping) else item for item in every)
    return [str(one) for one in ids if _is_person_id(one)]


def apply_transfers(items: Items, transfers: Mapping[str, str]) -> Items:
    """Return *items* with each owner replaced by the person to whom he handed over his task.

    *transfers* maps owners to these persons, who may have handed it over, too.
    """
    if not transfers:
        return items
    seated: Items = []
    for item in items:
        owner = read_owner_id(item)
        while owner in transfers:  # each of them once, as who gets a task back has it himself
            owner = transfers[owner]
        if owner not in map(read_owner_id, seated):
            seated.append(item if owner == read_owner_id(item) else {**item, "owner_id": owner})
    return seated


def fill_in_untreated_status(items: Iterable[Mapping[str, Any]]) -> Items:
    """Return *items* with status untreated, unless they have a status already."""
    return [{"status": UNTREATED, **item} for item in items]


def parse_returned_owners(value: Any, node: str, nodes: Iterable[str] = ()) -> Mapping[str, Items]:
    """Return the owner items that the hook ``owners`` of *node* returned, by node.

    A plain list is for *node* itself; the key ``"0"`` is the project. *nodes* are those of the
    flow, if it has a definition.

    Raises:
        SubjectError: if *value* is not a list of owners, or names a node that does not exist.
    """
    if value is None or isinstance(value, UndefinedType):
        return {}
    if not isinstance(value, Mapping):
        return {node: _parse_returned_owners(value, node)}
    known = tuple(nodes)
    for step in value:
        if known and str(step) not in (*known, PROJECT):
            hint = suggest_or_list(str(step), known)
            raise SubjectError(
                "owners.{node} returned owners of {step!r}, which is not a node{hint}",
                code="UNKNOWN_NODE",
                node=node,
                step=step,
                hint=hint,
            )
    return {str(step): _parse_returned_owners(items, node) for step, items in value.items()}


def _parse_returned_owners(items: Any, node: str) -> Items:
    if not isinstance(items, list | tuple) or not all(map(_is_owner, items)):
        raise SubjectError(
            "owners.{node} must return owners such as [{{owner_id: 7}}], got {items!r}",
            code="BAD_RETURN",
            node=node,
            items=DataValue(items),
        )
    ids = [read_owner_id(item) for item in items]
    doubled = [owner for owner in ids if ids.count(owner) > 1]
    if doubled:
        raise SubjectError(
            "owners.{node} returned {doubled!r} twice",
            code="BAD_RETURN",
            node=node,
            doubled=doubled[0],
        )
    return [dict(item) for item in items]


def _is_owner(item: Any) -> bool:
    """Return whether *item* has an owner's id and, if it has a status, a known one."""
    if not isinstance(item, Mapping):
        return False
    status = item.get("status", UNTREATED)
    is_known = not isinstance(status, bool) and status in (UNTREATED, PASSED, REFUSED)
    return is_known and _is_person_id(item.get("owner_id"))


def _is_person_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


class ParallelBranches(msgspec.Struct, eq=False):
    """The branches of a gateway that are in progress.

    Attributes:
        join: node where the branches end.
        region: first node of each branch -> nodes on its ways to the join.
        waiting: branches that have not arrived at the join, by their first node.
        outer, branch: if the gateway is inside a branch of another one, the branches of that, and
            the first node of the branch; else None and "".
    """

    join: str
    region: Mapping[str, set[str]]
    waiting: set[str]
    outer: ParallelBranches | None = None
    branch: str = ""


# One sequence for the process: a stay that begins after an undone one must not get its number.
_SERIAL = count(1)


class Visit(msgspec.Struct, eq=False):
    """A stay of the project at a node.

    Attributes:
        serial: number that identifies the stay, in copies too.
        decision: who has to decide there, and what they decided; nobody until they are known.
        split, branch: parallel branches that it belongs to, and the first node of its branch.
        arrived, plan: virtual instants of arrival and of planned leaving.
        due, level: virtual instant of the next deadline, and number of deadlines that passed.
        child: name of the sub-flow's project that it waits for.
    """

    node: str
    decision: NodeDecision = msgspec.field(default_factory=NodeDecision)
    split: ParallelBranches | None = None
    branch: str = ""
    arrived: float = 0.0
    plan: float | None = None
    due: float | None = None
    level: int = 0
    child: str = ""
    serial: int = msgspec.field(default_factory=_SERIAL.__next__)


class NodeExit(NamedTuple):
    """Where a project is between two nodes.

    Attributes:
        split: branches that the next node is in; None if it is in none.
        branch: first node of its branch; "" if it is in none.
        must_wait: whether the project waits at the join until other branches arrive there.
    """

    split: ParallelBranches | None
    branch: str
    must_wait: bool


def leave_node(visits: dict[str, Visit], visit: Visit, target: str) -> NodeExit:
    """End the stay *visit* at a node, to go to *target*; it is taken out of *visits*.

    If *target* is outside of the branches, the other branches end.
    """
    visits.pop(visit.node, None)
    split, branch = visit.split, visit.branch
    while split is not None:
        if target == split.join:
            # The last branch to arrive takes the project beyond the join, into the outer branches;
            # an earlier one waits.
            split.waiting.discard(branch)
            if split.waiting:
                return NodeExit(split, branch, must_wait=True)
        elif target in split.region.get(branch, ()):
            # Within its own branch nothing begins or ends.
            break
        else:
            # *target* is outside of this split: the other branches end, those of inner splits too.
            for other in [v for v in visits.values() if split in _walk_splits_outward(v.split)]:
                visits.pop(other.node)
        outer, branch = split.outer, split.branch
        split = outer
    return NodeExit(split, branch, must_wait=False)


def _walk_splits_outward(split: ParallelBranches | None) -> Iterator[ParallelBranches]:
    while split is not None:
        yield split
        split = split.outer
