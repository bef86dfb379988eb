"""Mistakes in users' platforms and scripts are found, told, shrunk and kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from bpmax_sim import fuzz
from bpmax_sim.errors import ConfigError
from bpmax_sim.fuzz.search import LawFinding, SearchPlan, search
from bpmax_sim.openapi.convert import convert_document
from bpmax_sim.openapi.document import read_document
from bpmax_sim.strategies.programs import load_platforms_with_instances
from tests.examples import EVERY_NIGHT
from tests.fuzz.broken import PLATFORMS, SECRET, orders, written
from tests.loopback import answer_json, loopback

ROOT = Path(__file__).parents[2]
ENOUGH = 60
"""Seconds; a search ends as soon as everything that it tries is broken."""


def only(path: Path, **more: Any) -> LawFinding:
    """Search until the one law that is tried is broken."""
    found = search(
        SearchPlan(path=path, examples=str(path.parent / "kept"), seconds=ENOUGH, **more)
    )
    first = next(one.finding for one in found if one.finding)
    assert first is not None
    return first


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_mistake_in_a_platform_is_found(name: str, tmp_path: Path) -> None:
    broken = PLATFORMS[name]
    path = written(name, tmp_path)
    api = "sendTextMessage" if "qywx" in broken.text else ""

    found = only(path, laws=(broken.law,), api=api)

    assert found.message.startswith(f"{found.call} breaks the law {broken.law!r}: ")
    assert broken.told in found.message
    with pytest.raises(fuzz.LawBroken) as told:
        fuzz.hold(found.law, path, calls=found.calls)
    assert str(told.value) == found.message


def test_what_is_found_is_the_least_that_breaks_the_law(tmp_path: Path) -> None:
    found = only(written("one parameter lies within another", tmp_path), laws=("arrives",))

    (call,) = found.calls
    said = json.dumps(call, ensure_ascii=False)
    assert '"sale"' in said
    assert len(said) < 200


PROJECT = sorted((ROOT / "scenarios/platforms").glob("*.yaml"))


@pytest.mark.parametrize("path", PROJECT, ids=lambda path: path.stem)
def test_the_platforms_of_the_gallery_break_no_law(path: Path, tmp_path: Path) -> None:
    moves = list[int]()
    rounds = 2 if settings().max_examples >= EVERY_NIGHT else 1  # three times the examples
    tried = search(
        SearchPlan(path=path, examples=str(tmp_path), rounds=rounds), lambda: moves.append(1)
    )

    assert len(moves) >= sum(one.examples for one in tried)
    assert [one.finding.message for one in tried if one.finding] == []
    assert sum(one.examples for one in tried) > 10


def test_what_was_found_is_found_first_by_the_next_search(tmp_path: Path) -> None:
    path = written("a form cannot hold an object", tmp_path)
    only(path, laws=("accepted",))

    kept = path.parent / "kept"

    (tried,) = search(SearchPlan(path=path, examples=str(kept), seconds=ENOUGH, laws=("accepted",)))

    assert tried.finding is not None
    assert tried.examples == 1


def test_workers_share_the_laws_and_tell_in_the_same_order(tmp_path: Path) -> None:
    path = written("a form cannot hold an object", tmp_path)
    how: dict[str, Any] = {
        "path": path,
        "examples": str(tmp_path / "kept"),
        "laws": ("accepted", "segments"),
    }

    one = search(SearchPlan(**how, rounds=4))
    two = search(SearchPlan(**how, rounds=4, workers=2))

    assert [tried.law for tried in two] == [tried.law for tried in one] == ["accepted", "segments"]
    assert two[0].finding is not None
    assert two[1].finding is None
    assert two[1].examples > 0


def test_a_search_ends_in_time(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(orders(""), encoding="utf-8")
    start = time.monotonic()

    search(SearchPlan(path=path, examples=str(tmp_path / "kept"), seconds=1))

    assert time.monotonic() - start < 15


def test_a_parameter_that_nothing_fits_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    never = "      - {name: 备注, in: header, to: X-Note, required: true, enum: [加急]}"
    path.write_text(orders("", parameters=never), encoding="utf-8")

    with pytest.raises(ConfigError) as told:
        search(
            SearchPlan(path=path, examples=str(tmp_path / "kept"), seconds=20, laws=("accepted",))
        )

    assert str(told.value) == (
        "orders.createOrder: no value fits what is declared of its parameters; "
        "see their enum, format and schema"
    )


def test_an_api_that_there_is_not_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(orders(""), encoding="utf-8")

    with pytest.raises(ConfigError, match="there is no API to call named 'createOder'"):
        search(SearchPlan(path=path, examples=str(tmp_path), seconds=1, api="createOder"))


LIVE = orders("", parameters="      - {name: 备注, in: query, to: note}").replace(
    "    method: POST", "    method: GET\n    answer: {type: object, required: [orderNo]}"
)


@contextmanager
def live(answer: str, *, crash: bytes = b"\0", status: str = "200 OK") -> Iterator[str]:
    """Serve *answer* to everything but requests with *crash* in them."""

    def handle(request: bytes) -> bytes:
        if crash in request.partition(b"\r\n")[0]:
            return answer_json('{"code": 500}', status="500 Internal Server Error")
        return answer_json(answer, status=status)

    with loopback(handle) as server:
        yield server.url


@pytest.fixture(name="path")
def written_live(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(LIVE, encoding="utf-8")
    return path


def test_a_live_system_that_fails_on_a_drawn_value_is_found(path: Path) -> None:
    with live('{"orderNo": "DD-1"}', crash=b"%22") as url:
        found = only(path, laws=("accepted",), against=url)

    assert found.message.startswith(
        "orders.createOrder breaks the law 'accepted': a call that fits what is declared ends in "
        "HTTP_STATUS: orders.createOrder: HTTP 500"
    )
    assert '\\"' in found.javascript[0]


def test_a_live_system_may_not_know_what_was_made_up(path: Path, tmp_path: Path) -> None:
    with live('{"code": 404}', status="404 Not Found") as url:
        tried = search(SearchPlan(path=path, examples=str(tmp_path / "k"), rounds=3, against=url))

    assert [one.finding for one in tried] == [None, None]


def test_an_answer_that_is_not_what_is_declared_is_found(path: Path) -> None:
    with live('{"no": "DD-1"}') as url:
        found = only(path, laws=("answer",), against=url)

    assert found.message == (
        "orders.createOrder breaks the law 'answer': the answer is not what is declared: "
        '$ is an object, which breaks required: ["orderNo"]'
    )


def test_a_live_system_is_sent_no_write_without_being_asked(path: Path, tmp_path: Path) -> None:
    path.write_text(LIVE.replace("method: GET", "method: POST"), encoding="utf-8")
    with live("{}") as url:
        plan: dict[str, Any] = {
            "path": path,
            "examples": str(tmp_path / "k"),
            "rounds": 1,
            "against": url,
        }

        assert search(SearchPlan(**plan)) == []
        assert search(SearchPlan(**plan, allow_writes=True)) != []


def test_an_address_that_is_none_is_told(path: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        search(SearchPlan(path=path, examples=str(tmp_path), seconds=1, against="localhost"))

    assert str(told.value) == (
        "--against localhost: expected simulate, or an address such as http://127.0.0.1:8080"
    )


SCRIPT = """
const result = await $proxy('orders').createOrder('sale', form.备注);
form.单号 = result.data.orderNo;
"""


def test_a_script_that_trusts_an_answer_is_found(path: Path, tmp_path: Path) -> None:
    script = tmp_path / "下单.js"
    script.write_text(SCRIPT, encoding="utf-8")

    found = only(path, laws=("script",), scripts=(script,))

    assert found.message.startswith(
        "下单.js breaks the law 'script': the script ends in 下单.js:3:"
    )
    assert "TypeError: " in found.message
    with pytest.raises(fuzz.LawBroken) as told:
        fuzz.hold("script", path, script=script, situation=found.situation)
    assert str(told.value) == found.message


def test_a_script_that_looks_first_breaks_no_law(path: Path, tmp_path: Path) -> None:
    script = tmp_path / "下单.js"
    script.write_text(SCRIPT.replace("result.data.", "result?.data?."), encoding="utf-8")
    plan = SearchPlan(
        path=path, examples=str(tmp_path / "k"), rounds=4, laws=("script",), scripts=(script,)
    )

    (tried,) = search(plan)

    assert tried.finding is None
    assert tried.examples > 5


@pytest.mark.parametrize(("law", "meant"), [("arives", "arrives"), ("skript", "script")])
def test_a_law_that_there_is_not_is_told(path: Path, law: str, meant: str) -> None:
    with pytest.raises(ConfigError) as told:
        fuzz.hold(law, path)

    assert str(told.value) == f"there is no law {law!r}; did you mean {meant!r}?"


LOGS_IN = orders(
    "auth: {preset: login_token, login_path: /login, token_path: $.token}",
    credentials="username: {}, password: {secret: true}",
)


@pytest.mark.parametrize(
    ("trouble", "is_broken"),
    [("", False), ("500", True), ("nothing in it", False), (None, False)],
)
def test_trouble_is_of_the_call_and_not_of_its_login(
    trouble: str | None, is_broken: bool, tmp_path: Path
) -> None:
    """Without a situation there is no trouble."""
    path, script = tmp_path / "orders.yaml", tmp_path / "下单.js"
    path.write_text(LOGS_IN, encoding="utf-8")
    script.write_text(
        "try { await $proxy('orders').createOrder('sale'); }\n"
        "catch (e) { if (e.code !== 'AUTH_FAILED') null.x; }",
        encoding="utf-8",
    )
    situation = None if trouble is None else {"form": {}, "trouble": trouble}

    with pytest.raises(fuzz.LawBroken) if is_broken else nullcontext():
        fuzz.hold("script", path, script=script, situation=situation)


def test_no_secret_of_a_project_is_in_what_is_told(tmp_path: Path) -> None:
    path = tmp_path / "scenarios/platforms/orders.yaml"
    path.parent.mkdir(parents=True)
    bearer = "auth: {apply: [{in: header, name: X-Key, value: '{{ key }}'}]}"
    text = orders(
        bearer,
        credentials=SECRET,
        parameters="      - {name: 令牌, in: header, to: x-key}",
    )
    path.write_text(text, encoding="utf-8")
    entry = "[{platform: orders, instance_key: test, credentials: {key: s3cret-of-ours}}]"
    path.parents[1].joinpath("instances.yaml").write_text(entry, encoding="utf-8")

    found = only(path, laws=("arrives",))

    assert "s3cret" not in repr(found)


@pytest.mark.night("five seconds of processor time; the gallery's platforms are searched above")
def test_a_platform_imported_from_openapi_is_searched(tmp_path: Path) -> None:
    document = read_document(ROOT / "tests/data/openapi/crm.json")
    path = tmp_path / "crm.yaml"
    path.write_text(
        convert_document(document, key="crm", has_response_schemas=True).text, encoding="utf-8"
    )

    tried = search(SearchPlan(path=path, examples=str(tmp_path / "kept"), rounds=1))

    assert [one.finding.message for one in tried if one.finding] == []
    assert sum(one.examples > 0 for one in tried) > 10


def test_instances_of_other_platforms_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(orders(""), encoding="utf-8")
    entries = "[{platform: orders, instance_key: 华东}, {platform: erp, instance_key: x}]"
    (tmp_path / "instances.yaml").write_text(entries, encoding="utf-8")

    known = load_platforms_with_instances(path)

    assert list(known.entries) == ["orders"]
    assert known.instance("orders").instance_key == "华东"


def test_a_mistake_in_the_instances_of_a_platform_is_told(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(orders(""), encoding="utf-8")
    (tmp_path / "instances.yaml").write_text("[{platform: orders, instance: 华东}]")

    with pytest.raises(ConfigError, match=r"instances\.yaml:1:21: .*instance"):
        load_platforms_with_instances(path)
