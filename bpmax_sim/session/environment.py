"""The session as the environment of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bpmax_sim.cassette.matching import Difference
from bpmax_sim.clock import SeededRandomSource, SystemRandomSource
from bpmax_sim.errors import NoMatchError
from bpmax_sim.messages import Call, Request
from bpmax_sim.proxy.compiled_api import CompiledApi
from bpmax_sim.proxy.environment import Environment, RenewableCredentialStore
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.session.credentials import SessionCredentials, add_personal_places
from bpmax_sim.session.live import LiveMode
from bpmax_sim.session.record import RecordMode
from bpmax_sim.session.replay import ReplayMode
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import SessionStart
from bpmax_sim.transport.redaction import redact_request


class SessionEnvironment(Environment):
    """What calls need of an open session; it holds no reference back to the session.

    A closed session would otherwise wait for the garbage collector, with its files.

    Attributes:
        personal: places with personal data, in addition to the declared ones.
        misses: every call for which replay had no response.
    """

    def __init__(
        self,
        settings: Settings,
        start: SessionStart,
        tenants: SessionCredentials,
        replay: ReplayMode,
        record: RecordMode | None,
        live: LiveMode | None,
    ) -> None:
        """Build the environment of *start*; parts that its mode does not use are None."""
        chance = SeededRandomSource(settings.seed_or_default)
        super().__init__(
            platforms=tenants.platforms,
            vault=tenants.vault,
            clock=start.clock,
            auth_clock=start.real_or_virtual_auth_clock,
            chance=chance,
            auth_chance=chance if start.is_network_closed else SystemRandomSource(),
            separate=record is not None,
            default_instance=settings.default_instance,
            tenant=tenants.get_credentials,
            refuse_closed=start.owner_session.refuse_closed,
        )
        self.misses: list[NoMatchError] = []
        self.personal = settings.redact
        self._is_replay = start.mode == "replay"
        self._replay, self._record, self._live = replay, record, live

    def synthesises_login(self, platform: str, instance: str, /) -> bool:
        """Return whether the login of an instance is not sent but made up of stand-ins.

        So it is in replay if no login of that instance was recorded.
        """
        return self._is_replay and not self._replay.has_login(platform, instance)

    def find_credential_store(
        self, recipe: CompiledApi, tenant: Credentials, names: Iterable[str], /
    ) -> RenewableCredentialStore:
        """Return the stored credentials of *tenant* that a login replaces, not yet locked.

        *recipe* is the compiled API for which the login is made. The login opens them
        (`RenewableCredentialStore.try_lock_and_read`), stores the new values of *names*, and closes
        them. They are on disk only if real systems answer.
        """
        if self._live is None or self._live.keeper is None:
            return super().find_credential_store(recipe, tenant, names)
        return self._live.keeper.find_credential_store(recipe, tenant, names)

    def finish_login_attempt(self, platform: str, instance: str, life: float | None, /) -> None:
        """Note that a login of *instance* has ended, and for how many seconds its grant lives.

        The grant is what it issued, such as a token. *life* is None if the login failed. The
        recording of a granted login is kept even if the run fails, and the grant is shared with
        other sessions.
        """
        if life is not None and self._record is not None:
            self._record.granted_logins.add((platform, instance))
        if self._live is not None and self._live.shared_logins is not None:
            self._live.shared_logins.finish_login_attempt(platform, instance, life)

    def hide_secrets_as_recorded(self, request: Request) -> Request:
        """Return *request*, whose credentials are stand-ins, as it is recorded.

        All other known secrets and the personal data in it are hidden, too.

        It is called before signing, so that the signature covers what is recorded.
        """
        return redact_request(add_personal_places(request, self.personal), self.vault)

    def propose_new_signature(
        self, request: Request, sign_again: Callable[[], Request], *, differs: bool
    ) -> bool:
        """Propose the request that ``sign_again()`` signs for the recording, in a migration only.

        A migration (`bpmax-sim migrate`) adapts a recording to changed declarations. Return whether
        one runs. *differs* says whether the signature of *request* differs from the recorded one;
        if it does not, only a request that changes anyway is proposed.
        """
        return self._is_replay and self._replay.propose_new_signature(
            request, sign_again, differs=differs
        )

    def note_signature_mismatch(
        self, call: Call, differences: tuple[Difference, ...]
    ) -> NoMatchError:
        """Return the error for a signature that differs from the recorded one.

        It is noted as a miss.
        """
        error = self._replay.explain_signature_mismatch(call, differences)
        self.misses.append(error)
        return error
