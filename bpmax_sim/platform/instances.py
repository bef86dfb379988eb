"""Read ``instances.yaml``, and resolve an instance's credentials and address.

Values of ``instances.local.yaml`` beside the file replace its own, key by key. A secret value has a
stand-in (`secrecy` decides what is secret); other values are recorded as they are. In replay
nothing outside the files is read: instead of a real value, the recorded one is used, or else the
stand-in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import printable
from types import MappingProxyType
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType, structs

from bpmax_sim.errors import (
    ConfigError,
    LimitedProblems,
    Problem,
    get_place_sort_key,
    is_one_slip_away,
    shorten_list,
    suggest_nearest,
    suggest_or_list,
)
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import ConnectionRoute
from bpmax_sim.platform.check import (
    ADDRESS,
    PROXY,
    describe_credential_problem,
    find_credential_references,
    is_platform_address,
    is_proxy_address,
    list_address_names,
    report_bad_header_names,
    report_template_problems,
    report_undeclared_credential,
    report_unfilled_templates,
)
from bpmax_sim.platform.model import (
    CredentialSpec,
    Instance,
    Platform,
    Scalar,
    Source,
    explain_invalid_credential,
    make_host_template_name,
    to_snake_case,
)
from bpmax_sim.platform.secrecy import is_declared_clear, is_recorded_clear
from bpmax_sim.platform.template import find_names, is_template, iterate_texts
from bpmax_sim.project import to_local_override
from bpmax_sim.secret.source import (
    SECRET_SOURCES,
    read_env,
    read_file,
    read_from_registered_source,
    read_keyring,
)
from bpmax_sim.secret.standin import make_standin
from bpmax_sim.secret.vault import SHORTEST, AddressPair, Credential, Credentials
from bpmax_sim.yamlfile import FileChecks, Node, Steps, decode, format_steps, read_yaml


class InstanceOrigin(msgspec.Struct, frozen=True):
    """Where an instance was declared: for messages, and to find files named there.

    Attributes:
        node: its entry in ``instances.yaml``.
        folder: folder to which ``{file: path}`` is relative.
        by_convention: whether no file declares it, so that its values come from environment
            variables named by convention.
    """

    node: Node = msgspec.field(default_factory=lambda: Node({}))
    folder: Path = msgspec.field(default_factory=Path)
    by_convention: bool = False


_VARIABLE = re.compile(r"[A-Za-z0-9_.-]+")


def derive_conventional_variable(platform_key: str, *names: str) -> str:
    """Return the environment variable for a value of a platform without declared instance.

    It is ``CRM_SYSTEM_CLIENT_SECRET`` for ``crm_system`` and ``client_secret``; empty for names
    that no shell can set, such as Chinese ones.
    """
    words = [platform_key, *filter(None, names)]
    if not all(map(_VARIABLE.fullmatch, words)):
        return ""
    return "_".join(re.sub(r"[^A-Z0-9]+", "_", to_snake_case(word).upper()) for word in words)


def resolve_credentials(
    platform: Platform,
    instance: Instance,
    *,
    environ: Mapping[str, str],
    closed: bool,
    origin: InstanceOrigin | None = None,
    recorded: Mapping[str, str] = MappingProxyType({}),
) -> Credentials:
    """Return the credentials and the address of *instance*.

    Args:
        platform: declares names and kinds.
        instance: holds the values, or says where they are.
        environ: environment variables by name.
        closed: whether nothing outside is read and stand-ins are used, as in replay and simulation.
        origin: where *instance* was declared, for messages and relative paths; None if it is in no
            file.
        recorded: values from a recording, for credentials that are declared not secret.

    Raises:
        ConfigError: if values cannot be read; it lists all of them.
    """
    resolver = _InstanceResolver(
        platform, instance, environ, closed, recorded, origin or InstanceOrigin(), []
    )
    credentials = tuple(resolver.iterate_credentials())
    resolver.report_clear_copies_of_secrets(credentials)
    base = resolver.resolve_base_url()
    hosts = dict(resolver.iterate_host_addresses())
    route = resolver.read_route()
    resolver.report_missing_for_every_call({credential.name for credential in credentials})
    if resolver.problems:
        raise ConfigError(*sorted(resolver.problems, key=get_place_sort_key))
    return Credentials(
        *credentials, live=base.live, declared=base.declared, route=route, hosts=hosts
    )


def resolve_route(
    platform: Platform, instance: Instance, origin: InstanceOrigin, *, environ: Mapping[str, str]
) -> ConnectionRoute:
    """Return the proxy and the certificates of *instance*, even if its credentials are missing.

    *origin* is where it was declared: files are searched from there.

    Raises:
        ConfigError: if a file or a value of it cannot be read.
    """
    resolver = _InstanceResolver(platform, instance, environ, False, {}, origin, [])
    route = resolver.read_route()
    if resolver.problems:
        raise ConfigError(*resolver.problems)
    return route


@dataclass(frozen=True, slots=True)
class _InstanceResolver:
    """Determines the values of one instance: credentials, addresses, proxy and TLS files.

    They are written in its entry, or come from a variable, a file, the keyring or a registered
    source. `problems` collects what cannot be read.
    """

    platform: Platform
    instance: Instance
    environ: Mapping[str, str] = field(repr=False)
    closed: bool
    recorded: Mapping[str, str]
    origin: InstanceOrigin
    problems: list[Problem]

    def iterate_credentials(self) -> Iterator[Credential]:
        """Yield each credential that has a value, with what recordings contain in its place.

        That is a stand-in, or the value itself if it is recorded in clear. Where nothing may be
        read, as in replay, it is used as the value, too.
        """
        for name, spec in self.platform.credentials.items():
            value = self.instance.credentials.get(name, spec.default)
            if value is UNSET and self.origin.by_convention:
                value = self._find_conventional_source(name) or UNSET
            if value is UNSET and not self.closed:
                continue
            declared = None if isinstance(value, UnsetType) else value
            # Recorded in clear, the recorded value is used, else the one that is read. Otherwise
            # what is read gets a stand-in; where nothing may be read (replay), the stand-in is the
            # value, too. What is left out here is reported if every call needs it. An empty value
            # has nothing to hide.
            stands_for_itself = is_recorded_clear(self.platform, name, declared) or declared == ""
            recorded = stands_for_itself and is_declared_clear(spec)
            real: Scalar | None = self.recorded.get(name) if recorded else None
            if real is None and (stands_for_itself or not self.closed):
                real = self._read_real_value(name, spec, declared)
            if real is not None or self.closed:
                shown = real if stands_for_itself else None
                if shown is None:
                    shown = self._make_credential_standin(
                        name, spec, "" if real is None else str(real)
                    )
                yield Credential(
                    name=name,
                    kind=spec.kind,
                    secret=spec.secret is True,
                    is_in_recordings=recorded and real is not None,
                    real=shown if real is None else real,
                    standin=shown,
                )

    def _read_real_value(
        self, name: str, spec: CredentialSpec, declared: Source | Scalar | None
    ) -> Scalar | None:
        """Return the value of credential *name*: *declared* itself, or read if that is a source.

        None if there is none, if it cannot be read, which becomes a problem, or if nothing may be
        read, as in replay and simulation (`closed`).
        """
        if not isinstance(declared, Source):
            return declared
        return None if self.closed else self._read_credential(declared, name, spec)

    def report_clear_copies_of_secrets(self, credentials: Sequence[Credential]) -> None:
        """Add a problem for each credential that is recorded in clear but equals a secret one."""
        if self.closed:
            return
        secrets = {str(each.real): each.name for each in credentials if each.real != each.standin}
        for credential in credentials:
            text, is_shown = str(credential.real), credential.real == credential.standin
            if is_shown and text in secrets and len(text) >= SHORTEST:
                message = msg(
                    "{name!r} is no secret, but its value is that of the secret {other!r}; take "
                    "another one ({who})",
                    name=credential.name,
                    other=secrets[text],
                    who=self._describe_instance(),
                )
                self._report(message, "credentials", credential.name)

    def _make_credential_standin(self, name: str, spec: CredentialSpec, like: str) -> Scalar:
        """Return what recordings contain instead of credential *name*.

        That is its ``as``; else a stand-in of the same form as *like*.
        """
        if spec.standin:
            return spec.standin
        text = make_standin(
            kind=spec.kind,
            platform=self.platform.platform_key,
            instance=self.instance.instance_key,
            name=name,
            like=like,
        )
        return int(text) if spec.kind == "integer" else text

    def _read_credential(self, source: Source, name: str, spec: CredentialSpec) -> Scalar | None:
        text = self._read_source(source, "credentials", name)
        if text is None:
            return None
        message = explain_invalid_credential(spec.kind, text)
        if message:
            self._report(message, "credentials", name)
            return None
        return int(text) if spec.kind == "integer" else text

    def _read_source(self, source: Source, *steps: str) -> str | None:
        """Return the value that *source* names.

        None, and a problem at *steps*, if it cannot be read.
        """
        try:
            if isinstance(source.env, str):
                return read_env(source.env, self.environ)
            if isinstance(source.file, str):
                return read_file(source.file, self.origin.folder)
            if isinstance(source.keyring, str):
                return read_keyring(source.keyring)
            assert isinstance(source.source, Mapping)
            ((name, where),) = source.source.items()
            return read_from_registered_source(name, where)
        except ConfigError as error:
            self._report(msg("{error} ({who})", error=error, who=self._describe_instance()), *steps)
            return None

    def resolve_base_url(self) -> AddressPair:
        """Return the platform's address for recordings, and the one that requests are sent to."""
        return self._resolve_address(self.platform.base_url, self.instance.base_url, "", "base_url")

    def iterate_host_addresses(self) -> Iterator[tuple[str, AddressPair]]:
        """Yield for each further host its name in templates, and its addresses."""
        for host, address in self.platform.hosts.items():
            own = self.instance.hosts.get(host, "")
            addresses = self._resolve_address(address, own, host, "hosts", host)
            yield make_host_template_name(host), addresses

    def _resolve_address(
        self, declared: str, own: str | Source, host: str, *steps: str
    ) -> AddressPair:
        """Return the address of *host* for recordings, and the one that requests are sent to.

        *declared* is that of the platform file, *own* that of the instance. An address that is read
        from a variable, a file or the like is not recorded: recordings then have *declared*.
        """
        if not own and self.origin.by_convention:
            own = self._find_conventional_source(host, "url") or ""
        if not isinstance(own, Source):
            address = _encode_path(own or declared)
            return AddressPair(address, address)
        # A recording has the declared address, so that a replay needs no variable or file of the
        # machine that recorded it, and no address of a test system is written down.
        live = None if self.closed else self._read_source(own, *steps)
        if live is not None and not is_platform_address(live):
            who = self._describe_instance()
            message = msg("expected {address}, got other text ({who})", address=ADDRESS, who=who)
            self._report(message, *steps)
        return AddressPair(_encode_path(declared), _encode_path(declared if live is None else live))

    def _find_conventional_source(self, *names: str) -> Source | None:
        """Return, as a source, the environment variable named after the platform and *names*.

        None if it is not set, or if nothing may be read (`closed`).
        """
        variable = derive_conventional_variable(self.platform.platform_key, *names)
        if self.closed or not variable or variable not in self.environ:
            return None
        return Source(env=variable)

    def read_route(self) -> ConnectionRoute:
        """Return how connections are made: proxy and TLS files; empty if nothing is sent."""
        if self.closed:
            return ConnectionRoute()
        route = self.instance.proxy
        proxy = self._read_source(route, "proxy") if isinstance(route, Source) else route
        if proxy and not is_proxy_address(proxy):
            message = msg(
                "expected {proxy}, got other text ({who})",
                proxy=PROXY,
                who=self._describe_instance(),
            )
            self._report(message, "proxy")
        files = {key: name for key, name in structs.asdict(self.instance.tls).items() if name}
        for key, name in files.items():
            files[key] = str(self.origin.folder / name)
            if not Path(files[key]).exists():
                message = msg(
                    "there is no file {files} ({who})",
                    files=files[key],
                    who=self._describe_instance(),
                )
                self._report(message, "tls", key)
        return ConnectionRoute(proxy=proxy or "", **files)

    def report_missing_for_every_call(self, available_names: set[str]) -> None:
        """Report the credentials that address or auth of the platform use and the instance lacks.

        *available_names* are those that have a value. Nothing is reported where nothing may be
        read.
        """
        if self.closed:
            return
        platform = self.platform
        texts = iterate_texts([platform.base_url, platform.auth, *platform.hosts.values()])
        used = {name for text in texts for name in find_names(text)} & platform.credentials.keys()
        # Those that the instance declares and that cannot be read are problems already.
        for name in sorted(used - available_names - self.instance.credentials.keys()):
            if self.origin.by_convention and self._find_conventional_source(name):
                continue  # so is one whose variable holds nothing that can be used
            variable = self.origin.by_convention and derive_conventional_variable(
                platform.platform_key, name
            )
            message = msg("{who} lacks {name!r}; add it", who=self._describe_instance(), name=name)
            if variable:
                message = msg(
                    "{who} lacks {name!r}; set {variable}, or declare it in instances.yaml",
                    who=self._describe_instance(),
                    name=name,
                    variable=variable,
                )
            self._report(message, "credentials")

    def _describe_instance(self) -> str:
        """Return the words that name the instance in messages."""
        return msg(
            "instance {instance_key!r} of {platform_key!r}",
            instance_key=self.instance.instance_key,
            platform_key=self.platform.platform_key,
        )

    def _report(self, message: str, *steps: str) -> None:
        node = self.origin.node.find_nearest(steps)
        place = node.place if node.file else None
        self.problems.append(Problem(message, place, ".".join(steps)))


Find = Callable[[str], Platform | None]
_KEY = re.compile(r"\w[\w.-]*")


class InstanceWithOrigin(msgspec.Struct, frozen=True):
    """An instance and the place where it was declared."""

    instance: Instance
    origin: InstanceOrigin


def read_instances(
    path: Path, find: Find, keys: Iterable[str], problems: list[Problem], doubts: list[Problem]
) -> tuple[InstanceWithOrigin, ...]:
    """Return the instances declared in *path* and in the local file beside it.

    Args:
        path: file such as ``instances.yaml``; it may be absent if ``instances.local.yaml`` exists.
        find: returns the platform of a key, or None for one whose file is broken.
        keys: known platform keys.
        problems: gets everything that is wrong.
        doubts: gets what is probably wrong.
    """
    local = Path(to_local_override(str(path)))
    files = [file for file in (path, local) if file.is_file()] or [path]
    own: list[Problem] = LimitedProblems()
    known, entries = tuple(sorted(keys)), list[InstanceWithOrigin]()
    merged: list[tuple[Steps, Node]] = []
    try:
        for file in files:
            nodes = _read_instance_nodes(file, own)
            doubts += _find_misspelt_keys(merged, nodes)
            merged = _merge_instance_lists(merged, nodes)
        for steps, node in merged:
            instance = decode(node, Instance, own, steps=steps)
            if instance is not None:
                _InstanceChecks(node, steps, own, instance).check_all(find, known)
                entries.append(InstanceWithOrigin(instance, InstanceOrigin(node, files[0].parent)))
        _check_defaults(entries, own)
    except ConfigError as error:
        own, entries = [*error.problems], []
    problems.extend(own)
    return tuple(entries)


def _read_instance_nodes(file: Path, problems: list[Problem]) -> list[tuple[Steps, Node]]:
    """Return path and node of each instance in the list that is the content of *file*.

    A file that cannot be read, another content and a repeated instance become *problems*.
    """
    try:
        root = read_yaml(file)
    except ConfigError as error:
        problems.extend(error.problems)
        return []
    if root.value is not None and not isinstance(root.value, tuple):
        message = msg(
            "expected a list of instances, got {root_kind}; start each with '- platform:'",
            root_kind=root.kind_in_messages,
        )
        problems.append(Problem(message, root.place))
    elements: list[tuple[Steps, Node]] = [((i,), node) for i, node in enumerate(root.elements)]
    seen: dict[object, Node] = {}
    for steps, node in elements:
        name = _read_element_key(node)
        if name is not None and (first := seen.setdefault(name, node)) is not node:
            message = msg(
                "a second instance {name!r} of {name_2!r}, first in line {line}; remove one",
                name=name[1],
                name_2=name[0],
                line=first.line,
            )
            problems.append(Problem(message, node.place, format_steps(steps)))
    return elements


def _read_element_key(node: Node) -> tuple[object, object] | None:
    """Return platform and key of an entry of the file, if both are scalars.

    Else None; the entry is refused when it is read.
    """
    platform, key = node.find_child("platform"), node.find_child("instance_key")
    if not platform or not key or isinstance(platform.value, dict | tuple):
        return None
    return None if isinstance(key.value, dict | tuple) else (platform.value, key.value)


def _merge_instance_lists(
    below: list[tuple[Steps, Node]], above: list[tuple[Steps, Node]]
) -> list[tuple[Steps, Node]]:
    """Return the entries *below* with those of *above* (``instances.local.yaml``) merged over them.

    Each entry is its path in the file and its node. An instance in both is merged key by key; new
    ones are appended. If *above* has a default instance of a platform, that of *below* is no longer
    its default.
    """
    if not below:
        return above
    local = {
        _read_element_key(node): node for _, node in above if _read_element_key(node) is not None
    }
    chosen = {name[0] for name, node in local.items() if name and _is_default_instance(node)}
    merged = []
    for steps, node in below:
        name = _read_element_key(node)
        mine = local.pop(name, None)
        laid = node if mine is None else _merge_nodes(node, mine)
        if name and name[0] in chosen and not (mine and _is_default_instance(mine)):
            laid = structs.replace(laid, value={**laid.items, "default": Node(False)})
        merged.append((steps, laid))
    left = {id(node) for node in local.values()}
    return merged + [
        item for item in above if id(item[1]) in left or _read_element_key(item[1]) is None
    ]


def _find_misspelt_keys(
    below: list[tuple[Steps, Node]], above: list[tuple[Steps, Node]]
) -> Iterator[Problem]:
    """Yield each new instance of *above* (``instances.local.yaml``) that is hardly meant as one.

    Its key is that of an instance *below* of the same platform, but for a slip of the keyboard. So
    it is another instance, and leaves the one that was meant as it is.
    """
    known = {name for _, node in below if (name := _read_element_key(node)) is not None}
    for steps, node in above:
        name = _read_element_key(node)
        if name is None or name in known:
            continue
        keys = (str(key) for platform, key in known if platform == name[0])
        if meant := next((key for key in keys if _is_slip(str(name[1]), key)), ""):
            message = msg(
                "{platform} has no instance {key!r} in {file}, so this is one more; did you mean "
                "{meant!r}?",
                platform=name[0], key=name[1], file=Path(below[0][1].file).name, meant=meant,
            )  # fmt: skip
            place = node.find_nearest(("instance_key",)).place
            yield Problem(message, place, format_steps((*steps, "instance_key")), "name")


_SHORTEST_SLIP = 4
"""Letters of the names that are compared letter by letter."""
_LONGEST_ABBREVIATION = 5
"""Letters of the names of which one more letter makes another name, as ``dev`` and ``devx``."""


def _is_slip(written: str, meant: str) -> bool:
    """Return whether *written* is *meant* but for a slip of the keyboard.

    That is another case or separator, two letters in the wrong order, or one too few or too many.
    Another letter or a digit is none: it makes the name of another instance.
    """
    if written.casefold() == meant.casefold():
        return True
    one, two = (re.sub(r"[-_.]", "", text).casefold() for text in (written, meant))
    short, long = sorted((one, two), key=len)
    if len(short) < _SHORTEST_SLIP or re.search(r"\d", one + two):
        return False
    # The plural, with one more letter at the end, is another name.
    is_plural = long[:-1] == short and long[-1] != short[-1]
    is_one_more = len(short) > _LONGEST_ABBREVIATION and not is_plural
    may_be_slip = sorted(one) == sorted(two) if len(one) == len(two) else is_one_more
    return one == two or (may_be_slip and is_one_slip_away(one, two))


def _is_default_instance(node: Node) -> bool:
    flag = node.find_child("default")
    return flag is not None and flag.value is True


def _merge_nodes(below: Node, above: Node) -> Node:
    """Return *below* with *above* merged over it; ``{env: …}`` is a value and replaces all."""
    if not (below.items and above.items) or set(above.items) <= set(Source.__struct_fields__):
        return above
    merged = dict(below.items)
    for key, node in above.items.items():
        merged[key] = _merge_nodes(merged[key], node) if key in merged else node
    files = {key: above.files.get(key, above.file) for key in above.keys}
    keys = {**below.keys, **above.keys}
    return structs.replace(below, value=merged, keys=keys, files={**below.files, **files})


def _check_defaults(entries: list[InstanceWithOrigin], problems: list[Problem]) -> None:
    seen: dict[str, Instance] = {}
    for entry in entries:
        instance = entry.instance
        if not (instance.default and instance.enabled):
            continue
        first = seen.setdefault(instance.platform, instance)
        if first is not instance:
            message = msg(
                "{platform!r} has a second default, beside {instance_key!r}; keep one",
                platform=instance.platform,
                instance_key=first.instance_key,
            )
            problems.append(
                Problem(message, entry.origin.node.find_key_place("default"), "default")
            )


class _InstanceChecks(FileChecks, frozen=True):
    instance: Instance

    def check_all(self, find: Find, keys: tuple[str, ...]) -> None:
        report_bad_header_names(self, self.instance.headers, "headers")
        report_unfilled_templates(self, self.instance)
        key = self.instance.instance_key
        if not _KEY.fullmatch(key):
            message = msg("{key!r} is not an instance key; use letters, digits, _ - and .", key=key)
            self.report_problem(message, "instance_key")
        named = self.instance.platform
        if named not in keys:
            hint = suggest_or_list(named, keys)
            message = msg("there is no platform {platform!r}{hint}", platform=named, hint=hint)
            self.report_problem(message, "platform")
        elif (platform := find(named)) is not None:
            self.check_credentials(platform)
            self.check_hosts(platform)
            if isinstance(address := self.instance.base_url, str):
                names = list_address_names(platform)
                report_template_problems(self, address, names, "base_url")
            for used in find_credential_references(self.instance.query):
                report_undeclared_credential(self, platform, used.name, "query", *used.steps)
        self.check_addresses()

    def check_hosts(self, platform: Platform) -> None:
        for name, value in self.instance.hosts.items():
            if name not in platform.hosts:
                hint = suggest_or_list(name, platform.hosts)
                message = msg(
                    "{platform_key!r} declares no host {name!r}{hint}",
                    platform_key=platform.platform_key,
                    name=name,
                    hint=hint,
                )
                self.report_problem(message, "hosts", name, key=True)
            elif isinstance(value, Source):
                self.check_source(value, "hosts", name)
            elif is_template(value) or not is_platform_address(value):
                self.report_problem(msg("expected {address}", address=ADDRESS), "hosts", name)

    def check_credentials(self, platform: Platform) -> None:
        for name, value in self.instance.credentials.items():
            spec = platform.credentials.get(name)
            if spec is None:
                every = shorten_list(platform.credentials) or msg("none")
                hint = suggest_nearest(name, platform.credentials) or msg(
                    "; it has {listed}", listed=every
                )
                message = msg(
                    "{platform_key!r} declares no credential {name!r}{hint}",
                    platform_key=platform.platform_key,
                    name=name,
                    hint=hint,
                )
                self.report_problem(message, "credentials", name, key=True)
            elif isinstance(value, Source):
                self.check_source(value, "credentials", name)
            else:
                node = self.root.find_at(("credentials", name))
                if node is not None and (message := describe_credential_problem(spec.kind, node)):
                    self.report_problem(message, "credentials", name)

    def check_source(self, source: Source, *steps: str) -> None:
        named = {key: one for key, one in structs.asdict(source).items() if one is not UNSET}
        if len(named) != 1:
            got = join_list(named) or msg("none")
            message = msg(
                "expected exactly one of env, file, keyring and source, got {got}", got=got
            )
            self.report_problem(message, *steps)
            return
        ((key, value),) = named.items()
        if isinstance(value, Mapping):
            self.check_registered_source(value, *steps, key)
        elif not value.strip():
            self.report_problem(
                msg("expected a name after {key}, got nothing", key=key), *steps, key
            )
        elif key == "keyring" and not all(value.partition("/")):
            self.report_problem(msg("expected service/name, such as crm/password"), *steps, key)

    def check_registered_source(self, source_names: Mapping[str, str], *steps: str) -> None:
        """Report a credential source that no installed distribution registers, or without a name.

        *source_names* is the map in the file, such as ``{vault: crm}``: the source, and the name
        under which it holds the value. It must have one entry.
        """
        if len(source_names) != 1:
            got = join_list(source_names) or msg("none")
            self.report_problem(
                msg("expected one source, such as {{vault: crm}}, got {got}", got=got), *steps
            )
        for name, where in source_names.items():
            if name not in SECRET_SOURCES:
                known = SECRET_SOURCES.list_names()
                hint = suggest_or_list(name, known) or msg(
                    "; no distribution that is installed has one"
                )
                self.report_problem(
                    msg("unknown source {name!r}{hint}", name=name, hint=hint), *steps
                )
            elif not where.strip():
                self.report_problem(
                    msg("expected a name after {key}, got nothing", key=name), *steps, name
                )

    def check_addresses(self) -> None:
        for key, value, is_right, address in (
            ("base_url", self.instance.base_url, is_platform_address, ADDRESS),
            ("proxy", self.instance.proxy, is_proxy_address, PROXY),
        ):
            if isinstance(value, Source):
                self.check_source(value, key)
            elif value and not is_right(value):
                self.report_problem(msg("expected {address}", address=address), key)
        if self.instance.tls.key and not self.instance.tls.cert:
            self.report_problem(
                msg("expected cert beside key: the certificate of that key"), "tls", "key"
            )


def _encode_path(address: str) -> str:
    """Return *address* with characters percent-encoded that a request line cannot contain."""
    if address.isascii():
        return address
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    # Nothing but what is not ASCII, as the rest may be encoded already.
    return f"{scheme}://{host}{slash}{quote(path, safe=printable)}"
