"""``serve`` and ``simulate``: third parties over HTTP until somebody stops them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.options import Json, Platforms
from bpmax_sim.cli.output import announce, say, tell
from bpmax_sim.cli.places import below
from bpmax_sim.cli.players import declared, declared_folder
from bpmax_sim.errors import CallError, ConfigError
from bpmax_sim.messages import Request, Response
from bpmax_sim.report.exits import ExitCode
from bpmax_sim.report.terminal import counted
from bpmax_sim.simulator.turn import Tenant

Host = Annotated[str, typer.Option(metavar="HOST", help="Where it listens.")]
Port = Annotated[
    int, typer.Option(metavar="PORT", min=0, max=65_535, help="0 for one that is free.")
]
_HOST = "127.0.0.1"
_LOCAL = frozenset({_HOST, "::1", "localhost"})


def serve(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="CASSETTE", help="Files or folders; by default cassettes/."),
    ] = None,
    *,
    host: Host = _HOST,
    port: Port = 0,
    platforms: Platforms = None,
    json: Json = False,
) -> int:
    """Serve recordings."""
    found = [path for path in below(paths or (), ".yaml") if "auth" not in path.parts[-2:-1]]
    if not found:
        raise ConfigError("there is no cassette here; record one, or name a file or a folder")
    from bpmax_sim.server.replaying import Recordings  # noqa: PLC0415 - help is quick without it

    recordings = Recordings(found, platforms=declared_folder(platforms))
    exchanges = sum(len(Cassette.load(path)) for path in found)
    addresses = [f"{base} ({key})" if key else base for key, base in recordings.bases]

    def ready(url: str) -> None:
        if json:
            announce(url=url, exchanges=exchanges, addresses=addresses)
            return
        say(url)
        tell(f"{counted(exchanges, 'exchange')} of {', '.join(addresses) or 'nobody'}")

    _run(recordings.answer, host, port, ready)
    return ExitCode.PASSED


def simulate(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help="Its key, such as qywx.")
    ] = "",
    *,
    host: Host = _HOST,
    port: Port = 0,
    seed: Annotated[int, typer.Option(metavar="N", help="Of all that it makes up.")] = 0,
    platforms: Platforms = None,
    json: Json = False,
) -> int:
    """Serve a stand-in."""
    known = declared(platforms)
    if not platform:
        told = f"name a platform; there are {', '.join(known.keys)}"
        raise ConfigError(told)
    from bpmax_sim.server.simulating import Standin  # noqa: PLC0415 - help is quick without it

    try:
        standin = Standin(known, platform, seed=seed)
    except CallError as error:
        raise ConfigError(error.message) from None

    def ready(url: str) -> None:
        instances: list[dict[str, Any]] = [
            {"instance": one.instance, "credentials": _pairs(one)} for one in standin.tenants
        ]
        if json:
            announce(url=url, platform=platform, instances=instances)
            return
        say(url)
        for one in standin.tenants:
            pairs = [f"{name}={value}" for name, value in one.credentials.items()]
            tell(f"{platform}, instance {one.instance}: {' '.join(pairs) or 'no credentials'}")

    _run(standin.answer, host, port, ready)
    return ExitCode.PASSED


def _pairs(tenant: Tenant) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in tenant.credentials.items()]


def _run(
    answer: Callable[[Request], Response], host: str, port: int, ready: Callable[[str], None]
) -> None:
    from bpmax_sim.server.http import serve as run  # noqa: PLC0415 - it is an extra

    if host not in _LOCAL:
        tell(f"whoever reaches {host} can use this; it has no password")

    def listening(url: str) -> None:
        ready(url)
        tell("Ctrl-C ends it")

    run(answer, host=host, port=port, ready=listening)
    tell("stopped")
