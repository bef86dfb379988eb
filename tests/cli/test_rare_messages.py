# ruff: noqa: E501 - a message, one a line
"""What commands say in rare cases, the whole of each message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.check.migration import MovePlan
from bpmax_sim.cli import calibrate, cassettes, explore, migrate, prune, record_proxy, review
from bpmax_sim.cli.explain import CURES, IneffectiveTestPlace
from bpmax_sim.errors import BpmaxError, Problem
from bpmax_sim.explore.reproduce import ReproducingScenario
from bpmax_sim.file_version import read_version
from bpmax_sim.i18n import to_plain_english
from bpmax_sim.live.judge import CalibrationResult
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.platform.load import load_platforms
from tests.cassette.exchanges import detail
from tests.cli.test_cassette_commands import write
from tests.files import write_files


@pytest.fixture(name="root", autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scenarios/platforms").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refuse(call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(BpmaxError) as refused:
        call(*arguments)
    return to_plain_english(str(refused.value))


def test_each_kind_of_doubt_has_its_advice() -> None:
    told = {
        rule: to_plain_english(IneffectiveTestPlace(rule, Problem("x"), fails=True).advice)
        for rule in (*CURES, "tautology")
    }

    assert told == {
        "unawaited": "put await before the call, or void where nobody has to wait for it",
        "uncalled": "end the chain with .$call(), or take it away",
        "name": "write the name that is meant, or declare it, such as in form.fields",
        "refused": "expect the refusal: expect_error, or messages in expect",
        "call": "call what the platform declares, or expect its error in expect: proxy",
        "rule": "take away what nothing uses, or mend what it asks for",
        "never_ran": "take the step away, or add a row in which it runs",
        "empty": "say what is expected, or take the key away",
        "cycle": "change the field in one of the handlers only",
        "timer": "add a step advance: that lets it fire, or clear the timer",
        "unplayed": "record again, or set unused: ignore",
        "charset": "declare the encoding of the response in the platform file",
        "secret": "declare its place in secrets:, or in not_secret: of the project",
        "interrupted": "seal the recording with `bpmax-sim cassette recover`",
        "weak_secret": "use a longer secret",
        "collation": "sort by a field that has no rare characters, or run with --engine v8",
        "power": "write Math.pow, or round the result",
        "ignore": "record it for this value, too, or take the place out of ignore",
        "unseen": "handle the failure in the script, or expect it",
        "unfit": "write a value that the field takes",
        "script": "correct it, or name the rule in // bpmax-ignore: above it",
        "tautology": "correct it, or write // bpmax-ignore: tautology above it",
    }


def test_what_stays_of_a_recording_that_is_moved_is_told_once_each(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(root / "cassettes/报价.yaml", [("付款", [detail(1)])])
    plan = MovePlan(
        read_version(path), Cassette.load(path), "付款", "付款[一]",
        unknown=("crm.a", "crm.b", "crm.a"), signed=("erp.c", "erp.c"), contested=("oms.d", "oms.d", "oms.e"),
    )  # fmt: skip
    other = MovePlan(read_version(path), Cassette.load(path), "退款", "退款", signed=("erp.c",))

    migrate._report_exchanges_not_moved([plan, other])

    lost = "nothing recorded is like this; if it had another name, say --platform OLD=NEW or --api PLATFORM.OLD=PLATFORM.NEW, else record it"
    signed = "is signed, and no scenario makes this call, so it stays as it is; record {!r} again"
    called = "is called as it was recorded and otherwise, too, so that is not moved; record the new call with `bpmax-sim record --record new`"
    assert capsys.readouterr().err.splitlines() == [
        f"cassettes/报价.yaml: crm.a: {lost}",
        f"cassettes/报价.yaml: crm.b: {lost}",
        f"cassettes/报价.yaml: erp.c {signed.format('付款')}",
        f"cassettes/报价.yaml: oms.d {called}",
        f"cassettes/报价.yaml: oms.e {called}",
        f"cassettes/报价.yaml: erp.c {signed.format('退款')}",
    ]
    assert refuse(migrate._read_renames, ["crm.a=erp.b"], [], [], []) == (
        "--api crm.a=erp.b: expected PLATFORM.OLD=PLATFORM.NEW, of one platform as it is called today; "
        "of a platform that has another key, say --platform OLD=NEW"
    )


def test_exchanges_with_a_secret_are_named_with_number_call_and_place(root: Path) -> None:
    def draft(number: int, call: str, *leaks: str) -> Any:
        return SimpleNamespace(issue=(number, 9), line=SimpleNamespace(call=call), leaks=leaks)

    one, two = draft(3, "crm.login", "body.token", "header.X"), draft(14, "", "body.pw")
    assert [
        to_plain_english(cassettes._describe_left_out(root / "cassettes/报价.yaml", drafts))
        for drafts in ([one], [one, two])
    ] == [
        "cassettes/报价.yaml: left out, as a secret was found in it: exchange 3 crm.login (body.token); record again",
        "cassettes/报价.yaml: left out, as secrets were found in them: exchange 3 crm.login (body.token), exchange 14 (body.pw); record again",
    ]


def test_a_finding_is_written_where_nothing_stands_and_where_it_would_fail(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(root, {"scenarios/甲.scenario.yaml": ""})
    asked = []

    def save(scenario: ReproducingScenario) -> str:
        asked.append(scenario.path.name)
        return "" if scenario.text == "好" else "it passes"

    monkeypatch.setattr(explore, "save_and_check_reproduction", save)
    explore._save_findings([
        ReproducingScenario(root / f"scenarios/{name}.scenario.yaml", text, fails_expectation=True)
        for name, text in (("甲", "好"), ("乙", "坏"), ("丙", "好"))
    ])  # fmt: skip

    assert asked == ["乙.scenario.yaml", "丙.scenario.yaml"]
    assert capsys.readouterr().err.splitlines() == [
        "scenarios/甲.scenario.yaml: is there already, and stays as it is",
        "scenarios/乙.scenario.yaml: not written, as it would not fail for this: it passes",
        "written: scenarios/丙.scenario.yaml",
    ]


def test_what_cannot_be_written_is_named_and_what_to_do(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(root / "cassettes/报价.yaml", [("付款", [detail(1)])])

    def fail(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    def fail_nameless(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prune, "remove_exchanges", fail)
    leftover = prune.UnusedExchanges(read_version(path), frozenset({0}), 1, ("crm.find",))
    plan = MovePlan(read_version(path), Cassette.load(path), "付款", "付款")
    told = [refuse(prune._delete_exchanges, [leftover])]
    for failing in (fail, fail_nameless):
        monkeypatch.setattr(migrate, "apply_plans_that_replay", failing)
        told.append(refuse(migrate._apply_plans_naming_write_errors, root, [plan]))
    told += [
        refuse(review._write_not_secret_declaration, root / "pyproject.toml", None, "body.id", "not_secret", "[tool.bpmax_sim]"),
        refuse(review._declare_not_secret, "crm"),
    ]  # fmt: skip

    assert told == [
        "cassettes/报价.yaml: not changed (Permission denied); make the folder writable",
        f"{path}: not moved (Permission denied); what was there is whole",
        f"{root}: not moved (No space left on device); what was there is whole",
        "pyproject.toml: cannot be added to here; write not_secret: [body.id] at [tool.bpmax_sim]",
        "--not-secret crm: expected a place such as crm.find.body.room_id",
    ]
    assert not any(migrate._apply_plans_naming_write_errors(root, []).failures)


def test_a_platform_that_no_file_declares_is_recorded_by_its_addresses(root: Path) -> None:
    text = "platform_key: crm\nbase_url: https://crm.example.test\napis: {}\n"
    write_files(root, {"scenarios/platforms/crm.yaml": text})
    known = load_platforms(root / "scenarios/platforms")
    upstream = UpstreamUrl.parse("https://erp.example.test")

    def explain(key: str) -> list[str]:
        found = record_proxy._explain_undeclared_platform(known, key, upstream)
        return [to_plain_english(one) for one in found]

    assert explain("") == explain("crm") == []
    [told] = explain("仓库系统")
    assert told == (
        "no platform file declares 仓库系统: calls are recorded by their addresses, and hidden is what stands where "
        "credentials stand or is named like a secret; `bpmax-sim init --from "
        f"cassettes/{record_proxy._make_cassette_name('仓库系统', upstream)}.yaml` drafts the file"
    )
    assert refuse(explain, "crn").startswith("--platform crn: there is no such platform")


def test_a_console_of_another_command_is_named_with_what_reads_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(root, {"一.txt": "", "二.txt": "", "pyproject.toml": "tool = 1\n"})
    files = [root / "一.txt", root / "二.txt"]
    monkeypatch.setattr(calibrate, "read_console", lambda _text: [])
    told = [refuse(calibrate._judge_last_calibration_run, files[:number]) for number in (1, 2)]
    found = CalibrationResult(asked=0, engine="V8", zone="", offsets=(-210, -150), rules={})
    told.append(refuse(list, calibrate._plan_clock_zone(root, found)))
    lost = CalibrationResult(asked=1, engine="V8", zone="", offsets=(), rules={}, failure="404")
    monkeypatch.setattr(calibrate, "_judge_last_calibration_run", lambda _: lost)
    told.append(refuse(calibrate.calibrate, files))

    assert told == [
        "一.txt: it is of `bpmax-sim capture`; read it with: bpmax-sim init --from FILE",
        "一.txt, 二.txt: they are of `bpmax-sim capture`; read each with: bpmax-sim init --from FILE",
        "pyproject.toml: cannot be added to here; write clock = 2026-01-05T09:00:00-03:30 at [tool.bpmax_sim.defaults]",
        "nothing could be asked there: 404; see the interfaces that `bpmax-sim calibrate` needs, and run the script again",
    ]
    assert capsys.readouterr() == (
        "",
        "that zone has summer time, which scripts here do not; the clock is in winter's\n",
    )
