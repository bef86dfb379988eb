from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.format import dump_entries, dump_exchanges, render_exchange, reseal
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import (
    MatchingRules,
    RequestParts,
    call_to_parts,
    exchange_to_parts,
)
from bpmax_sim.cassette.miss import UnmatchedCallContext
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import DamagedCassette, NoMatchError, Place
from bpmax_sim.messages import Call, Exchange, FailedExchange, Response
from tests.cassette.exchanges import (
    OWNER,
    RULES,
    ZONE,
    answer,
    detail,
    keyed,
    numbered,
    order,
    taken,
)
from tests.examples import drawn
from tests.snapshots import snapshot

CONTEXT = UnmatchedCallContext(
    step="2/3 选择客户 12345",
    place=Place("scenarios/crm.yaml", 12, 5),
    position=Place("scenarios/scripts/选择客户.js", 3, 8),
)


def player(
    tmp_path: Path, *exchanges: Exchange, rules: MatchingRules = RULES, **options: Any
) -> Player:
    path = tmp_path / "crm.yaml"
    path.write_bytes(dump_exchanges(numbered(*exchanges), rules=RULES, zone=ZONE))
    return Player(Cassette.load(path), rules, options.pop("owner", OWNER), **options)


def name_of(exchange: Exchange) -> str:
    assert isinstance(exchange.outcome, Response)
    return str(json.loads(exchange.outcome.body)["data"]["name"])


def customer(name: str, number: int = 12345) -> Exchange:
    return detail(number, outcome=answer(json.dumps({"data": {"name": name}})))


def missed(
    tmp_path: Path, playing: Player, parts: RequestParts, context: UnmatchedCallContext = CONTEXT
) -> NoMatchError:
    with pytest.raises(NoMatchError) as raised:
        taken(playing, parts, context)

    error = raised.value
    error.args = (str(error).replace(f"{tmp_path}/", "cassettes/"),)
    return error


PARTS = exchange_to_parts(detail())


def test_equal_calls_are_answered_in_recorded_order_and_each_once(tmp_path: Path) -> None:
    playing = player(tmp_path, customer("张三"), customer("其他", 7), customer("李四"))

    assert [name_of(taken(playing, PARTS)) for _ in "12"] == ["张三", "李四"]
    assert [name_of(e) for e in playing.list_unplayed_exchanges()] == ["其他"]
    assert repr(playing).endswith(f"crm.yaml' for {OWNER!r}, 2 played>")
    assert missed(tmp_path, playing, PARTS).case == "already played"


def test_a_failure_keeps_its_place_among_the_answers(tmp_path: Path) -> None:
    lost = detail(outcome=FailedExchange(code="TIMEOUT", message="超时", elapsed=30.0))
    playing = player(tmp_path, customer("张三"), lost, customer("李四"))
    outcomes = [taken(playing, PARTS).outcome for _ in "123"]

    assert [type(outcome) for outcome in outcomes] == [Response, FailedExchange, Response]
    assert playing.list_unplayed_exchanges() == ()


def test_a_repeated_call_gets_the_last_answer_again(tmp_path: Path) -> None:
    playing = player(tmp_path, customer("张三"), customer("李四"), repeat=True)

    assert [name_of(taken(playing, PARTS)) for _ in "1234"] == ["张三", "李四", "李四", "李四"]


def test_threads_never_get_one_exchange_twice(tmp_path: Path) -> None:
    playing = player(tmp_path, *[customer(str(n)) for n in range(200)])
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: name_of(taken(playing, PARTS)), range(200)))

    assert sorted(map(int, names)) == list(range(200))


def test_owners_of_one_file_do_not_see_each_other(tmp_path: Path) -> None:
    other = replace(customer("李四"), owner="另一个")
    playing = player(tmp_path, customer("张三"), other, owner="另一个")

    assert name_of(taken(playing, PARTS)) == "李四"
    assert playing.list_unplayed_exchanges() == ()


def test_keys_are_computed_afresh_under_other_rules(tmp_path: Path) -> None:
    rules = MatchingRules(ignore=("query", "path"))
    sent = call_to_parts(replace(_call(), path="/v2", query=()))
    playing = player(tmp_path, customer("张三"), customer("李四", 7), rules=rules)

    assert playing.is_recorded(sent)
    assert [name_of(taken(playing, sent)) for _ in "12"] == ["张三", "李四"]
    assert not player(tmp_path, customer("张三")).is_recorded(sent)


def test_keys_are_computed_afresh_where_the_rules_of_one_platform_changed(tmp_path: Path) -> None:
    erp = replace(_call(), platform="erp")
    other = customer("李四", 7)
    recorded = keyed(replace(other, request=replace(other.request, call=erp)))
    rules = MatchingRules(scoped=(("erp", ("query",)),))
    playing = player(tmp_path, customer("张三"), recorded, rules=rules)

    assert name_of(taken(playing, call_to_parts(replace(erp, query=(("ts", "9"),))))) == "李四"
    assert name_of(taken(playing, PARTS)) == "张三"


def _call() -> Call:
    said = detail().request.call
    assert said is not None
    return said


def test_an_accepted_hand_edit_is_found_by_what_it_now_says(tmp_path: Path) -> None:
    player(tmp_path, customer("张三"), order(b"{}"))
    path = tmp_path / "crm.yaml"
    edited = path.read_text(encoding="utf-8").replace("/customers/12345", "/customers/99")
    path.write_bytes(reseal(edited))
    playing = Player(Cassette.load(path), RULES, OWNER)

    assert name_of(taken(playing, call_to_parts(replace(_call(), path="/customers/99")))) == "张三"
    assert taken(playing, exchange_to_parts(order(b"{}"))).order == 2


def test_without_a_cassette_the_command_that_records_is_told(tmp_path: Path) -> None:
    playing = Player(None, RULES, OWNER, path="cassettes/crm.yaml")
    error = missed(tmp_path, playing, PARTS)

    assert (error.case, error.platform, error.api) == (
        "no cassette",
        "crm_system",
        "get_customer_detail",
    )
    assert str(error) == snapshot(
        "no cassette: crm_system.get_customer_detail cannot be answered, cassettes/crm.yaml does "
        "not exist\n"
        "  step      2/3 选择客户 12345 (scenarios/crm.yaml:12:5)\n"
        "  script    scenarios/scripts/选择客户.js:3:8\n"
        "  call      GET /customers/12345?fields=name,phone (instance test)\n"
        "  record    bpmax-sim record scenarios/crm.yaml:12"
    )
    assert playing.list_unplayed_exchanges() == ()
    assert not playing.is_recorded(PARTS)


def test_a_call_with_another_value_is_shown_beside_the_nearest_recording(tmp_path: Path) -> None:
    sent = call_to_parts(replace(_call(), query=(("fields", "name"),)))
    error = missed(tmp_path, player(tmp_path, order(b"{}"), detail(7), detail()), sent)

    assert error.case == "no such call"
    assert str(error) == snapshot(
        "no such call: crm_system.get_customer_detail is not recorded like this: "
        'query.fields sent "name", recorded "name,phone"\n'
        "  step      2/3 选择客户 12345 (scenarios/crm.yaml:12:5)\n"
        "  script    scenarios/scripts/选择客户.js:3:8\n"
        "  call      GET /customers/12345?fields=name (instance test)\n"
        "  nearest   exchange 3 at cassettes/crm.yaml:33\n"
        "            √ platform  √ instance  √ api  √ method  √ path  × query  √ header  √ body\n"
        '            × query.fields: recorded "name,phone", sent "name"\n'
        "  mend      the script, if it should send what was recorded\n"
        "  record    bpmax-sim record scenarios/crm.yaml:12 --record=rewrite\n"
        "  or add    bpmax-sim record scenarios/crm.yaml:12 --record=new\n"
        "  ignore    ignore: [query.fields]\n"
        "  compare   bpmax-sim cassette inspect cassettes/crm.yaml:33"
    )


def test_an_extra_call_is_told_from_an_unknown_one(tmp_path: Path) -> None:
    playing = player(tmp_path, detail())
    taken(playing, PARTS)

    assert str(missed(tmp_path, playing, PARTS)) == snapshot(
        "already played: crm_system.get_customer_detail was recorded once for "
        "'选择客户回填[正常]', and this is call 2\n"
        "  step      2/3 选择客户 12345 (scenarios/crm.yaml:12:5)\n"
        "  script    scenarios/scripts/选择客户.js:3:8\n"
        "  call      GET /customers/12345?fields=name,phone (instance test)\n"
        "  recorded  cassettes/crm.yaml:4\n"
        "  record    bpmax-sim record scenarios/crm.yaml:12 --record-extra\n"
        "  or        repeat: true"
    )


def test_many_differences_and_long_values_are_shortened(tmp_path: Path) -> None:
    long = "客" * 200
    recorded = order(json.dumps({"a": [long, *range(9)], "b.c": 1}).encode())
    sent = order(json.dumps({"a": [f"{long[:-1]}户", *range(1, 10)], "b.c": 2.5}).encode())
    text = str(
        missed(
            tmp_path, player(tmp_path, recorded), exchange_to_parts(sent), UnmatchedCallContext()
        )
    )

    shown = f'× body.a[0]: recorded …{"客" * 61}", sent …{"客" * 60}户"\n'
    assert shown in text
    assert "× body.a[1]: recorded 0, sent 1\n" in text
    assert "            … and 6 more\n" in text
    assert "ignore    " not in text  # a long text says what is asked for
    assert (
        "  record    bpmax-sim record --record=rewrite\n  or add    bpmax-sim record --record=new\n"
        in text
    )


def test_a_call_whose_nearest_recording_was_played_is_added(tmp_path: Path) -> None:
    playing = player(tmp_path, detail())
    taken(playing, PARTS)
    text = str(missed(tmp_path, playing, call_to_parts(replace(_call(), query=()))))

    assert "nearest   exchange 1 at cassettes/crm.yaml:4, already played\n" in text
    assert "  record    bpmax-sim record scenarios/crm.yaml:12 --record=new\n" in text
    assert "or add" not in text


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ({"api": "cancel"}, "nearest   exchange 1 at cassettes/crm.yaml:4"),
        (
            {"platform": "erp"},
            "nearest   none, recorded are crm_system.get_customer_detail (2)",
        ),
    ],
)
def test_an_unknown_api_is_told_what_is_recorded(
    tmp_path: Path, change: dict[str, Any], nearest: str
) -> None:
    sent = call_to_parts(replace(_call(), **change))
    text = str(missed(tmp_path, player(tmp_path, detail(), detail(7)), sent))

    assert nearest in text
    assert "ignore:" not in text


def test_a_recording_of_another_scenario_is_pointed_to(tmp_path: Path) -> None:
    text = str(missed(tmp_path, player(tmp_path, detail(), owner="改了名"), PARTS))

    assert "  nearest   none, nothing is recorded for '改了名'\n" in text
    assert (
        f"            the file holds {OWNER!r}\n            it is recorded for {OWNER!r}\n" in text
    )


def test_an_empty_file_and_traffic_without_a_builder_are_told(tmp_path: Path) -> None:
    bare = replace(detail(), request=replace(detail().request, call=None))
    text = str(missed(tmp_path, player(tmp_path), exchange_to_parts(bare), UnmatchedCallContext()))

    assert text.startswith("no such call: GET https://crm.example.test/customers/12345 is not")
    assert "the file holds no exchange\n" in text


def test_the_nearest_already_played_says_so_and_a_damaged_one_is_passed_over(
    tmp_path: Path,
) -> None:
    playing = player(tmp_path, detail(), detail(7), order(b"{}"))
    taken(playing, PARTS)
    sent = call_to_parts(replace(_call(), query=(("fields", "x"),)))
    assert "exchange 1 at cassettes/crm.yaml:4, already played" in str(
        missed(tmp_path, playing, sent)
    )

    path = tmp_path / "crm.yaml"
    path.write_bytes(path.read_bytes().replace(b"customers/12345", b"customers/1234x"))
    damaged = Player(Cassette.load(path), RULES, OWNER)
    assert "nearest   exchange 2" in str(missed(tmp_path, damaged, sent))
    with pytest.raises(DamagedCassette):
        taken(damaged, PARTS)


fields = st.dictionaries(
    st.text("abc客.[*", min_size=1, max_size=3), st.integers(0, 3), min_size=1, max_size=4
)
CHANGE: dict[str, Any] = {
    "instance": st.just("prod"),
    "method": st.just("PATCH"),
    "path": st.just("/orders/9"),
    "query": st.just((("页", "2"),)),
    "header": st.just((("content-type", "application/json"), ("x-new", "1"))),
    "body": fields,
}


@given(fields, st.sampled_from(sorted(CHANGE)), st.data())
@settings(
    max_examples=drawn(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_miss_names_exactly_the_part_that_was_changed(
    tmp_path: Path, body: dict[str, int], part: str, data: st.DataObject
) -> None:
    recorded = order(json.dumps(body).encode())
    said = recorded.request.call
    assert said is not None
    value = data.draw(CHANGE[part].filter(lambda new: new != body))
    change = json.dumps(value).encode() if part == "body" else value
    changed: dict[str, Any] = {{"header": "headers"}.get(part, part): change}
    sent = call_to_parts(replace(said, **changed))
    text = str(missed(tmp_path, player(tmp_path, recorded, keyed(detail())), sent))
    ticks = next(line for line in text.splitlines() if "platform" in line and "√" in line)

    assert [tick for tick in ticks.split("  ") if tick.startswith("×")] == [f"× {part}"]
    named = [line.split()[1] for line in text.splitlines() if line.strip().startswith("× ")]
    assert {path.split(":")[0].split(".")[0].split("[")[0] for path in named} == {part}


@pytest.mark.parametrize(
    ("recorded", "sent", "hint"),
    [
        ({"a": [[1, 2], [3]]}, {"a": [[1, 5], [3]]}, 'ignore: ["body.a[0][1]"]'),
        ({"a": [{"t": 1}, {"t": 2}]}, {"a": [{"t": 3}, {"t": 4}]}, 'ignore: ["body.a[*].t"]'),
        ({"a": [1, 2, 3]}, {"a": [4, 5, 3]}, 'ignore: ["body.a[0]", "body.a[1]"]'),
        ({"query": "{ a(id: 7) }"}, {"query": "{ a(id: 8) }"}, ""),
        ({"sql": "select 7"}, {"sql": "select 8"}, ""),
        ({"t": "2026-03-02 09:00:00"}, {"t": "2026-03-02 09:00:01"}, "ignore: [body.t]"),
        ({"query": "{ customer { name } } " * 4}, {"query": "{ orders { id } } " * 4}, ""),
        ({"filter": {"name": 1}}, {"filter": 2}, ""),
    ],
)
def test_what_is_offered_to_be_ignored_never_blinds(
    tmp_path: Path, recorded: object, sent: object, hint: str
) -> None:
    playing = player(tmp_path, order(json.dumps(recorded).encode()))
    with pytest.raises(NoMatchError) as missed:
        taken(playing, exchange_to_parts(order(json.dumps(sent).encode())))

    lines = [
        line.split(maxsplit=1)[1] for line in str(missed.value).splitlines() if "ignore:" in line
    ]
    assert lines == ([hint] if hint else [])


def test_of_what_was_not_recorded_the_nearest_unplayed_exchange_is_taken(tmp_path: Path) -> None:
    playing = player(tmp_path, detail(1), detail(2), detail(3), order(b"{}"))
    wanted = exchange_to_parts(detail(9))
    assert playing.take_nearest_for_unrecorded(exchange_to_parts(detail(2))) is None
    taken(playing, exchange_to_parts(detail(1)))

    claimed = [playing.take_nearest_for_unrecorded(wanted) for _ in range(3)]

    assert [one and one[1] for one in claimed] == [1, 2, None]
    assert Player(None, RULES, OWNER).take_nearest_for_unrecorded(wanted) is None


@pytest.mark.parametrize(
    "names",
    [
        "甲=kehu.read 乙=crm_system.get_customer_detail 丙=crm_system.read 丁=kehu.read",
        "甲=crm_system.get_customer_detail 乙=kehu.read 丙=kehu.get_customer_detail 丁=kehu.read",
        "甲=crm_system.read 乙=crm_system.read 丙=kehu.read 丁=crm_system.get_customer_detail",
    ],
)
@pytest.mark.parametrize("repeat", [False, True])
def test_answers_under_current_and_former_names_are_played_in_their_recorded_order(
    tmp_path: Path, names: str, repeat: bool
) -> None:
    def recorded(name: str, platform: str, api: str) -> Exchange:
        one = customer(name)
        assert one.request.call is not None
        call = replace(one.request.call, platform=platform, api=api)
        return keyed(one, request=replace(one.request, call=call))

    split = [one.replace("=", ".").split(".") for one in names.split()]
    former = FormerNames({"crm_system": ("kehu",)}, {"crm_system.get_customer_detail": ("read",)})
    playing = player(
        tmp_path,
        *(recorded(*one) for one in split),
        rules=MatchingRules(former=former),
        repeat=repeat,
    )

    assert [name_of(taken(playing, PARTS)) for _ in split] == ["甲", "乙", "丙", "丁"]
    assert playing.list_unplayed_exchanges() == ()


def test_a_call_that_no_session_has_so_often_does_not_count_for_the_next_choice(
    tmp_path: Path,
) -> None:
    left = {1: [customer("甲")], 2: [customer("其他", 7)], 3: [customer("乙"), customer("丙", 7)]}
    pairs = [(session, one) for session, exchanges in left.items() for one in exchanges]
    numbers = numbered(*(one for _, one in pairs))
    entries = [
        render_exchange(one).with_line(session=session)
        for one, (session, _) in zip(numbers, pairs, strict=True)
    ]
    path = tmp_path / "crm.yaml"
    path.write_bytes(dump_entries(entries))
    playing = Player(Cassette.load(path), RULES, OWNER)

    calls = [PARTS, PARTS, exchange_to_parts(customer("", 7))]
    assert [name_of(taken(playing, parts)) for parts in calls] == ["甲", "乙", "丙"]
