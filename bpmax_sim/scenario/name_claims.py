"""Compare the names of steps and rows with what they do: the people and numbers that they mention.

A name is the only place where an author says what a test is meant to show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET

from bpmax_sim.i18n import join_list, msg
from bpmax_sim.js_values import format_js_number
from bpmax_sim.scenario import model
from bpmax_sim.scenario.events import ErrorThrown
from bpmax_sim.scenario.expect import is_number
from bpmax_sim.scenario.references import show
from bpmax_sim.scenario.table_rows import ScenarioDraft


def find_mentions(text: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that occur in *text*.

    Names of one letter, and names inside of a longer one that occurs too, are left out.
    """
    found = [name for name in names if len(name) > 1 and name in text]
    # Names within longer ones: 张三 is not mentioned by 张三丰.
    return [one for one in found if not any(one in other and one != other for other in found)]


_ACTING: Final = (
    r"(?:再次?|也|先|直接|就)?(?:审批|同意|通过|批准|批|驳回|退回|拒绝|提交|重新提交|填|转|加签|撤回|处理|确认|点|终止"
    r"|\s*(?:approves?|agrees?|rejects?|submits?|fills?|returns?|withdraws?|hands?)\b)"
    r"(?!.{0,3}[的后前时])"
)
"""What follows the name of whoever acts; not where it is only about what he did before."""


def find_named_actors(text: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* who act according to *text*, such as 张三 in ``张三同意``."""
    return [
        name
        for name in find_mentions(text, names)
        if re.search(rf"(?:^|[\s，,；;：:、由]|by ){re.escape(name)}{_ACTING}", text)
    ]


def check_actors_in_step_names(draft: ScenarioDraft) -> None:
    """Report a step whose name mentions a person although another one performs it."""
    known = {*draft.names.all_named_people, *draft.names.mentioned_people}
    for step, spot in draft.steps if known else ():
        value = step.value if isinstance(step.value, Mapping) else {}
        performer = value.get("by")  # which may be written as anything
        is_known = isinstance(performer, str | int) and str(performer) in known
        node = spot.source.root.find_at(spot.steps) if is_known and step.name else None
        parts = node.items.items() if node is not None else ()
        others = {key: part.to_plain() for key, part in parts if key != "name"}
        named = find_named_actors(step.name, known) if node is not None else []
        if named and not any(
            one in show(_drop_successors(others, step.name, one)) for one in named
        ):
            draft.tell(
                spot.at("name"),
                "the name of this step speaks of {people}, and {performer} performs it; mend the "
                "name or by:",
                people=join_list(named),
                performer=performer,
                kind="name",
                fails=False,
            )


_DECIDING: Final = (
    r"(?:再次?|也|先|直接|就)?(?:同意|批准|驳回|拒绝)|\s*(?:approves|agrees|rejects)\b"
)
"""What follows the name of whoever decides, and is no name of a task."""


def _drop_successors(step: Mapping[str, Any], name: str, person: str) -> Mapping[str, Any]:
    """Return *step* without ``pending`` if its *name* begins with a decision of *person*.

    Nobody is waited for who has decided just now. In any other name the person may be the next one,
    as in ``提交，张三审批``. *step* is key -> value.
    """
    expected = step.get("expect")
    flow = expected.get("flow") if isinstance(expected, Mapping) else None
    if not isinstance(expected, Mapping) or not isinstance(flow, Mapping):
        return step
    if not re.match(f"{re.escape(person)}(?:{_DECIDING})", name):
        return step
    rest = {key: value for key, value in flow.items() if key != "pending"}
    return {**step, "expect": {**expected, "flow": rest}}


_UNITS: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS: Final = {**{sign: n for n, sign in enumerate("零一二三四五六七八九")}, "两": 2, "〇": 0}
_SIGNS: Final = "".join((*_DIGITS, *_UNITS))
_FIGURE: Final = r"\d+(?:,\d{3})*(?:\.\d+)?"
_FROM_FIGURE: Final = rf"{_FIGURE}(?:[{_SIGNS}]+{_FIGURE})*[{_SIGNS}]*"
"""Such as ``1,200`` and ``3万5千``."""
_ANY_NUMBER: Final = re.compile(rf"{_FROM_FIGURE}|[{_SIGNS}]+")
_NUMBER: Final = re.compile(
    rf"(?<![A-Za-z第\d.#{_SIGNS}-])(?:{_FROM_FIGURE}|[{_SIGNS}]+)"
    r"(?=\s*(?:元|块|整|$|[\s，,。；;：:、)）】\]]))"
)
"""A number that stands alone or counts money: neither ``15天`` nor ``第12次`` nor ``K100``."""
_RANGE: Final = re.compile(
    r"不足|不到|不满|未满|以[下上内外]|[超低高多少大小]于|超过?|近|约|差|内|角|分|之[内外间前后]|[-~—至到<>≤≥]"
    r"|\b(?:under|over|below|above|less|more|than|about|to)\b"
)
"""What makes a number in a name one that the values need not have."""
_SMALL: Final = 10


def read_numbers_from_ten(text: str) -> list[float]:
    """Return the numbers from 10 on that *text* mentions, in digits or Chinese (五千零一).

    Smaller ones are often ordinals. Nothing is returned for a range such as 10-20, which no single
    value can match.
    """
    texts = [] if _RANGE.search(text) else _NUMBER.findall(text)
    return [value for value in map(_read_number, texts) if value >= _SMALL]


def _read_number(text: str) -> float:
    """Return the number written as *text* in digits, Chinese or both: ``1,200``, ``3万5千``."""
    total: float = 0
    part: float = 0
    digit: float = 0
    signs = re.findall(rf"{_FIGURE}|.", text)
    for sign in signs:
        unit = _UNITS.get(sign, 0)
        if not unit:
            digit = _DIGITS[sign] if sign in _DIGITS else float(sign.replace(",", ""))
        elif unit < _UNITS["万"]:
            part, digit = part + (digit or 1) * unit, 0
        elif unit == _UNITS["万"]:  # 二千万 of 一亿二千万
            total, part, digit = total + (part + digit) * unit, 0, 0
        else:
            total, part, digit = (total + part + digit) * unit, 0, 0
    before = _UNITS.get(signs[-2], 1) if signs[1:] else 1
    if before > _SMALL and digit in range(1, _SMALL):  # 三万五 is 35000, and 三万零五 is 30005
        digit *= before // 10
    return float(total + part + digit)


def check_numbers_in_row_names(draft: ScenarioDraft) -> None:
    """Report a row named by a number (``超过5000``) that is not among its values.

    Only if the number of another row's name is among that row's values: then names mean values. A
    name of digits alone is an ordinal.
    """
    claims = [
        (row, [] if row.id.isdecimal() else read_numbers_from_ten(row.id)) for row in draft.rows
    ]
    kept = []
    for row, said in claims:
        values = {column: value for column, value in row.values.items() if column != "id"}
        kept.append(not {*said}.isdisjoint(_find_numbers(values)))
    for (row, said), is_kept in zip(claims, kept, strict=True):
        if said and not is_kept and any(kept):
            draft.tell(
                row.spot or draft.spot.at("cases"),
                "the name of the row {row!r} says {number}, and no value of it is that",
                row=row.id,
                number=format_js_number(said[0]),
                kind="name",
                fails=False,
            )


def check_numbers_in_row_texts(draft: ScenarioDraft) -> None:
    """Report a text in a row, such as ``单价35元``, whose number differs from cell ``单价``."""
    for row in draft.rows:
        texts = [text for text in row.values.values() if isinstance(text, str)]
        for column, value in row.values.items():
            is_told = len(column) > 1 and any(column in text for text in texts)
            number = _to_number(value) if is_told else None
            if number is None:
                continue
            pattern = (
                rf"(?<![原旧前后总计净折均超低高限]){re.escape(column)}\s*[为是=:：]?\s*({_FROM_FIGURE})"
                rf"(?![\d.{_SIGNS}]|,\d|\s*[元块]?\s*(?:以|之|左右|上下|起|[-~—至到]))"
            )
            said = re.findall(pattern, " ".join(texts))
            if said and number not in {*map(_read_number, said)}:
                draft.tell(
                    row.spot.at(column) if row.spot is not None else draft.spot.at("cases"),
                    "a text of the row {row!r} says {column} {said}, and {column} is {number}",
                    row=row.id,
                    column=column,
                    said=said[0],
                    number=format_js_number(number),
                    kind="name",
                    fails=False,
                )


def _find_numbers(value: Any) -> Iterator[float]:
    """Yield the numbers in *value* at any depth, also those inside of texts: ``共1.5万元``."""
    if isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _find_numbers(item)
    elif isinstance(value, str):
        yield from map(_read_number, _ANY_NUMBER.findall(value))
    elif (number := _to_number(value)) is not None:
        yield number


def _to_number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if re.fullmatch(r"-?\d+(?:\.\d+)?", value) else None
    return float(value) if is_number(value) else None


_OF_FIELDS: Final = frozenset({"REQUIRED", "READ_ONLY", "HIDDEN", "NOT_AN_OPTION"})
_REFUSAL: Final = (
    r"(?:没有|没填写?|未填写?|不填写?|缺少?|漏填?|必填|missing |no |without |empty ){0}"
    r"|{0}\s*(?:没填|未填|不填|没写|要填|必填|为空|是空|空着|缺|漏|只读|隐藏|不能改|不可改"
    r"|(?:is )?(?:required|empty|missing|read-only|hidden))"
)
"""A field in a title that says what is wrong with it: ``金额必填``, ``没有金额``."""
_MISTAKES: Final = frozenset({
    "NO_ROW", "NO_MEMBER", "NOT_A_TABLE", "NO_FUNCTION", "NO_FLOW", "NO_FORM", "NO_SUBJECT",
    "UNKNOWN_NAME", "UNKNOWN_NODE", "UNKNOWN_PERSON", "UNKNOWN_SUBFLOW", "AMBIGUOUS_NODE",
})  # fmt: skip
"""Codes of steps that are wrong themselves, whatever scripts do."""


def explain_unintended_error(
    expected: model.ExpectedError, thrown: ErrorThrown, fields: Iterable[str], title: str
) -> str:
    """Return why *thrown* is probably not the error that the step is meant to show, or "".

    That is an error by which the step itself is wrong, such as ``NO_ROW``, if *expected* names no
    code; or, if the step's *title* says that one of *fields* is missing or read-only, a refusal
    that is about another field. If *expected* has a message, nothing is doubtful.
    """
    if expected.message is not UNSET:
        return ""
    if thrown.has_code_of(_MISTAKES) and expected.code is UNSET:
        return msg(
            "this step fails whatever the scripts do, by {code}; mend it, or expect code: {code}",
            code=thrown.code,
        )
    meant = find_mentions(title, fields) if thrown.has_code_of(_OF_FIELDS) else []
    meant = [field for field in meant if re.search(_REFUSAL.format(re.escape(field)), title)]
    refused = find_mentions(thrown.message, fields) if meant else []
    if not refused or not {*meant}.isdisjoint(refused):
        return ""
    return msg(
        "the name speaks of {meant}, and this is about {refused}; say which is meant: message: "
        "{{$contains: …}}",
        meant=join_list(meant),
        refused=join_list(refused),
    )


NAME_CHECKS: Final = (
    check_actors_in_step_names,
    check_numbers_in_row_names,
    check_numbers_in_row_texts,
)
"""The checks of this module that look at a scenario as a whole."""
