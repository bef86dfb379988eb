"""No credential in anything that is written or told, whatever third party and script do with it."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bpmax_sim import strategies
from bpmax_sim.errors import BpmaxError
from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.model import ResponseRules
from bpmax_sim.proxy.builder import CallSpec
from bpmax_sim.report.document import build_run_document
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.report.terminal import format_failure_texts, format_verdict_line, judge_events
from bpmax_sim.scenario.load import load_items
from bpmax_sim.scenario.runner import run_item
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.session import Session
from tests.leaks import folder, leaks
from tests.property.world import MANY, Case, ThirdParty, cases, opened, refused

TELLING = ResponseRules(code=("$.code",), message=("$.message",))
ECHOES: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "percent": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "json": lambda text: json.dumps(text)[1:-1],
    "base64": lambda text: base64.b64encode(f"k={text}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
}


def echoing(kind: str, status: int) -> Callable[[Request], Response]:
    """Return a third party that gives everything back that it was sent."""

    def answer(request: Request) -> Response:
        told = "\n".join([unquote(request.url), *(value for _, value in request.headers)])
        body = json.dumps(
            {
                "code": status,
                "message": told,
                "echo": ECHOES[kind](told),
                "body": (request.body or b"").decode(errors="surrogateescape"),
            },
            ensure_ascii=False,
        )
        headers = (("Content-Type", "application/json"), ("X-Echo", quote(told, safe="")))
        return Response(status=status, headers=headers, body=body.encode(), elapsed=0.1)

    return answer


def saying(program: CallSpec, secret: str) -> CallSpec:
    """Return *program* with the script itself telling the secret."""
    if program.args is not None:
        return program
    told = {"备注": f"密钥是 {secret}。", "深": [{"x": secret}]}
    return replace(program, steps=(*program.steps, ("body", told), ("query", {"q": secret})))


@given(
    case=cases(size=2, kinds=["none", "static", "login", "signed"]),
    kind=st.sampled_from(list(ECHOES)),
    status=st.sampled_from((200, 200, 400, 500)),
)
def test_no_credential_is_in_log_cassette_or_miss(case: Case, kind: str, status: int) -> None:
    case.platform = replace(case.platform, response=TELLING)
    third = ThirdParty(case, answer=echoing(kind, status))
    told: list[str] = []
    with TemporaryDirectory() as place:
        path = Path(place) / "cassettes/定律.yaml"
        session = opened(case, third, path)
        for program in case.programs:
            secret = str(case.instance(program).credentials["secret"])
            told += tell(partial(strategies.perform, saying(program, secret), session))
        told += said_of(session)
        # What a script says itself no replay could find, so such a recording is set aside.
        told += tell(session.close)
        told += missed(case, path)
        written = folder(Path(place))

    artefacts = {**written, "told": "\n".join(told).encode()}
    wanted = {f"secret {n}": text for n, text in enumerate(third.secrets)}
    assert leaks(artefacts, wanted) == []


def tell(call: Callable[[], Any]) -> list[str]:
    """Make a call, and return all that its failure says."""
    try:
        call()
    except BpmaxError as error:
        return [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    return []


def said_of(session: Session) -> list[str]:
    return [
        repr((call, call.request, call.response, call.error, call.notes)) for call in session.calls
    ]


def missed(case: Case, path: Path) -> list[str]:
    """Replay calls that nobody recorded, and return what is told of them."""
    session = opened(case, None, path)
    told = []
    for program in case.programs:
        other = program
        if program.args is None:
            other = replace(program, steps=(*program.steps, ("query", {"lang": "没有"})))
        told += tell(partial(strategies.perform, other, session))
    told += tell(session.close)
    return [*told, *said_of(session)]


@given(case=cases(kinds=["static", "login"], forms=["chained"]))
def test_no_credential_is_in_a_report(case: Case) -> None:
    third = ThirdParty(case, answer=echoing("raw", 200))
    secret = str(case.instances[0].credentials["secret"])
    program = replace(case.program, options={})
    with TemporaryDirectory() as place:
        path = Path(place) / "报告.scenario.yaml"
        source = f"const r = await {strategies.javascript(program)}; console.log(r); return r.code;"
        steps = [{"js": source.replace("${", "$ {"), "expect": {"result": 1}}]
        drawn = {"version": 1, "scenario": "报告", "form": {}, "steps": steps}
        path.write_text(strategies.yaml_text(drawn), encoding="utf-8")
        (item,) = load_items(path, environ={})
        session = opened(case, third, Path(place) / "cassettes/x.yaml")
        verdict = judge_events(item, run_item(item, session, environ={}))
        told = [format_verdict_line(verdict), *format_failure_texts(verdict, with_console=False)]
        told.append(
            json.dumps(build_run_document([verdict], code=ExitCode.FAILED), ensure_ascii=False)
        )
        written = folder(Path(place) / "cassettes")

    wanted = {f"secret {n}": text for n, text in enumerate(third.tokens)}
    wanted["secret"] = secret
    assert leaks({**written, "report": "\n".join(told).encode()}, wanted) == []


spellings = st.sampled_from(list(ECHOES.values()))


@MANY
@given(
    st.lists(strategies.secrets(), min_size=1, max_size=3, unique=True),
    st.lists(st.tuples(st.integers(0, 2), spellings, strategies.texts()), max_size=6),
)
def test_redaction_is_idempotent_and_complete(
    secrets: list[str], pieces: list[tuple[int, Any, str]]
) -> None:
    vault = Vault()
    for number, secret in enumerate(secrets):
        vault.add(secret, f"redacted.crm.test.s{number}.1", name=f"s{number}")
    said = "\n".join(
        f"{text} {spell(secrets[index % len(secrets)])} {text}" for index, spell, text in pieces
    )

    once = vault.redact_text(said)

    assert vault.redact_text(once) == once
    assert vault.redact(said.encode()) == once.encode()
    assert leaks({"text": once.encode()}, {s: s for s in secrets}) == []
    assert [str(finding) for finding in vault.scan(once.encode())] == []


@given(strategies.exchanges(), st.lists(strategies.secrets(), max_size=2))
def test_what_holds_no_secret_stays_as_it_is(exchange: Any, secrets: list[str]) -> None:
    vault = Vault()
    for number, secret in enumerate(secrets):
        vault.add(secret, f"redacted.crm.test.s{number}.1", name=f"s{number}")
    body = exchange.request.body or b""

    assert vault.redact(body) == body
    assert vault.redact_text(exchange.request.url) == exchange.request.url


@given(case=cases(kinds=["none"], forms=["chained"]), text=strategies.secrets())
def test_a_credential_of_the_script_itself_is_not_written(case: Case, text: str) -> None:
    steps = (*case.program.steps, ("header", {"Authorization": f"Bearer {text}"}))
    third = ThirdParty(case)
    with TemporaryDirectory() as place:
        path = Path(place) / "cassettes/定律.yaml"
        session = opened(case, third, path)
        error = refused(lambda: strategies.perform(replace(case.program, steps=steps), session))
        told = said_of(session)
        session.close()
        written = folder(Path(place))

    assert leaks({**written, "told": "\n".join(told).encode()}, {"own": text}) == []
    if error is None:
        assert [v for n, v in third.requests[0].headers if n == "Authorization"] == [
            f"Bearer {text}"
        ]
