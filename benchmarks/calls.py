"""What one call costs, from the builder to the parsed answer, beside a plain httpx call."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpmax_sim.demo
from benchmarks.cassette import floor, microseconds
from bpmax_sim.messages import Request, Response
from bpmax_sim.proxy.authorise import authorised
from bpmax_sim.proxy.effects import Grant
from bpmax_sim.proxy.plan import plan
from bpmax_sim.session import Session
from bpmax_sim.transport.protocol import Handler

_PLATFORMS = Path(bpmax_sim.demo.__file__).parent / "files/scenarios/platforms"
_ENVIRON = {"CRM_URL": "https://crm", "CRM_CLIENT_ID": "id-123456", "CRM_CLIENT_SECRET": "s-123456"}
_ANSWER = ('{"code":200,"message":"ok","data":{"name":"张三","note":"' + "x" * 950 + '"}}').encode()
_JSON = (("content-type", "application/json"),)
_DISTINCT = 300


def answer(request: Request) -> Response:
    token = b'{"access_token":"token-123456","expires_in":7200}'
    return Response(status=200, headers=_JSON, body=token if request.body else _ANSWER)


def opened(cassette: Path, mode: str = "replay", *, repeat: bool = False) -> Session:
    return Session.open(
        _PLATFORMS,
        cassette=cassette,
        mode=mode,
        record="rewrite",
        clock="2026-03-02T09:00:00+08:00",
        environ=_ENVIRON,
        transport=Handler(answer),
        unused="ignore",
        repeat=repeat,
    )


def recorded(folder: Path, count: int) -> Path:
    cassette = folder / f"cassettes/{count}.yaml"
    with opened(cassette, "record") as session:
        crm = session.proxy("crm_system")
        for number in range(count):
            crm.getCustomerDetail(str(number))
    return cassette


def building() -> float:
    """Return the microseconds to build and authorise one call."""
    with opened(Path("none.yaml")) as session:
        env = session._network._environment  # noqa: SLF001 - the generator's own input
        crm = session.proxy("crm_system")
        grant = Grant(values={"token": "t-123456"}, standins={"token": "t-123456"}, expires=1e12)

        def build() -> Request:
            program = crm.api("get_customer_detail").path(id="12345").query(fields="name").program
            return authorised(plan(program, env), grant, env)

        return microseconds(build, rounds=15, calls=200)


def replaying(folder: Path) -> dict[str, float]:
    first, again = recorded(folder, _DISTINCT), recorded(folder, 1)
    numbers = iter(range(_DISTINCT))
    with opened(first) as session:
        crm = session.proxy("crm_system")
        new = microseconds(
            lambda: crm.getCustomerDetail(str(next(numbers))), rounds=10, calls=_DISTINCT // 10
        )
    with opened(again, repeat=True) as session:
        crm = session.proxy("crm_system")
        known = microseconds(lambda: crm.getCustomerDetail("0"), rounds=15, calls=100)

    def short() -> None:
        with opened(again) as session:
            session.proxy("crm_system").getCustomerDetail("0")

    return {
        "replay of one call, first time, µs": new,
        "replay of one call, again, µs": known,
        "a session with one call, µs": microseconds(short, rounds=15, calls=10),
    }


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with tempfile.TemporaryDirectory() as folder:
        base = floor()
        found = {"floor, µs": base, "build and authorise, µs": building()}
        found |= replaying(Path(folder))
    ratios = {name: value / base for name, value in found.items() if name != "floor, µs"}
    return {**found, **{f"{name[:-4]}, times the floor": value for name, value in ratios.items()}}
