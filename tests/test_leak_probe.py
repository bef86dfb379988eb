"""One credential in every place and six secrets of the server: none is in anything we leave."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.merge import recover
from bpmax_sim.cli.app import run_command_line
from bpmax_sim.errors import CallError, LeakError, NoMatchError, WeakSecretWarning
from bpmax_sim.secret.pseudonym import compute_resident_id_check_char
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.session.session import Session
from tests import warm
from tests.apart import PLUGINS
from tests.leaks import folder
from tests.loopback import loopback
from tests.probe import CREDENTIAL, DATA, ROOT, Probe, ThirdParty

pytestmark = pytest.mark.filterwarnings("ignore::bpmax_sim.errors.WeakSecretWarning")


@pytest.fixture(name="probe")
def probe_of(tmp_path: Path) -> Iterator[Probe]:
    third = ThirdParty()
    with loopback(third.answer) as server:
        yield Probe(tmp_path, server, third)


def quietly(call: Callable[[], Any]) -> CallError | None:
    try:
        call()
    except NoMatchError:
        return None  # the session remembers it
    except CallError as error:
        return error
    return None


def speak(session: Session, key: str = CREDENTIAL) -> list[CallError]:
    """Make calls with the credential in every place, by auth and by the script itself."""
    crm = session.proxy("客户系统")
    xml = key.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    ticket = crm.api("ticket").call()["data"]["ticket"]
    errors = [quietly(crm.api("go").call)]
    for name in ("header", "own_header", "basic", "query", "path", "cookie"):
        crm.api(name).call()
    crm.api("json").body({"客户": "张三"}).call()
    crm.api("form_auth").body({"客户": "张三"}).call()
    crm.api("xml").body(f"<客户><k>{xml}</k></客户>").call()
    crm.api("form").body({"客户": "张三", "k": key}).call()
    crm.api("stream").body({"k": key}).call()
    crm.api("zipped").body({"k": key, "t": ticket}).call()
    crm.api("plain").header(**{"X-K": key}).query(k=key).body({
        "k": key, "list": [{"深": {"k": key}}], "text": json.dumps({"k": key}),
        "coded": base64.b64encode(f"客户:{key}".encode()).decode(), "ticket": ticket,
        "hex": key.encode().hex(),
    }).call()  # fmt: skip
    return [error for error in errors if error is not None]


def test_nothing_that_a_recording_leaves_holds_a_secret(probe: Probe) -> None:
    during: list[str] = []
    probe.third.before_answer = lambda: during.extend(probe.found(probe.files()))
    with probe.open() as session:
        errors = speak(session)
        during += probe.found(probe.files())
        shutil.copytree(probe.root / "cassettes", probe.root / "killed")
        calls = [(call, call.request, call.response, call.error) for call in session.calls]
        told = {
            "calls": repr(calls).encode(),
            "session": repr(session).encode(),
            "errors": repr([(str(e), vars(e)) for e in errors]).encode(),
        }
    recover(probe.root / "killed/探针.yaml")

    assert len(calls) == 16
    assert [error.status for error in errors] == [302]
    assert during == []
    assert probe.found(told) == []
    assert probe.found(folder(probe.root / "killed")) == []
    assert sorted(path.name for path in (probe.root / "cassettes").rglob("*.yaml")) == [
        "客户系统.测试.yaml",
        "探针.yaml",
    ]
    assert probe.found(probe.files()) == []


def test_what_was_recorded_replays_with_nothing_set(probe: Probe) -> None:
    with probe.open() as session:
        speak(session)
    key = make_standin(kind="text", platform="客户系统", instance="测试", name="key")
    with probe.open(mode="replay", environ={}) as session:
        errors = speak(session, key)

    assert [error.status for error in errors] == [302]
    assert {call.source for call in session.calls} == {"recorded"}
    streamed = next(call.received for call in session.calls if call.api == "stream")
    assert streamed is not None
    assert len(streamed.chunks) > 5
    assert sum(chunk.length for chunk in streamed.chunks) == len(streamed.body)


FAILING = """
from bpmax_sim.session.session import Session

import pytest

OPTIONS = {options!r}
APIS = ["refuse", "broken", "reset", "no_such_api", "拒绝"]

@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("mode", ["record", "live"])
def test_of_a_user(api, mode, tmp_path):
    with Session.open(mode=mode, cassette=tmp_path / "客户.yaml", **OPTIONS) as session:
        crm = session.proxy("客户系统")
        body = crm.api("ticket").call()
        crm.api(api).body({{"客户": "张三", "ticket": body["data"]["ticket"]}}).call()

@pytest.mark.parametrize("api", APIS)
def test_with_the_plugin(api, bpmax_proxy):
    crm = bpmax_proxy("客户系统")
    body = crm.api("ticket").call()
    crm.api(api).body({{"客户": "张三", "ticket": body["data"]["ticket"]}}).call()
"""


NIGHT = pytest.mark.night("`auto` has entries of this style, between the first and the last")


@pytest.mark.parametrize("style", ["auto", "long", pytest.param("short", marks=NIGHT)])
def test_a_failing_test_tells_no_secret(probe: Probe, tmp_path: Path, style: str) -> None:
    options = {
        "platforms": str(DATA / "platforms"),
        "instances": str(DATA / "instances.yaml"),
        "environ": probe.environ,
        "owner": "x",
    }
    (tmp_path / "test_user.py").write_text(FAILING.format(options={**options, "environ": None}))
    command = [warm.python(), "-m", "pytest", "-p", "no:cacheprovider", f"--tb={style}"]
    command += ["--junitxml=junit.xml", "-rA", "--basetemp=base", "--bpmax-mode=record"]
    shutil.copytree(DATA, tmp_path / "scenarios")
    done = subprocess.run(
        [*command, "test_user.py"],
        cwd=tmp_path,
        env={**os.environ, **PLUGINS, **probe.environ, "PYTHONPATH": str(ROOT), "CI": ""},
        capture_output=True,
        check=False,
    )
    told = {"out": done.stdout + done.stderr, "junit": (tmp_path / "junit.xml").read_bytes()}

    assert b"15 failed" in done.stdout
    assert b"HttpStatusError" in done.stdout
    assert probe.found(told) == []
    # nothing mints the code here, so it is no secret that anybody could know
    assert [x for x in probe.found(folder(tmp_path)) if ": code as" not in x] == []


def test_a_leak_that_cannot_be_replaced_refuses_the_seal_and_the_run_goes_on(probe: Probe) -> None:
    session = probe.open()
    crm = session.proxy("客户系统")
    crm.api("file").body({"客户": "张三"}).call()
    crm.api("short").call()
    during = probe.found(probe.files())
    with pytest.raises(LeakError) as caught:
        session.close()

    assert during == []
    message = str(caught.value)
    assert message.startswith(
        f"{probe.root}/cassettes/探针.yaml: not written, a secret was found in 客户系统.file ("
    )
    assert re.search(r"\(客户系统\.测试\.token \(raw\) inside gzip at byte \d+\)", message)
    assert message.endswith(
        "; declare where it is with `secret:` in the platform file and record again"
    )
    assert probe.found({"message": str(caught.value).encode()}) == []
    assert probe.found(probe.files()) == []


def test_a_short_value_is_hidden_in_its_place_only(probe: Probe) -> None:
    with probe.open() as session, pytest.warns(WeakSecretWarning) as warned:
        session.proxy("客户系统").api("short").call()
    written = probe.files()["探针.yaml"].decode()

    assert str(warned[0].message) == (
        "the value of 'short' of 客户系统.测试 has fewer than 6 characters: it is hidden where auth"
        " puts it, but not where an answer repeats it; take a longer one"
    )
    assert 'X-Short: ["redacted.b2e4944e.4557e6ee.short.1"]' in written
    assert 'string: |-\n        "abc"' in written


def test_a_word_of_its_own_stand_in_is_hidden_in_its_place_only(probe: Probe) -> None:
    environ = {**probe.environ, "CRM_SHORT": "redacted"}
    with probe.open(environ=environ) as session, pytest.warns(WeakSecretWarning) as warned:
        session.proxy("客户系统").api("short").call()

    assert 'X-Short: ["redacted.b2e4944e' in probe.files()["探针.yaml"].decode()
    assert str(warned[0].message).startswith(
        "the value of 'short' of 客户系统.测试 is a part of what stands for it,"
        " 'redacted.b2e4944e.4557e6ee.short.1': it is hidden where auth puts it"
    )


def test_a_secret_that_becomes_known_late_is_taken_out_of_what_is_on_the_disk(probe: Probe) -> None:
    ticket = probe.third.minted["ticket"]
    with probe.open() as session:
        crm = session.proxy("客户系统")
        crm.api("plain").body({"猜": ticket}).call()
        before = probe.found(probe.files())
        crm.api("ticket").call()
        after = probe.found(probe.files())

    assert any(": ticket as raw" in told for told in before)
    assert [told for told in after if ": ticket" in told] == []
    assert [told for told in probe.found(probe.files()) if ": ticket" in told] == []


def test_a_miss_tells_no_secret(probe: Probe) -> None:
    with probe.open() as session:
        speak(session)
    misses = []
    key = make_standin(kind="text", platform="客户系统", instance="测试", name="key")
    for body in ({"客户": "张三"}, {"客户": key, "k": "李四"}):
        session = probe.open(mode="replay", unused="ignore")
        for _ in range(2):
            quietly(session.proxy("客户系统").api("form_auth").body(body).call)
        with pytest.raises(NoMatchError) as missed:
            session.close()
        misses.append(missed.value)
    assert [miss.case for miss in misses] == ["already played", "no such call"]
    assert probe.found({"misses": repr([(miss, vars(miss)) for miss in misses]).encode()}) == []


def test_personal_data_has_pseudonyms_that_stay_the_same(probe: Probe) -> None:
    said = {"姓名": "张三", "phone": "13800138000", "idCard": "11010519491231002X"}
    places = ("body.phone", "body.idCard")
    with probe.open(redact=places) as session:
        session.proxy("客户系统").api("zipped").body(said).call()
    written = probe.files()["探针.yaml"].decode()
    with probe.open(mode="replay", environ={}, redact=places) as session:
        session.proxy("客户系统").api("zipped").body(said).call()
    recorded = json.loads(
        next(Cassette.load(probe.root / "cassettes/探针.yaml").exchanges()).request.body or b""
    )

    assert "姓名" in written
    assert "13800138000" not in written
    assert "11010519491231002X" not in written
    assert recorded["phone"].isdigit()
    assert recorded["idCard"][17] == compute_resident_id_check_char(recorded["idCard"][:17])


def test_a_recording_set_aside_and_every_export_hold_no_secret(
    probe: Probe, capsys: pytest.CaptureFixture[str]
) -> None:
    session = probe.open()
    speak(session)
    session.close(failed=True)
    aside = probe.root / "cassettes/探针.yaml.new"
    told = {aside.name: aside.read_bytes()}
    aside.rename(probe.root / "cassettes/探针.yaml")
    for name in ("har", "curl", "wiremock", "vcrpy"):
        run_command_line(
            ["cassette", "export", str(probe.root / "cassettes/探针.yaml"), "--as", name]
        )
        said = capsys.readouterr()
        told[name] = (said.out + said.err).encode()

    assert min(map(len, told.values())) > 4_000
    assert b"redacted." in told["har"]
    assert probe.found(told) == []
