"""One platform file -> its `Platform`, presets spelled out and everything checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import structs

from bpmax_sim.errors import ConfigError, Place, Problem, Problems
from bpmax_sim.platform.check import PLACEHOLDER, check_platform
from bpmax_sim.platform.model import Api, Auth, Parameter, Platform
from bpmax_sim.platform.presets import expand_presets
from bpmax_sim.platform.spelling import snake
from bpmax_sim.yamlfile import Node, decode, read_yaml, shown


class PlatformFile(msgspec.Struct, frozen=True):
    """What one file declares, as far as it can be made out, and all that is wrong in it."""

    key: str
    place: Place
    platform: Platform | None
    problems: tuple[Problem, ...]


def read_file(path: Path, file: str = "") -> PlatformFile:
    """Return what the file at *path* declares; messages call it *file*."""
    try:
        return read_root(read_yaml(path, file=file))
    except ConfigError as error:
        return PlatformFile("", Place(file or shown(path)), None, error.problems)


def read_root(root: Node) -> PlatformFile:
    """Return what a file declares that was read already."""
    problems: list[Problem] = Problems()
    platform = None
    key = root.child("platform_key")
    try:
        expanded = expand_presets(root, problems)
        platform = decode(expanded, Platform, problems)
        if platform is not None:
            check_platform(expanded, platform, problems)
            platform = _completed(platform)
    except ConfigError as error:
        problems = [*error.problems]
    problems.sort(key=_position)
    name = str(key.value) if key is not None else ""
    return PlatformFile(name, (key or root).place, platform, tuple(dict.fromkeys(problems)))


def _position(problem: Problem) -> tuple[int, int]:
    place = problem.place
    return (place.line, place.column) if place else (0, 0)


def _completed(platform: Platform) -> Platform:
    """Return *platform* with keys, path parameters and spellings that the file leaves out."""
    apis = {name: _completed_api(platform, name, api) for name, api in platform.apis.items()}
    return structs.replace(platform, apis=apis, spellings=_spellings(apis))


def _completed_api(platform: Platform, name: str, api: Api) -> Api:
    auth = api.auth if isinstance(api.auth, Auth) else platform.auth
    applied = {one.name for one in auth.apply if one.place == "path"}
    parameters = api.parameters or tuple(
        Parameter(name=placeholder, place="path", required=True)
        for placeholder in dict.fromkeys(PLACEHOLDER.findall(api.path))
        if placeholder not in applied
    )
    return structs.replace(api, key=name, parameters=parameters)


def _spellings(apis: Mapping[str, Api]) -> dict[str, str]:
    aliases = {snake(alias): name for name, api in apis.items() for alias in api.aliases}
    return {**aliases, **{snake(name): name for name in apis}}
