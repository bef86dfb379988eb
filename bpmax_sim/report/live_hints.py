"""Hints beside a failure of a live run: the address that was tried, and the source of its values.

Recordings, traces and what scripts see have the declared address and no names of variables. Who
started the run needs the others: what to start, or which variable to correct. So hints are made
when a run has ended, and are shown only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from bpmax_sim.errors import CallError, ConfigError, Place
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import is_below, strip_credentials_and_query
from bpmax_sim.platform.instances import InstanceWithOrigin, derive_conventional_variable
from bpmax_sim.platform.model import Platform, Source, make_host_template_name
from bpmax_sim.scenario.calls import CallMade
from bpmax_sim.scenario.outcome import did_fail_without_fault
from bpmax_sim.session.session import Session

_REFUSED = 401
_AUTH_FAILED = "AUTH_FAILED"
_OF_NETWORK = frozenset({"CONNECT", "TLS", "TIMEOUT", "RESET"})


class LiveHint(msgspec.Struct, frozen=True, kw_only=True):
    """What helps with one third party that could not be reached or refused the credentials.

    Attributes:
        text: the hint for files that are kept, such as JUnit XML: without the address.
        shown: the hint for the terminal, with the address that was tried, if there is one.
    """

    text: str
    shown: str


def make_live_hints(session: Session, calls: Iterable[CallMade]) -> tuple[LiveHint, ...]:
    """Return the hints for those of *calls* that failed on the way to a live third party.

    Each is returned once. The result is empty if *session* could not reach the network.
    """
    if session.is_closed:
        return ()
    hints = (hint for call in calls for hint in _make_call_hints(session, call))
    return tuple(dict.fromkeys(hints))


def _make_call_hints(session: Session, call: CallMade) -> Iterator[LiveHint]:
    key = call.call.partition(".")[0]
    try:
        platform = session.platforms.platform(key)
        entry = session.platforms.entry(key, call.instance or None)
    except (CallError, ConfigError):
        return
    if did_fail_without_fault(call, _OF_NETWORK):
        yield from _make_address_hints(session, platform, entry, call)
    elif call.source == "live" and (call.error == _AUTH_FAILED or call.status == _REFUSED):
        yield from _make_credential_hints(platform, entry)


def _make_address_hints(
    session: Session, platform: Platform, entry: InstanceWithOrigin, call: CallMade
) -> Iterator[LiveHint]:
    """Yield the hint for the address of *platform* to which *call* was sent, if it was sent.

    *entry* is the instance (tenant) of the call, with the place that declares it.
    """
    addresses = session.find_instance_addresses(platform.platform_key, entry.instance.instance_key)
    names = {"": "", **{make_host_template_name(host): host for host in platform.hosts}}
    fitting = [
        (pair, names[name])
        for name, pair in addresses.items()
        if is_below(call.url, pair.declared.rstrip("/"))
    ]
    if not fitting or not call.attempts:
        return
    pair, host = max(fitting, key=lambda found: len(found[0].declared))
    source = _describe_address_source(platform, entry, host)
    yield LiveHint(
        text=msg(
            "{call}: its address comes from {source}; check that the server is running, and that "
            "the address is right",
            call=call.call,
            source=source,
        ),
        shown=msg(
            "{call}: {address} was tried, from {source}; check that the server is running there, "
            "and that the address is right",
            call=call.call,
            address=strip_credentials_and_query(pair.live),
            source=source,
        ),
    )


def _describe_address_source(platform: Platform, entry: InstanceWithOrigin, host: str) -> str:
    """Return in words where an address comes from, such as ``the platform file``.

    It is the address of *host*, a further host that the platform file names, or, if that is "", of
    the platform itself. *entry* is the instance, which may override it, with the place that
    declares the instance.
    """
    instance = entry.instance
    own = instance.hosts.get(host, "") if host else instance.base_url
    if own:
        return _describe_source(own, entry, ("hosts", host) if host else ("base_url",))
    variable = derive_conventional_variable(platform.platform_key, host, "url")
    if not entry.origin.by_convention or not variable:
        return msg("the platform file")
    return msg("the variable {name}, or else the platform file", name=variable)


def _make_credential_hints(platform: Platform, entry: InstanceWithOrigin) -> Iterator[LiveHint]:
    """Yield the hint that names where each credential of the instance *entry* comes from.

    Nothing is yielded if no source of any credential is known.
    """
    sources = list(_describe_credential_sources(platform, entry))
    if sources:
        text = msg(
            "{platform}: the credentials were refused; correct them there: {sources}",
            platform=platform.platform_key,
            sources=join_list(sources),
        )
        yield LiveHint(text=text, shown=text)


def _describe_credential_sources(platform: Platform, entry: InstanceWithOrigin) -> Iterator[str]:
    for name, spec in platform.credentials.items():
        if name in entry.instance.credentials:
            value = entry.instance.credentials[name]
            source = _describe_source(value, entry, ("credentials", name))
        elif spec.default is not msgspec.UNSET:
            source = msg("the platform file")
        elif entry.origin.by_convention and (
            variable := derive_conventional_variable(platform.platform_key, name)
        ):
            source = msg("the variable {name}", name=variable)
        else:
            continue
        yield msg("{credential} from {source}", credential=name, source=source)


def _describe_source(value: object, entry: InstanceWithOrigin, steps: tuple[str, ...]) -> str:
    """Return in words where *value* comes from: a variable, a file …; never the value itself.

    It is the value at the path *steps* in the declaration of the instance *entry*. A value that is
    written there itself comes from that place.
    """
    node = entry.origin.node.find_nearest(steps)
    place = str(Place(node.file, node.line))
    if not isinstance(value, Source):
        return place
    if isinstance(value.env, str):
        return msg("the variable {name} ({place})", name=value.env, place=place)
    if isinstance(value.file, str):
        return msg("the file {name} ({place})", name=value.file, place=place)
    if isinstance(value.keyring, str):
        return msg("the keyring entry {name} ({place})", name=value.keyring, place=place)
    return place
