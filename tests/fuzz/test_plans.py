"""What a search tries, what it leaves out and says so, and the files that a finding becomes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import find, settings

from bpmax_sim.errors import BpmaxError, ConfigError, ScriptError
from bpmax_sim.fuzz import search as searching
from bpmax_sim.fuzz.search import (
    TROUBLE,
    LawFinding,
    SearchPlan,
    draw_form_and_trouble,
    find_skipped_laws,
    list_tasks,
    make_pytest_file,
    make_scenario_file,
    open_database,
)

ORDERS = """\
platform_key: orders
base_url: https://orders.example.test
credentials: {key: {secret: true}}
apis:
  查询:
    path: /orders
    answer: {type: object}
  下单:
    method: POST
    path: /orders/{kind}
    parameters: [{name: kind, in: path, required: true}, {name: 备注, in: query}]
    auth: {apply: [{in: header, name: X-Key, value: "{{ key }}"}]}
  登记: {method: PUT, path: /log, parameters: [{name: 内容, in: body}]}
  探测: {method: HEAD, path: /log}
"""
URL = "http://127.0.0.1:8080"
ALL = ("accepted", "languages", "replay")
NOTHING_SAID = "it says nothing of what is declared, or not of what answers here"
WRITES = "it may change something there; --allow-writes sends it"


@pytest.fixture(name="path")
def written(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(ORDERS, encoding="utf-8")
    return path


def list_pairs(path: Path, **more: Any) -> list[tuple[str, str]]:
    plan = SearchPlan(path=path, examples="x", **more)
    return [(task.api or task.script, task.law) for task in list_tasks(plan)]


def list_skipped(path: Path, **more: Any) -> list[tuple[str, str, str]]:
    plan = SearchPlan(path=path, examples="x", **more)
    found = list(find_skipped_laws(plan))
    assert {(one.examples, one.finding) for one in found} <= {(0, None)}
    return [(one.call, one.law, one.why) for one in found]


def test_each_api_is_tried_with_each_law_that_says_something_of_it(path: Path) -> None:
    assert list_pairs(path) == [
        *(("查询", law) for law in ALL),
        *(("下单", law) for law in (
            "accepted", "arrives", "segments", "credential", "forms", "languages", "identity",
            "replay", "secrets",
        )),
        *(("登记", law) for law in ("accepted", "arrives", "forms", "languages", "replay")),
        *(("探测", law) for law in ALL),
    ]  # fmt: skip
    assert list_skipped(path) == []


@pytest.mark.parametrize(
    ("more", "pairs", "skipped"),
    [
        ({"laws": ("segments",)}, [("下单", "segments")], ["查询", "登记", "探测"]),
        ({"laws": ("answer",)}, [], ["查询", "下单", "登记", "探测"]),
        ({"api": "查询", "laws": ("replay", "identity")}, [("查询", "replay")], ["查询"]),
    ],
)
def test_a_law_that_was_chosen_and_says_nothing_is_told(
    more: Any, pairs: list[tuple[str, str]], skipped: list[str], path: Path
) -> None:
    assert list_pairs(path, **more) == pairs
    assert list_skipped(path, **more) == [
        (f"orders.{api}", more["laws"][-1], NOTHING_SAID) for api in skipped
    ]


def test_a_live_system_gets_reads_alone_unless_writes_are_allowed(path: Path) -> None:
    reads = [("查询", "accepted"), ("查询", "answer"), ("探测", "accepted")]

    assert list_pairs(path, against=URL) == reads
    assert list_skipped(path, against=URL) == [
        ("orders.下单", "accepted", WRITES),
        ("orders.登记", "accepted", WRITES),
    ]
    assert list_pairs(path, against=URL, allow_writes=True) == [
        *reads[:2],
        ("下单", "accepted"),
        ("登记", "accepted"),
        ("探测", "accepted"),
    ]
    assert list_skipped(path, against=URL, allow_writes=True) == []
    assert list_skipped(path, against=URL, laws=("replay",), api="下单") == [
        ("orders.下单", "replay", NOTHING_SAID)
    ]


def test_scripts_come_last_and_only_with_their_law(path: Path) -> None:
    scripts = (Path("甲.js"), Path("乙.js"), Path("丙.js"))
    of_scripts = [("甲.js", "script"), ("乙.js", "script"), ("丙.js", "script")]

    assert list_pairs(path, scripts=scripts, api="探测") == [
        *(("探测", law) for law in ALL),
        *of_scripts,
    ]
    assert list_pairs(path, scripts=scripts, laws=("script",)) == of_scripts
    assert list_pairs(path, scripts=scripts, laws=("replay",), api="探测") == [("探测", "replay")]


def test_a_platform_without_apis_has_no_task_but_those_of_scripts(tmp_path: Path) -> None:
    path = tmp_path / "leer.yaml"
    path.write_text("platform_key: leer\nbase_url: https://leer.example.test\n", encoding="utf-8")

    assert list_pairs(path, scripts=(Path("甲.js"),)) == [("甲.js", "script")]
    with pytest.raises(ConfigError, match="查询"):
        list_pairs(path, api="查询")


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        (
            "form.客户 + form . 备注 + form['部门 一'] + form[ \"x.y\" ]",
            ["客户", "备注", "部门 一", "x.y"],
        ),
        ("form.$set('a', 1); form['$id']; form[key]; form.1a; reform.b; form.a1", ["a1"]),
        ("form.客户; form.客户", ["客户"]),
        (
            "const {客户, 金额: 数 = 0} = form; const f = ctx.form; f.备注 = 数",
            ["客户", "金额", "备注"],
        ),
        ("function 合计(form) { return form.数量 * form.单价 }", ["数量", "单价"]),
        ("form?.部门; for (const 行 of form.明细) 行.数量; form[0]; form[key]", ["明细", "部门"]),
        ("", []),
    ],
)
def test_a_form_has_the_fields_that_a_script_reads(source: str, fields: list[str]) -> None:
    least = find(draw_form_and_trouble(source), lambda _: True, settings=settings(database=None))

    assert least == {"form": dict.fromkeys(fields), "trouble": ""}


@pytest.mark.parametrize("name", TROUBLE)
def test_each_trouble_may_be_drawn(name: str) -> None:
    drawn = find(
        draw_form_and_trouble(""),
        lambda one: one["trouble"] == name,
        settings=settings(database=None, max_examples=500),
    )

    assert drawn["trouble"] == name


@pytest.mark.parametrize(
    ("error", "is_mistake"),
    [
        (ScriptError("TypeError", name="TypeError"), True),
        (ScriptError("x", fields={"code": None}), True),
        (ScriptError("x", fields={"code": "UNKNOWN_API"}), True),
        (ScriptError("x", fields={"code": "UNKNOWN_PLATFORM"}), True),
        (ScriptError("x", fields={"code": "UNKNOWN_INSTANCE"}), True),
        (ScriptError("x", fields={"code": "TIMEOUT"}), False),
        (ScriptError("x", fields={"code": "unknown_api"}), False),
        (ConfigError("x"), True),
    ],
)
def test_a_script_may_leave_a_rejection_and_make_no_mistake(
    error: BpmaxError, *, is_mistake: bool
) -> None:
    assert searching._is_mistake_of_script(error) == is_mistake


def test_a_folder_of_examples_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("", encoding="utf-8")

    with pytest.raises(ConfigError) as told:
        open_database(str(tmp_path / "kept/x"))
    assert str(told.value).endswith("(Not a directory); name another folder")
    assert open_database(str(tmp_path / "other/y")) is not None
    assert (tmp_path / "other").is_dir()


def test_a_folder_of_examples_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)

    with pytest.raises(ConfigError) as told:
        open_database(str(tmp_path))
    assert str(told.value) == f"--database {tmp_path}: cannot be written; name another folder"


@pytest.mark.parametrize("url", [
    "redis://127.0.0.1:1/0", "rediss://127.0.0.1:1/0", "unix:///nowhere/redis.sock",
    "redis://127.0.0.1:port/0",
])  # fmt: skip
def test_an_address_of_a_redis_is_no_folder(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"the Redis cannot be reached|needs the extra fuzz"):
        open_database(url)

    assert [*tmp_path.iterdir()] == []


CALLS = ({"call": "orders.下单", "args": ["${x}${z}", {"备注": ["a", "${y}"]}]},)


def finding(**more: Any) -> LawFinding:
    given: dict[str, Any] = {
        "platform": "orders",
        "call": "orders.下单",
        "law": "arrives",
        "message": '第一行 "引号" \\',
        "javascript": ("$proxy('orders').下单(1)", "二"),
        "calls": CALLS,
    }
    return LawFinding(**{**given, **more})


def plan(path: Path, **more: Any) -> SearchPlan:
    return SearchPlan(path=path, examples="x", **more)


def test_a_finding_is_a_scenario_that_checks_the_law_again(path: Path, tmp_path: Path) -> None:
    file = make_scenario_file(finding(), plan(path), tmp_path)

    assert file.path == tmp_path / "scenarios/fuzz/orders.下单.arrives.scenario.yaml"
    assert file.text == (
        '# 第一行 "引号" \\\n'
        "# $proxy('orders').下单(1)\n"
        "# 二\n"
        "version: 1\n"
        'scenario: "orders.下单: arrives"\n'
        "form: {}\n"
        'proxy: {platforms: "../../orders.yaml", mode: simulate}\n'
        "steps:\n"
        '  - name: "law arrives"\n'
        "    python:\n"
        "      call: bpmax_sim.fuzz:hold_in_session\n"
        '      args: {"law": "arrives", "platform": "orders", "calls": [{"call": "orders.下单", '
        '"args": ["$${x}$${z}", {"备注": ["a", "$${y}"]}]}]}\n'
    )


def test_a_finding_against_a_live_system_is_checked_there(path: Path, tmp_path: Path) -> None:
    text = make_scenario_file(finding(javascript=()), plan(path, against=URL), tmp_path).text

    assert text.splitlines()[1:5] == [
        "version: 1",
        'scenario: "orders.下单: arrives"',
        "form: {}",
        'proxy: {platforms: "../../orders.yaml", mode: live}',
    ]
    assert text.endswith(f', "against": "{URL}"}}\n')


def test_a_finding_of_a_script_names_its_files_from_the_root(path: Path, tmp_path: Path) -> None:
    of_script = finding(
        call="下单.js",
        law="script",
        calls=(),
        javascript=(),
        script=str(tmp_path / "scripts/下单.js"),
        situation={"form": {"客户": None}, "trouble": ""},
    )
    libraries = (tmp_path / "lib/甲.js", tmp_path / "lib/乙.js")
    searched = plan(path, libraries=libraries)

    scenario = make_scenario_file(of_script, searched, tmp_path)
    test = make_pytest_file(of_script, searched, tmp_path)
    assert scenario.path.name == "下单.js.script.scenario.yaml"
    # its folder, as the script may call other platforms
    assert 'proxy: {platforms: "../..", mode: simulate}' in scenario.text
    assert json.loads(scenario.text.splitlines()[-1].partition(": ")[2]) == {
        "law": "script",
        "platform": "orders",
        "situation": {"form": {"客户": None}, "trouble": ""},
        "script": "scripts/下单.js",
        "libraries": ["lib/甲.js", "lib/乙.js"],
    }
    assert test.path == tmp_path / "tests/test_fuzz_下单_js_script.py"
    assert test.text.splitlines()[9:] == [
        "def test_下单_js_script() -> None:",
        "    fuzz.hold('script', ROOT / 'orders.yaml', **{",
        "        'situation': {'form': {'客户': None}, 'trouble': ''},",
        "        \"script\": ROOT / 'scripts/下单.js',",
        "        \"libraries\": [ROOT / 'lib/甲.js', ROOT / 'lib/乙.js'],",
        "    })",
    ]


def test_a_finding_is_a_test_that_checks_the_law_again(path: Path, tmp_path: Path) -> None:
    long = tuple({"call": "orders.下单", "args": ["客户" * 20, n]} for n in (1, 2))
    file = make_pytest_file(finding(calls=long), plan(path, against=URL), tmp_path)

    assert file.path == tmp_path / "tests/test_fuzz_orders_下单_arrives.py"
    assert file.text == (
        '"""第一行 \\"引号\\" \\\\"""\n'
        "\n"
        "from pathlib import Path\n"
        "\n"
        "from bpmax_sim import fuzz\n"
        "\n"
        "ROOT = Path(__file__).parents[1]\n"
        "\n"
        "\n"
        "def test_orders_下单_arrives() -> None:\n"
        "    # $proxy('orders').下单(1)\n"
        "    # 二\n"
        "    fuzz.hold('arrives', ROOT / 'orders.yaml', **{\n"
        f"        'calls': [{{'call': 'orders.下单', 'args': ['{'客户' * 20}', 1]}},\n"
        f"         {{'call': 'orders.下单', 'args': ['{'客户' * 20}', 2]}}],\n"
        f"        'against': '{URL}',\n"
        "    })\n"
    )
    compile(file.text, "x", "exec")


def test_platforms_that_a_file_alone_does_not_load_come_from_its_folder(
    path: Path, tmp_path: Path
) -> None:
    of_script = finding(script=str(tmp_path / "下单.js"), calls=())

    def platforms(one: LawFinding, file: Path) -> str:
        text = make_scenario_file(one, plan(file), tmp_path).text
        return text.partition('{platforms: "')[2].partition('"')[0]

    assert platforms(finding(), path) == "../../orders.yaml"
    assert platforms(of_script, path) == "../.."
    broken = tmp_path / "lone/orders.yaml"
    broken.parent.mkdir()
    broken.write_text(ORDERS.replace("apis:", "preset: ours\napis:", 1), encoding="utf-8")
    assert platforms(of_script, path) == "../../orders.yaml"  # its folder has the broken one too
    assert platforms(finding(), broken) == "../../lone"
