"""``serve --record``: a proxy that forwards requests to a third party and records them."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cli.item_selection import find_scenarios_playing
from bpmax_sim.cli.terminal import notify, say, say_json_line
from bpmax_sim.clock import describe_duration
from bpmax_sim.errors import ConfigError, suggest_nearest
from bpmax_sim.file_names import to_file_name
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.live.recording_proxy import ProxiedCallSummary, RecordingProxy
from bpmax_sim.live.upstream import UpstreamUrl
from bpmax_sim.platform.load import Platforms, load_usable_platforms
from bpmax_sim.platform.matcher import list_address_variables
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.server import serve
from bpmax_sim.session.session import Session, describe_possible_secrets
from bpmax_sim.yamlfile import to_display_path


class ProxyOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``serve --record``, a proxy that forwards requests and records them.

    Attributes:
        upstream: address of the third party.
        platform: key of the platform that it is; "" for none.
        fallback: whether recorded responses are played, and only missing ones asked for.
        folders: folders of platform files.
        is_local: whether *host* can only be reached from this machine.
    """

    upstream: str
    platform: str
    fallback: bool
    host: str
    port: int
    folders: Sequence[Path]
    is_local: bool
    json: bool


def record_traffic(options: ProxyOptions) -> int:
    """Forward and record requests until the process is stopped, then write the cassette.

    Return the exit code.

    Raises:
        ConfigError: if an option is wrong, or the upstream is this proxy itself.
        CassetteError: if the recording could not be written.
    """
    upstream = UpstreamUrl.parse(options.upstream)
    if options.port and upstream.is_served_here(options.port):
        raise ConfigError(
            "--upstream {url}: that is this proxy itself; name the third party's own address",
            url=upstream.url,
        )
    platforms = load_usable_platforms(options.folders or None)
    for line in _explain_undeclared_platform(platforms, options.platform, upstream):
        notify(line)
    path = Path("cassettes") / f"{_make_cassette_name(options.platform, upstream)}.yaml"
    session = Session.open(
        options.folders or None,
        mode="record",
        record="new",
        cassette=path,
        owner=_choose_owner_of_cassette(path),
        repeat=True,
        unused="ignore",
        allow_ci=True,  # whoever says --record means it
        environ=_make_upstream_environment(platforms, options.platform, upstream),
    )
    with session:
        _serve_until_stopped(session, platforms, upstream, options)
    _report_recording(session, path)
    return ExitCode.PASSED


def _serve_until_stopped(
    session: Session, platforms: Platforms, upstream: UpstreamUrl, options: ProxyOptions
) -> None:
    # Whoever reaches the proxy calls the third party by it. Beyond this machine only those may who
    # know a secret path.
    token = "" if options.is_local else secrets.token_urlsafe(18)
    proxy = RecordingProxy(
        session,
        upstream,
        declared=_get_declared_origin(platforms, options.platform),
        token=token,
        fallback=options.fallback,
        hear=_say_call,
    )

    def ready(url: str) -> None:
        address = f"{url}/{token}" if token else url
        cassette = to_display_path(session.settings.cassette or Path())
        if options.json:
            known = Path(cassette)
            exchanges = len(Cassette.load(known)) if known.exists() else 0
            say_json_line(url=address, exchanges=exchanges, addresses=[upstream.url])
        else:
            say(address)
            notify("records {upstream} into {cassette}", upstream=upstream.url, cassette=cassette)
        if token:
            notify(msg("whoever knows the address can use it: keep its path to yourself"))
        notify(msg("Ctrl-C ends it and seals the cassette"))

    try:
        serve(
            answer=proxy.forward_or_replay,
            host=options.host,
            port=options.port,
            ready=ready,
            stop=proxy.cancel_exchanges,
        )
    finally:
        proxy.close_upstream_connections()


def _say_call(call: ProxiedCallSummary) -> None:
    """Print one line for a forwarded call."""
    marks = [msg("recorded")] if not call.note and not call.is_replayed else []
    if call.is_replayed:
        marks = [msg("from the recording")]
    notify(
        "{at}  {outcome}  {method} {target}{name}  {took}  {note}",
        at=time.strftime("%H:%M:%S", time.localtime(call.at)),
        outcome=call.outcome,
        method=call.method,
        target=call.target,
        name=f" ({call.name})" if call.name else "",
        took=describe_duration(call.seconds),
        note=join_list([*marks, *filter(None, [call.note])]),
    )


def _make_cassette_name(platform: str, upstream: UpstreamUrl) -> str:
    port = urlsplit(upstream.origin).port
    host = upstream.host_name.replace(":", ".")
    return to_file_name(platform or (f"{host}-{port}" if port else host))


def _choose_owner_of_cassette(cassette_path: Path) -> str:
    """Return the only scenario that plays the cassette *cassette_path*, else the name of the file.

    Raises:
        ConfigError: if several scenarios play it.
    """
    scenarios = find_scenarios_playing(cassette_path)
    if len(scenarios) > 1:
        raise ConfigError(
            "{path} is used by scenarios {names}; give each its own cassette, or record into "
            "another one with --platform",
            path=to_display_path(cassette_path),
            names=join_list(map(repr, scenarios)),
        )
    return scenarios[0] if scenarios else cassette_path.stem


def _make_upstream_environment(
    platforms: Platforms, key: str, upstream: UpstreamUrl
) -> Mapping[str, str]:
    """Return the environment in which the address of platform *key* is *upstream*.

    It is that of this process, with another value of each variable from which an instance of the
    platform reads its address.
    """
    variables = list_address_variables(platforms, key) if key else ()
    return {**os.environ, **dict.fromkeys(variables, upstream.url)}


def _get_declared_origin(platforms: Platforms, key: str) -> str:
    """Return the declared origin of the platform *key*; "" if its base URL depends on variables.

    Raises:
        ConfigError: if the platform file is wrong.
    """
    if problems := platforms.broken.get(key, ()):
        raise ConfigError(*problems)
    platform = platforms.find(key) if key else None
    if platform is None or "{" in platform.base_url:
        return ""
    parts = urlsplit(platform.base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _explain_undeclared_platform(
    platforms: Platforms, key: str, upstream: UpstreamUrl
) -> Iterator[str]:
    """Yield a message on what is recorded if no platform file declares the platform *key*.

    Raises:
        ConfigError: if *key* is probably a misspelling of a declared platform.
    """
    if not key or key in platforms.keys:
        return
    if near := suggest_nearest(key, platforms.keys):
        raise ConfigError("--platform {key}: there is no such platform{near}", key=key, near=near)
    yield msg(
        "no platform file declares {key}: calls are recorded by their addresses, and hidden is "
        "what stands where credentials stand or is named like a secret; `bpmax-sim init --from "
        "cassettes/{name}.yaml` drafts the file",
        key=key,
        name=_make_cassette_name(key, upstream),
    )


def _report_recording(session: Session, path: Path) -> None:
    if places := session.possible_secrets:
        notify(describe_possible_secrets(places))
    for note in session.standin_notes:
        notify(note)
    if not path.exists():
        notify(msg("stopped; nothing was recorded"))
        return
    number = len(Cassette.load(path))
    notify(
        "stopped; {path} holds {counted}",
        path=to_display_path(path),
        counted=plural(number, "{number} exchange", "{number} exchanges"),
    )
