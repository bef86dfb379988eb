"""Credentials of the instances that a session uses, and declarations that concern matching.

A credential is registered with the vault, the session's list of known secrets, before any request
is made with it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim import project
from bpmax_sim.cassette.former_names import FormerNames
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.cassette.model import Values
from bpmax_sim.errors import ConfigError, WeakSecretWarning
from bpmax_sim.field_path import FieldPath, Wildcard
from bpmax_sim.i18n import DataValue, join_list, msg
from bpmax_sim.messages import ConnectionRoute, Request, Response
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.check import describe_secret_problem, describe_volatile_problem
from bpmax_sim.platform.instances import derive_conventional_variable
from bpmax_sim.platform.load import Platforms
from bpmax_sim.platform.model import Api, Auth, Instance, Platform, VerifyValues
from bpmax_sim.platform.secrecy import is_declared_clear
from bpmax_sim.proxy.result import register_issued_secrets
from bpmax_sim.proxy.signing import list_signature_header_places
from bpmax_sim.secret.vault import AddressPair, Credentials, Vault, explain_local_redaction_only
from bpmax_sim.session.settings import Settings
from bpmax_sim.session.start import SessionStart, read_recorded_login_non_secrets
from bpmax_sim.traffic.external_clients import register_credentials
from bpmax_sim.transport.redaction import (
    make_api_place_prefix,
    register_response_cookies,
    select_places_with_prefix,
)
from bpmax_sim.transport.suspicious_names import SecretByNameRegistrar


def warn_of_weak_secrets(credentials: Credentials, instance: str) -> None:
    """Warn of each secret of *instance* that is too short, or too common a text, to search for.

    It is hidden where auth puts it, but cannot be recognised where a response repeats it.
    """
    for credential in credentials:
        if not credential.secret or credential.real == credential.standin:
            continue
        if why := explain_local_redaction_only(str(credential.real), str(credential.standin)):
            warnings.warn(
                msg(
                    "the value of {name!r} of {instance} {why}: it is hidden where auth puts "
                    "it, but not where an answer repeats it; take a longer one",
                    name=credential.name,
                    instance=instance,
                    why=why,
                ),
                WeakSecretWarning,
                stacklevel=2,
            )


def register_secret_texts(texts: Iterable[str], owner: str, vault: Vault) -> None:
    """Register *texts*, those of the option ``secrets`` of *owner* (scenario or test), in *vault*.

    Warn of each that is too short, or too common a text, to be hidden.
    """
    for text in filter(None, texts):
        standin = vault.register_issued("scenario", owner, "secret", text)
        if why := explain_local_redaction_only(text, standin):
            warnings.warn(
                msg(
                    "secrets: a text {why} and is not hidden; name the places where it is with "
                    "`redact:`, or in responses with `secret:`",
                    why=why,
                ),
                WeakSecretWarning,
                stacklevel=2,
            )


@dataclass(frozen=True, slots=True)
class SessionSecretRegistry:
    """Decides which values are hidden in recordings and output of a session.

    Attributes:
        vault: all known secrets.
        net: secret-name rules: they register values that nobody has declared with the vault,
            because their name (``password``, ``token`` …) says that they are secret.
    """

    vault: Vault
    net: SecretByNameRegistrar

    def register_response_secrets(self, request: Request, response: Response) -> None:
        """Register the secrets in *response*, such as a token, before it is recorded or shown."""
        register_issued_secrets(request, response, self.vault)
        register_response_cookies(request, response, self.vault)
        self.net.register_response(request, response)


@dataclass(slots=True)
class SessionCredentials:
    """The credentials of the instances (tenants of a platform) that were called so far.

    Their secrets are registered with *vault*, so that they are hidden.
    """

    platforms: Platforms
    settings: Settings
    start: SessionStart
    vault: Vault
    _resolved: dict[tuple[str, str], Credentials] = field(default_factory=dict, init=False)
    _recorded: Values | None = field(default=None, init=False)
    _conventions: dict[str, None] = field(default_factory=dict, init=False)

    def __iter__(self) -> Iterator[tuple[tuple[str, str], Credentials]]:
        return iter(self._resolved.copy().items())

    def get_credentials(self, platform: Platform, instance: Instance) -> Credentials:
        """Return the credentials of an instance: stand-ins if nothing is sent to a live system.

        Cached. The first call registers its secrets and addresses with the vault.

        Raises:
            ConfigError: if a value that is needed is not set.
        """
        key = (platform.platform_key, instance.instance_key)
        if key not in self._resolved:
            recorded = self._find_recorded_non_secrets(platform, ".".join(key))
            is_closed = self.start.is_network_closed
            credentials = self.platforms.credentials(
                platform,
                instance,
                environ=self.settings.environ,
                closed=is_closed,
                # What is recorded in clear (a user name in a path) is a part of calls: a replay
                # uses the values of the recording, whatever the environment has today.
                recorded=recorded if is_closed else None,
            )
            if not is_closed:
                self._refuse_other_credentials(credentials, recorded, ".".join(key))
            register_credentials(credentials, key, self.vault)
            warn_of_weak_secrets(credentials, ".".join(key))
            # A recording has the declared address, perhaps a template, and not this machine's.
            for address in credentials.addresses:
                self.vault.register_address_replacement(address.live, address.declared)
            self._note_variables_read_by_convention(platform, instance)
            password = unquote(urlsplit(credentials.route.proxy).password or "")
            if password:
                self.vault.register_issued(*key, "proxy", password)
            self._resolved[key] = credentials
        return self._resolved[key]

    def get_addresses(self, platform: str, instance: str) -> dict[str, AddressPair]:
        """Return the addresses of an instance by host; the platform's own is at "".

        Empty if the instance was not called.
        """
        credentials = self._resolved.get((platform, instance))
        if credentials is None:
            return {}
        return {"": AddressPair(credentials.declared, credentials.live), **credentials.hosts}

    @property
    def conventional_variable_notes(self) -> tuple[str, ...]:
        """Return a message with the environment variables that were read though no file names them.

        Where a file does not say where a credential comes from, a variable named after the platform
        and the credential is read. Empty if there was none.
        """
        if not self._conventions:
            return ()
        names = join_list(self._conventions)
        return (msg("read from the environment, as no file says otherwise: {names}", names=names),)

    def _note_variables_read_by_convention(self, platform: Platform, instance: Instance) -> None:
        key = platform.platform_key
        if self.start.is_network_closed:
            return
        if not self.platforms.entry(key, instance.instance_key).origin.by_convention:
            return
        names = [("url",), *((host, "url") for host in platform.hosts)]
        names += [(name,) for name in platform.credentials]
        variables = (derive_conventional_variable(key, *words) for words in names)
        environ = self.settings.environ
        self._conventions.update(dict.fromkeys(name for name in variables if name in environ))

    def get_non_secret_credentials(self, request: Request) -> Values:
        """Return the credentials of *request* that recordings contain in clear (``secret: false``).

        They are by instance, ``platform.instance``. Empty if there are none.
        """
        call, credentials = request.call, self._get_request_credentials(request)
        own = credentials.nonsecret_values if credentials else {}
        return {f"{call.platform}.{call.instance}": own} if call and own else {}

    def get_real_credentials(self, request: Request) -> Mapping[str, Any]:
        """Return the real credentials of the instance that *request* calls.

        Empty if it calls none.
        """
        credentials = self._get_request_credentials(request)
        return credentials.real if credentials else {}

    def get_connection_route(self, request: Request) -> ConnectionRoute:
        """Return the connection route of *request*: the proxy and the certificates of its instance.

        For a request without instance, variables such as ``HTTPS_PROXY`` decide.
        """
        credentials = self._get_request_credentials(request)
        return credentials.route if credentials else ConnectionRoute()

    def _get_request_credentials(self, request: Request) -> Credentials | None:
        call = request.call
        return self._resolved.get((call.platform, call.instance)) if call else None

    def _find_recorded_non_secrets(self, platform: Platform, instance: str) -> Mapping[str, str]:
        """Return the credentials in clear with which this scenario's or test's recording was made.

        If it recorded none, they come from the recording of the platform's login. Empty if this
        session neither replays the recording nor adds to it.
        """
        start, recording = self.start, self.start.owner_session.recording
        adds = start.mode == "record" and self.settings.record == "new"
        is_played = adds or start.mode == "replay"
        if not (is_played and any(map(is_declared_clear, platform.credentials.values()))):
            return {}
        if self._recorded is None:
            cassette = recording.cassette
            self._recorded = (
                cassette.get_non_secret_credentials(recording.owner) if cassette else {}
            )
        names = [instance, *(f"{was}.{instance.partition('.')[2]}" for was in platform.was)]
        for values in (
            self._recorded,
            *(read_recorded_login_non_secrets(self.settings, n) for n in names),
        ):
            if own := [values[name] for name in names if name in values]:
                return own[0]
        return {}

    def _refuse_other_credentials(
        self, credentials: Credentials, recorded: Mapping[str, str], instance: str
    ) -> None:
        """Refuse to add to a recording made with other credentials, such as another account.

        Only credentials that are recorded in clear can be compared.

        Raises:
            ConfigError: if a value differs.
        """
        for name, value in recorded.items():
            now = credentials.nonsecret_values.get(name, value)
            if now != value:
                raise ConfigError(
                    "{cassette}: recorded with {name} {value!r} of {instance}, "
                    "which is {now!r} now; "
                    "set it to {value!r}, or record afresh",
                    cassette=self.settings.cassette,
                    name=name,
                    value=DataValue(value),
                    instance=instance,
                    now=DataValue(now),
                )


def get_matching_rules(platforms: Platforms, ignore: Iterable[str]) -> MatchingRules:
    """Return the rules by which calls are matched with recordings.

    They have the ignored places (*ignore* and those of platforms and APIs), the volatile places of
    responses (new in each response), and the former names of platforms and APIs, under which
    recordings are still found. Cached for the process, by the identity of the platforms.

    Raises:
        ConfigError: if a place is no valid path, or cannot exist in a request.
    """
    return _check_and_collect_rules(platforms, tuple(ignore))


def find_volatile_places(platforms: Platforms, api_name: str) -> tuple[str, ...]:
    """Return the places in responses of the API *api_name* that are volatile: new in each response.

    They are declared (``volatile``), such as a server's time, or headers with a response's
    signature. Comparisons and the search for secrets leave them out.
    """
    owners = find_declarations(platforms, api_name)
    declared = [path for owner in owners for path in owner.volatile]
    auths = [owner.auth for owner in owners if isinstance(owner.auth, Auth)]
    verify = auths[-1].verify_response if auths else None
    return (*declared, *(list_signature_header_places(verify) if verify else ()))


@lru_cache(maxsize=256)
def list_read_response_headers(platforms: Platforms, api_name: str) -> tuple[str, ...]:
    """Return the response headers that declarations of an API or its platform read, as places.

    A place is ``header.`` and the name in lower case. They are read by rules of responses, by auth,
    and as secrets; volatile ones are left out. *api_name* is ``platform.api``.
    """
    owners = find_declarations(platforms, api_name)
    volatile = {path.lower() for owner in owners for path in owner.volatile}
    texts = (text for owner in owners for text in _list_read_response_headers(owner))
    return tuple(place for place in dict.fromkeys(texts) if place not in volatile)


def _list_read_response_headers(owner: Platform | Api) -> frozenset[str]:
    """Return the response headers that the response rules, auth and secrets of *owner* read.

    They are places in lower case, such as ``header.x-token``.
    """
    left: list[object] = [
        msgspec.to_builtins(part) for part in (owner.response, owner.auth) if part
    ]
    own = [
        FieldPath.parse(text, "secret")
        for text in owner.secret
        if not _JSON_PATH.match(text)  # these are found below, as those of rules are
    ]
    left += [text for text in owner.secret if _JSON_PATH.match(text)]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list | tuple):
            left += value
        elif isinstance(value, str) and (place := FieldPath.from_declared_response_place(value)):
            own.append(place)
    return frozenset([str(place).lower() for place in own if place.root == "header"])


def find_not_secret_places(platforms: Platforms, api_name: str) -> tuple[str, ...]:
    """Return the places of API *api_name* (``platform.api``) that are declared not to be secret.

    Its platform's declaration is included.
    """
    return tuple(path for one in find_declarations(platforms, api_name) for path in one.not_secret)


def collect_not_secret_places(
    platforms: Platforms, project_places: Callable[[], tuple[str, ...]], request: Request
) -> tuple[str, ...]:
    """Return the places of *request* and its response that are declared not to be secret.

    Declarations come from platform and API, and from the project (*project_places*, called when
    they are needed), which may name any host.
    """
    call, prefix = request.call, make_api_place_prefix(request)
    declared = find_not_secret_places(platforms, call.name) if call else ()
    return (*declared, *select_places_with_prefix(prefix, project_places()))


def make_not_secret_places_reader(cassette: Path | None) -> Callable[[], tuple[str, ...]]:
    """Return a cached function that reads the not-secret places of *cassette*'s project.

    It returns none if *cassette* is None.
    """
    return cache(
        lambda: project.read_not_secret_places(project.find_root(cassette)) if cassette else ()
    )


def find_declarations(platforms: Platforms, name: str) -> tuple[Platform | Api, ...]:
    """Return the declarations behind *name* (``platform.api``): platform and API, if they exist."""
    platform_key, _, api_name = name.partition(".")
    platform = platforms.find(platform_key)
    api = platform.apis.get(api_name) if platform else None
    return tuple(owner for owner in (platform, api) if owner is not None)


@lru_cache(maxsize=256)
def _check_and_collect_rules(platforms: Platforms, ignore: tuple[str, ...]) -> MatchingRules:
    """Check all places that *platforms* declare, and return the rules for matching calls."""
    declared: list[tuple[str, Platform | Api, list[str]]] = []
    for platform in platforms:
        apis = {f"{platform.platform_key}.{name}": api for name, api in platform.apis.items()}
        declared.append((platform.platform_key, platform, [api.path for api in apis.values()]))
        declared += ((name, api, [api.path]) for name, api in apis.items())
    templates = {name: owner.path for name, owner, _ in declared if isinstance(owner, Api)}
    check_request_places("ignore", ignore, templates.values())
    for name, owner, paths in declared:
        _check_declared_places(name, owner, paths)
    former = collect_former_names(platforms)
    return MatchingRules(
        ignore,
        tuple((name, tuple(owner.ignore)) for name, owner, _ in declared if owner.ignore),
        templates,
        tuple((name, tuple(owner.volatile)) for name, owner, _ in declared if owner.volatile),
        former,
    )


def collect_former_names(platforms: Platforms) -> FormerNames:
    """Return the earlier names (``was``) of platforms and APIs, which recordings may contain.

    Raises:
        ConfigError: if an earlier name is the name of something else too.
    """
    keys = {platform.platform_key: platform.was for platform in platforms if platform.was}
    apis: dict[str, tuple[str, ...]] = {}
    for platform in platforms:
        _refuse_ambiguous_name(platform.platform_key, platform.was, platforms.keys, keys)
        by_api = {api.key: api.was for api in platform.apis.values() if api.was}
        for api in platform.apis.values():
            name = f"{platform.platform_key}.{api.key}"
            _refuse_ambiguous_name(name, api.was, platform.apis, by_api)
            # What is an alias today may have been the key when the recording was made.
            if names := tuple(dict.fromkeys((*api.was, *api.aliases))):
                apis[name] = names
    return FormerNames(keys, apis)


def _refuse_ambiguous_name(
    platform_or_api: str,
    former: Sequence[str],
    current: Collection[str],
    former_by_current: Mapping[str, Sequence[str]],
) -> None:
    own = platform_or_api.rpartition(".")[2]
    for old in former:
        others = [
            other for other in former_by_current if other != own and old in former_by_current[other]
        ]
        if old in current or others:
            raise ConfigError(
                "{name}: was: {old!r} is also the name of {other}; take it out of one of them",
                name=platform_or_api,
                old=old,
                other=repr(others[0] if others else old),
            )


_JSON_PATH = re.compile(r"\$|header:|cookie:|cookies$")  # as a response's rules spell a place


def _check_declared_places(name: str, owner: Platform | Api, api_paths: list[str]) -> None:
    """Check the places in all lists (``ignore``, ``redact`` …) of *owner*, which is called *name*.

    *api_paths* are the paths of its APIs, whose parameters may be named as places.

    Raises:
        ConfigError: if a place cannot exist in a message.
    """
    check_request_places(f"{name}: ignore", owner.ignore, api_paths)
    check_field_paths(f"{name}: volatile", owner.volatile)
    verify = owner.verify if isinstance(owner, Api) else None
    check_field_paths(f"{name}: verify", verify.values if isinstance(verify, VerifyValues) else ())
    check_personal_places(f"{name}: redact", owner.redact, api_paths)
    check_field_paths(
        f"{name}: secret", (text for text in owner.secret if not _JSON_PATH.match(text))
    )
    check_request_places(f"{name}: not_secret", owner.not_secret, api_paths)
    for path in owner.volatile:
        if wrong := describe_volatile_problem(path):
            raise ConfigError("{name}: volatile: {wrong}", name=name, wrong=wrong)
    for path in owner.secret:
        if wrong := describe_secret_problem(path):
            raise ConfigError("{name}: secret: {wrong}", name=name, wrong=wrong)


def check_field_paths(option: str, places: Iterable[str]) -> None:
    """Check that each of *places* is the path of a field in a message, such as ``body.user.id``.

    Raises:
        ConfigError: if one is not; the message begins with *option*.
    """
    for text in places:
        FieldPath.parse(text, option)


def check_request_places(option: str, places: Iterable[str], path_templates: Iterable[str]) -> None:
    """Refuse *places* of *option* that no request can have: they would be ignored silently.

    *path_templates* are the paths of the APIs, whose parameters may be named.

    Raises:
        ConfigError: if there is one.
    """
    parameters = {name for path in path_templates for name in list_placeholders(path)}
    for text in places:
        wrong = FieldPath.parse(text, option).explain_impossible(parameters)
        if wrong:
            raise ConfigError(
                "{option}: {text!r} matches nothing: {wrong}",
                option=option,
                text=text,
                wrong=wrong,
            )


def check_personal_places(
    option: str, places: Iterable[str], path_templates: Iterable[str]
) -> None:
    """Refuse *places* of *option* whose personal data would be recorded as it is.

    *path_templates* are the paths of the APIs, whose parameters may be named.

    Raises:
        ConfigError: if there is one.
    """
    for text in places:
        path = FieldPath.parse(text, option)
        if path.root == "path":
            check_request_places(option, [text], path_templates)
        elif path.root == "header" and path.steps_below_root[:1] in {(), (Wildcard.ALL,)}:
            raise ConfigError(
                "{option}: {text!r} names every header; name each one that holds personal data, "
                "such as header.X-Phone",
                option=option,
                text=text,
            )


def add_personal_places(request: Request, places: tuple[str, ...]) -> Request:
    """Return *request* with *places* marked as personal data, to be replaced in the recording.

    They are marked, too, in its attribute ``standin``, the form that is recorded, if it has one.
    """
    if not places:
        return request
    twin = request.standin
    return replace(
        request,
        personal=(*request.personal, *places),
        standin=None if twin is None else add_personal_places(twin, places),
    )
