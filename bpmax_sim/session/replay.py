"""Replay mode: every call is answered from the recording, and nothing is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from bpmax_sim.cassette.file import Cassette
from bpmax_sim.cassette.matching import (
    Difference,
    MatchingRules,
    RequestParts,
    exchange_to_parts,
    find_differences,
    request_to_parts,
)
from bpmax_sim.cassette.miss import MessageLine, UnmatchedCallContext, make_signature_mismatch_error
from bpmax_sim.cassette.player import Player
from bpmax_sim.errors import BadResponseError, NoMatchError, TransportError
from bpmax_sim.messages import Call, Exchange, FailedExchange, Outcome, Pairs, Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.matcher import ApiMatcher
from bpmax_sim.platform.target import CLIENT
from bpmax_sim.secret.standin import STANDIN_PREFIX
from bpmax_sim.session.credentials import SessionSecretRegistry
from bpmax_sim.session.sending_log import SendingAnswerLog
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import Key, SessionStart, get_login_file, load_cassette
from bpmax_sim.transport.redaction import redact_request
from bpmax_sim.yamlfile import to_display_path


class ReplayMode:
    """Answers calls from the recording of one scenario or test (the owner), and logins from others.

    Each instance that logs in has a recording of its logins, which all owners share.

    Attributes:
        player: plays the owner's recording.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        start: SessionStart,
        log: SendingAnswerLog,
        rules: MatchingRules,
        secrets: SessionSecretRegistry,
    ) -> None:
        """Replay the recording that *start* has opened.

        Each match of a request with a recorded exchange is added to *log*. *rules* decide what
        matches; *secrets* are hidden in requests before, as they are in the recording.
        """
        recording = start.owner_session.recording
        is_absent = recording.cassette is None and settings.cassette is not None
        self.player = Player(
            recording.cassette,
            rules,
            recording.owner,
            path=to_display_path(settings.cassette) if is_absent and settings.cassette else "",
            repeat=settings.repeat,
            playback=recording.playback,
            session=start.owner_session.number,
        )
        self._platforms, self._log, self._rules = platforms, log, rules
        self._vault, self._net = secrets.vault, secrets.net
        self._folder = settings.logins
        self._moves, self._repeat = settings.moves, settings.repeat
        if self._moves is not None:
            self._moves.owner, self._moves.cassette = recording.owner, recording.cassette
        self._commands = UnmatchedCallContext(
            record=settings.command,
            new=settings.command_new,
            extra=settings.command_extra,
            rewrite=settings.command_rewrite,
        )
        self._login_players: dict[Key, Player | None] = {}
        self.explain_address: Callable[[Request], Iterable[MessageLine]] = lambda _request: ()
        self._lock = threading.Lock()

    def handle(self, request: Request) -> Response:
        """Return the recorded response, with its recorded latency.

        Raises:
            NoMatchError: if there is none.
            TransportError: if the recorded exchange failed.
            BadResponseError: if the recorded response could not be read.
        """
        shown = redact_request(request, self._vault)
        outcome = (
            self._replay_login(shown)
            if shown.is_login
            else self._replay_outcome(shown, self.player)
        )
        if isinstance(outcome, FailedExchange):
            if outcome.code == BadResponseError.default_code:
                raise BadResponseError(outcome.message)
            raise TransportError(
                outcome.message, code=outcome.code, elapsed=outcome.elapsed, sent=outcome.sent
            )
        return outcome if outcome.source == "recorded" else replace(outcome, source="recorded")

    def _replay_outcome(
        self, recorded_form: Request, player: Player, similar_login: Exchange | None = None
    ) -> Outcome:
        """Return the recorded response to a request, or its recorded failure.

        *recorded_form* is the request as it would be recorded, with stand-ins for secrets. *player*
        plays the recording that is searched. *similar_login* is a recorded login to play although
        it differs from the request; None to play what the request matches.

        Raises:
            NoMatchError: if nothing recorded fits; while ``bpmax-sim migrate`` runs, only if
                nothing is similar either.
        """
        moves = self._moves if player is self.player and similar_login is None else None
        parts = request_to_parts(recorded_form if similar_login is None else similar_login.request)
        context = self._make_miss_context(recorded_form.call)
        headers: Pairs = ()
        if recorded_form.call is not None and not recorded_form.call.platform:
            context = replace(context, address=partial(self.explain_address, recorded_form))
            headers = recorded_form.headers  # none is compared, as no platform declares any
        try:
            turn = player.take_next(parts, context, headers)
        except NoMatchError as error:
            proposed = self._propose_migration_match(player, parts)
            if proposed is None:
                self._log.note_miss(recorded_form, error.nearest, parts)
                raise
            turn = proposed
        self._log.note_match(recorded_form, turn, parts)
        if moves is not None:
            moves.note_replayed_exchange(recorded_form, turn[1], parts, self._rules)
        return player.load_outcome(*turn)

    def _propose_migration_match(
        self, player: Player, parts: RequestParts
    ) -> tuple[Cassette, int] | None:
        """Return the exchange to play for a call that is not recorded, during a migration.

        That is a run by which `bpmax-sim migrate` adapts a recording to changed declarations. The
        exchange is the most similar one, as (cassette, number), and its change to the call *parts*
        is proposed. None if no migration runs, and if nothing is similar.
        """
        moves = self._moves
        if moves is None or player is not self.player:
            return None
        found = moves.find_earlier_proposal(parts, self._rules) if self._repeat else None
        found = found or player.take_nearest_for_unrecorded(parts)
        if found is None:
            if numbers := player.find_exchange_numbers(parts):
                moves.withdraw_proposals(parts, numbers)
            else:
                moves.note_unknown(parts)
        return found

    def _replay_login(self, recorded_form: Request) -> Outcome:
        """Return the outcome of a login; it takes no virtual time, whether recorded or replayed.

        Otherwise the moment at which a token is renewed would change the time that scripts see.
        """
        assert recorded_form.call is not None
        key = recorded_form.call.platform, recorded_form.call.instance
        player = self._get_login_player(key) or self.player
        alike = None
        # In this order: the recorded login, one that is near to it, for an SDK one made of
        # stand-ins, else a miss.
        if not player.is_recorded(request_to_parts(recorded_form)):
            alike = find_substitute_sdk_login(
                recorded_form, player.find_recorded_logins(*key), self._rules
            )
            if alike is None and is_sent_by_sdk(recorded_form):
                synthesised = synthesise_sdk_login_response(self._platforms, recorded_form)
                if synthesised is not None:
                    return synthesised
        outcome = self._replay_outcome(recorded_form, player, alike)
        return replace(outcome, elapsed=0.0) if isinstance(outcome, Response) else outcome

    def is_recorded_even_if_played(self, request: Request) -> bool:
        """Return whether a request was recorded, already played or not.

        For a login, any recorded login of its instance counts.
        """
        # Before it is redacted: a value that only its name makes secret would stay in it, and
        # differ from what was recorded.
        self._net.register_request(request)
        call = request.call
        if call is not None and call.is_login and self.has_login(call.platform, call.instance):
            return True
        return self.player.is_recorded(request_to_parts(redact_request(request, self._vault)))

    def has_login(self, platform: str, instance: str) -> bool:
        """Return whether there is a recording of an instance's logins."""
        return self._get_login_player((platform, instance)) is not None

    def list_used_login_files(self) -> tuple[Path, ...]:
        """Return the files of the login recordings used so far."""
        return tuple(
            get_login_file(self._folder, key) for key in self._login_players if self._folder
        )

    def propose_new_signature(
        self, request: Request, sign_again: Callable[[], Request], *, differs: bool
    ) -> bool:
        """Propose the request that ``sign_again()`` signs for the recording, in a migration only.

        That is a run by which `bpmax-sim migrate` adapts a recording to changed declarations.
        Return whether this is one. *differs* says whether the signature of *request* differs from
        the recorded one; if it does not, only a request that changes anyway is proposed.
        """
        if self._moves is None:
            return False
        self._moves.note_new_signature_if_needed(request, sign_again, self._rules, differs=differs)
        return True

    def explain_signature_mismatch(
        self, call: Call, differences: tuple[Difference, ...]
    ) -> NoMatchError:
        """Return the error for a signature that differs from the recorded one."""
        return make_signature_mismatch_error(call, differences, self._make_miss_context(call))

    def _make_miss_context(self, call: Call | None) -> UnmatchedCallContext:
        position = call.position if call is not None else None
        return self._commands if position is None else replace(self._commands, position=position)

    def _get_login_player(self, key: Key) -> Player | None:
        with self._lock:
            if key not in self._login_players:
                self._login_players[key] = self._open_login_player(key)
            return self._login_players[key]

    def _open_login_player(self, key: Key) -> Player | None:
        """Return the player of an instance's logins, also under an earlier platform name."""
        platforms = (key[0], *self._rules.former.platforms.get(key[0], ()))
        for recorded in ((platform, key[1]) for platform in platforms):
            cassette = load_cassette(
                get_login_file(self._folder, recorded) if self._folder else None
            )
            if cassette is not None:
                # Repeatedly: when a token is renewed depends on the scripts of today, and how
                # often, too.
                return Player(cassette, self._rules, ".".join(recorded), repeat=True)
        return None


def find_substitute_sdk_login(
    request: Request, recorded: Iterable[Exchange], rules: MatchingRules
) -> Exchange | None:
    """Return the recorded login to use for *request* although it differs; None if none fits.

    What an SDK sends to log in depends on its version and user. So of the *recorded* logins with
    the same method and path, that with the fewest differences is used, a granted one first. The
    request, the recorded login or both have to be sent by an SDK: two logins by ``$proxy`` differ
    only if the declaration has changed.
    """
    login_call = request.call
    assert login_call is not None
    fitting = [
        exchange
        for exchange in recorded
        if (call := exchange.request.call) is not None
        and (call.method, call.path) == (login_call.method, login_call.path)
        and (is_sent_by_sdk(request) or is_sent_by_sdk(exchange.request))
    ]
    parts = request_to_parts(request)

    def distance(exchange: Exchange) -> tuple[bool, int]:
        return not _was_granted(exchange), len(
            find_differences(exchange_to_parts(exchange), parts, rules)
        )

    return min(fitting, key=distance, default=None)


def _was_granted(login: Exchange) -> bool:
    """Return whether a recorded login was granted, so that its response contains a stand-in."""
    outcome = login.outcome
    if isinstance(outcome, FailedExchange):
        return False
    texts = [outcome.body.decode(errors="replace"), *(value for _, value in outcome.headers)]
    return any(STANDIN_PREFIX in text for text in texts)


def is_sent_by_sdk(login: Request) -> bool:
    """Return whether a login request was made by another HTTP client, not from a declared login."""
    return CLIENT in login.injected


def synthesise_sdk_login_response(platforms: Platforms, request: Request) -> Response | None:
    """Return a login response made of stand-ins, for an SDK's login that was not recorded.

    None if no declared login has its address.
    """
    from bpmax_sim.simulator.auth import make_standin_login_response  # noqa: PLC0415 - replay needs none

    match, call = ApiMatcher(platforms).match(request), request.call
    if match is None or match.target.login is None or call is None:
        return None
    return make_standin_login_response(match.target.platform, call.instance, match.target.login)
