"""The tables of ``docs/facts.yaml`` name what the code has, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest
import yaml
from babel.messages.pofile import read_po

from bpmax_sim import errors
from bpmax_sim.cassette.matching import PARTS
from bpmax_sim.cassette.model import CassetteHead, IndexLine
from bpmax_sim.check.drift import Tier
from bpmax_sim.cli.doctor import list_extension_points
from bpmax_sim.explore.judge import VERDICTS
from bpmax_sim.field_path import FieldPath
from bpmax_sim.i18n import CATALOGUES, DOMAIN
from bpmax_sim.platform.check import CLASSES
from bpmax_sim.platform.filters import FILTERS
from bpmax_sim.platform.model import Api, Auth, Model, Platform
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.scenario.actions import ACTIONS
from bpmax_sim.scenario.model import FaultAction, FaultRule, ProxySpec, list_file_keys
from bpmax_sim.scenario.script_check import RULES
from bpmax_sim.script.limits import Limits
from bpmax_sim.session.options import Mode
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.subject.definition import Definition, FlowNode
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import EXTENSIONS
from bpmax_sim.subject.hooks import REFUSED
from tests import sources
from tests.docs.cli import options
from tests.docs.facts import MARKS, Cell, names, tables, text_of
from tests.docs.pages import LANGUAGES, ROOT, Language, navigation
from tests.subject.stage import PlainStage


def plain(cell: Cell) -> str:
    return text_of(cell, "en").strip("`")


def test_every_cell_is_in_both_languages_and_every_row_is_whole() -> None:
    for name, table in tables().items():
        for cells in (table.head, *table.rows):
            assert len(cells) == len(table.head), name
            assert all(set(cell) == set(LANGUAGES) for cell in cells if isinstance(cell, dict))


_CODE = re.compile(r'\bcode(?: = |=)"([A-Z_]+)"|"code": "([A-Z_]+)"')


def _codes(*, of_subjects: bool) -> set[str]:
    """Return the codes in the sources: of what a form or flow refuses, or of calls."""
    texts = (
        path.read_text("utf-8")
        for name, path in sources.files().items()
        if name.startswith(("subject/", "scenario/")) is of_subjects
    )
    return {code for text in texts for pair in _CODE.findall(text) for code in pair if code}


def test_every_code_of_an_error_is_told() -> None:
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    own = {one.default_code for one in classes if issubclass(one, errors.CallError)}
    raised = _codes(of_subjects=False) - {"CONFIG"}

    assert {*names("error_codes")} == raised | own | {"TLS"}


def test_every_code_of_a_refusal_is_told() -> None:
    chosen = {"HIDDEN", "READ_ONLY", "ALREADY_DECIDED", "NOT_YOUR_TURN", REFUSED}

    assert {*names("refusal_codes")} == _codes(of_subjects=True) | chosen


def test_every_class_of_failure_is_told() -> None:
    assert names("failure_classes")[: len(CLASSES)] is not None
    firsts = [plain(row[0]) for row in tables()["failure_classes"].rows]
    assert tuple(firsts) == CLASSES


def test_every_exit_code_is_told() -> None:
    assert [row[0] for row in tables()["exit_codes"].rows] == [str(code.value) for code in ExitCode]


def test_every_rule_for_scripts_is_told() -> None:
    words = {"error": "problem", "warning": ""}

    told = [(row[0], text_of(row[1], "en")) for row in tables()["script_rules"].rows]
    assert told == [(f"`{rule}`", words[level]) for rule, level in RULES.items()]


def test_every_member_of_ctx_is_told() -> None:
    stage = PlainStage()
    _, ctx = FlowSubject(runner=stage, tell=stage.told.append).make_script_views()
    known = ctx.snapshot()

    assert set(names("ctx")) == {f"ctx.{name}" for name in (*known, "form", "project")}


def test_every_member_of_a_form_is_told() -> None:
    firsts = [plain(row[0]) for row in tables()["form_members"].rows]

    assert set(firsts) == {"form.<field>", *(f"form.{name}" for name in EXTENSIONS)}


def test_every_member_of_an_error_is_told() -> None:
    error = errors.CallError("x", platform="p", instance="i", api="a", status=1, response={})
    told = set(names("error_members"))

    renamed = {"platform": "platform_key", "instance": "instance_key"}
    assert told == {renamed.get(name, name) for name in vars(error)}


def test_every_knob_of_a_simulator_is_told() -> None:
    told = set(re.findall(r"^\.(\w+)", "\n".join(names("simulator")), flags=re.MULTILINE))
    public = {name for name in vars(Simulator) if not name.startswith("_")}

    assert told == public - {"handle"}


def test_every_key_of_a_cassette_is_told() -> None:
    for table, struct in (("cassette_head", CassetteHead), ("cassette_line", IndexLine)):
        fields = msgspec.structs.fields(struct)
        assert names(table) == [one.encode_name for one in fields]


def test_every_filter_is_told() -> None:
    told = {name.partition("(")[0] for name in names("filters")} - {"default"}
    families = r"(hmac_)?(md5|sha1|sha256|sha512)_(hex|b64)"
    alone = {name for name in FILTERS if not re.fullmatch(families, name)}

    assert {name for name in told if not re.fullmatch(families, name)} == alone
    assert {name for name in told if re.fullmatch(families, name)} <= set(FILTERS)


def test_every_extension_point_is_told() -> None:
    assert names("extension_points") == [point.group for point in list_extension_points()]


def test_every_place_is_one() -> None:
    for place in names("places"):
        assert FieldPath.parse(place, "ignore"), place


def test_a_rule_of_proxy_says_whose_it_is() -> None:
    for _, mark in tables()["proxy_rules"].rows:
        assert mark in MARKS["en"]


# --- how-to, tutorial and the tables of contents


CONTENTS = {
    "tutorials": "tutorial",
    "how_tos": "how-to",
    "references": "reference",
    "explanations": "explanation",
}


@pytest.mark.parametrize("table", CONTENTS)
def test_a_table_of_contents_has_every_page(table: str) -> None:
    links = re.findall(r"\]\((.*?)\)", str(tables()[table].rows))
    pages = [one for one in navigation() if one.startswith(f"{CONTENTS[table]}/")]

    assert {f"{CONTENTS[table]}/{link}" for link in links} | {pages[0]} == set(pages)


def printed(language: str) -> list[re.Pattern[str]]:
    """Return what may be printed in *language*, a pattern for each template."""
    with (CATALOGUES / "zh/LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file)
    both = ((one.string if language == "zh" else one.id) for one in catalogue)
    flat = (text for one in both for text in ([one] if isinstance(one, str) else one or ()))
    return [re.compile(re.sub(r"\\\{.*?\\\}", ".+?", re.escape(text))) for text in flat if text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_that_is_explained_is_printed(language: Language) -> None:
    templates = printed(language)
    titles = [text_of(row[0], "en") for row in tables()["miss_titles"].rows]
    shown = [text_of(row[1], language) for row in tables()["usual_failures"].rows]
    words = re.findall(r"`([^`]+)`", " ".join(shown + (titles if language == "en" else [])))

    assert len(words) >= 9
    assert [
        word
        for word in words
        if not any(word in one.pattern or one.search(word) for one in templates)
    ] == []


def test_every_part_of_a_miss_is_told() -> None:
    told = re.findall(
        r"\w+", " ".join(text_of(row[0], "en") for row in tables()["miss_parts"].rows)
    )

    assert set(told) <= set(PARTS)


def test_every_file_that_is_shown_is_there() -> None:
    places = {"approvals": "approvals/", "samples": ""}
    for table, folder in places.items():
        for name in re.findall(r"`([^`]+)`", str([row[1] for row in tables()[table].rows])):
            path = ROOT / "scenarios" / f"{folder}{name}"
            assert path.exists() or path.with_name(f"{path.name}.scenario.yaml").exists(), name
    told = {plain(row[1]) for row in tables()["approvals"].rows}
    assert told == {
        path.name.partition(".")[0]
        for path in (ROOT / "scenarios/approvals").glob("*.scenario.yaml")
    }
    demo = ROOT / "bpmax_sim/starter/demo_files"
    made = {name for name in names("demo_files") if not (demo / name).exists()}
    assert made == {"cassettes/crm/customer.yaml"}  # by recording


def test_what_follows_a_product_is_a_setting_or_an_action() -> None:
    known = {*list_file_keys(Definition), *list_file_keys(FlowNode), *ACTIONS, *list_file_keys(ACTIONS["add_owner"])}
    column = [row[1] for row in tables()["approval_products"].rows]
    named = {name for cell in column for name in re.findall(r"`(\w+): ", str(cell))}

    assert {"applicant", "complete", "where"} <= named <= known


def test_every_extra_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert set(names("extras")) == set(project["optional-dependencies"]) - {"dev", "docs", "test"}


def test_every_step_of_a_login_is_told() -> None:
    assert names("login_steps") == ["acquire", "apply", "sign", "recover"]
    assert set(names("login_steps")) <= set(list_file_keys(Auth))


def test_every_mode_and_tier_is_told() -> None:
    assert names("modes") == list(get_args(Mode))
    assert {text_of(row[0], "en") for row in tables()["drift_levels"].rows} == set(get_args(Tier))


def test_every_literal_of_verify_is_told() -> None:
    literals, values = get_args(get_type_hints(Api)["verify"])
    told = [plain(row[0]).partition("`")[0] for row in tables()["verify_literals"].rows]

    assert {*told} == {*get_args(literals), f"{{{values.__struct_fields__[0]}: [body.status]}}"}


def test_every_limit_of_a_script_is_told() -> None:
    told = [*names("script_limits"), text_of(tables()["script_limits"].rows[-1][0], "en")]

    assert set(told) == {*Limits.__struct_fields__} - {"budget"}, "a budget is for variants alone"


def test_options_of_places_stand_where_they_may() -> None:
    models: dict[str, type[Model]] = {"scenario": ProxySpec, "platform": Platform, "API": Api}
    for row in tables()["place_options"].rows:
        places = {name for name, model in models.items() if plain(row[0]) in list_file_keys(model)}
        assert set(text_of(row[1], "en").split(", ")) == places, row[0]


def test_options_of_fuzz_are_options() -> None:
    told = {name for one in names("fuzz_options") for name in re.findall(r"(?<!\S)-[-\w]+", one)}

    assert told <= {name for spelling, _ in options("fuzz") for name in spelling.split(", ")}


def test_every_fault_that_is_shown_can_be_armed() -> None:
    rules = [yaml.safe_load(text) for text in names("faults")]

    assert {key for rule in rules for key in rule} <= set(list_file_keys(FaultRule))
    assert {key for rule in rules for key in rule.get("do", ())} <= set(list_file_keys(FaultAction))


IN_PROSE = {
    "positions": "what other programs are for",
    "decisions": "reasons",
    "stand_ins": "tests/secret tries each",
    "placed_secrets": "tests/secret and tests/transport try each",
    "failures": "tests/scenario makes each of them fail or warn",
    "systems": "what ran where is known to who ran it",
    "editor_files": "tests/starter writes them",
    "debug_ways": "tests/docs/test_pages.py looks for commands and options",
    "cheat_commands": "as above",
    "on_windows": "what ran where is known to who ran it",
    "on_macos": "as above",
    "windows_differences": "tests/cassette tries what can be tried elsewhere",
    "site": "leads to the four kinds of pages",
    "readme": "leads to the four kinds of pages",
    "script_scopes": "tests/script tries each",
    "script_differences": "tests/script tries each",
    "script_differences_rare": "as above",
}
"""Tables with nothing that a name of the code could be compared with, and why that is so."""


def test_the_verdicts_of_explore_are_told() -> None:
    rows = tables()["explore_verdicts"].rows
    told = {name for row in rows for name in text_of(row[0], "en").split(", ")}

    assert told == {*VERDICTS}


def test_this_file_is_about_every_table() -> None:
    text = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in tables() if f'"{name}"' not in text] == []
