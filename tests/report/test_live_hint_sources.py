"""Which failed calls get a hint, and where an address or a credential is said to come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bpmax_sim.messages import Response
from bpmax_sim.report.live_hints import make_live_hints
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.session.session import Session
from bpmax_sim.transport.protocol import Handler
from tests.files import write_files

CRM = """\
platform_key: crm
base_url: https://crm.example.test/api/
hosts: {files: https://files.example.test}
credentials:
  corp: {}
  region: {default: ""}
  password: {secret: true}
  token: {secret: true}
  pin: {secret: true}
apis: {find: {path: /find}}
"""
INSTANCES = """\
- platform: crm
  instance_key: 甲
  default: true
  base_url: {env: CRM_LIVE}
  hosts:
    files: {file: files.txt}
  credentials:
    corp: ww1
    password: {env: CRM_PW}
    token: {file: token.txt}
- {platform: crm, instance_key: 乙, base_url: "https://u.example.test"}
- {platform: crm, instance_key: 丙}
- {platform: crm, instance_key: 戊, credentials: {region: "", pin: {keyring: crm/pin}}}
"""
SHARED = (
    "platform_key: crm2\nbase_url: https://crm2.example.test\ncredentials: {corp: {}, 密: {}}\n"
)
SHARED += "apis: {find: {path: /find}}\n"


@pytest.fixture(name="session", scope="module")
def open_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = tmp_path_factory.mktemp("live")
    (root / "platforms").mkdir()
    for name, text in {
        "platforms/crm.yaml": CRM,
        "platforms/crm2.yaml": SHARED,
        "instances.yaml": INSTANCES,
        "files.txt": "https://cdn.example.test/甲",
        "token.txt": "s3cret-token",
    }.items():
        (root / name).write_text(text, encoding="utf-8")
    environ = {"CRM_LIVE": "https://live.example.test", "CRM_PW": "s3cret-pw"}
    transport = Handler(lambda _: Response(status=200))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        with Session.open(
            "platforms", mode="live", environ=environ, transport=transport
        ) as session:
            for instance in ("甲", "乙", "丙"):
                session.proxy("crm", instance_key=instance).find()
            session.proxy("crm2").find()
            yield session


def told(session: Session, **fields: Any) -> list[str]:
    start = {"number": 1, "call": "crm.find", "url": "https://crm.example.test/api/find"}
    hints = make_live_hints(session, [CallMade(**{"attempts": 1, **start, **fields})])
    return [hint.text.removesuffix("; check that the server is running, and that the address is "
                                   "right") for hint in hints]  # fmt: skip


REFUSED = (
    "crm: the credentials were refused; correct them there: corp from instances.yaml:8, region "
    "from the platform file, password from the variable CRM_PW (instances.yaml:9), token from the "
    "file token.txt (instances.yaml:10)"
)


@pytest.mark.parametrize(
    ("fields", "hints"),
    [
        *(({"error": code}, [("crm.find: its address comes from the variable CRM_LIVE "
                             "(instances.yaml:4)")])
          for code in ("CONNECT", "TLS", "TIMEOUT", "RESET")),
        ({"error": "CONNECT", "attempts": 0}, []),
        ({"error": "CONNECT", "message": "refused (fault)"}, []),
        ({"error": "HTTP_ERROR"}, []),
        ({}, []),
        ({"error": "CONNECT", "url": "https://other.example.test/find"}, []),
        ({"error": "CONNECT", "url": "https://files.example.test/1"},
            ["crm.find: its address comes from the file files.txt (instances.yaml:6)"]),
        ({"error": "CONNECT", "instance": "乙", "url": "https://u.example.test/find"},
            ["crm.find: its address comes from instances.yaml:11"]),
        ({"error": "CONNECT", "instance": "丙"},
            ["crm.find: its address comes from the platform file"]),
        ({"error": "CONNECT", "instance": "丙", "url": "https://files.example.test"},
            ["crm.find: its address comes from the platform file"]),
        ({"error": "CONNECT", "instance": "丁"}, []),
        ({"error": "CONNECT", "call": "erp.find"}, []),
        ({"error": "CONNECT", "call": "crm2.$token", "url": "https://crm2.example.test"},
            [("crm2.$token: its address comes from the variable CRM2_URL, or else the platform "
             "file")]),
        ({"error": "AUTH_FAILED", "source": "live"}, [REFUSED]),
        ({"status": 401, "source": "live"}, [REFUSED]),
        ({"status": 401, "source": "live", "error": "HTTP_ERROR"}, [REFUSED]),
        ({"status": 403, "source": "live"}, []),
        ({"status": 401, "source": "recorded"}, []),
        ({"error": "AUTH_FAILED", "source": "stub"}, []),
        ({"status": 401, "source": "live", "instance": "丙"},
            [("crm: the credentials were refused; correct them there: region from the platform "
             "file")]),
        ({"status": 401, "source": "live", "instance": "戊"},
            [("crm: the credentials were refused; correct them there: region from "
             "instances.yaml:13, pin from the keyring entry crm/pin (instances.yaml:13)")]),
        ({"status": 401, "source": "live", "call": "crm2.find"},
            [("crm2: the credentials were refused; correct them there: corp from the variable "
             "CRM2_CORP")]),
    ],
)  # fmt: skip
def test_a_call_that_failed_on_its_way_gets_a_hint(
    session: Session, fields: dict[str, Any], hints: list[str]
) -> None:
    assert told(session, **fields) == hints


def test_each_hint_is_given_once_and_without_secrets(session: Session) -> None:
    start = {"call": "crm.find", "url": "https://crm.example.test/api/find", "attempts": 1}
    calls = [
        CallMade(number=1, error="CONNECT", **start),  # type: ignore[arg-type]
        CallMade(number=2, status=401, source="live", **start),  # type: ignore[arg-type]
        CallMade(number=3, error="TIMEOUT", **start),  # type: ignore[arg-type]
    ]

    found = make_live_hints(session, calls)

    assert [one.shown for one in found] == [
        (
            "crm.find: https://live.example.test was tried, from the variable CRM_LIVE "
            "(instances.yaml:4); check that the server is running there, and that the address is "
            "right"
        ),
        REFUSED,
    ]
    assert make_live_hints(session, []) == ()


def test_a_replay_gets_no_hint(tmp_path: Path) -> None:
    (tmp_path / "crm.yaml").write_text(CRM, encoding="utf-8")
    call = CallMade(number=1, call="crm.find", status=401, source="live", attempts=1)

    with Session.open(tmp_path, mode="simulate", environ={}) as session:
        assert make_live_hints(session, [call]) == ()


TWO = """\
platform_key: oms
base_url: https://oms.example.test
hosts: {v2: "https://oms.example.test/v2", files: "https://oms.example.test/v2/files"}
apis: {find: {path: /find}}
"""
OF_TWO = """\
- platform: oms
  instance_key: 甲
  default: true
  base_url: {env: OMS_URL}
  hosts: {v2: {env: OMS_V2}, files: {env: OMS_FILES}}
"""


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("https://oms.example.test/find", "OMS_URL"),
        ("https://oms.example.test/v2", "OMS_V2"),
        ("https://oms.example.test/v2/find", "OMS_V2"),
        ("https://oms.example.test/v22/find", "OMS_URL"),
        ("https://oms.example.test/v2/files/1", "OMS_FILES"),
    ],
)
def test_of_addresses_within_each_other_the_nearest_is_told(
    tmp_path: Path, url: str, variable: str
) -> None:
    write_files(tmp_path, {"platforms/oms.yaml": TWO, "instances.yaml": OF_TWO})
    names = ("OMS_URL", "OMS_V2", "OMS_FILES")
    environ = {name: f"https://{name.lower().replace('_', '-')}.example.test" for name in names}
    with Session.open(
        tmp_path / "platforms",
        mode="live",
        environ=environ,
        transport=Handler(lambda _: Response(status=200)),
    ) as session:
        session.proxy("oms").find()
        call = CallMade(number=1, call="oms.find", url=url, error="CONNECT", attempts=1)
        (hint,) = make_live_hints(session, [call])

    assert f"{environ[variable]} was tried, from the variable {variable} (" in hint.shown
