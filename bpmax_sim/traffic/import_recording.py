"""Import a recording of another tool into a cassette: read, identify, redact, match, merge.

All exchanges are searched for secrets before any is redacted, so a secret that only the last
exchange shows is redacted in the first one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bpmax_sim.cassette import file, journal, matching
from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.format import dump_entries, render_exchange
from bpmax_sim.cassette.journal import PendingExchange, stub_if_leaking
from bpmax_sim.cassette.merge import OwnerRecording, merge_into_file
from bpmax_sim.cassette.recorder import describe_kept_files
from bpmax_sim.errors import CassetteError, ConfigError, LeakError
from bpmax_sim.file_system import lock_folder
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.messages import Exchange, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import Addresses, ApiMatch, ApiMatcher
from bpmax_sim.proxy.result import find_not_secret_texts, register_issued_secrets
from bpmax_sim.secret.secret_names import VERSION
from bpmax_sim.secret.vault import Vault
from bpmax_sim.traffic import external_clients, formats
from bpmax_sim.traffic.identify import (
    find_recorded_url_and_base,
    hide_credentials,
    identify_request,
)
from bpmax_sim.traffic.imported import NOWHERE, ForeignExchanges, ReadOptions
from bpmax_sim.transport.redaction import redact_exchange_again, register_response_cookies
from bpmax_sim.transport.suspicious_names import SecretByNameRegistrar

Matched = tuple[Exchange, ApiMatch | None]


def prepare_import(  # noqa: PLR0913 - all that a session would know
    imported: ForeignExchanges,
    platforms: Platforms,
    vault: Vault,
    *,
    rules: matching.MatchingRules,
    owner: str,
    addresses: Addresses | None = None,
    redact: tuple[str, ...] = (),
    not_secret_places: Callable[[Request], tuple[str, ...]] = lambda _request: (),
) -> ForeignExchanges:
    """Return exchanges of another tool, *imported*, as if a session had recorded them for *owner*.

    Requests of declared APIs become their calls, at the declared address; *addresses* are those
    that instances really have. Redacted are values that *vault* knows, values that auth adds or
    responses issue according to *platforms*, every Authorization, Proxy-Authorization, Cookie and
    Set-Cookie, values whose name looks like a secret's (except at the places that
    *not_secret_places* returns), and personal data at the places *redact*. Logins are used to learn
    secrets and left out, because replay needs none. An exchange that still holds a secret is not
    imported. Notes report both.

    *owner* is a scenario, row or test; *rules* are those by which its calls will find the
    exchanges.
    """
    matcher = ApiMatcher(platforms, addresses)
    name_rules = SecretByNameRegistrar(
        vault, not_secret_places, partial(find_not_secret_texts, platforms)
    )
    matched = [(exchange, matcher.match(exchange.request)) for exchange in imported.exchanges]
    remaining, left_out = _drop_logins_and_learn_secrets(matched, name_rules)
    named = [
        _identify_and_hide_credentials(exchange, match, vault, redact)
        for exchange, match in remaining
    ]
    left_out += _describe_ambiguities(remaining, matcher)
    for exchange in named:
        _register_secrets(exchange, name_rules)
        redact_exchange_again(exchange, vault)  # makes the credentials of unknown platforms known
    admitted: list[Exchange] = []
    for exchange in named:
        clean = redact_exchange_again(exchange, vault)
        findings = vault.scan(b"\n".join(_collect_scannable_texts(clean)))
        if findings:
            left_out.append(
                msg(
                    "exchange {order}: a secret is left in it ({findings})",
                    order=clean.order,
                    findings=findings[0],
                )
            )
        else:
            key = matching.compute_matching_key(matching.request_to_parts(clean.request), rules)
            admitted.append(replace(clean, key=key, owner=owner, order=len(admitted) + 1))
    hidden_by_name = name_rules.describe_hidden_places()
    return ForeignExchanges(tuple(admitted), (*imported.notes, *left_out, *hidden_by_name))


def _drop_logins_and_learn_secrets(
    exchanges: list[Matched], name_rules: SecretByNameRegistrar
) -> tuple[list[Matched], list[str]]:
    remaining: list[Matched] = []
    notes: list[str] = []
    for exchange, match in exchanges:
        if match is None or match.target.login is None:
            remaining.append((exchange, match))
            continue
        # Not recorded, but read: passwords and tokens of the login are in later exchanges too.
        named = identify_request(exchange.request, match)
        hide_credentials(named, match, name_rules.vault)
        _register_secrets(replace(exchange, request=named), name_rules)
        notes.append(
            msg(
                "exchange {order}: a login of {key}, which replay synthesises",
                order=exchange.order,
                key=match.target.platform.platform_key,
            )
        )
    return remaining, notes


def _describe_ambiguities(exchanges: list[Matched], matcher: ApiMatcher) -> Iterator[str]:
    for exchange, match in exchanges:
        if match is None or not match.target.is_declared:
            continue
        note, rivals = match.note, matcher.find_other_matching_platforms(exchange.request, match)
        if rivals and not note:
            note = msg(
                "declared at this address by {names} as well; taken for {key}",
                names=join_list(rivals),
                key=match.target.platform.platform_key,
            )
        if note:
            yield msg("exchange {order}: {note}", order=exchange.order, note=note)


def _identify_and_hide_credentials(
    exchange: Exchange, match: ApiMatch | None, vault: Vault, redact: tuple[str, ...]
) -> Exchange:
    request = identify_request(exchange.request, match)
    if match is not None and request.call is not None:
        request = hide_credentials(request, match, vault)
    elif match is not None:
        request = replace(request, url=find_recorded_url_and_base(request, match)[0])
    return replace(exchange, request=replace(request, personal=(*request.personal, *redact)))


def _register_secrets(exchange: Exchange, name_rules: SecretByNameRegistrar) -> None:
    name_rules.register_request(exchange.request)
    if isinstance(exchange.outcome, Response):
        register_issued_secrets(exchange.request, exchange.outcome, name_rules.vault)
        register_response_cookies(exchange.request, exchange.outcome, name_rules.vault)
        name_rules.register_response(exchange.request, exchange.outcome)


def _collect_scannable_texts(exchange: Exchange) -> Iterable[bytes]:
    request, outcome = exchange.request, exchange.outcome
    response = outcome if isinstance(outcome, Response) else Response(status=0)
    yield request.url.encode()
    for name, value in (*request.headers, *response.headers):
        yield f"{name}: {value}".encode()
    yield request.body or b""
    yield response.body


_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile:
    """A recording of another tool that has been read.

    Attributes:
        kind: name of its format.
        imported: its exchanges, not redacted, and notes about what could not be converted.
    """

    path: Path
    kind: str
    imported: ForeignExchanges = field(repr=False)


def read_file(path: Path, *, kind: str = "", address: str = "") -> ForeignFile:
    """Return the recording at *path*, not yet redacted.

    Args:
        path: recording; files that Playwright stored beside it are read from its folder.
        kind: name of its format; empty to detect it.
        address: base URL of the server, for WireMock mappings, which do not contain it.

    Raises:
        CassetteError: if the file cannot be read; the message names it.
    """

    def attachment(name: str) -> bytes | None:
        """Return the file *name* of the archive's own folder, and of no other."""
        sibling = path.parent / name
        if Path(name).name != name or not sibling.is_file() or sibling.is_symlink():
            return None
        return sibling.read_bytes() if sibling.stat().st_size <= _LARGEST else None

    try:
        data = _read_within_size_limit(path)
        known = kind or formats.detect_format(data)
        options = ReadOptions(address=address or NOWHERE, attachment=attachment)
        exchanges = formats.read_foreign(data, kind=known, options=options)
        return ForeignFile(path=path, kind=known, imported=exchanges)
    except CassetteError as error:
        raise CassetteError(label_message(path, error)) from error
    except OSError as error:
        raise CassetteError(
            "{path}: cannot be read ({strerror})", path=path, strerror=error.strerror
        ) from error


def _read_within_size_limit(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST:
        raise CassetteError("larger than {largest} MB; split it", largest=_LARGEST >> 20)
    return path.read_bytes()


def register_all_credentials(
    platforms: Platforms, environ: Mapping[str, str], vault: Vault
) -> list[str]:
    """Register the credentials of all instances in *vault*, so that they are redacted.

    Return the names of instances that lack some of them, for example because *environ* has no
    value.
    """
    lacking = []
    instances = (entry.instance for entries in platforms.entries.values() for entry in entries)
    for instance in (instance for instance in instances if instance.enabled):
        tenant = instance.platform, instance.instance_key
        platform = platforms.platform(instance.platform)
        try:
            credentials = platforms.credentials(platform, instance, environ=environ, closed=False)
        except ConfigError:
            lacking.append(".".join(tenant))
            continue
        external_clients.register_credentials(credentials, tenant, vault)
        for address in credentials.addresses:
            vault.register_address_replacement(address.live, address.declared)
    return lacking


def render_exchanges(
    exchanges: Iterable[Exchange], rules: matching.MatchingRules, vault: Vault
) -> tuple[PendingExchange, ...]:
    """Return *exchanges* in the form in which they are written into a cassette.

    *rules* decide by which key each is found again; *vault* has the secrets to look for.

    Raises:
        LeakError: if a secret is left in one.
        CassetteError: if one cannot be written.
    """
    entries = [render_exchange(exchange, rules=rules) for exchange in exchanges]
    drafts = tuple(
        stub_if_leaking(
            PendingExchange(
                line=replace(entry.line, net=VERSION), text=entry.text, issue=(number, 0)
            ),
            vault.scan,
        )
        for number, entry in enumerate(entries, 1)
    )
    leaks = [f"{draft.line.call} ({place})" for draft in drafts for place in draft.leaks]
    if leaks:
        names = join_list(dict.fromkeys(leaks))
        raise LeakError("not written, a secret was found in {names}", names=names)
    return drafts


def count_recorded_exchanges(path: Path, owner: str) -> int:
    """Return the number of exchanges that *owner* (scenario, row or test) has in a cassette.

    Raises:
        CassetteError: if the cassette cannot be read, or is a recording of another tool.
    """
    try:
        return len(file.Cassette.load(path).index.list_exchange_numbers(owner))
    except FileNotFoundError:
        return 0


def is_foreign_recording(path: Path) -> bool:
    """Return whether there is a file at *path* that is a recording of another tool.

    Raises:
        DamagedCassette: if it is a damaged cassette, so that it must not be overwritten.
    """
    try:
        file.Cassette.load(path)
    except FileNotFoundError:
        return False
    except CassetteError as error:
        if type(error) is not CassetteError or not path.is_file():
            raise
        return True
    return False


def write_recording(path: Path, owner: str, drafts: tuple[PendingExchange, ...]) -> bool:
    """Replace *owner*'s recording in the cassette; return whether the file changed.

    *owner* is a scenario, row or test. Other owners stay; a recording of another tool is replaced.

    Raises:
        CassetteError: if it cannot be written; the old file is intact.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock_folder(path.parent):
            if is_foreign_recording(path):
                entries = (draft.with_line(n=n) for n, draft in enumerate(drafts, 1))
                journal.replace_file(path, dump_entries(entries))
                return True
            return merge_into_file(
                path, path, OwnerRecording(owner, drafts, adding=False), RecordingComparison()
            )
    except OSError as error:
        raise CassetteError(
            "{path}: not written ({strerror}){kept}",
            path=path,
            strerror=error.strerror,
            kept=describe_kept_files(path),
        ) from error
