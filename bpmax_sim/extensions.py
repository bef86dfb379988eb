"""Extension points: parts that a distribution registers as entry points, ours like anybody's.

A point is a group of entry points, such as ``bpmax_sim.formats``; whoever offers one keeps it as an
`ExtensionPoint`. Asking which names there are imports nothing, and a part is imported when it is
used. What runs in every scenario looks among its own names first: reading the metadata of all
installed distributions takes about 10 ms, once a process. What somebody else registers can break
only who uses it: a name of ours stays ours, and `problems` tells of every part that is of no use.
https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Generic, TypeVar, cast

from bpmax_sim.errors import BpmaxError, ConfigError, ExtensionWarning, suggest
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


def _innermost_line(error: Exception) -> str:
    """Return ``module:line`` of where *error* was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame if trace is not None else None
    return f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if frame and trace else "?"


FUNCTION: Final = cast("type[Callable[..., Any]]", Callable)
"""The kind of a part that is called."""


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
            ConfigError: two other distributions call a part so, or it cannot be imported, or it is
                none.
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
        """Yield the name of each part that can be used, and the part, those of this package first.

        Each other is a warning.
        """
        for name in self.names():
            try:
                part = self.get(name)
            except ConfigError as error:
                warnings.warn(str(error), ExtensionWarning, stacklevel=2)
                continue
            assert part is not None
            yield name, part

    def call(self, name: str, *values: Any, member: str = "") -> Any:
        """Return what the function called *name*, or a *member* of the part, makes of *values*.

        What it raises is told by its kind and place only, as the rest may hold a secret; a
        `BpmaxError` of its own is meant to be read.

        Raises:
            ConfigError: the function cannot be used, or raised.
        """
        part: Any = self.get(name)
        try:
            return (getattr(part, member) if member else part)(*values)
        except BpmaxError:
            raise
        except Exception as error:
            raise ConfigError(
                "{group}: {name!r} of {distribution} raised {kind} at {place}",
                group=self.group,
                name=name,
                distribution=self._owner(name),
                kind=type(error).__name__,
                place=_innermost_line(error),
            ) from error

    def _owner(self, name: str) -> str:
        entries = _read_group(self.group).get(name, ())
        return _distribution_of(entries[0]) if entries and name not in self.builtin else _OWN

    def place_of(self, name: str) -> str:
        """Return ``module:attribute`` of a part that is an entry point."""
        return _read_group(self.group)[name][0].value

    def inspect_foreign(self) -> Iterator[tuple[str, str, str]]:
        """Yield each part of other distributions: its name, whose it is, what is wrong with it.

        Each is imported to find that out.
        """
        for name, entries in _read_group(self.group).items():
            foreign = [entry for entry in entries if not _is_own(entry)]
            distributions = series(map(_distribution_of, foreign))
            if foreign and (name in self.builtin or len(foreign) < len(entries)):
                yield (
                    name,
                    distributions,
                    msg(
                        "{group}: {name!r} of {distribution} ({value}) is the name of a part of "
                        "bpmax-sim, which stays; rename it",
                        group=self.group,
                        name=name,
                        distribution=distributions,
                        value=foreign[0].value,
                    ),
                )
            elif foreign:
                yield name, distributions, self._problem_of(name)

    def _problem_of(self, name: str) -> str:
        try:
            self.get(name)
        except ConfigError as error:
            return str(error)
        return ""

    def _load(self, entries: tuple[EntryPoint, ...]) -> T:
        first, *others = entries
        if others and not _is_own(first):
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
