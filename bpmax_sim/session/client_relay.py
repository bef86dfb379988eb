"""Requests of other HTTP clients, made into calls of a session.

They come in three ways:

- A client's own transport asks the session (`Session.handle`), which answers in its mode.
- A client of this process is intercepted (`Session.listen`). `try_to_respond` answers what is
  recorded; all else the client sends itself, with its own TLS settings, and `record_response`
  records what it received.
- A client of any process sends to a recording proxy. `record` sends for it, and each piece of the
  response is on disk before the client gets it. Where only missing calls are recorded,
  `try_to_replay_without_standin` is asked first.

How long to wait is up to the client, so a request waits for a day here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from weakref import WeakMethod

from msgspec.structs import replace

from bpmax_sim.errors import BadResponseError, NoMatchError, TransportError, UnrecordedWarning
from bpmax_sim.guard import WHY_UNSEEN
from bpmax_sim.i18n import join_list, msg, plural
from bpmax_sim.messages import ConnectionRoute, Request, Response
from bpmax_sim.session.arriving_exchange import NotePiece
from bpmax_sim.session.call_runner import SessionComponents
from bpmax_sim.session.record import contains_standin, refuse_standin
from bpmax_sim.traffic.external_clients import ExternalCallAdapter
from bpmax_sim.transport.protocol import OWN
from bpmax_sim.yamlfile import to_display_path

if TYPE_CHECKING:
    from bpmax_sim.traffic.intercept import UnseenConnection

_DAY: Final = 86400.0
"""Seconds: how long it waits is the client's own affair."""

AskForClient = Callable[[Request, ConnectionRoute, NotePiece], Response]
"""Asks for a client: takes the request as the call that it is, how it travels, and what notes each
piece of the body before the client gets it; returns the whole response."""


class ClientRelay:
    """Records and replays requests of other HTTP clients, such as an SDK, as calls of one session.

    Attributes:
        clients: finds the API of a request, and notes requests that fit several APIs.
    """

    def __init__(self, wiring: SessionComponents) -> None:
        """Answer in the mode of *wiring*."""
        self._wiring, self._calls = wiring, wiring.calls
        environment = wiring.calls.environment
        self.clients = ExternalCallAdapter(
            environment.platforms,
            wiring.settings.environ,
            environment,
            environment.vault,
            environment.clock,
            is_live=not wiring.start.is_network_closed,
            is_recorded=wiring.replay.is_recorded_even_if_played,
        )
        # Weak, as the clients know the session, and nothing in a session refers back to it.
        explain = WeakMethod(self.clients.explain_unknown_address)
        wiring.replay.explain_address = lambda request: (
            method(request) if (method := explain()) else ()
        )

    def relay(
        self,
        request: Request,
        answer: Callable[[Request], Response] | None = None,
        *,
        serial: int = 0,
    ) -> Response:
        """Make the call for another client's request on this thread and return its response.

        *answer* returns the response; without it the session's mode does. *serial* is the call
        number; 0 takes the next one.

        Raises:
            TransportError: if the exchange fails.
            NoMatchError: if replay has no response.
        """
        self._calls.environment.refuse_closed()
        handle = self._calls.handle
        return self.clients.send_call(
            request, partial(handle, answer=answer) if answer else handle, serial=serial
        )

    def intercept(self, log_name: str) -> AbstractContextManager[object]:
        """Return a context in which requests of the HTTP clients known to vcrpy come to this relay.

        *log_name* is what vcrpy's log calls it.
        """
        from bpmax_sim.traffic.intercept import intercept_clients  # noqa: PLC0415 - few need vcrpy

        self._calls.environment.refuse_closed()
        return intercept_clients(self, log_name)

    def is_sent_without_listener(self) -> bool:
        """Return whether the request under way must be sent by its client, without this relay.

        It must if the session itself sends it, or if the mode is live.
        """
        return OWN.get() or self._wiring.start.mode == "live"

    def try_to_respond(self, request: Request, /) -> Response | None:
        """Return the recorded response to a client's *request*; None if the client has to send it.

        It sends it itself in record mode, and `record_response` records what it receives.

        Raises:
            NoMatchError: if replay has no response; it is added to the session's misses.
            ConfigError: if the request would send a stand-in from a recorded response.
        """
        patient = replace(request, timeout=_DAY)
        if self._wiring.record is None or self.clients.needs_live_address(patient):
            return self.relay(patient)
        settings, replay = self._wiring.settings, self._wiring.replay
        if settings.record != "new":
            return None
        known = self.clients.as_api_call(patient)
        # What is new is recorded beside this one, which is replayed; no login is.
        if not known.is_login and replay.is_recorded_even_if_played(known):
            try:
                return self.relay(patient, replay.handle)
            except NoMatchError as error:
                if error.case == "already played" and not settings.extra:
                    raise
                self._calls.environment.misses.remove(error)  # it is recorded once more
        refuse_standin(request)
        return None

    def record(self, request: Request, ask: AskForClient) -> Response:
        """Return the response that *ask* gets, and record the exchange; it is on disk then.

        *ask* sends the request. It also gets the connection route (proxy, certificates), and a
        function that records each piece of the body as it arrives.

        Raises:
            TransportError, BadResponseError: if the exchange fails; that is recorded too.
        """
        record, route = self._wiring.record, self._wiring.tenants.get_connection_route
        assert record is not None

        def answer(known: Request) -> Response:
            return record.record_pieces(known, lambda sent, note: ask(sent, route(sent), note))

        return self.relay(replace(request, timeout=_DAY), answer)

    def try_to_replay_without_standin(self, request: Request) -> Response | None:
        """Return the recorded response to *request* while calls without recording are recorded.

        None if the third party must be asked: if nothing is recorded or the exchange failed, for a
        login, and if the response contains a stand-in, as for a token. The client would send the
        stand-in in its next requests, and the third party would refuse them.
        """
        patient, replay = replace(request, timeout=_DAY), self._wiring.replay
        known = self.clients.as_api_call(patient)
        if known.is_login or not replay.is_recorded_even_if_played(known):
            return None
        try:
            response = self.relay(patient, replay.handle)
        except (NoMatchError, TransportError, BadResponseError):
            return None  # what did not complete is asked for once more
        texts = [response.body, *(value.encode() for _, value in response.headers)]
        return None if any(map(contains_standin, texts)) else response

    def note_sending(self, request: Request, /) -> int:
        """Note that a client sends *request* now; return its call number.

        Calls, and the stand-ins of their secrets, are numbered when they are sent: replay, where
        responses take no time, knows no other order. The secrets are known from now on, as the
        client's error shows the address if it gets no response.
        """
        serial = self._calls.environment.next_serial()
        known = self.clients.as_api_call(replace(request, timeout=_DAY), serial=serial)
        self._wiring.secrets.net.register_request(known)
        return serial

    def warn_of_unanswered(self, requests: Sequence[Request], /) -> None:
        """Warn that *requests*, which clients sent, got no response, so none is recorded."""
        vault, cassette = self._wiring.secrets.vault, self._wiring.settings.cassette
        names = dict.fromkeys(
            vault.redact_for_output(f"{one.method} {one.url}") for one in requests
        )
        warnings.warn(
            plural(
                len(names),
                "{cassette}: not recorded, as no response came: {requests}; replay will not find "
                "it. Of failures, only those of $proxy calls are recorded; let the test raise the "
                "client's error itself, without bpmax_vcr",
                "{cassette}: not recorded, as no responses came: {requests}; replay will not find "
                "them. Of failures, only those of $proxy calls are recorded; let the test raise "
                "the client's errors itself, without bpmax_vcr",
                cassette=to_display_path(cassette or Path()),
                requests=join_list(names),
            ),
            UnrecordedWarning,
            stacklevel=2,
        )

    def warn_of_unseen(self, connections: Sequence[UnseenConnection], /) -> None:
        """Warn that *connections* may have been requests that were not intercepted."""
        vault, cassette = self._wiring.secrets.vault, self._wiring.settings.cassette
        threads: dict[str, list[str]] = {}
        for one in connections:
            where = f"[{one.host}]:{one.port}" if ":" in one.host else f"{one.host}:{one.port}"
            threads.setdefault(vault.redact_for_output(where), []).append(one.thread)
        warnings.warn(
            msg(
                "{cassette}: requests may have passed vcrpy, which are neither recorded nor "
                "replayed: {connections}; {reason}",
                cassette=to_display_path(cassette or Path()),
                connections=join_list(
                    msg(
                        "{number} to {where} by {threads}",
                        number=len(names),
                        where=where,
                        threads=join_list(sorted(set(names))),
                    )
                    for where, names in threads.items()
                ),
                reason=WHY_UNSEEN,
            ),
            UnrecordedWarning,
            stacklevel=2,
        )

    def record_response(self, request: Request, response: Response, serial: int = 0, /) -> None:
        """Record the response that a client has received; it is on disk when this returns.

        *serial* is what `note_sending` returned for *request*; 0 if it was not asked.
        """
        record = self._wiring.record
        assert record is not None
        answer = partial(record.record, ask=lambda _request: response)
        self.relay(replace(request, timeout=_DAY), answer, serial=serial)
