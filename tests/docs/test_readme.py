from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from yaml import safe_load

import bpmax_sim
from bpmax_sim import strategies
from bpmax_sim.cli.app import COMMANDS, start
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.pytest_plugin.options import OPTIONS, flag_of
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.load import items
from bpmax_sim.simulator.simulator import Simulator
from tests.cli.project import Command, Done
from tests.docs.blocks import Block, blocks, unknown
from tests.docs.pages import READMES
from tests.docs.tour import steady, tour
from tests.warehouse import PASSWORD, running_warehouse

ROOT = READMES["en"].parent
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in READMES.items()}
TEXT = TEXTS["en"]
BOTH = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
BLOCKS = list(blocks(TEXT))
OF_OTHERS = {"--quiet", "--seconds"}
RUN = {"demo", "run", "python"}


@pytest.fixture(name="bs")
def called(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> Done:
        code = start(arguments)
        return Done(code, *capsys.readouterr())

    return call


def of_kind(kind: str) -> list[Block]:
    return [one for one in BLOCKS if one.kind == kind]


@BOTH
def test_every_block_says_what_it_is(text: str) -> None:
    assert unknown(text) == []


def test_a_block_that_nobody_checks_is_found() -> None:
    bare = "```sh\nrm -rf /\n```\n"

    assert unknown(bare) == ["line 1: no comment above it (sh)"]
    assert unknown(f"<!-- something -->\n{bare}") == ["line 2: something (sh)"]
    assert unknown(f"<!-- python -->\n{bare}") == ["line 2: python (sh)"]
    assert unknown(f"<!-- run -->\n{bare}") == []
    assert unknown("  ```sh\nrm\n```\n") == ["1 fences, 0 expected"]


# --- the two pages say the same


def headings(text: str) -> list[tuple[int, str]]:
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return [(len(m[1]), m[2]) for m in re.finditer(r"^(#+) (.*)$", bare, flags=re.MULTILINE)]


def rows(text: str) -> list[list[str]]:
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = re.findall(r"^\| .*? \|$", bare, flags=re.MULTILINE)
    return [line[2:-2].split(" | ") for line in lines]


def constant(cell: str) -> list[str]:
    """Return what of a cell is the same in every language: code, links and figures."""
    return re.findall(r"`[^`]+`|\]\([^)]*\)|\d(?:[\d.,]*\d)?", cell)


def test_both_pages_have_the_same_headings() -> None:
    levels = {name: [level for level, _ in headings(text)] for name, text in TEXTS.items()}

    assert levels["zh"] == levels["en"]


def test_both_pages_have_the_same_blocks() -> None:
    zh = [(one.mark, one.language, one.text) for one in blocks(TEXTS["zh"])]

    assert zh == [(one.mark, one.language, one.text) for one in BLOCKS]


def test_both_pages_have_the_same_tables_row_by_row() -> None:
    en, zh = rows(TEXTS["en"]), rows(TEXTS["zh"])

    assert [len(row) for row in zh] == [len(row) for row in en]
    # The gist of each row is its first cell; texts of editors may name other examples.
    assert [constant(row[0]) for row in zh] == [constant(row[0]) for row in en]


def test_both_pages_name_the_same_options_commands_and_figures() -> None:
    names = r"--[a-z][a-z-]+|`bpmax-sim [a-z]+|\bbpmax_[a-z_]+|\$\w+"
    found = {key: set(re.findall(names, text)) for key, text in TEXTS.items()}

    assert found["zh"] == found["en"]


def slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower())
    return kept.replace(" ", "-")


@BOTH
def test_links_lead_somewhere(text: str) -> None:
    slugs = {slug(title) for _, title in headings(text)}
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    inside = [link for link in links if link.startswith("#")]
    files = [link for link in links if not link.startswith(("#", "https://"))]

    assert [link for link in inside if unquote(link[1:]) not in slugs] == []
    assert [link for link in files if not (ROOT / unquote(link)).exists()] == []
    assert inside
    assert files


# --- what is named exists


def spans(text: str) -> str:
    return "\n".join([*re.findall(r"`[^`\n]+`", text), *(one.text for one in blocks(text))])


@BOTH
def test_every_option_and_command_that_is_named_exists(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    known = set(map(flag_of, OPTIONS)) | OF_OTHERS
    for command in ("", *COMMANDS):
        start([*command.split(), "--help"])
        known |= set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out))
    named = {name.rstrip("-") for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", spans(text))}
    asked = set(re.findall(r"\bbpmax-sim ([a-z]+)", spans(text)))

    assert named - known == set()
    assert asked - set(COMMANDS) - {"name", "path"} == set()


@BOTH
def test_every_platform_code_and_exit_is_told(text: str) -> None:
    told = {f"{code.value} " for code in ExitCode}
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "bpmax_sim").rglob("*.py"))
    codes = sorted(set(re.findall(r'\bcode="([A-Z_]+)"', sources)))
    names = [*codes, "qywx", "feishu", "dingtalk", "dingtalk_v1"]

    assert [name for name in names if f"`{name}`" not in text] == []
    assert [code for code in told if not re.search(rf"(?:[:：]|·)\s*{code}", text)] == []


@BOTH
def test_the_knobs_of_a_simulator_are_there(text: str) -> None:
    table = text[text.index('| `session.simulator("qywx")`') :].partition("\n\n")[0]
    names = re.findall(r"`\.(\w+)", table)

    assert len(names) >= 12
    assert [name for name in names if not hasattr(Simulator, name)] == []


def test_the_commands_install_what_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (demo,), (suite,) = of_kind("demo"), of_kind("test-command")

    assert demo.text == (
        "python3 -m venv .venv && .venv/bin/pip install --quiet . && .venv/bin/bpmax-sim demo\n"
    )
    assert "pip install --quiet -e '.[test]' && " in suite.text
    assert {"test", "remote", "engine-v8"} <= set(project["optional-dependencies"])
    assert "bpmax-sim" in project["scripts"]
    assert [one.text for one in of_kind("refresh")] == ["python -m tests.docs\n"]


@pytest.mark.parametrize("name", strategies.__all__)
def test_every_public_strategy_says_what_it_draws(name: str) -> None:
    about = getattr(strategies, name).__doc__ or ""

    assert name == "LAWS" or about.strip().endswith(("\n", ".")), name


@BOTH
def test_every_strategy_of_the_page_is_there(text: str) -> None:
    told = text[text.index("`bpmax_sim.strategies`") :].partition("\n\n")[0]
    names = re.findall(r"`(\w+)\(\)`", told)

    assert len(names) > 5
    assert [name for name in names if name not in strategies.__all__] == []


# --- blocks that are read, but not run


@pytest.mark.parametrize("block", of_kind("part of"), ids=lambda one: one.argument)
def test_what_is_shown_of_a_file_stands_in_it(block: Block) -> None:
    assert block.text in (ROOT / block.argument).read_text(encoding="utf-8")


FIELDS = "{customerId: null, phone: null, discount: 1, reason: null}"
AROUND = {
    "scenario": "version: 1\nscenario: 例\nsteps: [{advance: 1s}]\n",
    "steps": f"version: 1\nscenario: 例\nform: {{fields: {FIELDS}}}\n",
}


@pytest.mark.parametrize("block", of_kind("part"), ids=lambda one: f"{one.argument}, {one.line}")
def test_what_is_shown_of_the_formats_can_be_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    platform = next(one for one in of_kind("part") if one.argument == "platform")
    (tmp_path / "platforms/crm_system.yaml").write_text(platform.text, encoding="utf-8")
    if block.argument in AROUND:
        path = tmp_path / "例.scenario.yaml"
        path.write_text(AROUND[block.argument] + block.text, encoding="utf-8")
        assert len(items(path, environ={})) == 1
        return
    path = tmp_path / "instances.yaml"
    path.write_text(block.text if block.argument == "instances" else "[]\n", encoding="utf-8")
    loaded = load_platforms(tmp_path / "platforms", instances=path)

    assert block.argument in {"platform", "instances"}
    assert list(loaded.platform("crm_system").apis) == ["get_customer_detail"]
    if block.argument == "instances":
        assert loaded.instance("crm_system", None).instance_key == "default"


def test_the_variables_are_those_that_the_instances_name() -> None:
    (shown,) = of_kind("environment")
    (instances,) = (one for one in of_kind("file") if one.argument.endswith("instances.yaml"))

    assert set(re.findall(r"(\w+)=", shown.text)) == set(re.findall(r"env: (\w+)", instances.text))


# --- the first hour, as the page tells it


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell runs the page's commands")
def test_the_page_can_be_followed_to_the_letter(tmp_path: Path) -> None:
    played = list(tour(TEXT, tmp_path))

    for one in played:
        where = f"README.md:{one.block.line}: {one.block.text}"
        assert one.code == one.block.code, f"{where}{one.printed}"
        if one.output:
            told = f"{where}run: python -m tests.docs"
            assert steady(one.printed) == steady(one.output.text), told
    assert [one.block for one in played] == [one for one in BLOCKS if one.kind in RUN]
    assert [one.output for one in played if one.output] == of_kind("output")
    for block in of_kind("file"):
        assert (tmp_path / block.argument).read_text(encoding="utf-8") == block.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > len(of_kind("file"))
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


# --- the table of mishaps


SCRIPT = "scenarios/scripts/stock.js"
STOCK = "scenarios/stock.scenario.yaml"
CASSETTE = "cassettes/stock/轴承.yaml"


def changed(path: str, old: str, new: str) -> Callable[[], None]:
    def change() -> None:
        text = Path(path).read_text(encoding="utf-8")
        assert old in text
        Path(path).write_text(text.replace(old, new), encoding="utf-8")

    return change


def cut() -> None:
    text = Path(CASSETTE).read_text(encoding="utf-8")
    Path(CASSETTE).write_text(text[: len(text) // 2], encoding="utf-8")


FIRST = "await $proxy('wms').listStock(form.keyword, 1);"
MISHAPS: list[tuple[Callable[[], None], str, dict[str, str] | None]] = [
    (lambda: Path(CASSETTE).unlink(), "run", None),
    (changed(CASSETTE, "轴承 6204", "轴承 6205"), "run", None),
    (cut, "run", None),
    (changed(SCRIPT, FIRST, f"{FIRST} {FIRST}"), "run", None),
    (changed(SCRIPT, "const first", "form.sku = 'SKU-001'; return; const first"), "run", None),
    (lambda: None, "record", None),
    (lambda: None, "record", {"WMS_PASSWORD": "wrong-Pass"}),
    (changed(STOCK, "expect:", "expct:"), "run", None),
    (changed(SCRIPT, "keyword, 1", "keyword, 2"), "record", {}),
]


@pytest.fixture(name="project")
def recorded_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bs: Command) -> Path:
    """Return the page's project, recorded."""
    for block in of_kind("file"):
        path = tmp_path / block.argument
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "wms")
    monkeypatch.delenv("CI", raising=False)
    with running_warehouse() as warehouse, monkeypatch.context() as patch:
        for name, value in warehouse.environment.items():
            patch.setenv(name, value)
        assert bs("record", STOCK).code == 0
    return tmp_path / "wms"


def mishaps() -> list[str]:
    table = TEXT[TEXT.index("| what happened |") :].partition("\n\n")[0]
    return [row[1] for row in rows(table)[2:]]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("number", range(len(MISHAPS)))
def test_a_mishap_is_told_as_the_page_says(
    monkeypatch: pytest.MonkeyPatch, bs: Command, number: int
) -> None:
    do, command, environment = MISHAPS[number]
    with running_warehouse() as warehouse:
        if environment is not None:
            for name, value in {**warehouse.environment, **environment}.items():
                monkeypatch.setenv(name, value)
        do()
        done = bs(command, STOCK)

    assert done.code
    assert len(mishaps()) == len(MISHAPS)
    assert mishaps()[number].strip("`") in done.out + done.err


def test_the_shown_python_names_what_there_is() -> None:
    (example,) = of_kind("python")

    assert set(re.findall(r"\bbs\.(\w+)", example.text)) <= set(bpmax_sim.__all__)


def test_the_marks_of_the_page_are_no_yaml_of_ours() -> None:
    for block in BLOCKS:
        if block.language == "yaml":
            assert safe_load(block.text)
