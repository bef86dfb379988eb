"""The table of options, whole: who may set each, to what, and what holds if nobody does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

import bpmax_sim as bs
from bpmax_sim.guard import NetworkGuard
from bpmax_sim.session.options import OPTIONS, Option, list_options_for, list_repeated_options
from bpmax_sim.session.settings import Settings, find_logins_folder

TABLE = """\
mode: session scenario marker pytest cli; 'replay'; replay|record|live|simulate
record: session marker pytest cli; 'once'; once|new|rewrite
against: session pytest cli; 'live'; live|simulator; repeated
record_extra: session pytest cli; False; as extra; switch
allow_ci_record: session pytest cli; False; as allow_ci; switch
exit_codes: pytest; False; switch
allow_hosts: session pytest cli; (); many; HOST; repeated
cassettes: pytest cli; DIR|URL; repeated
platforms: session scenario marker pytest cli; many; PATH; repeated
instances: session scenario marker
cassette: session scenario marker
instance: session scenario marker pytest cli; as default_instance; KEY; repeated
ignore: session scenario marker; ()
redact: session scenario marker; ()
unused: session scenario marker pytest cli; 'fail'; fail|warn|ignore
unawaited: session scenario marker; 'warn'; warn|fail|allow
repeat: session scenario marker; False
var: pytest cli; many; NAME=VALUE
seed: session scenario marker pytest; N; repeated
clock: session scenario marker pytest; ISO; repeated
engine: session marker pytest cli; 'quickjs'; quickjs|v8|quickjs,v8; repeated
js_stack: session pytest cli; as stack; SIZE; repeated
js_limits: session marker pytest cli; as limits; LIMITS; repeated
faults: session scenario; ()
faults: pytest cli; 'on'; on|off; repeated
trace: pytest cli; 'on-failure'; on-failure|on|off
shard: pytest cli; I/N
job: pytest cli; ''; NAME
report: pytest; optional; FILE
explore: pytest; switch
explore_max: pytest; N
explore_minutes: pytest; N
explore_seed: pytest; N
challenge: pytest; switch
challenge_fail_under: pytest; PERCENT
challenge_strict: pytest; switch
update: pytest; switch
cov: pytest; switch
cov_lcov: pytest; FILE
cov_fail_under: pytest; PERCENT
tb: pytest; switch
lang: pytest; en|zh
owner: session marker; ''
environ: session
secrets: session scenario; ()
transport: session
guard: session; False
run: session
shared_logins: session
hits: session
logins: session
remote: session
replays: session
adopts: session
moves: session
command: session; ''
command_rewrite: session; '--record=rewrite'
command_new: session; '--record=new'
command_extra: session; '--record=new --record-extra'
"""
"""Name: doors; default; choices; keyword of `Session.open`; kind; metavar; in a command again."""


def _tell(option: Option) -> str:
    parts = [
        f"{option.name}: {' '.join(option.sources)}",
        "" if option.default is None else repr(option.default),
        "|".join(option.choices),
        option.keyword and f"as {option.keyword}",
        "" if option.kind == "value" else option.kind,
        option.metavar or "",
        "repeated" if option.is_repeated else "",
    ]
    return "; ".join(filter(None, parts))


def test_each_option_is_set_by_whom_and_to_what_the_table_says() -> None:
    assert [_tell(option) for option in OPTIONS] == TABLE.splitlines()


def test_a_command_to_run_it_again_repeats_what_changes_what_happens() -> None:
    passed: dict[str, Any] = {
        "mode": "record", "against": "simulator", "allow_hosts": ["a", "b", "c"],
        "cassettes": "https://li:pw@store.test/x@y", "platforms": [], "instance": "",
        "seed": 0, "clock": None, "engine": "quickjs", "faults": "off", "js_stack": "24MB",
        "js_limits": "cpu=1s", "unused": "warn", "record_extra": True,
    }  # fmt: skip

    assert list_repeated_options("pytest", passed.get) == (
        ("against", "simulator"), ("allow_hosts", "a"), ("allow_hosts", "b"), ("allow_hosts", "c"),
        ("cassettes", "https://…@store.test/x@y"), ("seed", "0"), ("js_stack", "24MB"),
        ("js_limits", "cpu=1s"), ("faults", "off"),
    )  # fmt: skip
    assert (
        list_repeated_options("cli", lambda name: "{}" if name in {"seed", "job"} else None) == ()
    )
    urls = ("s3://key:secret@bucket/a", "https://token@host", "https://host/a@b", "内/a:b@c")
    told = [list_repeated_options("cli", {"cassettes": one}.get) for one in urls]
    assert [text for ((_, text),) in told] == [
        "s3://…@bucket/a", "https://…@host", "https://host/a@b", "内/a:b@c",
    ]  # fmt: skip


def test_a_limit_itself_is_still_within() -> None:
    readers = {name: one.read for name, one in list_options_for("pytest").items()}
    assert {
        (name, text): readers[name](text)
        for name, texts in {
            "cov_fail_under": ("0", "100"), "challenge_fail_under": ("0", "100"),
            "explore_max": ("1",), "explore_minutes": ("0.001", "24.5", "1440"),
        }.items()
        for text in texts
    } == {
        ("cov_fail_under", "0"): 0, ("cov_fail_under", "100"): 100,
        ("challenge_fail_under", "0"): 0, ("challenge_fail_under", "100"): 100,
        ("explore_max", "1"): 1,
        ("explore_minutes", "0.001"): 0.001, ("explore_minutes", "24.5"): 24.5,
        ("explore_minutes", "1440"): 1440,
    }  # fmt: skip
    for name, text in (("cov_fail_under", "101"), ("explore_max", "0"), ("explore_minutes", "0")):
        with pytest.raises(ValueError, match=f"^{re.escape(text)}: expected"):
            readers[name](text)


def _refusal(**options: Any) -> str:
    try:
        Settings(**{"environ": {}, **options})
    except bs.ConfigError as error:
        return str(error)
    return ""


OPENS_NOTHING = "allow_hosts opens nothing where nothing is closed; add guard=True"
CI_REFUSES = (
    "recording is disabled because CI is set; pass allow_ci=True (pytest: --bpmax-allow-ci-record, "
    "bpmax-sim: --allow-ci-record)"
)


def test_settings_refuse_what_has_no_effect_or_would_record_in_ci() -> None:
    ci = {"CI": "true"}
    guard = NetworkGuard("甲", allow="{}", closed=False)
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, ""),
        ({"allow_hosts": ("a",)}, OPENS_NOTHING),
        ({"allow_hosts": ("a",), "guard": True}, ""),
        ({"allow_hosts": ("a",), "guard": guard}, ""),
        ({"mode": "record", "environ": ci}, CI_REFUSES),
        ({"mode": "record", "environ": ci, "allow_ci": True}, ""),
        ({"mode": "record", "environ": {"CI": ""}}, ""),
        ({"mode": "record", "environ": ci, "against": "simulator"}, CI_REFUSES),
        ({"mode": "live", "environ": ci}, ""), ({"mode": "replay", "environ": ci}, ""),
        ({"repeat": 1}, "repeat: expected True or False, got 1"),
        ({"stack": "1MB"}, "stack: expected a whole number, got '1MB'"),
        ({"default_instance": 7}, "default_instance: expected a text, got 7"),
        ({"unused": "Fail"}, "unused: there is no 'Fail'; did you mean 'fail'?"),
        ({"command_extra": None}, "command_extra: expected a text, got None"),
    ]  # fmt: skip

    assert [(one, _refusal(**one)) for one, _ in cases] == cases


def test_what_settings_mean_together() -> None:
    modes: list[Any] = ["replay", "record", "live", "simulate"]
    others: list[Any] = ["live", "simulator"]
    made = {
        (mode, against): Settings(mode=mode, against=against, environ={}).is_simulated
        for mode in modes
        for against in others
    }
    assert [pair for pair, simulated in made.items() if simulated] == [
        ("record", "simulator"), ("simulate", "live"), ("simulate", "simulator"),
    ]  # fmt: skip
    given: list[dict[str, Any]] = [
        {}, {"command": "pytest a"}, {"command": "pytest a", "command_rewrite": ""},
        {"command_rewrite": "--x"}, {"command": "pytest a", "command_rewrite": "--x"},
    ]  # fmt: skip
    commands = [Settings(**options).rewrite_command for options in given]
    assert commands == ["", "pytest a --record=rewrite", "pytest a", "", "pytest a --x"]
    assert [Settings(seed=seed).seed_or_default for seed in (None, 0, 7)] == [0, 0, 7]
    secret = Settings(secrets=("s3cret-value",), environ={"K": "s3cret-value"})
    assert "s3cret-value" not in repr(secret)
    assert dataclasses.replace(secret, owner="甲").secrets == ("s3cret-value",)
    folders = {"a/cassettes/b/cassettes/x/c.yaml": "a/cassettes/b/cassettes/auth",
               "my-cassettes/x.yaml": "my-cassettes/auth", "x.yaml": "auth"}  # fmt: skip
    assert {one: find_logins_folder(Path(one)) for one in folders} == {
        one: Path(folder) for one, folder in folders.items()
    }
