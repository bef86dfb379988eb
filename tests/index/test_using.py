"""Who uses a file, an API or a parameter of a small project, at each of its corners."""

from __future__ import annotations

from pathlib import Path

import pytest

from bpmax_sim.index.facts import Fact, FileFacts, Role
from bpmax_sim.index.store import ProjectIndex, find_referenced_files, load_index
from bpmax_sim.index.uses import ProjectPlace, ProjectUses

FILES = {
    "scenarios/platforms/crm.yaml": (
        "platform_key: crm\napis:\n  getOrder:\n    aliases: [order-get, read]\n    parameters: ["
        "{name: id, in: path}, {name: 页, in: query, to: page}, {name: tail, in: body}]\n"
        "  list: {}\n"
    ),
    "scenarios/instances.yaml": "- {platform: crm, instance_key: 华东}\n",
    "scenarios/a.js": "$proxy('crm').getOrder('1', 2);\n",
    "scenarios/b.js": "$proxy('crm').get_order('1');\n",
    "scenarios/c.js": "$proxy('crm').$api('read').$query({page: 1}).$call();\n",
    "scenarios/d.js": "const r = await $proxy('crm').list();\nform.甲 = r.rows[0].name;\n"
    "form.乙 = r.total;\nform.丙 = r.total;\n",
    "scenarios/x/付款.scenario.yaml": (
        "scenario: 付款\nform: {fields: {甲: 1}}\nscripts: {提交: [../a.js, ../b.js, ../c.js]}\n"
        "steps: []\n"
    ),
    "scenarios/x/报销.scenario.yaml": (
        "scenario: 报销\nform: {fields: {甲: 1}}\nuse: [parts.yaml]\nproxy: {cassette: 共用}\n"
        "steps: []\n"
    ),
    "scenarios/x/parts.yaml": "use: [more.yaml]\nsteps: {打开: [{js: {file: ../d.js}}]}\n",
    "scenarios/x/more.yaml": "use: [parts.yaml]\nsteps: {}\n",
    "cassettes/共用.yaml": "a: 1\n",
    "cassettes/共用/1.yaml": "a: 1\n",
    "cassettes/共用2.yaml": "a: 1\n",
    "cassettes/x/付款.yaml": "a: 1\n",
    "cassettes/x/付款/甲.yaml": "a: 1\n",
    "cassettes/auth/crm.华东.yaml": "a: 1\n",
    "cassettes/外层.yaml": "a: 1\n",
    "cassettes/内层.yaml": "a: 1\n",
}


def write(root: Path, **more: str) -> ProjectUses:
    for name, text in {**FILES, **more}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return ProjectUses(load_index(root, uses_cache=False))


@pytest.fixture(name="uses", scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectUses:
    return write(tmp_path_factory.mktemp("uses"))


def said(uses: ProjectUses, kind: str, name: str) -> list[str]:
    """Return role, file and line of each direct use."""
    place = ProjectPlace(kind, name)  # type: ignore[arg-type]
    return [
        f"{use.fact.role} {use.path.rpartition('/')[2]}:{use.fact.line}"
        for use in uses.find_uses(place)
        if not use.through
    ]


@pytest.mark.parametrize("name", ["getOrder", "get_order", "order-get", "read", "READ"])
def test_an_api_is_found_by_each_of_its_names(uses: ProjectUses, name: str) -> None:
    [place] = uses.find_places(f"crm.{name}")

    assert (place.kind, place.name) == ("api", "crm.getOrder")
    assert said(uses, "api", place.name) == [
        "declares crm.yaml:3", "declares crm.yaml:4", "declares crm.yaml:4",
        "calls a.js:1", "calls b.js:1", "calls c.js:1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "users"),
    [
        ("id", ["declares crm.yaml:5", "calls a.js:1", "calls b.js:1"]),
        ("页", ["declares crm.yaml:5", "calls a.js:1", "sends c.js:1"]),
        ("tail", ["declares crm.yaml:5"]),
    ],
)
@pytest.mark.parametrize("api", ["getOrder", "get_order", "read"])
def test_a_direct_call_sends_as_many_parameters_as_it_has_arguments(
    uses: ProjectUses, api: str, name: str, users: list[str]
) -> None:
    [place] = uses.find_places(f"crm.{api}.{name}")

    assert (place.kind, place.name) == ("parameter", f"crm.getOrder.{name}")
    assert said(uses, "parameter", place.name) == users


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("crm.get_order.id", "crm.getOrder.id"), ("crm.get_order", "crm.get_order"),
        ("crm", "crm"), ("crm.read.a.b", "crm.getOrder.a.b"), ("oa.get_order.id",
        "oa.get_order.id"), ("", ""),
    ],
)  # fmt: skip
def test_a_parameter_is_called_after_the_key_of_its_api(
    uses: ProjectUses, text: str, name: str
) -> None:
    assert uses.to_canonical_parameter(text) == name


def test_a_platform_is_used_by_calls_and_instances_and_its_recorded_logins(
    uses: ProjectUses,
) -> None:
    users = ["calls a.js:1", "calls b.js:1", "calls c.js:1", "calls d.js:1"]

    assert said(uses, "platform", "crm") == [
        "declares crm.yaml:1", *users, "names instances.yaml:1"
    ]  # fmt: skip
    assert said(uses, "file", "scenarios/platforms/crm.yaml") == [*users, "names instances.yaml:1"]
    assert said(uses, "file", "scenarios/instances.yaml") == ["declares crm.yaml:1", *users]
    assert said(uses, "file", "cassettes/auth/crm.华东.yaml") == [
        "declares crm.yaml:1", *users, "names instances.yaml:1"
    ]  # fmt: skip


def test_members_that_scripts_read_have_the_first_place_that_reads_them(uses: ProjectUses) -> None:
    found = uses.find_member_reading_places("crm.list")

    assert found == {
        ("rows",): "scenarios/d.js:2", ("rows", "*"): "scenarios/d.js:2",
        ("rows", "*", "name"): "scenarios/d.js:2", ("total",): "scenarios/d.js:3",
    }  # fmt: skip
    assert uses.find_member_reading_places("crm.none") == {}


@pytest.mark.parametrize(
    ("scenario", "more", "cassettes"),
    [
        ("付款", {}, ["x/付款.yaml", "x/付款/甲.yaml"]),
        ("报销", {}, ["共用.yaml", "共用/1.yaml"]),
        ("付款", {"defaults.yaml": "proxy: {cassette: 外层}\n"}, ["外层.yaml"]),
        ("付款", {"defaults.yaml": "proxy: {cassette: 外层}\n",
                  "scenarios/defaults.yaml": "proxy: {cassette: 内层}\n"}, ["内层.yaml"]),
        ("付款", {"defaults.yaml": "proxy: {cassette: 外层}\n",
                  "scenarios/x/defaults.yaml": "people: p.yaml\n"}, ["外层.yaml"]),
        ("报销", {"scenarios/defaults.yaml": "proxy: {cassette: 内层}\n"},
         ["共用.yaml", "共用/1.yaml"]),
        ("付款", {"scenarios/defaults.yaml": "proxy: {cassette: 没有}\n"}, []),
    ],
)  # fmt: skip
def test_a_scenario_plays_its_own_cassette_or_that_of_the_nearest_defaults(
    scenario: str, more: dict[str, str], cassettes: list[str], tmp_path: Path
) -> None:
    path = f"scenarios/x/{scenario}.scenario.yaml"
    uses = write(tmp_path, **{**more, path: FILES[path]})

    played = [name for name in uses.paths if uses.may_play(path, name)]
    assert played == sorted(f"cassettes/{one}" for one in cassettes)
    for name in cassettes:
        users = said(uses, "file", f"cassettes/{name}")
        assert [one for one in users if "scenario.yaml" in one] == [
            f"plays {scenario}.scenario.yaml:{4 if scenario == '报销' else 1}"
        ]


@pytest.mark.parametrize(
    ("path", "through"),
    [
        ("scenarios/a.js", [("付款.scenario.yaml", "")]),
        ("scenarios/d.js",
         [("parts.yaml", ""), ("more.yaml", "parts.yaml"), ("报销.scenario.yaml", "parts.yaml")]),
        ("scenarios/x/more.yaml", [("parts.yaml", ""), ("报销.scenario.yaml", "parts.yaml")]),
        ("scenarios/x/parts.yaml", [("more.yaml", ""), ("报销.scenario.yaml", "")]),
        ("cassettes/共用2.yaml", []), ("scenarios/x/付款.scenario.yaml", []),
        ("没有.yaml", []),
    ],
)  # fmt: skip
def test_a_file_is_used_through_others_but_never_through_itself(
    uses: ProjectUses, path: str, through: list[tuple[str, str]]
) -> None:
    found = [
        (use.path.rpartition("/")[2], "".join(one.rpartition("/")[2] for one in use.through))
        for use in uses.find_uses(ProjectPlace("file", path))
    ]

    assert found == through


@pytest.mark.parametrize(
    ("paths", "scenarios"),
    [
        ([], ""), (["scenarios/a.js"], "付款"), (["scenarios/d.js"], "报销"),
        (["scenarios/a.js", "scenarios/x/more.yaml"], "付款 报销"),
        (["scenarios/x/付款.scenario.yaml"], "付款"), (["cassettes/共用/1.yaml"], "报销"),
        (["cassettes/共用2.yaml"], ""), (["scenarios/platforms/crm.yaml"], "付款 报销"),
        (["没有.js"], ""), (["没有.scenario.yaml"], "没有"),
    ],
)  # fmt: skip
def test_a_change_affects_the_scenarios_that_use_it(
    uses: ProjectUses, paths: list[str], scenarios: str
) -> None:
    found = {
        one.rpartition("/")[2].partition(".")[0] for one in uses.find_affected_scenarios(paths)
    }

    assert found == set(scenarios.split())


FAMILY = {
    "scenarios/platforms/base.yaml": "platform_key: base\nauth: {preset: sign.yaml}\n",
    "scenarios/platforms/oa.yaml": "platform_key: oa\nextends: base\n",
    "scenarios/platforms/hr.yaml": "platform_key: hr\nextends: oa\n"
    "apis: {list: {path: /x, auth: {preset: ../own.yml}}, more: {auth: basic}}\n",
    "scenarios/platforms/sign.yaml": "preset: sign\n",
    "scenarios/own.yml": "preset: own\n",
    "scenarios/oa.js": "$proxy('oa').list();\n",
    "scenarios/hr.js": "$proxy('hr').list();\n",
    "scenarios/审批.scenario.yaml": "scenario: 审批\nscript: {file: oa.js}\n",
    "scenarios/入职.scenario.yaml": "scenario: 入职\nscript: hr.js\n",
    "scenarios/核对.scenario.yaml": "scenario: 核对\n"
    "steps: [{python: {call: 'checks.sums:run'}}]\n",
    "scenarios/催办.scenario.yaml": "scenario: 催办\nsteps: [{proxy: {call: hr.list}}]\n",
}


@pytest.fixture(name="family", scope="module")
def platforms_that_extend_each_other(tmp_path_factory: pytest.TempPathFactory) -> ProjectUses:
    return write(tmp_path_factory.mktemp("family"), **FAMILY)


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        ("platforms/base.yaml", "审批 入职 催办"), ("platforms/oa.yaml", "审批 入职 催办"),
        ("platforms/hr.yaml", "入职 催办"), ("platforms/crm.yaml", "x/付款 x/报销"),
        ("platforms/sign.yaml", "审批 入职 催办"), ("own.yml", "入职 催办"),
        ("oa.js", "审批"), ("hr.js", "入职"),
    ],
)  # fmt: skip
def test_what_a_platform_is_made_of_affects_all_that_call_it_or_what_extends_it(
    family: ProjectUses, changed: str, affected: str
) -> None:
    found = family.find_affected_scenarios([f"scenarios/{changed}"])

    assert found == {f"scenarios/{name}.scenario.yaml" for name in affected.split()}


def test_a_python_module_affects_steps_that_call_it_by_either_form(family: ProjectUses) -> None:
    assert family.find_affected_scenarios(["checks/sums.py"]) == {"scenarios/核对.scenario.yaml"}
    assert said(family, "platform", "oa") == [
        "declares oa.yaml:1", "calls oa.js:1", "names hr.yaml:2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "role", "name", "is_one"),
    [
        ("file", "runs", "a.js", True), ("file", "loads", "a.yaml", True),
        ("file", "loads", "a.yml", True), ("file", "loads", "a.csv", True),
        ("file", "loads", "a.py", False), ("file", "plays", "a.yaml", False),
        ("api", "runs", "a.js", False), ("file", "loads", "platforms", False),
    ],
)  # fmt: skip
def test_a_file_that_is_run_or_loaded_is_read_too(
    kind: str, role: str, name: str, is_one: bool
) -> None:
    facts = FileFacts("scenario", (Fact(kind, role, name), Fact("file", "runs", "z.js")))  # type: ignore[arg-type]

    assert list(find_referenced_files(facts)) == ([name] if is_one else []) + ["z.js"]


def test_uses_are_listed_by_role_then_by_file_then_by_line() -> None:
    rows: dict[str, list[tuple[Role, int]]] = {
        "b.yaml": [("sets", 3), ("names", 1), ("sets", 2)],
        "a.yaml": [("sets", 9), ("declares", 8)],
    }
    facts = {
        path: FileFacts("yaml", tuple(Fact("field", role, "甲", line) for role, line in row))
        for path, row in rows.items()
    }
    uses = ProjectUses(ProjectIndex(Path("x"), facts))

    assert said(uses, "field", "甲") == [
        "declares a.yaml:8", "sets a.yaml:9", "sets b.yaml:2", "sets b.yaml:3", "names b.yaml:1",
    ]  # fmt: skip
