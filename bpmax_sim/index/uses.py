"""Find which files use a place of a project, directly or through other files.

A place is a file, ``file:line``, a platform, ``platform.api``, ``platform.api.parameter``, a field,
a node or a person. A thing may have several spellings (``getCustomer``, ``get_customer``, an
alias): facts keep the spelling of their file, and this module maps them to one canonical name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

import msgspec

from bpmax_sim.errors import ConfigError, Place, suggest_nearest
from bpmax_sim.i18n import msg
from bpmax_sim.index.facts import Fact, FactKind, FileFacts, Role
from bpmax_sim.index.store import ProjectIndex
from bpmax_sim.platform.model import to_snake_case
from bpmax_sim.platform.source import EXTENDS
from bpmax_sim.project import SUFFIX

_OF_FORM: Final = "form."
_PYTHON: Final = ".py"
_KINDS: Final[tuple[FactKind, ...]] = (
    "platform",
    "api",
    "parameter",
    "instance",
    "field",
    "node",
    "person",
)
ORDER: Final[tuple[Role, ...]] = (
    "declares", "calls", "sends", "reads", "writes", "sets", "expects", "stubs", "faults", "acts",
    "names", "runs", "loads", "plays", "records",
)  # fmt: skip
"""In which order uses are listed: what declares a thing, then who needs it."""


class ProjectPlace(msgspec.Struct, frozen=True):
    """A part of a project whose uses ``bpmax-sim uses`` lists.

    Attributes:
        kind: type of the part.
        name: name as spelled in its declaration.
        line: number of the line if the part is a line of a file; else 0.
    """

    kind: FactKind
    name: str
    line: int = 0


class UsingFile(msgspec.Struct, frozen=True):
    """A file that uses a place, directly or through other files.

    Attributes:
        path: path of the file from the root.
        fact: the use in this file: of the place, or, if *through* is not empty, of the first file
            of *through*.
        through: files between this one and the place, nearest first; empty for a direct use.
    """

    path: str
    fact: Fact
    through: tuple[str, ...] = ()


class ProjectUses:
    """Answers which files of a project use a given API, parameter, field or file."""

    def __init__(self, index: ProjectIndex) -> None:
        """Use *index*; its facts are evaluated on first use."""
        self._index = index

    @cached_property
    def _api_key_by_spelling(self) -> Mapping[str, str]:
        """Return ``platform.spelling`` -> ``platform.key`` for every API and alias declared."""
        keys: dict[str, str] = {}
        for facts in self._index.files.values():
            for fact in facts.facts:
                if fact.kind == "api" and fact.role == "declares":
                    platform, _, name = fact.name.partition(".")
                    key = fact.detail if fact.detail != "apis" else name
                    keys.setdefault(f"{platform}.{to_snake_case(name)}", f"{platform}.{key}")
        return keys

    @cached_property
    def _facts_by_name(self) -> Mapping[tuple[FactKind, str], tuple[tuple[str, Fact], ...]]:
        """Return (kind, name) of each thing -> pairs of a file path and its fact about the thing.

        Names are canonical: an alias of an API is replaced by its key.
        """
        grouped: dict[tuple[FactKind, str], list[tuple[str, Fact]]] = {}
        for path, facts in self._index.files.items():
            for fact in facts.facts:
                for name in self._find_canonical_names(fact):
                    grouped.setdefault((fact.kind, name), []).append((path, fact))
                for kind, name in self._find_implied_uses(fact):
                    grouped.setdefault((kind, name), []).append((path, fact))
        return {key: tuple(said) for key, said in grouped.items()}

    def _find_canonical_names(self, fact: Fact) -> Iterator[str]:
        if fact.kind == "api":
            yield self._to_canonical_api_name(fact.name)
        elif fact.kind in {"parameter", "member"}:
            platform, _, rest = fact.name.partition(".")
            api, _, name = rest.partition(".")
            key = self._to_canonical_api_name(f"{platform}.{api}")
            if fact.role == "sends":  # by its place, which is not always its name
                name = self._parameter_by_request_place.get((key, fact.detail), name)
            yield f"{key}.{name}"
        else:
            yield fact.name

    def _find_implied_uses(self, fact: Fact) -> Iterator[tuple[FactKind, str]]:
        """Yield kind and name of each thing that *fact* uses, too.

        An API or instance uses its platform; a call such as ``crm.get(1, 2)`` uses the first two
        parameters of its API.
        """
        if fact.kind in {"api", "instance"} and fact.role != "declares":
            yield "platform", fact.name.partition(".")[0]
        if fact.kind == "api" and fact.role == "calls":
            words = fact.detail.split()
            if words[:1] == ["direct"] and words[1:]:
                names = self._parameters_by_api.get(self._to_canonical_api_name(fact.name), ())
                yield from (
                    ("parameter", f"{self._to_canonical_api_name(fact.name)}.{name}")
                    for name in names[: int(words[1])]
                )

    @cached_property
    def _parameters_by_api(self) -> Mapping[str, Sequence[str]]:
        """Return the parameters of each API, in the order of the arguments of ``crm.get(1, 2)``."""
        names: dict[str, list[str]] = {}
        for facts in self._index.files.values():
            for fact in facts.facts:
                if fact.kind == "parameter" and fact.role == "declares":
                    api, _, name = fact.name.rpartition(".")
                    names.setdefault(api, []).append(name)
        return names

    @cached_property
    def _parameter_by_request_place(self) -> Mapping[tuple[str, str], str]:
        """Return (API, place in the request such as ``body.text.content``) -> parameter."""
        return {
            (fact.name.rpartition(".")[0], fact.detail): fact.name.rpartition(".")[2]
            for facts in self._index.files.values()
            for fact in facts.facts
            if fact.kind == "parameter" and fact.role == "declares"
        }

    def _to_canonical_api_name(self, name: str) -> str:
        platform, _, api = name.partition(".")
        return self._api_key_by_spelling.get(f"{platform}.{to_snake_case(api)}", name)

    @cached_property
    def _member_reading_places_by_api(self) -> Mapping[str, Mapping[tuple[str, ...], str]]:
        read: dict[str, dict[tuple[str, ...], str]] = {}
        for path, facts in self._index.files.items():
            for fact in facts.facts:
                if fact.kind == "member" and fact.role == "reads":
                    platform, api, *member = fact.name.split(".")
                    places = read.setdefault(self._to_canonical_api_name(f"{platform}.{api}"), {})
                    places.setdefault(tuple(member), f"{path}:{fact.line}")
        return read

    def find_member_reading_places(self, api: str) -> Mapping[tuple[str, ...], str]:
        """Return the path of each member that scripts read in results of *api* (``platform.key``).

        The value of each is the place that reads it, ``file:line``, one of several. Paths are those
        of the result as scripts get it; ``*`` is an element of a list.
        """
        return self._member_reading_places_by_api.get(api, {})

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every file of the index, by path from the root."""
        return tuple(self._index.files)

    # ------------------------------------------------------------------ questions

    def find_places(self, text: str) -> tuple[ProjectPlace, ...]:
        """Return the parts of the project that *text* names.

        An API and a field may have the same name.

        Raises:
            ConfigError: if nothing has that name; the message has a similar one.
        """
        place = Place.parse(text)  # every use in its line counts, in whatever column
        path, line = place.file.replace("\\", "/").removeprefix("./"), place.line
        if path in self._index.files:
            return (ProjectPlace("file", path, line),)
        below = [name for name in self._index.files if name.startswith(f"{path.rstrip('/')}/")]
        if below and not line:
            return tuple(ProjectPlace("file", name) for name in below)
        names = {
            kind: self._to_canonical_api_name(text)
            if kind == "api"
            else self.to_canonical_parameter(text)
            for kind in _KINDS
        }
        matches = [
            ProjectPlace(kind, name)
            for kind, name in names.items()
            if (kind, name) in self._facts_by_name
        ]
        if not matches and text.startswith(_OF_FORM):  # as scripts name a field
            field = text.removeprefix(_OF_FORM)
            matches = [ProjectPlace("field", field)] * (("field", field) in self._facts_by_name)
        if not matches:
            raise ConfigError(
                "nothing in this project is called {text!r}{hint}",
                text=text,
                hint=self._suggest_place(text),
            )
        return tuple(matches)

    def to_canonical_parameter(self, text: str) -> str:
        """Return *text*, ``platform.api.parameter``, with the API spelled as it is declared."""
        parts = text.split(".", 2)
        if len(parts) < len(("platform", "api", "parameter")):
            return text
        return f"{self._to_canonical_api_name('.'.join(parts[:2]))}.{parts[2]}"

    def _suggest_place(self, text: str) -> str:
        names = [name for kind, name in self._facts_by_name if kind in _KINDS]
        hint = suggest_nearest(
            text.removeprefix(_OF_FORM), dict.fromkeys([*names, *self._index.files])
        )
        return hint or msg(
            "; name a file, file:line, platform, platform.api, platform.api.parameter, field, node "
            "or person"
        )

    def find_uses(self, place: ProjectPlace) -> list[UsingFile]:
        """Return the files that use *place*: direct uses first, then the files that run these.

        The uses of a line of a file are those of everything named on it.
        """
        if place.kind == "file" and place.line:
            said = [fact for fact in self._index.files[place.name].facts if fact.line == place.line]
            named = dict.fromkeys(
                ProjectPlace(f.kind, name) for f in said for name in self._find_canonical_names(f)
            )
            return [use for one in named if one.kind != "member" for use in self.find_uses(one)]
        direct = [
            UsingFile(path, fact)
            for path, fact in self._facts_by_name.get((place.kind, place.name), ())
        ]
        if place.kind == "file":
            direct += self._find_cassette_users(place.name)
            direct += self._find_platform_file_users(place.name)
            folders = (str(folder) for folder in PurePosixPath(place.name).parents)
            direct += [
                UsingFile(*use) for name in folders for use in self._users_by_file.get(name, ())
            ]
        direct.sort(key=lambda use: (ORDER.index(use.fact.role), use.path, use.fact.line))
        begin = dict.fromkeys(use.path for use in direct)
        own = place.name if place.kind == "file" else ""
        return [*direct, *self._find_direct_and_indirect_uses(begin, own)]

    def _find_cassette_users(self, path: str) -> Iterator[UsingFile]:
        """Yield the scenarios that replay the cassette at *path*."""
        for name, facts in self._index.files.items():
            if facts.kind == "scenario" and self.may_play(name, path):
                fact = next((f for f in facts.facts if f.role == "plays"), None)
                yield UsingFile(name, fact or Fact("file", "plays", path, 1, 1))

    def _find_platform_file_users(self, path: str) -> Iterator[UsingFile]:
        """Yield the files that use a platform of the file at *path*, each with its fact about it.

        Those are the platforms that the file declares or names, or whose files load it as a preset,
        and those that extend one of them. For a file of recorded logins below ``cassettes/auth`` it
        is the platform that it is about.
        """
        names = {*self._list_platforms(path)}
        for user, fact in self._users_by_file.get(path, ()):
            names.update(self._list_platforms(user) if fact.detail == "preset" else ())
        if path.startswith("cassettes/auth/"):
            names.add(path.removeprefix("cassettes/auth/").partition(".")[0])
        pending = sorted(names)
        for name in pending:  # which grows
            for user, fact in self._facts_by_name.get(("platform", name), ()):
                if user != path:
                    yield UsingFile(user, fact)
                if fact.detail == EXTENDS:
                    pending += [one for one in self._list_platforms(user) if one not in pending]

    def _list_platforms(self, path: str) -> list[str]:
        facts = self._index.files.get(path)
        return list_own_platforms(facts) if facts else []

    def may_declare_platforms(self, path: str) -> bool:
        """Return whether the file at *path* declares platforms or instances, or cannot be read."""
        facts = self._index.files.get(path)
        return facts is not None and facts.kind in {"platform", "instances", "yaml"}

    def may_play(self, scenario: str, path: str) -> bool:
        """Return whether the scenario at this path or one of its rows replays the cassette *path*.

        The cassette need not exist.
        """
        stem = scenario.removeprefix("scenarios/").removesuffix(SUFFIX)
        # As a run chooses: the scenario's own name, that of the nearest defaults, the path of the
        # scenario.
        name = next(self._find_cassette_names(scenario), stem)
        return path == f"cassettes/{name}.yaml" or path.startswith(f"cassettes/{name}/")

    def _find_cassette_names(self, scenario: str) -> Iterator[str]:
        """Yield the cassette names in a scenario, then those in its defaults, nearest first."""
        facts = self._index.files[scenario].facts
        yield from (fact.name for fact in facts if fact.role == "plays")
        for fact in facts:
            if fact.detail == "defaults" and fact.name in self._index.files:
                yield from self._find_cassette_names(fact.name)

    @cached_property
    def _users_by_file(self) -> Mapping[str, tuple[tuple[str, Fact], ...]]:
        """Return, for each file, the files that run or load it, each with the fact that says so."""
        users: dict[str, list[tuple[str, Fact]]] = {}
        for path, facts in self._index.files.items():
            for fact in facts.facts:
                if fact.kind == "file" and fact.role in {"runs", "loads"}:
                    users.setdefault(fact.name, []).append((path, fact))
        return {name: tuple(said) for name, said in users.items()}

    def _find_direct_and_indirect_uses(self, paths: Iterable[str], own: str) -> Iterator[UsingFile]:
        """Yield the files that run or load any of *paths*, directly or through other files.

        A file is yielded once for each chain of files that leads from it to one of *paths*. *own*
        is the file whose users *paths* are; a chain through it would begin anew and is left out.
        """
        pending: list[tuple[str, tuple[str, ...]]] = [(path, ()) for path in paths]
        while pending:
            path, through = pending.pop(0)
            for user, fact in self._users_by_file.get(path, ()):
                steps = (path, *through)
                # Scripts, fragments and flows may load each other in a circle.
                if user not in (*steps, own):
                    yield UsingFile(user, fact, steps)
                    pending.append((user, steps))

    def find_affected_scenarios(self, paths: Iterable[str]) -> set[str]:
        """Return the scenario files whose results may change with the files at *paths*.

        Of a Python module nobody knows which others import it, so it counts for each Python step.
        """
        names = dict.fromkeys(paths)
        if any(path.endswith(_PYTHON) for path in names):
            names |= dict.fromkeys(name for name in self._users_by_file if name.endswith(_PYTHON))
        return self.find_scenarios_using(ProjectPlace("file", path) for path in names)

    def find_scenarios_using(self, places: Iterable[ProjectPlace]) -> set[str]:
        """Return the scenario files that use any of *places*."""
        scenarios: set[str] = set()
        for place in places:
            paths = [place.name] if place.kind == "file" else []
            paths += [use.path for use in self.find_uses(place)]
            scenarios |= {path for path in paths if path.endswith(SUFFIX)}
        return scenarios


def list_own_platforms(facts: FileFacts) -> list[str]:
    """Return the platforms that a file declares, or whose instances it has; not one it extends."""
    role = "declares" if facts.kind == "platform" else "names"
    return [fact.name for fact in facts.facts if (fact.kind, fact.role) == ("platform", role)]
