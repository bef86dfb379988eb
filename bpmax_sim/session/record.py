"""Record mode: third parties answer; each exchange is redacted and on disk before it is used.

Exchanges are appended to a journal, so that a process that is killed loses none of them; files are
written when the last session of the owner has closed. A value may turn out to be secret only later,
by a login in the middle of a run: earlier exchanges are then redacted again before the next one is
added. Logins are in a file for each instance, which scenarios share, and are written first: a
cassette without its logins could not be replayed. In the end the recording takes the place of the
old one, or is set aside for a person to review: if the run failed, or the third party did not serve
what it served before.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bpmax_sim.cassette.alignment import RecordingComparison
from bpmax_sim.cassette.journal import LeakCheck
from bpmax_sim.cassette.logins import drop_unused_accounts
from bpmax_sim.cassette.matching import MatchingRules, compute_matching_key, request_to_parts
from bpmax_sim.cassette.model import Values
from bpmax_sim.cassette.recorder import Outage, Recorder, has_ever_forked_child
from bpmax_sim.errors import (
    BadResponseError,
    BlindIgnoreWarning,
    CassetteError,
    ConfigError,
    NoMatchError,
    OutageWarning,
    TransportError,
)
from bpmax_sim.file_names import find_case_variant
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Exchange, FailedExchange, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.proxy.auth import has_valid_signature
from bpmax_sim.proxy.call_effects import Grant
from bpmax_sim.proxy.compiled_api import compile_api
from bpmax_sim.proxy.response import read_body, satisfies_rule
from bpmax_sim.proxy.signing import describe_live_response_trust
from bpmax_sim.secret.standin import STANDIN_PREFIX
from bpmax_sim.session.arriving_exchange import NotePiece, StreamedExchangeRecorder
from bpmax_sim.session.credentials import (
    SessionCredentials,
    find_not_secret_places,
    find_volatile_places,
    list_read_response_headers,
)
from bpmax_sim.session.live import LiveMode, SimulateMode
from bpmax_sim.session.replay import ReplayMode
from bpmax_sim.session.secret_review import SecretReview, UnplayableStandins
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import Key, SessionStart, get_login_file
from bpmax_sim.transport.redaction import (
    redact_exchange_again,
    redact_request,
    redact_request_and_response,
)
from bpmax_sim.yamlfile import to_display_path

_SERVER_ERROR = 500
_PREFIX = STANDIN_PREFIX.encode()


class RecordMode:
    """Sends requests to a third party and records the exchanges, logins in a file per instance.

    Attributes:
        possible_secrets: finds recorded values that look like secrets.
        standins: finds recorded stand-ins that replay could not match, or that may be unnecessary.
        granted_logins: instances whose login yielded all its values; their recording is kept even
            if the run fails. The HTTP status is not enough: many third parties refuse a login with
            200.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        start: SessionStart,
        rules: MatchingRules,
        tenants: SessionCredentials,
        third_party: LiveMode | SimulateMode,
    ) -> None:
        """Start with nothing recorded; files are opened by the first exchange."""
        vault = tenants.vault
        self._platforms, self._settings, self._start = platforms, settings, start
        self._rules, self._vault, self._tenants = rules, vault, tenants
        self._ask, self._learn = third_party.ask, third_party.learn
        self._recording = start.owner_session.recording
        self._volatile = partial(find_volatile_places, platforms)
        self._named = partial(list_read_response_headers, platforms)
        self._check = LeakCheck(
            vault.scan, lambda: vault.size, lambda: vault.cached_parts_without_secret
        )
        self.possible_secrets = SecretReview(
            vault,
            self._volatile,
            partial(find_not_secret_places, platforms),
            settings.cassette or Path(),
        )
        self.standins = UnplayableStandins(platforms, tenants)
        self.granted_logins: set[Key] = set()
        self._login_recorders: dict[Key, Recorder] = {}
        self._accounts: Values = {}
        self._recorded_logins: set[tuple[str, int, bytes]] = set()
        self._secrets_seen = 0
        self._found_late = False
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Return the response; its latency is rounded to milliseconds, as recorded.

        Raises:
            TransportError, BadResponseError: if the exchange fails; that is recorded too.
            CassetteError: if it cannot be written.
        """
        return self.record(request, self._ask)

    def record_pieces(
        self, request: Request, ask: Callable[[Request, NotePiece], Response]
    ) -> Response:
        """Return the response of *ask*, and record each piece of its body as it arrives.

        *ask* gets a function, and calls it with the head of the response and each piece; when it
        returns, the piece is on disk. Pieces of a login are not recorded, only the whole exchange.
        """
        arriving = StreamedExchangeRecorder(
            request,
            self._start.clock.now(),
            self._vault,
            self._learn,
            None if request.is_login else self._append_piece,
        )
        return self.record(
            request,
            lambda sent: ask(sent, arriving.record_piece),
            received=lambda: arriving.received,
        )

    def _append_piece(self, exchange: Exchange) -> None:
        self._start.owner_session.refuse_closed()
        number, zone = self._start.owner_session.number, self._start.zone
        recorder = self._get_owner_recorder()
        recorder.append_piece(exchange, session=number, zone=zone, check=self._check)

    def record(
        self,
        request: Request,
        ask: Callable[[Request], Response],
        *,
        received: Callable[[], bytes] = bytes,
    ) -> Response:
        """Return the response of *ask*; the exchange is on disk then.

        If the exchange fails, *received* returns the part of the body that arrived.
        """
        at, vault = self._start.clock.now(), self._vault
        try:
            response = ask(request)
        except (BadResponseError, TransportError) as error:
            message = vault.redact_text(error.message)
            failed = FailedExchange(code=error.code, message=message, received=received())
            if isinstance(error, TransportError):
                error.elapsed = round(error.elapsed, 3)
                failed = replace(failed, elapsed=error.elapsed, sent=error.sent)
            self._append(Exchange(request=redact_request(request, vault), outcome=failed, at=at))
            raise
        # Before anything of the response is shown, compared or written: its own tokens are secrets
        # too.
        self._learn(request, response)
        trust = describe_live_response_trust(
            request, response, self._start.real_or_virtual_auth_clock.now()
        )
        response = replace(
            response, elapsed=round(response.elapsed, 3), trust=vault.redact_text(trust)
        )
        shown, answered = redact_request_and_response(request, response, vault)
        self._append(Exchange(request=shown, outcome=answered, at=at))
        # A login takes no virtual time, recorded or replayed: when a token was renewed must not
        # move what scripts see of the clock. The file keeps how long it took.
        return replace(response, elapsed=0.0) if request.is_login else response

    def _append(self, exchange: Exchange) -> None:
        """Record a redacted exchange; it is on disk when this returns."""
        self._start.owner_session.refuse_closed()
        # A login later in the run may make a value secret that earlier exchanges hold in clear.
        if self._secrets_seen != self._vault.size:
            self._redact_again()
        request = exchange.request
        values = self._tenants.get_non_secret_credentials(request)
        self._accounts |= values
        if not request.is_login:
            self._append_to_owner(exchange, values)
            self.possible_secrets.add(exchange)
            self.standins.add(exchange)
        elif not self._note_login_and_check_repeat(exchange):
            self._append_login(exchange, values)

    def _append_to_owner(self, exchange: Exchange, values: Values) -> None:
        start = self._start
        self._get_owner_recorder().append(
            exchange,
            session=start.owner_session.number,
            # Sessions share the recorder, but each has the local time of its own clock.
            zone=start.zone,
            check=self._check,
            values=values,
        )

    def _append_login(self, exchange: Exchange, values: Values) -> None:
        call = exchange.request.call
        assert call is not None
        if self._settings.logins is not None:
            with self._lock:
                recorder = self._get_login_recorder((call.platform, call.instance))
            recorder.append(exchange, values=values)
        else:
            self._append_to_owner(exchange, values)

    def _note_login_and_check_repeat(self, exchange: Exchange) -> bool:
        """Return whether this session has recorded an equal login with the same response before.

        One recording is enough then.
        """
        outcome = exchange.outcome
        if isinstance(outcome, FailedExchange):
            return False
        who = compute_matching_key(request_to_parts(exchange.request), self._rules)
        answered = (who, outcome.status, outcome.body)
        with self._lock:
            is_repeated = answered in self._recorded_logins
            self._recorded_logins.add(answered)
        return is_repeated and self._settings.logins is not None

    def _redact_again(self) -> None:
        """Redact earlier exchanges again, as they may contain secrets that became known later."""
        with self._lock:
            fresh = self._vault.list_anchors_since(self._secrets_seen)
            self._secrets_seen += len(fresh)
            recorders = self.list_open_recorders()
        if fresh and recorders:
            self._found_late = True
            for recorder in recorders:
                recorder.redact_again(self._redact_exchange, secret_texts=fresh)

    def _redact_exchange(self, exchange: Exchange) -> Exchange:
        return redact_exchange_again(exchange, self._vault)

    def list_open_recorders(self) -> list[Recorder]:
        """Return the recorders in use: those of logins, and that of the session's own recording."""
        own = [self._recording.recorder] if self._recording.recorder else []
        return [*self._login_recorders.values(), *own]

    def _get_login_recorder(self, key: Key) -> Recorder:
        recorder = self._login_recorders.get(key)
        if recorder is None:
            assert self._settings.logins is not None
            path = get_login_file(self._settings.logins, key)
            recorder = self._make_recorder(path, ".".join(key), repeating=True)
            self._login_recorders[key] = recorder
        return recorder

    def _get_owner_recorder(self) -> Recorder:
        """Return the recorder of the owner, which all of its sessions share.

        The owner is the scenario or test that is recorded. Its first exchange opens the recorder.
        """
        settings, recording = self._settings, self._recording
        with recording.lock:
            if recording.recorder is None:
                if settings.cassette is None:
                    raise ConfigError("record: no cassette is named; pass cassette=")
                recording.recorder = self._make_recorder(
                    settings.cassette,
                    recording.owner,
                    adding=settings.record == "new",
                    former=recording.former,
                    name=recording.name,
                    parent=recording.opener_pid_in_fork,
                    net=recording.net,
                )
                if recording.has_drawn:
                    recording.recorder.drawn = recording.drawn.without_unused_seed()
            return recording.recorder

    def _make_recorder(self, path: Path, owner: str, **options: Any) -> Recorder:
        vault = self._vault
        if self._settings.remote:
            self._settings.remote.fetch(path, recording=True)
        other = find_case_variant(path)
        if other is not None:
            raise ConfigError(
                "{path} and {other} are one file on Windows and macOS, so nothing is recorded; "
                "rename one of them, by what it is named after: a scenario, a test, a row's id "
                "or a key",
                path=to_display_path(path),
                other=to_display_path(other),
            )
        return Recorder(
            path,
            rules=self._rules,
            owner=owner,
            scan=vault.scan,
            check=self._check,
            zone=self._start.zone,
            **options,
        )

    def seal_logins(self, *, failed: bool) -> tuple[Path, ...]:
        """Write the recordings of logins into their files, and return these files.

        If the run *failed*, only logins that were granted are written.

        Raises:
            LeakError: if a secret would have been written.
            CassetteError: if a file cannot be written; the old one stays whole.
        """
        if self._found_late or self._vault.list_anchors_since(self._secrets_seen):
            for recorder in self._login_recorders.values():
                recorder.redact_again(self._redact_exchange)
            if self._recording.recorder:
                number = self._start.owner_session.number
                self._recording.recorder.redact_again(self._redact_exchange, session=number)
        for key, recorder in self._login_recorders.items():
            if failed and key not in self.granted_logins:
                recorder.discard()
            else:
                recorder.seal(volatile=self._volatile, headers_read=self._named)
        folder = self._settings.logins
        return tuple(get_login_file(folder, key) for key in self._login_recorders if folder)

    def seal_or_set_aside(self, grants: Mapping[str, Grant], *, failed: bool) -> None:
        """Write the recording of the owner's sessions into its file (seal it), or set it aside.

        The owner is the scenario or test that was recorded. Its recording is set aside for review
        if the run *failed*, or if the third party failed in calls that it served when the last
        recording was made.

        *grants* are what the session's logins yielded, by login key; recorded signatures are
        computed again with them.

        Raises:
            LeakError: if a secret would have been written.
            CassetteError: if a file cannot be written; the old one stays whole.
        """
        recording = self._recording
        # What was recorded before, and nothing calls any more, is not recorded any more.
        before = recording.former or recording.owner
        known = recording.cassette is not None and before in recording.cassette.owners
        is_emptied = self._settings.record == "rewrite" and known
        if recording.recorder is None and not failed and (is_emptied or has_ever_forked_child()):
            self._get_owner_recorder()
        replaces = self._settings.record != "new"  # what is added takes nothing away
        outages = self.find_new_or_worse_outages() if replaces and not failed else ()
        worse = [str(outage) for outage in outages if outage.is_known]
        if worse:
            warnings.warn(
                msg(
                    "{cassette}: the third party failed where it did not when this was recorded "
                    "({calls}); the recording stays and the new one waits, see `bpmax-sim review`",
                    cassette=to_display_path(self._settings.cassette or Path()),
                    calls=join_list(worse),
                ),
                OutageWarning,
                stacklevel=2,
            )
        if recording.recorder is not None and self._settings.adopts is None:
            # A scenario says so itself, with the line of the entry.
            self._warn_of_calls_equal_only_by_ignore(recording.recorder)
        # Never over the old recording: a failed run has half of the calls, an outage has errors
        # instead of responses.
        if recording.recorder is not None and (failed or worse):
            recording.recorder.write_for_review()
        elif recording.recorder is not None:
            signed = partial(self._is_signed_as_declared_now, grants)
            recording.recorder.seal(
                volatile=self._volatile,
                headers_read=self._named,
                has_valid_signature=signed,
                replays=self._settings.replays,
            )
            self._remove_orphaned_logins()
        recording.recorder = None

    def _remove_orphaned_logins(self) -> None:
        """Remove recorded logins of accounts (credentials) with which no cassette was recorded."""
        folder = self._settings.logins
        if folder is None or self._settings.remote:  # others' recordings are not all here
            return
        for instance, account in self._accounts.items():
            with suppress(CassetteError, OSError):  # nothing is lost where they stay
                path = folder / f"{instance}.yaml"
                drop_unused_accounts(path, instance, account, folder.parent)

    def _warn_of_calls_equal_only_by_ignore(self, recorder: Recorder) -> None:
        comparison = RecordingComparison(
            volatile=self._volatile, headers_read=self._named, is_checked=True
        )
        if calls := recorder.find_conflicts_due_to_ignore(comparison):
            warnings.warn(
                msg(
                    "{cassette}: `ignore` makes calls equal whose recorded responses differ, so "
                    "they are answered in their order whatever is asked: {calls}",
                    cassette=to_display_path(self._settings.cassette or Path()),
                    calls=join_list(calls),
                ),
                BlindIgnoreWarning,
                stacklevel=2,
            )

    def find_new_or_worse_outages(self) -> tuple[Outage, ...]:
        """Return the recorded calls to which the third party gave an error or no response.

        They should not replace a recording in which they were served. A call that the last
        recording has too (`Outage.is_known`) is returned only if it was served better there.
        """
        recorder = self._recording.recorder
        return (
            recorder.find_newly_failing_calls(self._rate_outage_severity)
            if recorder is not None
            else ()
        )

    def _rate_outage_severity(self, exchange: Exchange) -> int:
        """Return how bad an outcome is: 0 a response, 1 a refusal to serve, 2 no response.

        Refusals are status 429, 5xx, and responses that the API's ``ok`` rule calls a failure.
        """
        call, outcome = exchange.request.call, exchange.outcome
        if isinstance(outcome, FailedExchange):
            return 2
        if outcome.status == HTTPStatus.TOO_MANY_REQUESTS or outcome.status >= _SERVER_ERROR:
            return 1
        platform = self._platforms.find(call.platform) if call else None
        if call is None or platform is None or call.api not in platform.apis:
            return 0
        instance = self._platforms.instance(call.platform, call.instance)
        recipe = compile_api(platform, instance, platform.apis[call.api])
        is_refused = recipe.rejects_business and not satisfies_rule(
            recipe.rules.ok, outcome, read_body(outcome)
        )
        return int(is_refused)

    def _is_signed_as_declared_now(self, grants: Mapping[str, Grant], exchange: Exchange) -> bool:
        """Return whether a recorded request is signed as today's declaration and keys sign it.

        *grants* are what the session's logins yielded, by login key. False for an unknown API.
        """
        call = exchange.request.call
        platform = self._platforms.find(call.platform) if call else None
        if call is None or platform is None or call.api not in platform.apis:
            return False
        instance = self._platforms.instance(call.platform, call.instance)
        recipe = compile_api(platform, instance, platform.apis[call.api])
        own = f"{call.platform}/{call.instance}/"
        grant = next((grant for key, grant in grants.items() if key.startswith(own)), None)
        return has_valid_signature(
            exchange.request, recipe, self._tenants.get_credentials(platform, instance), grant
        )


class RecordMissingMode:
    """Replays recorded calls and records the others (``record="new"``).

    With *extra*, a call whose recordings have all been played is recorded once more.
    """

    def __init__(self, replay: ReplayMode, record: RecordMode, *, extra: bool) -> None:
        """Ask *replay* first, then *record*."""
        self._replay, self._record, self._extra = replay, record, extra

    def handle(self, request: Request) -> Response:
        """Return the recorded response, else the live one.

        Raises:
            NoMatchError: if the call was recorded, but all its recordings have been played.
            ConfigError: if the live request would send a stand-in from a recorded response.
        """
        if not request.is_login:
            try:
                return self._replay.handle(request)
            except NoMatchError as error:
                if error.case == "already played" and not self._extra:
                    raise
            refuse_standin(request)
        return self._record.handle(request)


def contains_standin(data: bytes) -> bool:
    """Return whether *data* contains a stand-in of a secret."""
    return _PREFIX in data


def refuse_standin(request: Request) -> None:
    """Refuse a live *request* that contains a stand-in from a recorded response.

    Raises:
        ConfigError: if it contains one.
    """
    sent = [request.url, *(value for _, value in request.headers)]
    if any(map(contains_standin, [*map(str.encode, sent), request.body or b""])):
        name = request.call.name if request.call else request.method
        raise ConfigError(
            "{name}: the live request would carry a value that a recorded answer only "
            "stands in for; record afresh: bpmax-sim record, or pytest with "
            "--bpmax-record=rewrite",
            name=name,
        )
