"""The third parties answer as the real ones do, and nothing of them outlives its user."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import bpmax_sim as bs
from bpmax_sim.cassette.file import Cassette
from bpmax_sim.check.drift import Verification
from bpmax_sim.messages import Request, Response
from bpmax_sim.session.options import Mode
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.cli.project import in_a_process
from tests.files import write_files
from tests.third_parties.django_oauth import external_system
from tests.third_parties.kinto import crm
from tests.third_parties.object_storage import ACCESS_KEY, contract_archive
from tests.third_parties.processes import ROOT, ThirdParty, serving
from tests.third_parties.wecom import wecom

NAMES = [
    *("ARCHIVE_SECRET_KEY", "ARCHIVE_URL"),
    *("CRM_PASSWORD", "CRM_URL", "CRM_USER"),
    *("EXTERNAL_CLIENT_ID", "EXTERNAL_CLIENT_SECRET", "EXTERNAL_URL"),
    *("QYWX_CORPID", "QYWX_SECRET", "QYWX_URL"),
]
MESSAGE = {
    "touser": "zhangsan|Nobody",
    "msgtype": "text",
    "agentid": 1000002,
    "text": {"content": "合同已审批"},
}


def client(party: ThirdParty, **options: Any) -> httpx.Client:
    # A server that hashes a password takes seconds where others work, too.
    return httpx.Client(base_url=party.url, trust_env=False, timeout=60, **options)


def is_open(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def closes(url: str) -> bool:
    deadline = time.monotonic() + 20
    while is_open(url) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_open(url)


def run_with_all(program: str) -> list[str]:
    python = [sys.executable, "-X", "utf8"]
    return [*python, "-m", "tests.third_parties", "--", *python, "-c", program]


@pytest.fixture(scope="module")
def kinto() -> Iterator[ThirdParty]:
    with crm() as party:
        yield party


@pytest.fixture(scope="module")
def django() -> Iterator[ThirdParty]:
    with external_system() as party:
        yield party


@pytest.fixture(scope="module")
def archive() -> Iterator[ThirdParty]:
    with contract_archive() as party:
        yield party


@pytest.fixture(scope="module")
def qywx() -> Iterator[ThirdParty]:
    with wecom() as party:
        yield party


KINTO = """\
platform_key: kinto
base_url: https://kinto.example.test
auth: {preset: basic}
apis:
  get_customer:
    method: GET
    path: /v1/buckets/crm/collections/customers/records/{id}
    parameters: [{name: id, in: path}]
    volatile: [body.data.last_modified, header.etag, header.last-modified]
"""


class TestObjectStorage:
    def ask(
        self, party: ThirdParty, method: str, path: str, body: bytes = b"", **changed: str
    ) -> httpx.Response:
        """Sign as botocore does, with another secret or then another date where *changed* says."""
        secret = changed.get("secret", party.environment["ARCHIVE_SECRET_KEY"])
        signed = AWSRequest(method, f"{party.url}{path}", data=body)
        S3SigV4Auth(Credentials(ACCESS_KEY, secret), "s3", "cn-north-1").add_auth(signed)
        headers = {**signed.headers}
        if "date" in changed:
            headers["X-Amz-Date"] = changed["date"]
        with client(party) as http:
            return http.request(method, path, content=body, headers=headers)

    def test_what_was_stored_is_read_back(self, archive: ThirdParty) -> None:
        body = '{"合同编号":"HT-2026-0007"}'.encode()
        stored = self.ask(archive, "PUT", "/contracts/HT-2026-0007.json", body)
        assert stored.status_code == 200
        assert self.ask(archive, "GET", "/contracts/HT-2026-0007.json").content == body

    def test_a_wrong_secret_or_a_changed_header_breaks_the_signature(
        self, archive: ThirdParty
    ) -> None:
        answers = [
            self.ask(archive, "PUT", "/contracts/a.json", secret="wrong"),
            self.ask(archive, "PUT", "/contracts/a.json", date="20260302T090000Z"),
        ]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert all("<Code>SignatureDoesNotMatch</Code>" in answer.text for answer in answers)

    def test_nothing_but_the_bucket_is_open(self, archive: ThirdParty) -> None:
        listed = self.ask(archive, "GET", "/")
        assert listed.status_code == 403
        assert "<Code>AccessDenied</Code>" in listed.text


class TestKinto:
    records = "/v1/buckets/crm/collections/customers/records"
    orders = "/v1/buckets/crm/collections/orders/records"

    def account(self, party: ThirdParty) -> httpx.BasicAuth:
        known = party.environment
        return httpx.BasicAuth(known["CRM_USER"], known["CRM_PASSWORD"])

    def test_it_knows_the_customer_of_the_documentation_page(self, kinto: ThirdParty) -> None:
        with client(kinto, auth=self.account(kinto)) as http:
            customer = http.get(f"{self.records}/12345").json()["data"]
        assert (customer["name"], customer["phone"], customer["level"]) == (
            "张三",
            "13800138000",
            "VIP",
        )

    def test_an_order_is_created_by_post(self, kinto: ThirdParty) -> None:
        order = {"customer": "12345", "金额": 1280.5}
        with client(kinto, auth=self.account(kinto)) as http:
            created = http.post(self.orders, json={"data": order})
            stored = http.get(f"{self.orders}/{created.json()['data']['id']}").json()["data"]
        assert created.status_code == 201
        assert order.items() <= stored.items()

    @pytest.mark.parametrize(
        ("key", "password", "status"), [("99999", None, 404), ("12345", "错", 401)]
    )
    def test_an_unknown_customer_or_a_wrong_password_is_refused(
        self, kinto: ThirdParty, key: str, password: str | None, status: int
    ) -> None:
        given = password or kinto.environment["CRM_PASSWORD"]
        account = httpx.BasicAuth(kinto.environment["CRM_USER"], given)
        with client(kinto, auth=account) as http:
            answer = http.get(f"{self.records}/{key}")
        assert (answer.status_code, answer.json()["code"]) == (status, status)

    def test_what_scripts_read_of_a_record_that_lost_members_is_an_error(
        self, kinto: ThirdParty, tmp_path: Path
    ) -> None:
        """Three calls of one API: the record of one of them lost what is read, and what is not."""
        files = {
            "platforms/kinto.yaml": KINTO,
            "客户.js": (
                "const 库 = $proxy('kinto');\n"
                "for (const 号 of ['70001', '70002', '70003']) {\n"
                "  const {data: 客户} = await 库.get_customer(号);\n"
                "  form.电话 = 客户.phone;\n"
                "}\n"
            ),
            "客户.scenario.yaml": (
                "version: 1\nscenario: 客户\n"
                "form: {fields: {电话: ''}, scripts: {open: ./客户.js}}\n"
                "proxy: {platforms: ./platforms}\nsteps: [{open: {}}]\n"
            ),
        }
        write_files(tmp_path / "scenarios", files)
        known = kinto.environment
        environ = {
            "KINTO_URL": kinto.url,
            "KINTO_USERNAME": known["CRM_USER"],
            "KINTO_PASSWORD": known["CRM_PASSWORD"],
        }
        customer = {"name": "李四", "phone": "13900139000", "email": "lisi@example.test"}
        with client(kinto, auth=self.account(kinto)) as http:
            for key in ("70001", "70002", "70003"):
                http.put(f"{self.records}/{key}", json={"data": customer}).raise_for_status()
            scenario = tmp_path / "scenarios/客户.scenario.yaml"
            bs.run_scenario(scenario, mode="record", allow_ci=True, environ=environ).unwrap()
            for key in ("70002", "70003"):
                http.put(f"{self.records}/{key}", json={"data": {"name": "李四"}})
        ends = [in_a_process("verify", cwd=tmp_path, **environ)]
        (tmp_path / "scenarios/客户.js").write_text(
            files["客户.js"].replace("客户.phone", "客户.name"), encoding="utf-8"
        )
        strict = ("--fail-on", "warning")
        ends += [
            in_a_process("verify", *options, cwd=tmp_path, **environ)
            for options in ((), strict, ("--sample", *strict))
        ]

        lost = "kinto.get_customer: body.data.{} is gone (was text){} (2 calls)"
        read = "; it is read at scenarios/客户.js:4"
        assert [end.code for end in ends] == [1, 0, 1, 0]
        first, second, _, sampled = (end.out.splitlines() for end in ends)
        assert [line.partition(": ")[2] for line in (*first, *second)] == [
            f"warning: {lost.format('email:', '')}",
            f"error: {lost.format('phone:', read)}",
            f"warning: {lost.format('email:', '')}",
            f"warning: {lost.format('phone:', '')}",
        ]
        assert [line.partition("not sent: ")[2] for line in sampled] == [
            "one exchange of each API is enough (--sample) (2 calls)"
        ]


class TestDjangoOAuth:
    def log_in(self, party: ThirdParty, http: httpx.Client, secret: str = "") -> httpx.Response:
        known = party.environment
        account = httpx.BasicAuth(
            known["EXTERNAL_CLIENT_ID"], secret or known["EXTERNAL_CLIENT_SECRET"]
        )
        return http.post("/o/token/", data={"grant_type": "client_credentials"}, auth=account)

    def test_the_resource_echoes_the_callers_headers(self, django: ThirdParty) -> None:
        with client(django) as http:
            token = self.log_in(django, http).json()["access_token"]
            headers = {
                "Authorization": f"Bearer {token}",
                "X-Request-ID": "req-1",
                "X-Client-Version": "1.0.0",
            }
            answer = http.get("/api/some/", headers=headers).json()
        assert (answer["code"], answer["message"]) == (200, "ok")
        assert answer["data"].pop("时间").endswith("+00:00")
        assert answer["data"] == {"requestId": "req-1", "clientVersion": "1.0.0"}

    def test_a_revoked_token_is_refused(self, django: ThirdParty) -> None:
        known = django.environment
        names = {"client_id": "EXTERNAL_CLIENT_ID", "client_secret": "EXTERNAL_CLIENT_SECRET"}
        with client(django) as http:
            token = self.log_in(django, http).json()["access_token"]
            account = {name: known[variable] for name, variable in names.items()}
            http.post("/o/revoke_token/", data={**account, "token": token}).raise_for_status()
            answer = http.get("/api/some/", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="api", error="invalid_token"'

    def test_a_recorded_renewal_of_a_token_is_no_drift(
        self, django: ThirdParty, tmp_path: Path
    ) -> None:
        known, tokens = django.environment, list[str]()

        def revoking(request: Request) -> Response:
            """Send *request*; the token of the first call is revoked before it arrives."""
            with client(django) as http:
                token = dict(request.headers).get("Authorization", "").partition("Bearer ")[2]
                if token and not tokens:
                    account = (known["EXTERNAL_CLIENT_ID"], known["EXTERNAL_CLIENT_SECRET"])
                    http.post("/o/revoke_token/", data={"token": token}, auth=account)
                tokens.extend([token] if token else [])
                sent = (request.method, request.url)
                came = http.request(*sent, headers=[*request.headers], content=request.body)
            headers = tuple(came.headers.items())
            return Response(status=came.status_code, headers=headers, body=came.content)

        def opened(mode: Mode) -> Session:
            return Session.open(
                ROOT / "scenarios/platforms",
                mode=mode,
                cassette=tmp_path / "同步.yaml",
                environ=known,
                transport=Handler(revoking) if mode == "record" else None,
            )

        with opened("record") as session:
            session.proxy("external_system").some_api()
        exchanges = list(Cassette.load(tmp_path / "同步.yaml").exchanges())
        assert [one.outcome.status for one in exchanges] == [401, 200]  # type: ignore[union-attr]
        with opened("live") as session:
            verified = Verification(session).verify(exchanges)
            assert [str(one) for _, drifts in verified for one in drifts] == [
                (
                    "info: [1] external_system.some_api: not sent: its token was refused when "
                    "it was recorded"
                )
            ]

    def test_a_refresh_token_that_rotates_is_recorded_again_and_again(
        self, django: ThirdParty, tmp_path: Path
    ) -> None:
        platform = tmp_path / "scenarios/platforms/mobile.yaml"
        platform.parent.mkdir(parents=True)
        platform.write_text(
            "platform_key: mobile\n"
            "base_url: https://mobile.example.test\n"
            'auth: {preset: oauth2_refresh_token, token_url: "{{ base_url }}/o/token/"}\n'
            "apis: {some: {method: GET, path: /api/some/}}\n",
            encoding="utf-8",
        )
        environ = {
            "MOBILE_URL": django.url,
            "MOBILE_CLIENT_ID": "rotating",
            "MOBILE_CLIENT_SECRET": django.environment["EXTERNAL_CLIENT_SECRET"],
            "MOBILE_REFRESH_TOKEN": django.environment["EXTERNAL_REFRESH_TOKEN"],
        }
        cassette = tmp_path / "cassettes/some.yaml"
        for mode in ("record", "record", "live", "replay"):
            with Session.open(
                platform.parent,
                mode=mode,
                cassette=cassette,
                record="rewrite",
                allow_ci=True,
                environ=environ if mode != "replay" else {},
            ) as session:
                session.proxy("mobile").some()
        kept = (tmp_path / ".bpmax/kept/mobile.default.json").read_text(encoding="utf-8")
        assert kept.count('"refresh_token"') == 1
        assert environ["MOBILE_REFRESH_TOKEN"] not in kept

    def test_a_wrong_secret_gets_no_token(self, django: ThirdParty) -> None:
        with client(django) as http:
            answer = self.log_in(django, http, secret="not-the-secret")
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


class TestWeCom:
    def log_in(self, party: ThirdParty, http: httpx.Client, **changed: str) -> Any:
        known = party.environment
        query = {"corpid": known["QYWX_CORPID"], "corpsecret": known["QYWX_SECRET"]}
        return http.get("/cgi-bin/gettoken", params={**query, **changed}).json()

    def send(self, http: httpx.Client, query: dict[str, str], **changed: Any) -> Any:
        body = json.dumps({**MESSAGE, **changed}, ensure_ascii=False).encode()
        return http.post("/cgi-bin/message/send", params=query, content=body).json()

    def test_the_token_stays_the_same_while_it_is_valid(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            first, second = self.log_in(qywx, http), self.log_in(qywx, http)
        assert first == second
        assert (first["errcode"], first["expires_in"]) == (0, 7200)

    def test_an_expired_token_is_refused_until_the_next_login(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            old = {"access_token": self.log_in(qywx, http)["access_token"]}
            http.post("/_control/expire")
            refused = self.send(http, old)
            new = {"access_token": self.log_in(qywx, http)["access_token"]}
            accepted = self.send(http, new)
        assert (refused["errcode"], accepted["errcode"]) == (42001, 0)
        assert old != new

    def test_an_unknown_receiver_is_named_in_a_success(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            before = http.get("/_control/messages").json()["messages"]
            answer = self.send(http, {"access_token": self.log_in(qywx, http)["access_token"]})
            accepted = http.get("/_control/messages").json()["messages"]
        assert (answer["errcode"], answer["invaliduser"]) == (0, "nobody")
        assert accepted == [*before, MESSAGE]

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"touser": "nobody"}, 81013),
            ({"agentid": "1000002"}, 301002),
            ({"msgtype": "sms"}, 40008),
            ({"text": {"content": ""}}, 44004),
        ],
    )
    def test_a_wrong_message_is_refused_with_status_200(
        self, qywx: ThirdParty, changed: dict[str, Any], code: int
    ) -> None:
        with client(qywx) as http:
            query = {"access_token": self.log_in(qywx, http)["access_token"]}
            answer = self.send(http, query, **changed)
        assert answer["errcode"] == code
        assert re.search(rf", hint: \[.+\], from ip: 127.0.0.1, .+e={code}$", answer["errmsg"])

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"corpid": ""}, 41002),
            ({"corpsecret": ""}, 41004),
            ({"corpid": "ww_other"}, 40013),
            ({"corpsecret": "wrong"}, 40001),
        ],
    )
    def test_a_wrong_login_is_refused(
        self, qywx: ThirdParty, changed: dict[str, str], code: int
    ) -> None:
        with client(qywx) as http:
            assert self.log_in(qywx, http, **changed)["errcode"] == code

    def test_the_token_counts_in_the_query_only_and_comes_first(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            token = self.log_in(qywx, http)["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            assert self.send(http, {})["errcode"] == 41001
            assert self.send(http, {"access_token": "made-up"}, agentid=1)["errcode"] == 40014

    def test_a_member_is_found_by_id(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            token = self.log_in(qywx, http)["access_token"]
            answers = [
                http.get("/cgi-bin/user/get", params={"access_token": token, "userid": name}).json()
                for name in ("zhangsan", "nobody")
            ]
        assert (answers[0]["name"], answers[1]["errcode"]) == ("张三", 60111)

    def test_an_unknown_path_is_an_empty_404(self, qywx: ThirdParty) -> None:
        with client(qywx) as http:
            answer = http.get("/cgi-bin/nothing")
        assert (answer.status_code, answer.content) == (404, b"")


def test_a_command_sees_all_of_them_and_its_exit_code_comes_back() -> None:
    program = "import json, os; print(json.dumps(dict(os.environ))); raise SystemExit(7)"
    done = subprocess.run(run_with_all(program), cwd=ROOT, capture_output=True, check=False)
    known = json.loads(done.stdout)
    assert done.returncode == 7
    assert all(known[name] for name in NAMES)
    assert not any(is_open(known[name]) for name in NAMES if name.endswith("_URL"))


def test_nothing_is_left_when_the_command_runner_is_killed() -> None:
    program = "import os, sys; print(os.environ['QYWX_URL'], flush=True); sys.stdin.read()"
    runner = subprocess.Popen(
        run_with_all(program), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with runner:
        assert runner.stdout
        url = runner.stdout.readline().decode().strip()
        assert is_open(url)
        runner.kill()
    assert closes(url)


def test_a_command_is_required() -> None:
    command = [sys.executable, "-m", "tests.third_parties", "pytest"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode("utf-8", "replace").startswith(
        "usage: python -m tests.third_parties -- "
    )


def test_a_server_that_does_not_start_shows_what_it_printed() -> None:
    with pytest.raises(RuntimeError) as caught, serving("tests.third_parties.servers.nothing"):
        pass
    headline, *printed = str(caught.value).splitlines()
    assert headline == "tests.third_parties.servers.nothing: exit 1; it printed:"
    assert "No module named tests.third_parties.servers.nothing" in printed[-1]


def test_a_server_that_takes_too_long_is_stopped() -> None:
    expected = r"not up after \d s \(.*of a processor.*\); it printed:\n$"
    with pytest.raises(RuntimeError, match=expected), serving("fileinput", patience=0.1):
        pass


def test_credentials_do_not_show_in_a_repr(qywx: ThirdParty) -> None:
    assert repr(qywx) == f"ThirdParty(url='{qywx.url}')"
