"""Extension points: parts that a distribution registers as entry points, ours like anybody's.

A point is a group of entry points, such as ``bpmax_sim.formats``; whoever offers one keeps it as an
`ExtensionPoint`. Asking which names there are imports nothing, and a part is imported when it is
used. What runs in every scenario looks among its own names first: reading the metadata of all
installed distributions takes about 10 ms, once a process.
https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Generic, TypeVar, cast

from bpmax_sim.errors import ConfigError, suggest
from bpmax_sim.i18n import msg, series

T = TypeVar("T")
_OWN: Final = "bpmax-sim"


@cache
def _read_group(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of *group* by name: ours first, and by name, since files differ."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: (not _is_own(e), e.name)):
        known = found.setdefault(entry.name, [])
        # A distribution that is on the path twice (an editable one, and its folder) is one.
        if (entry.value, _distribution_of(entry)) not in [
            (other.value, _distribution_of(other)) for other in known
        ]:
            known.append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


def _distribution_of(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else ""


def _is_own(entry: EntryPoint) -> bool:
    return _distribution_of(entry).replace("_", "-") == _OWN


@dataclass(frozen=True)
class ExtensionPoint(Generic[T]):
    """One group of entry points, each of which names a value of *kind*.

    Attributes:
        group: its name, ``bpmax_sim.…``.
        kind: what a part has to be an instance of; a tuple for several, ``object`` for anything.
        builtin: parts that are there without an entry point; nobody can replace them.
    """

    group: str
    kind: type[T] | tuple[type, ...]
    builtin: Mapping[str, T] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Return the names of all parts, those of this package first; none is imported."""
        others = (name for name in _read_group(self.group) if name not in self.builtin)
        return (*self.builtin, *others)

    def __contains__(self, name: object) -> bool:
        return name in self.builtin or name in _read_group(self.group)

    def get(self, name: str) -> T | None:
        """Return the part called *name*, or None.

        Raises:
            ConfigError: two distributions call a part so, or it cannot be imported, or it is none.
        """
        if name in self.builtin:
            return self.builtin[name]
        entries = _read_group(self.group).get(name)
        return self._load(entries) if entries else None

    def require(self, name: str, what: str) -> T:
        """Return the part called *name*; *what* says what it is to the reader of an error.

        Raises:
            ConfigError: there is none, with the near name, or it cannot be used.
        """
        part = self.get(name)
        if part is not None:
            return part
        hint = suggest(name, self.names()) or msg(
            "; no entry points of {group} are installed, so install this package again",
            group=self.group,
        )
        raise ConfigError("{what}: there is no {name!r}{hint}", what=what, name=name, hint=hint)

    def load_all(self) -> Iterator[tuple[str, T]]:
        """Yield the name of each part, and the part, those of this package first.

        Raises:
            ConfigError: one of them cannot be used.
        """
        for name in self.names():
            part = self.get(name)
            assert part is not None
            yield name, part

    def _load(self, entries: tuple[EntryPoint, ...]) -> T:
        first, *others = entries
        if others:
            raise ConfigError(
                "{group}: {name!r} is registered by {distributions}; uninstall all but one",
                group=self.group,
                name=first.name,
                distributions=series(map(_distribution_of, entries)),
            )
        try:
            part: Any = first.load()
        except Exception as error:
            raise ConfigError(
                "{group}: {name!r} of {distribution} cannot be imported ({value}): {error}",
                group=self.group,
                name=first.name,
                distribution=_distribution_of(first),
                value=first.value,
                error=f"{type(error).__name__}: {error}",
            ) from error
        if not isinstance(part, self.kind):
            kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
            raise ConfigError(
                "{group}: {name!r} of {distribution} ({value}): expected {kinds}, got {part}",
                group=self.group,
                name=first.name,
                distribution=_distribution_of(first),
                value=first.value,
                kinds=series(kind.__name__ for kind in kinds),
                part=type(part).__name__,
            )
        return cast("T", part)
