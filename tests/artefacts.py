"""A third party that repeats every credential in every encoding, and a project that tells it all.

The scenario and the tests fail wherever something can be told: what they leave is searched.
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from tests.probe import whole

_LAST = secrets.token_hex(5)
SECRETS: dict[str, str] = {
    "plain": f"AKs{secrets.token_hex(4)}456789{secrets.token_hex(3)}",
    "quotes": f"pa'ss\"word`{secrets.token_hex(4)}",
    "slashes": f"C:\\net\\'{secrets.token_hex(4)}\\x\\\\",
    "chinese": f"密钥“口令”{''.join(chr(0x4E00 + secrets.randbelow(5000)) for _ in range(6))}",
    "lines": f"第一行{secrets.token_hex(5)}\nsecond'{secrets.token_hex(5)}\"\n  third {_LAST}",
    "percent": f"100%25 {secrets.token_hex(4)}%41%zz a+b&c",
}
"""Of each kind of characters that something quotes or escapes, one."""

MINTED = {"ticket": f"m-ticket+/{secrets.token_hex(8)}"}
"""What the third party makes, and tells before anybody knows that it is one."""


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _in_lines(data: bytes) -> str:
    """Return base64 of lines (RFC 2045); the secret goes over the end of one."""
    return base64.encodebytes(b"x" * 220 + data).decode()


ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "gzip in base64": lambda text: _b64(gzip.compress(f"客户 {text} 号".encode())),
    "zlib in base64url": lambda text: base64.urlsafe_b64encode(
        zlib.compress(text.encode())
    ).decode(),
    "gzip in base64 in base64": lambda text: _b64(_b64(gzip.compress(text.encode())).encode()),
    "base64": lambda text: _b64(text.encode()),
    "base64 of UTF-16": lambda text: _b64(text.encode("utf-16")),
    "base64 of UTF-16, big": lambda text: _b64(text.encode("utf-16-be")),
    "base64 in lines": lambda text: _in_lines(text.encode()),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal of gzip": lambda text: gzip.compress(text.encode()).hex(),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent of base64": lambda text: quote(_b64(gzip.compress(text.encode())), safe=""),
    "JSON": lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
    "JSON of JSON": lambda text: json.dumps(json.dumps(text)),
    "XML": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "XML, hexadecimal": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "Python": repr,
    "Python, ASCII": ascii,
}
"""In which the third party repeats them; each is told in a field of its own."""

PLATFORM = f"""
platform_key: 仓库
base_url: https://w.example.test
credentials: {{{", ".join(f"{name}: {{secret: true}}" for name in SECRETS)}}}
auth:
  apply:
{
    "".join(
        f'    - {{in: body, name: {name}, value: "{{{{ {name} }}}}"}}{chr(10)}' for name in SECRETS
    )
}
apis:
  repeat: {{method: POST, path: /repeat}}
  refuse: {{method: POST, path: /refuse}}
  guess: {{method: POST, path: /guess}}
  ticket: {{method: POST, path: /ticket, secret: [body.ticket]}}
"""
INSTANCES = f"""
- platform: 仓库
  instance_key: 测试
  base_url: {{env: W_URL}}
  credentials: {{{", ".join(f"{name}: {{env: W_{name}}}" for name in SECRETS)}}}
"""
SCRIPT = """
const r = await $proxy('仓库').$api('repeat').$body({客户: '张三'}).$call();
console.log(r);
for (const [name, text] of Object.entries(r)) console.log(name, [text], text);
form.备注 = r.raw_quotes;
form.$message = r.encoded_1;
try { await $proxy('仓库').$api('refuse').$body({客户: '李四'}).$call() } catch (error) {
  console.error(error, error.response.body);
}
throw Object.assign(new Error(Object.values(r).join('\\n')), {code: r.encoded_0, more: r});
"""
SCENARIO = """
version: 1
scenario: 泄漏
form: {scripts: {change.客户: 泄漏.js}, fields: {客户: null, 备注: ''}}
proxy: {platforms: platforms/, cassette: 泄漏}
cases:
  - {id: 抛出, step: 张三, wanted: 无}
  - {id: 比较, step: 李四, wanted: 无}
steps:
  - id: 问
    proxy: {call: 仓库.repeat, body: {客户: '${case.step}'}}
    save: {答: '${steps.问.result}'}
  - name: ${vars.答.raw_plain} ${vars.答.encoded_1}
    set: {客户: '${case.step}'}
    expect_error: {message: 无}
    expect: {vars: {答: {raw_quotes: 无, encoded_1: 无}}, console: [无]}
"""
PASSING = """
version: 1
scenario: 通过
proxy: {platforms: platforms/, cassette: 通过}
steps:
  - id: 猜
    proxy: {call: 仓库.guess, body: {客户: 王五}}
    save: {早: '${steps.猜.result}'}
  - js: console.log(await $proxy('仓库').$api('ticket').$body({}).$call())
  - proxy: {call: 仓库.repeat, body: {客户: 王五}}
"""
TESTS = """
import logging
import os
import warnings

import pytest

NAMES = {names!r}
SECRETS = [os.environ["W_" + name] for name in NAMES]


@pytest.fixture(name="answer")
def answer_of(bpmax_proxy):
    return bpmax_proxy("仓库").api("repeat").body({{"客户": "张三"}}).call()


class Thing:
    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return f"<Thing {{self.text!r}} {{self.text}}>"


def same(left, right):
    return left == right


@pytest.mark.parametrize("lead", range(101, 125, 6))
def test_cuts(answer, lead):
    for secret in SECRETS:
        text = "-" * lead + secret + "-" * 115
    assert same(text, "x") or same(Thing(text), 1) or same([text], [1]) or same({{text: text}}, 2)


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_compares(answer, number):
    secret = SECRETS[number]
    thing = Thing(secret)
    assert ["甲 " * 20 + "-" * lead + " " + secret for lead in range(16)] == [thing]


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_differs_in_lines(answer, number):
    secret = SECRETS[number]
    assert f"甲\\n{{secret}}\\n乙" == "甲\\n无\\n乙"


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_is_not_in(answer, number):
    assert "无" in {{SECRETS[number]}}


def test_raises(answer):
    try:
        raise KeyError("\\n".join(SECRETS))
    except KeyError as error:
        found = ExceptionGroup("多个", [ValueError(text) for text in answer.values()])
        found.add_note("\\n".join(answer.values()))
        raise found from error


def test_raises_encoded(answer):
    raise ValueError("\\n".join(answer.values()))


def test_prints(answer, record_property):
    print(answer, *SECRETS, sep="\\n")
    for name, text in answer.items():
        logging.getLogger("仓库").warning("%s: %s", name, text)
        record_property(name, text)
        warnings.warn(text, stacklevel=1)


def test_prints_past_its_report(
    answer, request, record_testsuite_property, record_xml_attribute
):
    for number, secret in enumerate(SECRETS):
        record_testsuite_property(f"p{{number}}", secret)
        record_testsuite_property(secret, number)
        record_xml_attribute(f"a{{number}}", secret)
        request.node.user_properties.append((secret, {{secret: [Thing(secret)]}}))
        warnings.warn_explicit("无", UserWarning, secret, 3)


def test_has_parts(answer, subtests):
    for number, secret in enumerate(SECRETS):
        with subtests.test(secret, secret=secret):
            print(secret, answer["encoded_1"])
            assert secret == answer["encoded_2"]


def test_skips(answer):
    pytest.skip("\\n".join([*SECRETS, *answer.values()]))


def test_is_expected_to_fail(answer):
    pytest.xfail("\\n".join([*SECRETS, *answer.values()]))
"""

OWN_SESSION = """
import os
import pytest
import bpmax_sim as bs

SECRETS = [os.environ["W_" + name] for name in {names!r}]


@pytest.fixture(name="session", scope="module")
def session_of_ones_own():
    with bs.Session.open("scenarios/platforms", mode="live") as session:
        session.proxy("仓库").api("repeat").body({{"客户": "张三"}}).call()
        yield session


@pytest.mark.parametrize("secret", SECRETS, ids=str.__len__)
def test_raises_beside_a_session_of_ones_own(session, secret):
    assert secret == "-" * 200 + secret


def test_raises_inside_of_another():
    with bs.Session.open("scenarios/platforms", mode="live") as session:
        session.proxy("仓库").api("repeat").body({{"客户": "张三"}}).call()
        assert SECRETS == ["无"]
"""


ENDING = """
import os
import pytest

SECRETS = [os.environ["W_" + name] for name in {names!r}]


def test_ends_the_run(bpmax_proxy):
    bpmax_proxy("仓库").api("repeat").body({{"客户": "张三"}}).call()
    {end}
"""
PLUGIN = """
import os
import pytest

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    if report.when == "call":
        raise RuntimeError(os.environ["W_plain"])
"""


def answer(request: bytes) -> bytes:
    """Return the credentials, one in each encoding; the path says with which status."""
    if b"/guess" in request[:50]:
        return whole(
            json.dumps({"said": MINTED["ticket"], "text": f"a{MINTED['ticket']}"}).encode()
        )
    if b"/ticket" in request[:50]:
        return whole(json.dumps(MINTED).encode())
    texts = [*SECRETS.values()]
    said = {
        f"encoded_{number}": make(texts[number % len(texts)])
        for number, make in enumerate(ENCODINGS.values())
    }
    said |= {f"raw_{name}": secret for name, secret in SECRETS.items()}
    said["message"] = ENCODINGS["gzip in base64"](SECRETS["quotes"])
    body = json.dumps(said, ensure_ascii=False).encode()
    return whole(body, status="403 Forbidden" if b"/refuse" in request[:50] else "200 OK")


def environ(url: str) -> dict[str, str]:
    """Return the variables with the address *url* and the credentials."""
    return {"W_URL": url, **{f"W_{name}": secret for name, secret in SECRETS.items()}}


def write(root: Path) -> None:
    """Write the project into *root*."""
    scenarios = root / "scenarios"
    (scenarios / "platforms").mkdir(parents=True)
    files = {
        "platforms/仓库.yaml": PLATFORM,
        "instances.yaml": INSTANCES,
        "泄漏.js": SCRIPT,
        "泄漏.scenario.yaml": SCENARIO,
        "通过.scenario.yaml": PASSING,
        "../test_of_a_user.py": TESTS.format(names=list(SECRETS)),
        "../test_own_session.py": OWN_SESSION.format(names=list(SECRETS)),
    }
    for name, text in files.items():
        (scenarios / name).write_text(text, encoding="utf-8")
