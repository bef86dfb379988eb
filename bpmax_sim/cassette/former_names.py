"""Earlier names of platforms and APIs under which recordings still exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from bpmax_sim.secret.standin import STANDIN_PREFIX, to_distinct_slug


@dataclass(frozen=True)
class FormerNames:
    """Earlier names of platforms and APIs that were renamed in their platform files.

    Recordings under an earlier name are still found. The object is falsy if nothing was renamed.

    Attributes:
        platforms: earlier keys of a platform, by its current key.
        apis: earlier names of an API, by its current ``platform.api``.
    """

    platforms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    apis: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.platforms or self.apis)

    def find_current_names(self, platform: str, api: str = "") -> tuple[str, str]:
        """Return the current platform and API of those under which a call was recorded."""
        if not self:
            return platform, api
        platform = self._current_platform_by_former.get(platform, platform)
        return platform, self._current_api_by_former.get((platform, api), api)

    @cached_property
    def _current_platform_by_former(self) -> Mapping[str, str]:
        return {old: key for key, names in self.platforms.items() for old in names}

    @cached_property
    def _current_api_by_former(self) -> Mapping[tuple[str, str], str]:
        split = ((name.partition("."), old) for name, names in self.apis.items() for old in names)
        return {(platform, old): api for (platform, _, api), old in split}

    def merge_with(self, other: FormerNames) -> FormerNames:
        """Return the former names of both objects."""
        platforms = {**self.platforms}
        for key, names in other.platforms.items():
            platforms[key] = tuple(dict.fromkeys((*platforms.get(key, ()), *names)))
        apis = {**self.apis}
        for key, names in other.apis.items():
            apis[key] = tuple(dict.fromkeys((*apis.get(key, ()), *names)))
        return FormerNames(platforms, apis)

    def list_full_names(self, platform: str, api: str) -> tuple[str, ...]:
        """Return each ``platform.api`` that the API has or had earlier, the current one first."""
        platforms = (platform, *self.platforms.get(platform, ()))
        apis = (api, *self.apis.get(f"{platform}.{api}", ()))
        return tuple(f"{one}.{name}" for one, name in product(platforms, apis))


def rename_standins(value: Any, *, old: str, new: str) -> Any:
    """Return *value* (JSON or text) with the stand-ins of platform *old* renamed to platform *new*.

    A stand-in replaces a credential in a recording, and contains the key of the platform.
    """
    if isinstance(value, str):
        return _make_standin_pattern(old).sub(f"{STANDIN_PREFIX}{to_distinct_slug(new)}.", value)
    if isinstance(value, Mapping):
        return {name: rename_standins(item, old=old, new=new) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(rename_standins(item, old=old, new=new) for item in value)
    return value


@lru_cache(maxsize=64)
def _make_standin_pattern(platform_key: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(STANDIN_PREFIX + to_distinct_slug(platform_key))}\.")
