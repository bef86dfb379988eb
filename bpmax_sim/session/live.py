"""Live and simulate mode: third parties or their simulators answer, and nothing is recorded."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from bpmax_sim.messages import Request, Response
from bpmax_sim.platform.load import Platforms
from bpmax_sim.session.credentials import SessionCredentials, SessionSecretRegistry
from bpmax_sim.session.replaced_credentials import ReplacedCredentialStore
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.shared_logins import SharedLogins, SharedLoginTransport
from bpmax_sim.session.start import SessionStart
from bpmax_sim.transport.protocol import RoutableTransport, Transport, get_handle_function

if TYPE_CHECKING:
    from bpmax_sim.simulator.simulator import SimulatorTransport


class LiveMode:
    """Sends requests to the third parties, or to a transport that the user has put in their place.

    Attributes:
        ask: function that returns the response to a request, both as sent and received.
        learn: function that registers the secrets of a response before anything of it is shown.
        shared_logins: transport that logs in once for several sessions; None if logins are not
            shared.
        keeper: stores credentials that a login replaces, for later processes.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        tenants: SessionCredentials,
        network: Transport | None,
        secrets: SessionSecretRegistry,
    ) -> None:
        """Send through *network*; None for sockets, which the first request opens."""
        self._resources, self.learn = ExitStack(), secrets.register_response_secrets
        self.shared_logins: SharedLoginTransport | None = None
        # Whoever answers in the place of the third parties must not replace what is theirs.
        self.keeper = ReplacedCredentialStore(settings.cassette) if network is None else None
        self.ask = get_handle_function(
            self._open_login_sharing_transport(platforms, settings, tenants, network)
        )

    def _open_login_sharing_transport(
        self,
        platforms: Platforms,
        settings: Settings,
        tenants: SessionCredentials,
        network: Transport | None,
    ) -> Transport:
        live = network
        if live is None:
            from bpmax_sim.transport.live import LiveTransport  # noqa: PLC0415 - replay needs no client

            live = self._resources.enter_context(LiveTransport())
        live = (
            live.with_routes(tenants.get_connection_route)
            if isinstance(live, RoutableTransport)
            else live
        )
        locked = {k for k, p in platforms.own.items() if p.share == "process_lock"}
        shared = settings.shared_logins or (SharedLogins() if locked else None)
        if shared is None:
            return live
        self.shared_logins = shared.wrap_transport(
            live,
            third_parties=network,
            credentials_of=tenants.get_real_credentials,
            machine_wide_platforms=locked if network is None else (),
        )
        if self.keeper is not None:
            self.shared_logins.renewing = self.keeper.instances
        self._resources.callback(self.shared_logins.close)
        return self.shared_logins

    def handle(self, request: Request) -> Response:
        """Return the third party's response.

        Raises:
            TransportError, BadResponseError: if the exchange fails.
        """
        response = self.ask(request)
        self.learn(request, response)
        return response

    def close(self) -> None:
        """Close the connections, and release unfinished logins, so that others can log in."""
        self._resources.close()


class SimulateMode:
    """Sends requests to simulators, which know the session's credentials; no network is used.

    Attributes:
        ask: function that returns the response to a request; neither is redacted.
        learn: function that registers the secrets of a response before anything of it is shown.
        simulators: one for each platform.
    """

    def __init__(
        self,
        platforms: Platforms,
        settings: Settings,
        start: SessionStart,
        tenants: SessionCredentials,
        secrets: SessionSecretRegistry,
    ) -> None:
        """Simulate every platform; a simulator is made at the first request to it."""
        from bpmax_sim.simulator.simulator import SimulatorTransport  # noqa: PLC0415 - replay needs none

        self.simulators: SimulatorTransport = SimulatorTransport(
            platforms, tenants.get_credentials, clock=start.clock, seed=settings.seed_or_default
        )
        self.ask, self.learn = self.simulators.handle, secrets.register_response_secrets

    def handle(self, request: Request) -> Response:
        """Return the simulator's response.

        Raises:
            TransportError: if a setting of the simulator makes the exchange fail, such as a drop.
        """
        response = self.ask(request)
        self.learn(request, response)
        return response
