"""Load platform files: a folder of them becomes `Platforms`, with the look-ups that calls need.

A file is read again only if its size or time has changed. Its presets are expanded and everything
is checked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path
from types import MappingProxyType

import msgspec
from msgspec import structs

from bpmax_sim.errors import (
    CallError,
    ConfigError,
    LimitedProblems,
    Place,
    Problem,
    get_place_sort_key,
    shorten_list,
    suggest_nearest,
)
from bpmax_sim.i18n import join_list, label_message, msg
from bpmax_sim.keywords import refuse_unknown_keywords
from bpmax_sim.path_template import list_placeholders
from bpmax_sim.platform.check import check_platform, is_platform_address
from bpmax_sim.platform.instances import (
    InstanceOrigin,
    InstanceWithOrigin,
    derive_conventional_variable,
    read_instances,
    resolve_credentials,
)
from bpmax_sim.platform.model import Api, Instance, Parameter, Platform, to_snake_case
from bpmax_sim.platform.presets import expand_presets
from bpmax_sim.platform.source import (
    Find,
    PlatformSource,
    list_source_and_ancestors,
    merge_chain,
    read_source,
)
from bpmax_sim.project import (
    SUFFIXES,
    Stamp,
    compute_file_stamp,
    compute_folder_stamp,
    find_instances_file_above,
    find_root,
    find_strictness,
    to_absolute_path,
)
from bpmax_sim.secret.vault import Credentials
from bpmax_sim.yamlfile import Node, Steps, decode, to_display_path


class PlatformReadResult(msgspec.Struct, frozen=True):
    """The result of reading one platform file.

    Attributes:
        key: key of the platform.
        place: place of the key, or of the file.
        platform: platform that it declares; None if there are problems.
        problems: what is wrong.
    """

    key: str
    place: Place
    platform: Platform | None
    problems: tuple[Problem, ...]


def read_standalone_file(path: Path, file: str = "") -> PlatformReadResult:
    """Return the result of reading the platform file at *path* by itself; messages call it *file*.

    Its ``extends`` can only name a platform shipped with this package, as no others are known.
    """
    return _build_platform(read_source(path, file), lambda key, _source: _read_built_in_source(key))


def _build_platform(source: PlatformSource, find: Find) -> PlatformReadResult:
    """Return the platform that *source* declares, merged over those that it extends.

    *find* returns the file of a platform that one extends, by its key.
    """
    if source.root is None:
        return PlatformReadResult("", source.place, None, source.problems)
    problems = [*source.problems]
    chain = list_source_and_ancestors(source, find, problems)
    if problems:  # what is missing then would be told as well
        return PlatformReadResult(source.key, source.place, None, tuple(problems))
    root, private = merge_chain(chain)
    built = read_platform_root(root, private)
    return structs.replace(built, place=source.place)


@cache
def _read_built_in_source(key: str) -> PlatformSource | None:
    if key not in list_built_in_keys():
        return None
    return read_source(BUILT_IN / f"{key}.yaml", file=f"builtin/{key}.yaml")


def read_platform_root(
    root: Node, own_presets: Mapping[str, Node] = MappingProxyType({})
) -> PlatformReadResult:
    """Return the platform of a file that is already parsed.

    *own_presets* are the roots of preset files of the project, by the text that names them in
    *root*.
    """
    problems: list[Problem] = LimitedProblems()
    platform = None
    key = root.find_child("platform_key")
    try:
        expanded = expand_presets(root, problems, own_presets)
        platform = decode(expanded, Platform, problems)
        if platform is not None:
            check_platform(expanded, platform, problems)
            named = platform.apis.items()
            apis = {name: _add_name_and_parameters(platform, name, api) for name, api in named}
            aliases = {
                to_snake_case(alias): name for name, api in apis.items() for alias in api.aliases
            }
            spellings = {**aliases, **{to_snake_case(name): name for name in apis}}
            platform = structs.replace(platform, apis=apis, spellings=spellings)
    except ConfigError as error:
        problems = [*error.problems]
    problems.sort(key=get_place_sort_key)
    name = str(key.value) if key is not None else ""
    return PlatformReadResult(name, (key or root).place, platform, tuple(dict.fromkeys(problems)))


def _add_name_and_parameters(platform: Platform, name: str, api: Api) -> Api:
    """Return *api* with its key *name*, and with a parameter for each placeholder of its path.

    The latter only if the file lists no parameters; a placeholder that auth fills gets none. The
    method is in upper case, whatever the file writes.
    """
    applied = {item.name for item in platform.auth_of(api).apply if item.place == "path"}
    parameters = api.parameters or tuple(
        Parameter(name=placeholder, place="path", required=True)
        for placeholder in list_placeholders(api.path)
        if placeholder not in applied
    )
    return structs.replace(api, key=name, method=api.method.upper(), parameters=parameters)


def _find_api(platform: Platform, name: str) -> Api | None:
    """Return the API *name*, in any spelling or as alias; None if there is none."""
    api = platform.apis.get(name)
    return api or platform.apis.get(platform.spellings.get(to_snake_case(name), ""))


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Platforms:
    """The platforms of a project's folders and the built-in ones, with their instances.

    Attributes:
        own: the user's platforms by key.
        built_in: returns a shipped platform by key, or None.
        built_in_keys: keys of the shipped platforms.
        entries: instances of each platform, in file order.
        overridden: for each platform that one of a later folder has replaced: its key, its place,
            and the place of the other.
        broken: problems of each platform that cannot be used, by its key.
        problems: all problems of the platform files.
        doubts: problems that are only warnings, because the folder is listed in ``lenient`` of
            ``[tool.bpmax_sim]``.
        suspects: what is probably wrong in the file of instances, in any folder.
        folders: folders in which they were declared.
        folder: where new platform files belong, and *instances* where instances do, for messages.
    """

    own: Mapping[str, Platform] = field(default_factory=dict)
    built_in: Callable[[str], Platform | None] = lambda _key: None
    built_in_keys: tuple[str, ...] = ()
    entries: Mapping[str, tuple[InstanceWithOrigin, ...]] = field(default_factory=dict)
    folder: str = "scenarios/platforms"
    instances: str = "scenarios/instances.yaml"
    overridden: tuple[tuple[str, Place, Place], ...] = ()
    broken: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    doubts: tuple[Problem, ...] = ()
    suspects: tuple[Problem, ...] = ()
    folders: tuple[Path, ...] = ()
    _closed: dict[tuple[str, str], tuple[Instance, Credentials]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    _implied: dict[str, tuple[InstanceWithOrigin, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every platform key, sorted."""
        return tuple(sorted({*self.own, *self.broken, *self.built_in_keys}))

    @property
    def depends_on_strictness(self) -> bool:
        """Return whether there are problems whose severity depends on the folder's strictness.

        In a folder that is in ``lenient`` of ``[tool.bpmax_sim]`` they are warnings, elsewhere
        errors.
        """
        return bool(self.doubts) or any(problem.kind for problem in self.problems)

    def __iter__(self) -> Iterator[Platform]:
        return (self.platform(key) for key in self.keys if key not in self.broken)

    def copy_replacing_entries(self, entries: Iterable[InstanceWithOrigin]) -> Platforms:
        """Return the same platforms with *entries* as their instances."""
        grouped: dict[str, tuple[InstanceWithOrigin, ...]] = {}
        for entry in entries:
            key = entry.instance.platform
            grouped[key] = (*grouped.get(key, ()), entry)
        return replace(self, entries=grouped)

    def find(self, key: str) -> Platform | None:
        """Return the platform of *key*, or None; also None where its file has mistakes."""
        return self.own.get(key) or (None if key in self.broken else self.built_in(key))

    def find_heirs(self, key: str) -> list[Platform]:
        """Return the user's platforms that extend platform *key*, directly or through others."""
        heirs = [one for one in self.own.values() if one.extends == key != one.platform_key]
        return [*heirs, *chain.from_iterable(self.find_heirs(one.platform_key) for one in heirs)]

    def platform(self, key: str) -> Platform:
        """Return the platform of *key*.

        Raises:
            CallError: if there is none (code UNKNOWN_PLATFORM); it suggests names.
            ConfigError: if its file has mistakes.
        """
        platform = self.find(key)
        if key in self.broken:
            raise ConfigError(*self.broken[key])
        if platform is None:
            known = msg(
                "; there are {listed}; declare it in {folder}",
                listed=shorten_list(self.keys),
                folder=self.folder,
            )
            message = msg(
                "there is no platform {key!r}{near}",
                key=key,
                near=(suggest_nearest(key, self.keys) or known),
            )
            raise CallError(message, code="UNKNOWN_PLATFORM", platform=key)
        return platform

    def instance(self, platform_key: str, instance_key: str | None = None) -> Instance:
        """Return the instance of *instance_key*, or the default one.

        The default is the one that says so, else the only one. Disabled instances do not count.

        Raises:
            CallError: if there is none (code UNKNOWN_INSTANCE); it suggests a near name.
        """
        return self.entry(platform_key, instance_key).instance

    def entry(self, platform_key: str, instance_key: str | None = None) -> InstanceWithOrigin:
        """Return the instance of *instance_key*, or the default one, with its origin.

        Raises:
            CallError: if there is none or it is disabled (code UNKNOWN_INSTANCE).
        """
        entries = self.entries_of(platform_key)
        match = None
        for entry in entries if instance_key is not None else ():
            if entry.instance.instance_key == instance_key:
                match = entry
                break
        if match is not None and match.instance.enabled:
            return match
        enabled = [entry for entry in entries if entry.instance.enabled]
        if instance_key is None:
            return self._choose_default_entry(platform_key, enabled)
        if match is not None:
            message = msg(
                "instance {key!r} of {platform!r} is disabled; remove enabled: false at {place}",
                key=instance_key,
                platform=platform_key,
                place=match.origin.node.find_key_place("enabled"),
            )
        else:
            keys = [entry.instance.instance_key for entry in enabled]
            every = msg("; it has {listed}", listed=shorten_list(keys)) if keys else ""
            message = msg(
                "{platform_key!r} has no instance {instance_key!r} in {instances}{hint}",
                platform_key=platform_key,
                instance_key=instance_key,
                hint=suggest_nearest(str(instance_key), keys) or every,
                instances=self.instances,
            )
        raise self._make_unknown_instance_error(message, platform_key, str(instance_key))

    def list_enabled_instances(self, key: str) -> list[Instance]:
        """Return the instances of platform *key* that calls can name."""
        return [one.instance for one in self.entries_of(key) if one.instance.enabled]

    def entries_of(self, key: str) -> tuple[InstanceWithOrigin, ...]:
        """Return the instances of platform *key*, disabled ones included.

        A shipped platform without any has an instance ``default`` whose values come from
        environment variables, if its address is complete without them.
        """
        declared = self.entries.get(key, ())
        if declared or key in self.own:
            return declared
        if key not in self._implied:
            platform = self.built_in(key)
            self._implied[key] = tuple(_make_implied_entries([platform] if platform else [], ()))
        return self._implied[key]

    def _choose_default_entry(
        self, platform_key: str, enabled: list[InstanceWithOrigin]
    ) -> InstanceWithOrigin:
        flagged = [entry for entry in enabled if entry.instance.default] or enabled
        if len(flagged) == 1:
            return flagged[0]
        if not flagged:
            message = msg(
                "{platform_key!r} has no instance; add one to {instances}",
                platform_key=platform_key,
                instances=self.instances,
            )
            line = msg(
                "- {{platform: {platform_key}, instance_key: default, credentials: {{…}}}}",
                platform_key=platform_key,
            )
            raise self._make_unknown_instance_error(label_message(message, line), platform_key, "")
        keys = join_list(entry.instance.instance_key for entry in flagged)
        message = msg(
            "{platform_key!r} has no default among its instances {keys}; pass instance_key, or "
            "write default: true in {instances}",
            platform_key=platform_key,
            keys=keys,
            instances=self.instances,
        )
        raise self._make_unknown_instance_error(message, platform_key, "")

    def _make_unknown_instance_error(self, message: str, platform: str, instance: str) -> CallError:
        return CallError(message, code="UNKNOWN_INSTANCE", platform=platform, instance=instance)

    def api(self, platform: Platform, name: str) -> Api:
        """Return the API *name*, found by its key, else by an alias.

        A key may be spelled in camelCase or snake_case: ``getUser`` finds ``get_user``.

        Raises:
            CallError: if there is none (code UNKNOWN_API); it suggests a near name.
        """
        api = _find_api(platform, name)
        if api is not None:
            return api
        known = [
            *platform.apis,
            *(alias for api in platform.apis.values() for alias in api.aliases),
        ]
        hint = suggest_nearest(name, known) or msg(
            "; there are {listed}", listed=(shorten_list(platform.apis) or msg("none"))
        )
        message = msg(
            "{platform_key!r} has no API {name!r}{hint}",
            platform_key=platform.platform_key,
            name=name,
            hint=hint,
        )
        raise CallError(message, code="UNKNOWN_API", platform=platform.platform_key, api=name)

    def find_api(self, platform_key: str, name: str) -> Api | None:
        """Return the API *name* of a platform; None if it is unknown.

        Also None if the platform is unknown, or its file has mistakes.
        """
        platform = self.find(platform_key)
        return None if platform is None else _find_api(platform, name)

    def list_names_with_aliases(self, api_name: str) -> tuple[str, ...]:
        """Return *api_name*, such as ``crm.get_user``, and the same with each alias of the API."""
        platform, _, name = api_name.partition(".")
        api = self.find_api(platform, name)
        return (api_name, *(f"{platform}.{alias}" for alias in (api.aliases if api else ())))

    def get_api_path_template(self, platform_key: str, name: str) -> str:
        """Return the path of the API *name* with its placeholders; "" if the API is not known."""
        api = self.find_api(platform_key, name)
        return "" if api is None else api.path

    def credentials(
        self,
        platform: Platform,
        instance: Instance,
        *,
        environ: Mapping[str, str],
        closed: bool,
        recorded: Mapping[str, str] | None = None,
    ) -> Credentials:
        """Return the credentials of *instance*, real and as stand-ins, and its address.

        In replay (*closed*) they depend only on what was *recorded*, so without recorded values
        they are computed once.

        Raises:
            ConfigError: if a value cannot be read.
        """
        key = (platform.platform_key, instance.instance_key)
        is_common = closed and not recorded
        cached = self._closed.get(key) if is_common else None
        if cached is not None and cached[0] is instance:
            return cached[1]
        entries = self.entries_of(platform.platform_key)
        origin = next((entry.origin for entry in entries if entry.instance is instance), None)
        credentials = resolve_credentials(
            platform,
            instance,
            environ=environ,
            closed=closed,
            origin=origin,
            recorded=recorded or {},
        )
        if is_common:
            self._closed[key] = (instance, credentials)
        return credentials


BUILT_IN = Path(__file__).parent / "builtin"

_MOST_CACHED = 64


_loaded: dict[tuple[tuple[str, ...], str], tuple[Stamp, Platforms]] = {}
_sources: dict[str, tuple[Stamp, PlatformSource]] = {}
_built: dict[tuple[int, ...], tuple[list[PlatformSource], PlatformReadResult]] = {}
"""What was loaded, and the state of the disk then."""


@refuse_unknown_keywords()
def load_platforms(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
    *,
    instances: str | os.PathLike[str] | None = None,
) -> Platforms:
    """Return the platforms of a folder, over the built-in ones.

    Args:
        path: a folder of ``*.yaml`` files, sub-folders and links included, or one such file;
            several, of which a later one wins; None for the built-in ones alone.
        instances: the file of instances; by default ``instances.yaml`` beside the last folder,
            else the nearest above. Its ``instances.local.yaml`` wins key by key.

    Raises:
        ConfigError: if anything in a file is wrong; it lists all problems.
    """
    platforms = load_usable_platforms(path, instances=instances)
    if platforms.problems:
        raise ConfigError(*platforms.problems)
    return platforms


def load_usable_platforms(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None,
    *,
    instances: str | os.PathLike[str] | None = None,
) -> Platforms:
    """Return the platforms of a folder over the built-in ones, even if some files have mistakes.

    A platform whose file has mistakes raises when it is used. Cached as long as no file changes.

    Raises:
        ConfigError: if a folder is missing, or the file of instances has mistakes.
    """
    named = () if path is None else (path,) if isinstance(path, str | os.PathLike) else path
    folders = tuple(map(to_absolute_path, named))
    if instances is not None:
        place = os.fspath(instances)
    else:
        place = find_instances_file_above(folders[-1]) if folders else ""
    now: Stamp = ()
    for folder in folders or ("",):
        now += compute_folder_stamp(folder, place)
    cached = _loaded.get((folders, place))
    # Which folders are lenient stands in pyproject.toml, whose changes the stamp does not show.
    if cached is None or cached[0] != now or cached[1].depends_on_strictness:
        platforms = _load_folders([Path(one) for one in named], Path(place) if place else None)
        if len(_loaded) >= _MOST_CACHED:
            _loaded.clear()
        _loaded[folders, place] = cached = (now, platforms)
    return cached[1]


def read_platform(path: Path, *, file: str = "") -> Platform:
    """Return the platform that one file declares.

    Args:
        path: the file.
        file: what messages call it.

    Raises:
        ConfigError: if anything in it is wrong; it lists all problems.
    """
    platform_file = read_standalone_file(path, file)
    if platform_file.platform is None or platform_file.problems:
        raise ConfigError(*platform_file.problems)
    return platform_file.platform


def find_last_declaring_file(folders: Sequence[Path], key: str) -> Path | None:
    """Return the file in the last of *folders* that declares platform *key*.

    None if there is none.
    """
    sources = (one for folder in reversed(folders) for one in _read_platform_sources(folder))
    return next((source.path for source in sources if source.key == key), None)


def find_declared_place(
    platforms: Platforms, key: str, steps: Steps, *, is_exact: bool = False
) -> Place | None:
    """Return the place of the value at the path *steps* in the user's file of platform *key*.

    None if it is not there, but comes from a preset or from a platform that the file extends. If
    only a part of the path is there, the place is that of this part, or None if it *is_exact*.
    """
    for folder in reversed(platforms.folders):
        for source in _read_platform_sources(folder):
            if source.key == key and source.root is not None:
                top = source.root.find_at(steps if is_exact else steps[:1])
                return source.root.find_nearest(steps).place if top is not None else None
    return None


@cache
def find_built_in_platform(key: str) -> Platform | None:
    """Return a shipped platform by key, or None; it is read at the first request."""
    if key not in list_built_in_keys():
        return None
    return read_platform(BUILT_IN / f"{key}.yaml", file=f"builtin/{key}.yaml")


@cache
def list_built_in_keys() -> tuple[str, ...]:
    """Return the keys of the shipped platforms, sorted."""
    return tuple(sorted(path.stem for path in BUILT_IN.glob("*.yaml")))


def _load_folders(folders: Sequence[Path], instances_file: Path | None) -> Platforms:
    layers = [_read_platform_sources(folder) for folder in folders]
    sources = [source for layer in layers for source in layer]

    def find(key: str, child: PlatformSource) -> PlatformSource | None:
        known = [one for one in sources if one.key == key]
        if key == child.key:  # what a later folder lays over the platform of an earlier one
            known = [one for one in known if sources.index(one) < sources.index(child)]
        return known[-1] if known else _read_built_in_source(key)

    files = [[(one, _build_cached(one, find)) for one in layer] for layer in layers]
    choice = _choose_platform_files(files)
    latest, broken = choice.latest, choice.broken
    folder = folders[-1] if folders else None
    platforms = Platforms(
        own={
            key: file.platform
            for key, file in latest.items()
            if file.platform is not None and key not in broken
        },
        built_in=find_built_in_platform,
        built_in_keys=list_built_in_keys(),
        folder=to_display_path(folder) if folder is not None else "scenarios/platforms",
        instances=to_display_path(instances_file)
        if instances_file is not None
        else "scenarios/instances.yaml",
        overridden=tuple(choice.overridden),
        broken={key: tuple(dict.fromkeys(found)) for key, found in broken.items()},
        # A problem of a parent is found once more in each file that extends it.
        problems=tuple(dict.fromkeys(choice.problems)),
        doubts=tuple(dict.fromkeys(choice.doubts)),
        folders=tuple(folders),
    )
    return _add_instances(platforms, instances_file)


def _add_instances(platforms: Platforms, file: Path | None) -> Platforms:
    """Return *platforms* with the instances of *file*, and those that no file has to declare.

    Raises:
        ConfigError: if the file of instances has mistakes; it lists those of platforms as well.
    """
    broken = platforms.broken
    entries: tuple[InstanceWithOrigin, ...] = ()
    problems: list[Problem] = []
    suspects: list[Problem] = []
    if file is not None:
        # What a broken platform file declares is not held against its instances: `find` has None.
        keys = {*platforms.keys, *broken}
        entries = read_instances(file, platforms.find, keys, problems, suspects)
    if problems:
        raise ConfigError(*dict.fromkeys([*platforms.problems, *problems]))
    sound = [entry for entry in entries if entry.instance.platform not in broken]
    complete = platforms.copy_replacing_entries(
        [*sound, *_make_implied_entries(platforms.own.values(), sound)]
    )
    return replace(complete, suspects=tuple(suspects))


@dataclass(slots=True)
class _FileChoice:
    """Which file is used for each platform, if several folders have one of the same key.

    Attributes:
        latest: file of each platform, from the last folder that has one.
        broken: problems of each platform that cannot be used.
        problems: all problems, also of files that a later folder replaces.
        doubts: problems that are only warnings, because the folder is listed in ``lenient`` of
            ``[tool.bpmax_sim]``.
        overridden: for each platform that one of a later folder has replaced: its key, its place,
            and the place of the other.
    """

    latest: dict[str, PlatformReadResult] = field(default_factory=dict)
    broken: dict[str, list[Problem]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    overridden: list[tuple[str, Place, Place]] = field(default_factory=list)


def _choose_platform_files(
    layers: list[list[tuple[PlatformSource, PlatformReadResult]]],
) -> _FileChoice:
    """Return the choice among *layers*, the files of each folder; later folders win.

    Two files of one folder with the same key are a problem of both.
    """
    choice = _FileChoice()
    for layer in layers:
        own: dict[str, PlatformReadResult] = {}
        broken: dict[str, list[Problem]] = {}
        for _, file in layer:
            twin = own.setdefault(file.key, file) if file.key else file
            if twin is not file:
                message = msg(
                    "a second platform {file_key!r}, first at {first}; rename or remove one",
                    file_key=file.key,
                    first=twin.place,
                )
                problem = Problem(message, file.place, "platform_key")
                broken.setdefault(file.key, []).append(problem)
        for source, file in layer:
            # What cannot be read has no key; its text or name tells which platform it was meant to
            # be, so that calls of that one say what is wrong, and not that there is none.
            key = file.key or source.key_or_file_name
            doubts = [one for one in file.problems if one.kind and _is_lenient(source.path)]
            problems = [one for one in file.problems if one not in doubts]
            if problems and (file.key or key not in own):
                broken.setdefault(key, []).extend(problems)
            choice.problems += problems
            choice.doubts += doubts
        choice.problems += chain.from_iterable(broken.values())
        replaced = [key for key in own if key in choice.latest]
        choice.overridden += [(key, choice.latest[key].place, own[key].place) for key in replaced]
        choice.latest |= own
        # A sound file of a later folder takes the place of a broken one.
        choice.broken = {k: v for k, v in choice.broken.items() if k not in own} | broken
    return choice


def _is_lenient(path: Path) -> bool:
    """Return whether *path* is in a lenient folder, where some problems are only warnings.

    Folders are lenient by ``lenient`` in ``[tool.bpmax_sim]``. False if that setting is wrong,
    which is reported elsewhere.
    """
    try:
        return find_strictness(path, find_root(path)) == "lenient"
    except (ConfigError, ValueError):
        return False


def _make_implied_entries(
    platforms: Iterable[Platform], entries: Iterable[InstanceWithOrigin]
) -> Iterator[InstanceWithOrigin]:
    """Yield an instance ``default`` for each of *platforms* that has none in *entries*.

    Its values come from environment variables. Only if the platform's address is complete and such
    variables can be named.
    """
    declared = {entry.instance.platform for entry in entries}
    for platform in platforms:
        address = platform.base_url
        is_whole = bool(address) and "{" not in address and is_platform_address(address)
        key = platform.platform_key
        if (
            key not in declared
            and is_whole
            and (derive_conventional_variable(key) or not platform.credentials)
        ):
            origin = InstanceOrigin(by_convention=True)
            yield InstanceWithOrigin(Instance(platform=key, instance_key="default"), origin)


def _read_platform_sources(folder: Path) -> list[PlatformSource]:
    """Return the platform files in *folder* and its subfolders, links followed."""
    if not folder.exists():
        message = msg("the folder does not exist; create it, or name another")
        raise ConfigError(Problem(message, Place(to_display_path(folder))))
    if not folder.is_dir():
        return [_read_cached(folder)]
    sources = map(_read_cached, sorted(_find_files_below(folder, set())))
    return [source for source in sources if not source.is_preset]


def _find_files_below(folder: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in seen:  # a link that leads back up
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):  # of two links to a folder one is followed: the first
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _find_files_below(path, seen)
        elif path.name.endswith(SUFFIXES):
            yield path


def _read_cached(path: Path) -> PlatformSource:
    name = to_absolute_path(path)
    cached = _sources.get(name)
    if cached is None or cached[0] != _stamp_source(name, cached[1]):
        if len(_sources) >= _MOST_CACHED * 16:
            _sources.clear()
            _built.clear()
        source = read_source(path)
        _sources[name] = cached = (_stamp_source(name, source), source)
    return cached[1]


def _stamp_source(name: str, source: PlatformSource) -> Stamp:
    """Return name, size and time of the file *name* of *source*, and of others read for it.

    It is compared to find out whether one of them has changed.
    """
    return tuple(part for file in (name, *source.used) for part in compute_file_stamp(file))


def _build_cached(source: PlatformSource, find: Find) -> PlatformReadResult:
    """Return what *source* declares; the same object again as long as none of its files changes.

    *find* returns the file of a platform that one extends, by its key.
    """
    chain = list_source_and_ancestors(source, find, [])
    key = tuple(map(id, chain))
    cached = _built.get(key)
    if cached is None:
        _built[key] = cached = (
            chain,
            _build_platform(source, find),
        )  # the chain keeps the ids taken
    return cached[1]
