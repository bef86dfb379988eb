"""Extension points: parts registered as entry points, by this package or other distributions.

A point is a group of entry points, such as ``bpmax_sim.formats``, held as an `ExtensionPoint` by
the module that offers it. Listing names imports nothing; a part is imported when it is used. Code
that runs in every scenario looks up built-in names first, because reading the metadata of all
installed distributions takes about 10 ms, once in a process. A faulty part affects only its users:
it cannot replace a name of this package, and `find_foreign_part_problems` reports every part that
cannot be used.
https://packaging.python.org/specifications/entry-points/
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Generic, TypeVar, cast

from bpmax_sim.errors import BpmaxError, ConfigError, ExtensionWarning, suggest_or_list
from bpmax_sim.i18n import join_list, msg

T = TypeVar("T")
_OWN: Final = "bpmax-sim"


@cache
def _read_group(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of *group*: name -> those with this name, this package's first.

    They are sorted because the order of metadata files differs between machines.
    """
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=group), key=_get_sort_key):
        known = found.setdefault(entry.name, [])
        # A distribution that is on the path twice (an editable one, and its folder) is one.
        if (entry.value, _get_distribution_name(entry)) not in [
            (other.value, _get_distribution_name(other)) for other in known
        ]:
            known.append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


def _get_distribution_name(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else ""


def _is_of_this_package(entry: EntryPoint) -> bool:
    return _get_distribution_name(entry).replace("_", "-") == _OWN


def _get_sort_key(entry: EntryPoint) -> tuple[bool, str, str]:
    return (not _is_of_this_package(entry), entry.name, _get_distribution_name(entry))


def _describe_error_place(error: Exception) -> str:
    """Return ``module:line`` of the code that raised *error*, which may be that of an extension."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame if trace is not None else None
    return f"{frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}" if frame and trace else "?"


FUNCTION: Final = cast("type[Callable[..., Any]]", Callable)
"""The kind of a part that is called."""


@dataclass(frozen=True)
class ExtensionPoint(Generic[T]):
    """A group of entry points (plug-ins) of one kind, such as the formats that can be imported.

    A *part* is the value that one entry point names, of this package or of another distribution.

    Attributes:
        group: name of the entry point group, ``bpmax_sim.…``.
        kind: class that each part must be an instance of, or a tuple of classes; ``object`` for
            anything.
        builtin: parts by name that have no entry point; no distribution can replace them.
    """

    group: str
    kind: type[T] | tuple[type, ...]
    builtin: Mapping[str, T] = field(default_factory=dict)

    def list_names(self) -> tuple[str, ...]:
        """Return the names of all parts (values of plug-ins), this package's first.

        None is imported.
        """
        others = (name for name in _read_group(self.group) if name not in self.builtin)
        return (*self.builtin, *others)

    def __contains__(self, name: object) -> bool:
        return name in self.builtin or name in _read_group(self.group)

    def get(self, name: str) -> T | None:
        """Return the part (value of a plug-in) called *name*, or None if there is none.

        Raises:
            ConfigError: if two other distributions use the name, or the part cannot be imported or
                has the wrong class.
        """
        if name in self.builtin:
            return self.builtin[name]
        entries = _read_group(self.group).get(name)
        return self._load_extension(entries) if entries else None

    def require(self, name: str, what: str) -> T:
        """Return the part (value of a plug-in) called *name*.

        *what* describes it in an error message.

        Raises:
            ConfigError: if there is none (with the most similar name), or it cannot be used.
        """
        part = self.get(name)
        if part is not None:
            return part
        hint = suggest_or_list(name, self.list_names()) or msg(
            "; no entry points of {group} are installed, so install this package again",
            group=self.group,
        )
        raise ConfigError("{what}: there is no {name!r}{hint}", what=what, name=name, hint=hint)

    def load_usable_parts(self) -> Iterator[tuple[str, T]]:
        """Yield name and value of each usable part, this package's first.

        Each unusable part is a warning.
        """
        for name in self.list_names():
            try:
                part = self.get(name)
            except ConfigError as error:
                warnings.warn(str(error), ExtensionWarning, stacklevel=2)
                continue
            assert part is not None
            yield name, part

    def call(self, name: str, *values: Any, member: str = "") -> Any:
        """Return the result of calling the plug-in function *name*, or its *member*, with *values*.

        Of an exception only type and place are shown, as its text may contain a secret; the text of
        a `BpmaxError` is shown.

        Raises:
            ConfigError: if the function cannot be used, or raised.
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
                distribution=self._find_distribution_name(name),
                kind=type(error).__name__,
                place=_describe_error_place(error),
            ) from error

    def _find_distribution_name(self, name: str) -> str:
        entries = _read_group(self.group).get(name, ())
        return _get_distribution_name(entries[0]) if entries and name not in self.builtin else _OWN

    def get_module_and_attribute(self, name: str) -> str:
        """Return ``module:attribute`` of the entry point *name*, where its part is defined."""
        return _read_group(self.group)[name][0].value

    def find_foreign_part_problems(self) -> Iterator[tuple[str, str, str]]:
        """Yield name, distribution and problem ("" if none) of each part of other distributions.

        All of them are imported to find problems.
        """
        for name, entries in _read_group(self.group).items():
            foreign = [entry for entry in entries if not _is_of_this_package(entry)]
            distributions = join_list(map(_get_distribution_name, foreign))
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
                yield name, distributions, self._describe_problem(name)

    def _describe_problem(self, name: str) -> str:
        try:
            self.get(name)
        except ConfigError as error:
            return str(error)
        return ""

    def _load_extension(self, entries: tuple[EntryPoint, ...]) -> T:
        first, *others = entries
        if others and not _is_of_this_package(first):
            raise ConfigError(
                "{group}: {name!r} is registered by {distributions}; uninstall all but one",
                group=self.group,
                name=first.name,
                distributions=join_list(map(_get_distribution_name, entries)),
            )
        try:
            part: Any = first.load()
        # Importing runs any code of the other distribution, so any error may come out of it.
        except Exception as error:
            raise ConfigError(
                "{group}: {name!r} of {distribution} cannot be imported ({value}): {error}",
                group=self.group,
                name=first.name,
                distribution=_get_distribution_name(first),
                value=first.value,
                error=f"{type(error).__name__}: {error}",
            ) from error
        if not isinstance(part, self.kind):
            kinds = self.kind if isinstance(self.kind, tuple) else (self.kind,)
            raise ConfigError(
                "{group}: {name!r} of {distribution} ({value}): expected {kinds}, got {part}",
                group=self.group,
                name=first.name,
                distribution=_get_distribution_name(first),
                value=first.value,
                kinds=join_list(kind.__name__ for kind in kinds),
                part=type(part).__name__,
            )
        return cast("T", part)
