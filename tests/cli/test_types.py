"""Declarations for editors say what platforms, recordings and forms are, and no recorded value."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from bpmax_sim.cli.types import write_editor_files
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.response_shapes import ResponseShapes
from bpmax_sim.starter.editor_types import CODES, DeclarationSources, format_declarations
from tests.cli.project import ROOT, Command


@pytest.fixture(name="project", scope="module")
def project_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("项目")
    for name in ("scenarios", "cassettes"):
        shutil.copytree(ROOT / name, folder / name)
    list(write_editor_files(folder))
    return folder


@pytest.fixture(name="text", scope="module")
def text_of(project: Path) -> str:
    return (project / "scenarios/bpmax.d.ts").read_text(encoding="utf-8")


def test_apis_are_declared_in_every_spelling_with_their_parameters_in_order(text: str) -> None:
    for name in ("get_customer_detail", "getCustomerDetail"):
        assert f"  {name}(id: string | number, fields?: " in text
        assert (
            f'  $api(name: "{name}"): BpmaxChain<{{ id?: string | number }}, {{ fields?: ' in text
        )
    assert "records/{id}" in text
    assert "data?: { customer?: any; amount?: any; remark?: any" in text


def test_results_have_the_members_that_recordings_show_and_all_are_optional(text: str) -> None:
    result = re.search(r"type Bpmax_crm_system_get_customer_detail_result = (.*);", text)

    assert result is not None
    assert "data?: { name?: string; phone?: string" in result[1]


def test_fields_of_all_forms_are_there_and_empty_ones_may_be_anything(text: str) -> None:
    assert "  合计: number | null;" in text
    assert "  明细: any[];" in text
    assert "  userid: any;" in text
    assert '"供应商编号"' in text


def test_nothing_is_written_for_a_folder_that_is_not_there(
    tmp_path: Path, bs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scenarios").mkdir()
    monkeypatch.chdir(tmp_path)
    done = bs("types", "别的项目")

    assert done.code == 2
    assert done.err.startswith("别的项目: file or folder not found")
    assert [*(tmp_path / "scenarios").iterdir()] == []


def test_no_recorded_value_is_in_the_file(project: Path, text: str) -> None:
    for path in (project / "cassettes").rglob("*.yaml"):
        recorded = path.read_text(encoding="utf-8")
        for value in re.findall(r'"(?:name|phone|email|address|title)": ?"([^"]{2,})"', recorded):
            assert value not in text


def test_the_codes_of_errors_are_those_of_the_reference() -> None:
    page = (ROOT / "docs/en/reference/errors.md").read_text(encoding="utf-8")

    assert [code for code in CODES if f"`{code}`" not in page] == []


def test_comments_are_in_the_projects_language(project: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.bpmax_sim]\nlanguage = "zh"\n', "utf-8")

    list(write_editor_files(project))

    text = (project / "scenarios/bpmax.d.ts").read_text(encoding="utf-8")
    (project / "pyproject.toml").unlink()
    assert "由 `bpmax-sim types`" in text


def test_what_is_there_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / ".vscode").mkdir()
    commented = '{\n  // 团队的设置\n  "editor.tabSize": 2\n}\n'
    (tmp_path / ".vscode/settings.json").write_text(commented, "utf-8")
    (tmp_path / "jsconfig.json").write_text('{"include": ["src"]}', "utf-8")

    written = {path.name for path in write_editor_files(tmp_path)}

    assert written == {"bpmax.d.ts", "schemas", "jsconfig.json"}
    assert (tmp_path / ".vscode/settings.json").read_text("utf-8") == commented
    assert json.loads((tmp_path / "jsconfig.json").read_text("utf-8"))["include"] == ["src"]
    assert "settings.json was left unchanged" in capsys.readouterr().err


def test_settings_that_cannot_be_read_are_left_and_the_reason_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "jsconfig.json").mkdir()

    written = {path.name for path in write_editor_files(tmp_path)}

    assert written == {"bpmax.d.ts", "schemas", "settings.json"}
    assert "jsconfig.json was left unchanged: it cannot be read (" in capsys.readouterr().err


def test_a_second_time_writes_nothing(project: Path) -> None:
    list(write_editor_files(project))

    assert list(write_editor_files(project)) == []


@pytest.mark.parametrize("command", [("init", "--yes"), ("demo",)])
def test_a_new_project_is_known_to_editors_at_once(
    bs: Command, command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert bs(*command).code == 0
    monkeypatch.chdir(tmp_path / ("bpmax-demo" if command == ("demo",) else ""))

    settings = json.loads(Path(".vscode/settings.json").read_text("utf-8"))
    assert [path for path in settings["yaml.schemas"] if not Path(path).is_file()] == []
    assert Path("jsconfig.json").is_file()
    assert "getCustomerDetail" in Path("scenarios/bpmax.d.ts").read_text("utf-8")
    for path in (*Path("scenarios").glob("*.scenario.yaml"), *Path("scenarios").glob("p*/*.yaml")):
        modeline = path.read_text("utf-8").splitlines()[-1].partition("$schema=")
        assert (path.parent / modeline[2]).is_file()
        assert list(write_editor_files(Path.cwd())) == []


def test_what_is_recorded_is_in_the_declarations_at_once(
    bs: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bs("init", "--yes")
    place = tmp_path / "scenarios/bpmax.d.ts"
    before = place.read_text("utf-8")
    scenario = tmp_path / "scenarios/customer.scenario.yaml"
    text = scenario.read_text("utf-8")
    scenario.write_text(text.replace("fields: {", "fields: {新字段: 1, ", 1), "utf-8")
    monkeypatch.setenv("CRM_SYSTEM_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CRM_SYSTEM_TOKEN", "一个口令")

    done = bs("record", "--allow-ci-record")

    assert "written for the editor: scenarios/bpmax.d.ts" in done.err
    assert place.read_text("utf-8") != before


CLASHES = """
platform_key: {key}
title: t
base_url: https://{key}.example.test
apis:
  b_c:
    method: POST
    path: /x/{{id}}
    parameters:
      - {{name: id, in: path, required: true}}
      - {{name: a-b, in: query}}
      - {{name: a_b, in: query}}
      - {{name: a.b, in: query}}
      - {{name: 2nd, in: query}}
      - {{name: return, in: query}}
      - {{name: data, in: body, type: object}}
      - {{name: customer, in: body, to: data.customer, type: string}}
      - {{name: city, in: body, to: place.city, type: string}}
      - {{name: place, in: body, type: array}}
  c:
    path: /y
"""


@pytest.fixture(name="clashing")
def clashing_of(tmp_path: Path) -> str:
    """Return the declarations of platforms whose names differ by what TypeScript does not take."""
    for key in ("a", "a-b", "a_b"):
        (tmp_path / f"{key}.yaml").write_text(CLASHES.format(key=key), "utf-8")
    sources = DeclarationSources(platforms=[load_platforms(tmp_path)], shapes=ResponseShapes(()))
    return format_declarations(sources, "en")


def test_parameters_have_names_that_typescript_takes_and_no_two_the_same(clashing: str) -> None:
    arguments = re.search(r"  b_c\((.*)\): Promise", clashing)

    assert arguments is not None
    assert re.findall(r"(\w+)\??: ", arguments[1])[:6] == [
        "id", "a_b", "a_b_2", "a_b_3", "_2nd", "return_",
    ]  # fmt: skip


def test_members_below_a_declared_part_of_a_body_are_there(clashing: str) -> None:
    rest = "[name: string]: any }"
    assert (
        f"{{ data?: {{ customer?: string; {rest}; place?: any[] | {{ city?: string; {rest}; {rest}"
        in clashing
    )


def test_no_type_is_declared_twice(clashing: str) -> None:
    types = re.findall(r"^(?:interface|type) (\w+)", clashing, re.MULTILINE)

    assert sorted(set(types)) == sorted(types)
    assert '"a-b": Bpmax_a_b;' in clashing
    assert "  a_b: Bpmax_a_b_2;" in clashing


def test_a_message_of_the_form_has_the_members_that_scripts_may_set(text: str) -> None:
    kinds = "'info' | 'success' | 'warning' | 'error'"

    assert f"  $message: string | {{ text: string; type?: {kinds} }};\n" in text
