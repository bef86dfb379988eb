"""The session's side of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.clock import SeededRandomSource, SystemRandomSource
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Call, Request
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.environment import CredentialRenewal, Environment
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.session.credentials import Tenants, with_personal
from bpmax_sim.session.live import LiveMode
from bpmax_sim.session.record import RecordMode
from bpmax_sim.session.replay import ReplayMode
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import SessionStart
from bpmax_sim.transport.redaction import redact_request


class SessionEnvironment(Environment):
    """What calls need of a session; nothing in it refers back to the session.

    One that is over would else wait for the garbage collector, with its files.

    Attributes:
        personal: places with personal data, beside those that platforms declare.
        misses: every call that replay had no response for.
    """

    def __init__(
        self,
        settings: Settings,
        start: SessionStart,
        tenants: Tenants,
        replay: ReplayMode,
        record: RecordMode | None,
        live: LiveMode | None,
    ) -> None:
        """Make the calls of *start*; whatever is None has no part in its mode."""
        chance = SeededRandomSource(settings.effective_seed)
        super().__init__(
            platforms=tenants.platforms,
            vault=tenants.vault,
            clock=start.clock,
            auth_clock=start.auth_clock,
            chance=chance,
            auth_chance=chance if start.is_closed else SystemRandomSource(),
            separate=record is not None,
            default_instance=settings.default_instance,
            tenant=tenants.of,
            refuse_closed=start.owner_session.refuse_closed,
        )
        self.misses: list[NoMatchError] = []
        self.personal = settings.redact
        self._is_replay = start.mode == "replay"
        self._replay, self._record, self._live = replay, record, live

    def synthesises_login(self, platform: str, instance: str, /) -> bool:
        """Return whether the login of an instance is made of stand-ins, without sending."""
        return self._is_replay and not self._replay.has_login(platform, instance)

    def open_renewal(
        self, recipe: CompiledApi, tenant: Credentials, names: Iterable[str], /
    ) -> CredentialRenewal:
        """Return the renewal of credentials, kept for later processes where a real system asks."""
        if self._live is None or self._live.keeper is None:
            return super().open_renewal(recipe, tenant, names)
        return self._live.keeper.open_renewal(recipe, tenant, names)

    def end_login(self, platform: str, instance: str, life: float | None, /) -> None:
        """Keep the recording of a login that was granted, and share what it yielded."""
        if life is not None and self._record is not None:
            self._record.granted_logins.add((platform, instance))
        if self._live is not None and self._live.shared_logins is not None:
            self._live.shared_logins.end_login(platform, instance, life)

    def hide(self, request: Request) -> Request:
        """Return *request*, made of stand-ins, as it may be written down, before it is signed."""
        return redact_request(with_personal(request, self.personal), self.vault)

    def signs_anew(self, request: Request, again: Callable[[], Request], *, differs: bool) -> bool:
        """Return whether the recorded request is to be signed *again*."""
        return self._is_replay and self._replay.signs_anew(request, again, differs=differs)

    def mismatch_error(self, call: Call, differences: tuple[Difference, ...]) -> NoMatchError:
        """Remember a call that is signed otherwise than it was recorded, and return its error."""
        error = self._replay.mismatch_error(call, differences)
        self.misses.append(error)
        return error
