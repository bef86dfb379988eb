"""The tables of ``docs/facts.yaml`` name what the code has, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from bpmax_sim import errors
from bpmax_sim.cassette.model import Head, Line
from bpmax_sim.field_path import FieldPath
from bpmax_sim.platform.check import CLASSES
from bpmax_sim.platform.filters import FILTERS
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.simulator.simulator import Simulator
from bpmax_sim.subject.context import context_of
from bpmax_sim.subject.hooks import FlowMove
from bpmax_sim.subject.screen import EXTENSIONS
from tests.docs.facts import MARKS, names, tables, text_of
from tests.docs.pages import LANGUAGES, ROOT

SOURCES = "".join(path.read_text("utf-8") for path in (ROOT / "bpmax_sim").rglob("*.py"))


def test_every_cell_is_in_both_languages_and_every_row_is_whole() -> None:
    for name, table in tables().items():
        for cells in (table.head, *table.rows):
            assert len(cells) == len(table.head), name
            assert all(set(cell) == set(LANGUAGES) for cell in cells if isinstance(cell, dict))


def test_every_code_of_an_error_is_told() -> None:
    raised = set(re.findall(r'\bcode="([A-Z_]+)"|"code": "([A-Z_]+)"', SOURCES)) - {("", "CONFIG")}
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    own = {one.default_code for one in classes if issubclass(one, errors.CallError)}

    assert set(names("error_codes")) == {code for pair in raised for code in pair if code} | own | {
        "TLS"
    }


def test_every_class_of_failure_is_told() -> None:
    assert names("failure_classes")[: len(CLASSES)] is not None
    firsts = [text_of(row[0], "en").strip("`") for row in tables()["failure_classes"].rows]
    assert tuple(firsts) == CLASSES


def test_every_exit_code_is_told() -> None:
    assert [row[0] for row in tables()["exit_codes"].rows] == [str(code.value) for code in ExitCode]


def test_every_member_of_ctx_is_told() -> None:
    known = context_of(FlowMove(), {"id": "", "owner": []}, "", {}, {})

    assert set(names("ctx")) == {f"ctx.{name}" for name in (*known, "form", "project")}


def test_every_member_of_a_form_is_told() -> None:
    firsts = [text_of(row[0], "en").strip("`") for row in tables()["form_members"].rows]

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
    for table, struct in (("cassette_head", Head), ("cassette_line", Line)):
        fields = msgspec.structs.fields(struct)
        assert names(table) == [one.encode_name for one in fields]


def test_every_filter_is_told() -> None:
    told = {name.partition("(")[0] for name in names("filters")} - {"default"}
    families = r"(hmac_)?(md5|sha1|sha256|sha512)_(hex|b64)"
    alone = {name for name in FILTERS if not re.fullmatch(families, name)}

    assert {name for name in told if not re.fullmatch(families, name)} == alone
    assert {name for name in told if re.fullmatch(families, name)} <= set(FILTERS)


def test_every_place_is_one() -> None:
    for place in names("places"):
        assert FieldPath.parse(place, "ignore"), place


def test_a_rule_of_proxy_says_whose_it_is() -> None:
    for _, mark in tables()["proxy_rules"].rows:
        assert mark in MARKS["en"]


def test_this_file_is_about_every_table() -> None:
    text = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in tables() if f'"{name}"' not in text] == []
