"""``import openapi`` from a folder with nothing in it to a scenario that passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.project import ROOT, Command
from tests.snapshots import snapshot

CRM = str(ROOT / "tests/data/openapi/crm.json")
SCENARIO = """\
version: 1
scenario: 新建客户后带出编号
form:
  scripts: {click.save: scripts/save.js}
  fields: {name: 上海远望贸易有限公司, no: ""}
proxy: {mode: simulate}
steps:
  - click: save
    expect: {form: {no: C20260302001}}
"""
SCRIPT = "form.no = (await $proxy('crm').createCustomer(form.name, 'A')).id;\n"


@pytest.fixture(name="folder")
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_imported_platform_lints_clean_and_answers_a_script_at_once(
    folder: Path, bs: Command
) -> None:
    done = bs("import", "openapi", CRM, "--answers")
    (folder / "scenarios/scripts").mkdir()
    (folder / "scenarios/scripts/save.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "scenarios/save.scenario.yaml").write_text(SCENARIO, encoding="utf-8")
    linted, ran = bs("lint"), bs("run")

    assert (done.code, done.out.splitlines()) == (
        0,
        ["scenarios/platforms/crm.yaml: 6 APIs", "scenarios/instances.yaml: an instance of crm"],
    )
    assert done.err.splitlines()[-3:] == snapshot(
        [
            "scripts call it as $proxy('crm').listCustomers(…)",
            "it answers at once with `bpmax-sim run --mode simulate`",
            "to record it, set CRM_URL, CRM_CLIENT_ID, CRM_CLIENT_SECRET",
        ]
    )
    instances = (folder / "scenarios/instances.yaml").read_text(encoding="utf-8")
    assert "  base_url:\n    env: CRM_URL\n" in instances
    assert (linted.code, linted.err) == (0, snapshot("1 scenario file: sound\n"))
    assert ran.code == 0, ran.out


def test_the_same_import_again_changes_nothing_and_asks_nothing(folder: Path, bs: Command) -> None:
    bs("import", "openapi", CRM)
    before = (folder / "scenarios/instances.yaml").read_bytes()

    done = bs("import", "openapi", CRM)

    assert done.out == snapshot("scenarios/platforms/crm.yaml: 6 APIs, unchanged\n")
    assert (folder / "scenarios/instances.yaml").read_bytes() == before


def test_a_file_that_was_edited_is_not_replaced_without_an_answer(
    folder: Path, bs: Command
) -> None:
    bs("import", "openapi", CRM)
    path = folder / "scenarios/platforms/crm.yaml"
    path.write_text(f"{path.read_text(encoding='utf-8')}# 我的\n", encoding="utf-8")

    refused = bs("import", "openapi", CRM)
    kept = path.read_text(encoding="utf-8")
    agreed = bs("import", "openapi", CRM, "--yes")

    assert (refused.code, refused.out) == (1, "")
    assert "Replace scenarios/platforms/crm.yaml? [y/N]" in refused.err
    assert kept.endswith("# 我的\n")
    assert agreed.code == 0
    assert not path.read_text(encoding="utf-8").endswith("# 我的\n")


def test_the_instances_that_are_there_stay_as_they_are(folder: Path, bs: Command) -> None:
    (folder / "scenarios").mkdir()
    place = folder / "scenarios/instances.yaml"
    place.write_text("# 我的\n- {platform: qywx, instance_key: 总部}", encoding="utf-8")
    bs("import", "openapi", CRM, "--key", "客户系统", "--url", "https://crm.corp.test/")

    assert place.read_text(encoding="utf-8") == snapshot(
        "# 我的\n- {platform: qywx, instance_key: 总部}\n"
        "- platform: 客户系统\n  instance_key: default\n  default: true\n  credentials:\n"
        "    client_id: {env: API_CLIENT_ID}\n    client_secret: {env: API_CLIENT_SECRET}\n"
    )
    assert "base_url: https://crm.corp.test\n" in (
        folder / "scenarios/platforms/客户系统.yaml"
    ).read_text(encoding="utf-8")


def test_a_list_on_one_line_is_left_to_the_user(folder: Path, bs: Command) -> None:
    (folder / "scenarios").mkdir()
    place = folder / "scenarios/instances.yaml"
    place.write_text("[]\n", encoding="utf-8")

    done = bs("import", "openapi", CRM)

    assert done.code == 0
    assert "scenarios/instances.yaml: add this to the list yourself:\n- platform: crm\n" in done.err
    assert place.read_text(encoding="utf-8") == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["crm.jsn"], "crm.jsn: file or folder not found; see what `ls` shows"),
        ([CRM, "--key", "a b"], "--key a b: expected a key such as crm_system: letters, digits, _"),
        (
            [CRM, "--url", "crm.test"],
            (
                "--url crm.test: expected an address such as https://crm.example.com, without ? # "
                "and user"
            ),
        ),
        (
            [CRM, "--url", "https://zs:Zx9@crm.test:80x?token=Zx9"],
            (
                "--url https://crm.test:80x: expected an address such as https://crm.example.com, "
                "without ? # and user"
            ),
        ),
    ],
)
def test_wrong_input_is_told(folder: Path, bs: Command, arguments: list[str], message: str) -> None:
    done = bs("import", "openapi", *arguments)

    assert (done.code, done.out, done.err) == (2, "", f"{message}\n")
    assert list(folder.iterdir()) == []


def test_what_was_not_carried_over_is_in_the_json(folder: Path, bs: Command) -> None:
    told = json.loads(bs("import", "openapi", CRM, "--answers", "--json").out)

    assert told["platform"] == "crm"
    assert told["credentials"] == ["client_id", "client_secret"]
    (note,) = told["notes"]
    assert note["message"].startswith("'#/components/schemas/Department' holds itself")
    assert (note["count"], note["path"]) == (len(note["paths"]), note["paths"][0])


def test_what_apis_answer_is_written_on_demand(folder: Path, bs: Command) -> None:
    small = bs("import", "openapi", CRM)
    platform = folder / "scenarios/platforms/crm.yaml"
    without = platform.read_text(encoding="utf-8")
    bs("import", "openapi", CRM, "--answers", "--yes")

    assert "--answers takes them from the document" in small.err
    assert "answer:" not in without
    assert "answer:" in platform.read_text(encoding="utf-8")


def test_a_document_given_to_plain_import_is_sent_here(folder: Path, bs: Command) -> None:
    done = bs("import", CRM)

    assert done.code == 2
    assert "make a platform of it with `bpmax-sim import openapi <file>`" in done.err


def test_servers_that_equal_the_documents_are_no_note(folder: Path, bs: Command) -> None:
    servers = [{"url": "https://crm.example.test/v1"}]
    other = {"servers": [{"url": "https://files.example.test"}], "responses": {}}
    get = {"operationId": "find", "servers": servers, "responses": {}}
    paths = {"/a": {"servers": servers, "get": get}, "/b": {"get": other}}
    info = {"title": "客户", "version": "1"}
    document = {"openapi": "3.0.0", "info": info, "servers": servers, "paths": paths}
    (folder / "客户.json").write_text(json.dumps(document), encoding="utf-8")

    told = bs("import", "openapi", "客户.json").err.splitlines()
    (note,) = (line for line in told if "servers" in line)
    assert note.startswith(
        '客户.json: paths["/b"].get.servers: per-operation servers are not supported'
    )
