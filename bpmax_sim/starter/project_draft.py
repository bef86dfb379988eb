"""``init --from``: turn traffic files into a project that passes, or extend an existing one.

Everything is drafted, recorded and run in a temporary folder first. Only what passed there is
copied, and nothing existing in the project is replaced.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from bpmax_sim.cassette.journal import PendingExchange
from bpmax_sim.cassette.matching import MatchingRules
from bpmax_sim.errors import ConfigError, LeakError, Problem
from bpmax_sim.i18n import join_list, join_messages, label_message, msg, plural
from bpmax_sim.live.console import CapturedRun
from bpmax_sim.messages import Exchange, Headers, Response, parse_media_type, parse_origin
from bpmax_sim.openapi.convert import convert_document
from bpmax_sim.openapi.document import derive_platform_key, read_document
from bpmax_sim.platform.load import Platforms, find_last_declaring_file, load_platforms
from bpmax_sim.platform.matcher import (
    ApiMatcher,
    list_address_variables,
    resolve_instance_addresses,
)
from bpmax_sim.platform.model import Platform, make_unique_name
from bpmax_sim.scenario.runner import run_scenario
from bpmax_sim.secret.vault import Vault
from bpmax_sim.session.credentials import get_matching_rules
from bpmax_sim.starter.auth_guess import group_origins_by_tokens
from bpmax_sim.starter.capture_draft import (
    RunDraftTitleAndPaths,
    draft_captured_platforms,
    draft_run,
    explain_undeclarable_platforms,
    group_runs_by_shared_nodes,
    list_calls,
)
from bpmax_sim.starter.document_draft import draft_sample_call
from bpmax_sim.starter.file_additions import append_apis, append_missing_instance
from bpmax_sim.starter.init import NewProject, plan_files
from bpmax_sim.starter.platform_draft import (
    draft_platform,
    make_platform_key,
    make_variable_prefix,
)
from bpmax_sim.starter.scenario_draft import (
    ScriptedCall,
    UnplayableCall,
    draft_scenario,
    draft_script,
    draft_script_call,
)
from bpmax_sim.starter.traffic_sources import TrafficSources
from bpmax_sim.traffic.import_recording import prepare_import, render_exchanges, write_recording
from bpmax_sim.traffic.imported import ForeignExchanges
from bpmax_sim.yamlfile import read_text_or_empty, to_display_path, write_text_creating_folders

_OF_PAGES: Final = re.compile(
    r"text/(html|css|javascript|ecmascript)|application/(x-)?(javascript|ecmascript|font.*|wasm)"
    r"|image/.*|font/.*|video/.*|audio/.*|application/(octet-stream|pdf|zip|manifest\+json)"
)
_SHANGHAI: Final = timezone(timedelta(hours=8))


class ProjectDraft(msgspec.Struct, frozen=True, kw_only=True):
    """The changes that make the drafted project.

    Attributes:
        files: path in the project -> content; some exist already and are extended.
        changed: paths of those that exist already.
        notes: what was left out and why.
        calls: number of calls that the new scenarios make.
    """

    files: Mapping[str, bytes]
    changed: frozenset[str]
    notes: tuple[str, ...]
    calls: int


def draft_project(
    folder: Path, sources: TrafficSources, environ: Mapping[str, str]
) -> ProjectDraft:
    """Return the changes that *sources* require in the project at *folder*, which may be new.

    Real addresses of an existing project's instances are read from *environ*.

    Raises:
        ConfigError: if *sources* contain no call, or the draft does not pass; nothing is written.
        LeakError: if a file would contain a secret.
    """
    with tempfile.TemporaryDirectory(prefix="bpmax-draft-") as name:
        place = Path(name)
        work = _TemporaryProject(folder, place, sources, dict(environ))
        try:
            files = work.draft_files()
        except ConfigError as error:
            moved = (_name_file_of_project(one, place, folder) for one in error.problems)
            raise ConfigError(*moved) from error
    _refuse_leaks(files, work.vault)
    changed = frozenset(name for name in files if (folder / name).exists())
    return ProjectDraft(files=files, changed=changed, notes=tuple(work.notes), calls=work.calls)


def _name_file_of_project(problem: Problem, place: Path, folder: Path) -> Problem:
    """Return *problem* with the file in the project at *folder* whose copy in *place* it is in."""
    if problem.place is None or not Path(problem.place.file).is_relative_to(place):
        return problem
    file = to_display_path(folder / Path(problem.place.file).relative_to(place))
    return replace(problem, place=replace(problem.place, file=file))


def _refuse_leaks(files: Mapping[str, bytes], vault: Vault) -> None:
    """Raise `LeakError` if any of *files* contains a secret that *vault* knows."""
    leaking = [name for name, data in files.items() if vault.scan(data)]
    if leaking:
        raise LeakError("not written, a secret was found in {names}", names=join_list(leaking))


class _TemporaryProject:
    """A temporary copy of the project in which drafts are written and run.

    Nothing reaches the real project unless its drafts pass.
    """

    def __init__(
        self, folder: Path, place: Path, sources: TrafficSources, environ: dict[str, str]
    ) -> None:
        self.folder, self.place = folder, place
        self.sources, self.environ = sources, environ
        self.vault = Vault()
        self.notes: list[str] = []
        self.calls = self.runs = 0

    def draft_files(self) -> dict[str, bytes]:
        """Return the new and the changed files of the project, which passed here.

        Raises:
            ConfigError: if the sources contain no call, or no draft passes.
        """
        self.copy_declarations()
        before = _read_all_files(self.place)
        self.import_documents()
        self.draft_files_from_traffic()
        self.draft_runs()
        self.draft_simulated_scenario()
        if not (self.calls or self.runs or self.sources.documents):  # nor was it there
            raise ConfigError(
                "{source}: no call of an API is in it{why}",
                source=self.sources.file_names,
                why=join_messages("; ", ["", *self.notes[:3]]),
            )
        for path, text in plan_files(self.folder, NewProject()).texts.items():
            write_text_creating_folders(self.place / path.relative_to(self.folder), text)
        return {
            path: data
            for path, data in _read_all_files(self.place).items()
            if before.get(path) != data
        }

    def copy_declarations(self) -> None:
        """Copy platforms, presets, instances and settings of the real project into this one."""
        (self.place / "scenarios/platforms").mkdir(parents=True)
        for name in ("scenarios/platforms", "scenarios/presets"):
            if (self.folder / name).is_dir():
                shutil.copytree(self.folder / name, self.place / name, dirs_exist_ok=True)
        for name in (
            "pyproject.toml",
            "scenarios/instances.yaml",
            "scenarios/instances.local.yaml",
        ):
            if (self.folder / name).is_file():
                shutil.copy(self.folder / name, self.place / name)

    def load_platforms(self) -> Platforms:
        """Return the platforms of the temporary project, those drafted so far included."""
        instances = self.place / "scenarios/instances.yaml"
        return load_platforms(
            self.place / "scenarios/platforms", instances=instances if instances.is_file() else None
        )

    def import_documents(self) -> None:
        """Write a platform file for each OpenAPI document."""
        origins = Counter(parse_origin(one.request.url) for one in self.sources.traffic.exchanges)
        for path in self.sources.documents:
            document = read_document(path)
            key = derive_platform_key(path.name, document.root)
            if self.load_platforms().find(key) is not None:
                self.notes.append(
                    msg(
                        "{path}: the platform {key} is there, and stays as it is",
                        path=path.name,
                        key=key,
                    )
                )
                continue
            converted = convert_document(document, key=key, has_response_schemas=True)
            write_text_creating_folders(
                self.place / f"scenarios/platforms/{key}.yaml", converted.text
            )
            variable = f"{make_variable_prefix(key)}_URL"
            names = {
                name: {"env": f"{make_variable_prefix(key)}_{name}".upper()}
                for name in converted.credentials
            }
            self._add_instance(
                {
                    "platform": key,
                    "instance_key": "default",
                    "default": True,
                    "base_url": {"env": variable},
                }
                | ({"credentials": names} if names else {})
            )
            if origins:
                self.environ[variable] = self._choose_best_fitting_address(
                    [origin for origin, _ in origins.most_common()], key
                )
            self.notes += [
                label_message(path.name, str(kind.first) + kind.more_notes_suffix)
                for kind in converted.kinds
            ]

    def _choose_best_fitting_address(self, origins: Sequence[str], key: str) -> str:
        """Return the address of platform *key* at one of *origins*, the most used first.

        It is with or without the path of its document, as a mock server may leave that out. The
        address that fits most of the observed calls is chosen.
        """
        known = self.load_platforms()
        path = urlsplit(known.platform(key).base_url).path.rstrip("/")

        def declared_calls(address: str) -> int:
            matcher = ApiMatcher(known, {(key, "default", ""): address})
            matches = (matcher.match(one.request) for one in self.sources.traffic.exchanges)
            return sum(one is not None and one.target.is_declared for one in matches)

        addresses = [f"{origin}{end}" for origin in origins for end in (path, "")]
        return max(addresses, key=declared_calls)

    def _add_instance(self, value: Mapping[str, Any]) -> None:
        path = self.place / "scenarios/instances.yaml"
        write_text_creating_folders(path, append_missing_instance(read_text_or_empty(path), value))

    def draft_files_from_traffic(self) -> None:
        """Write platforms, recording, script and scenario for the exchanges."""
        kept, notes = _select_calls(self.sources.traffic)
        self.notes += notes
        if not kept:
            return
        known, keys = self.load_platforms(), set[str]()
        for origins, own in _group_by_platform(kept):
            key = _choose_platform_key(origins[0], known, self.environ, keys)
            keys.add(key)
            if known.find(key) is None:
                draft = draft_platform(key, own, origins)
                write_text_creating_folders(
                    self.place / f"scenarios/platforms/{key}.yaml", draft.text
                )
                self._add_instance(draft.instance)
                self.environ |= draft.addresses
            else:
                self._extend_platform(known, key, origins[0], own)
            known = self.load_platforms()
        self._write_recording_and_scenario(kept)

    def _extend_platform(
        self, known: Platforms, key: str, origin: str, exchanges: Sequence[Exchange]
    ) -> None:
        """Add to platform *key* the APIs that *exchanges* use and that it lacks.

        *known* are the platforms so far. *origin* is where the exchanges were sent; it becomes the
        value of the environment variables in the platform's address.
        """
        for name in list_address_variables(known, key):
            self.environ.setdefault(name, origin)
        matcher = ApiMatcher(known, resolve_instance_addresses(known, self.environ))
        matches = [(one, matcher.match(one.request)) for one in exchanges]
        lacking = [
            _move_address_to_origin(one, match.base, origin)
            for one, match in matches
            if match is not None and not match.target.is_declared
        ]
        if not lacking:
            return
        path = find_last_declaring_file([self.place / "scenarios/platforms"], key)
        if path is None:
            self.notes.append(
                msg("{key} is built in; what it does not declare is left out", key=key)
            )
            return
        draft = draft_platform(key, lacking, [origin], taken=known.platform(key).apis)
        shown = self.folder / path.relative_to(self.place)
        write_text_creating_folders(path, append_apis(read_text_or_empty(path), draft.apis, shown))

    def _write_recording_and_scenario(self, exchanges: Sequence[Exchange]) -> None:
        """Write recording, script and scenario of all exchanges that can be replayed."""
        known = self.load_platforms()
        rules, addresses = (
            get_matching_rules(known, ()),
            resolve_instance_addresses(known, self.environ),
        )
        admitted = prepare_import(
            ForeignExchanges(tuple(exchanges)),
            known,
            self.vault,
            rules=rules,
            owner=self.sources.name,
            addresses=addresses,
        )
        self.notes += admitted.notes
        matcher = ApiMatcher(known)
        played: list[Exchange] = []
        for exchange in admitted.exchanges:
            try:
                draft_script_call(exchange, matcher, 1)
            except UnplayableCall as reason:
                self._note_left_out(exchange.request.method, exchange.request.url, str(reason))
            else:
                played.append(exchange)
        if not played:
            return
        draft = partial(self._draft_replay_scenario, matcher, rules)
        try:
            self._write_first_passing(partial(draft, played))
        except ConfigError:
            # All at once first, which is one run and mostly passes; one by one only to find what
            # hinders.
            playable = [one for one in played if self._is_playable(one, partial(draft, [one]))]
            if not playable:
                raise
            self._write_first_passing(partial(draft, playable))
            played = playable
        self.calls += len(played)

    def _note_left_out(self, method: str, url: str, reason: str) -> None:
        self.notes.append(
            msg(
                "{method} {url}: {reason}; it is left out",
                method=method,
                url=url.partition("?")[0],
                reason=reason,
            )
        )

    def _is_playable(self, exchange: Exchange, draft: Callable[[str], list[_DraftFiles]]) -> bool:
        """Return whether the scenario drafted for *exchange* alone passes.

        If not, the reason is noted. *draft* returns the files for a scenario of that name.
        """
        (files,) = draft(_TRIAL)
        headline = self._write_and_run(files)
        self._remove_files(files)
        if headline:
            self._note_left_out(exchange.request.method, exchange.request.url, headline)
        return not headline

    def _draft_replay_scenario(
        self, matcher: ApiMatcher, rules: MatchingRules, exchanges: Sequence[Exchange], name: str
    ) -> list[_DraftFiles]:
        ordered = [replace(one, order=n, owner=name) for n, one in enumerate(exchanges, 1)]
        calls = [draft_script_call(one, matcher, one.order) for one in ordered]
        keys = dict.fromkeys(one.request.call.platform for one in ordered if one.request.call)
        proxy = {"cassette": name}
        scenario = draft_scenario(name, proxy, calls, clock=_format_shanghai_time(ordered[0].at))
        script = draft_script(self.sources.file_names, calls, keys)
        recording = render_exchanges(ordered, rules, self.vault)
        return [_DraftFiles(name, _make_draft_texts(name, script, scenario), recording)]

    def draft_runs(self) -> None:
        """Write the files for each captured run."""
        runs: list[CapturedRun] = []
        for run in self.sources.runs:
            if reason := explain_undeclarable_platforms(run):
                self._note_run_left_out(run, reason)
            else:
                runs.append(run)
        drafted = draft_captured_platforms(runs, self.load_platforms())
        for key, text in drafted.items():
            write_text_creating_folders(self.place / f"scenarios/platforms/{key}.yaml", text)
        known = self.load_platforms()
        flows = group_runs_by_shared_nodes(runs)
        for run in runs:
            others = next((runs for runs in flows if run in runs), ())
            try:
                self._write_first_passing(
                    partial(self._draft_captured_candidates, run, known, others)
                )
            except ConfigError as error:
                self._note_run_left_out(run, str(error))
            else:
                self.calls += len(list_calls(run))
                self.runs += 1

    def _note_run_left_out(self, run: CapturedRun, reason: str) -> None:
        self.notes.append(msg("run {run} is left out: {reason}", run=run.name, reason=reason))

    def _draft_captured_candidates(
        self, run: CapturedRun, known: Platforms, others: Sequence[CapturedRun], name: str
    ) -> list[_DraftFiles]:
        files = RunDraftTitleAndPaths(name, f"scripts/{name}.js", f"flows/{name}.yaml")
        return [
            _DraftFiles(
                name,
                _make_draft_texts(name, draft.script, draft.scenario)
                | ({f"scenarios/flows/{name}.yaml": draft.flow} if draft.flow else {}),
            )
            for draft in draft_run(run, known, files, self.sources.script, others)
        ]

    def draft_simulated_scenario(self) -> None:
        """Write a scenario that calls each API of the given OpenAPI documents.

        Simulators respond in it. Nothing is written if other sources, such as recordings, have
        yielded calls already.
        """
        if self.calls or not self.sources.documents:
            return
        roots = [(path, read_document(path).root) for path in self.sources.documents]
        keys = dict.fromkeys(derive_platform_key(path.name, root) for path, root in roots)
        known = self.load_platforms()
        calls = [call for key in keys for call in self._draft_sample_calls(known.platform(key))]
        if not calls:
            return
        try:
            self._write_first_passing(partial(self._draft_simulated, calls, keys))
        except ConfigError as error:
            self.notes.append(str(error))
            calls = [call for call in calls if self._passes_in_simulation(call, keys)]
            if calls:
                self._write_first_passing(partial(self._draft_simulated, calls, keys))
        self.calls += len(calls)

    def _draft_sample_calls(self, platform: Platform) -> Iterator[ScriptedCall]:
        """Yield a call of each API of *platform*; note each that no script can make."""
        for name, api in platform.apis.items():
            try:
                yield draft_sample_call(platform, name)
            except UnplayableCall as reason:
                self._note_left_out(api.method, api.path, str(reason))

    def _passes_in_simulation(self, call: ScriptedCall, keys: Mapping[str, None]) -> bool:
        """Return whether a scenario that makes only *call* passes with simulators.

        *keys* are those of the platforms that the script may call.
        """
        (files,) = self._draft_simulated([call], keys, _TRIAL)
        headline = self._write_and_run(files)
        self._remove_files(files)
        return not headline

    def _draft_simulated(
        self, calls: Sequence[ScriptedCall], platform_keys: Mapping[str, None], name: str
    ) -> list[_DraftFiles]:
        scenario = draft_scenario(name, {"mode": "simulate"}, calls)
        return [
            _DraftFiles(
                name,
                _make_draft_texts(
                    name, draft_script(self.sources.file_names, calls, platform_keys), scenario
                ),
            )
        ]

    def _write_first_passing(self, draft: Callable[[str], list[_DraftFiles]]) -> None:
        """Write the first draft that passes, under a name that the project does not use.

        *draft* returns the drafts for a name, the most probable first. Nothing is written if the
        project has one of them already.

        Raises:
            ConfigError: if none passes.
        """
        plain = re.sub(r"[^\w-]+", "_", self.sources.name).strip("_") or "traffic"
        for number in count(1):
            name = plain if number == 1 else f"{plain}_{number}"
            drafts = draft(name)
            roots = (self.folder, self.place)
            if not any((root / one).exists() for root in roots for one in drafts[0].paths):
                break
            if any(files.has_same_texts_in(self.folder) for files in drafts):
                self.notes.append(msg("{name} is there already, and the same", name=name))
                return
        headlines = []
        for files in drafts:
            headline = self._write_and_run(files)
            if not headline:
                return
            headlines.append(headline)
            self._remove_files(files)
        raise ConfigError("the draft does not pass: {headline}", headline=headlines[0])

    def _write_and_run(self, files: _DraftFiles) -> str:
        """Write *files* and run the scenario; return the headline of its failure, or ""."""
        for path, text in files.texts.items():
            write_text_creating_folders(self.place / path, text)
        if files.recording:
            write_recording(
                self.place / f"cassettes/{files.name}.yaml", files.name, files.recording
            )
        failures = run_scenario(str(self.place / f"scenarios/{files.name}.scenario.yaml")).failures
        return str(failures[0].headline).replace(f"{self.place}/", "") if failures else ""

    def _remove_files(self, files: _DraftFiles) -> None:
        for path in files.paths:
            (self.place / path).unlink()


_TRIAL: Final = "bpmax_draft_trial"
"""The name of a scenario that is run to find out whether a single call can be played."""


class _DraftFiles(msgspec.Struct, frozen=True):
    """The files of one drafted scenario.

    Attributes:
        name: name of the scenario.
        texts: path in the project -> text.
        recording: exchanges of its cassette; empty if it has none.
    """

    name: str
    texts: Mapping[str, str]
    recording: tuple[PendingExchange, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of all files, including the recording."""
        return (*self.texts, *((f"cassettes/{self.name}.yaml",) if self.recording else ()))

    def has_same_texts_in(self, folder: Path) -> bool:
        """Return whether *folder* already has exactly these texts; recordings are not compared."""
        return all(read_text_or_empty(folder / path) == text for path, text in self.texts.items())


def _make_draft_texts(name: str, script: str, scenario: str) -> dict[str, str]:
    return {
        f"scenarios/scripts/{name}.js": script,
        f"scenarios/{name}.scenario.yaml": scenario,
    }


def _format_shanghai_time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(_SHANGHAI).isoformat(timespec="seconds")


def _select_calls(traffic: ForeignExchanges) -> tuple[list[Exchange], list[str]]:
    """Return the exchanges that are API calls, and messages about the others."""
    kept, pages, preflights = [], 0, 0
    for exchange in traffic.exchanges:
        if exchange.request.method == "OPTIONS":
            preflights += 1
        elif _is_page_resource(exchange):
            pages += 1
        else:
            kept.append(exchange)
    notes = list(traffic.notes)
    if pages:
        notes.append(
            plural(
                pages,
                "{number} page, style, script, image or file is left out",
                "{number} pages, styles, scripts, images and files are left out",
            )
        )
    if preflights:
        notes.append(
            plural(
                preflights,
                "{number} preflight request (OPTIONS) is left out",
                "{number} preflight requests (OPTIONS) are left out",
            )
        )
    return kept, notes


def _is_page_resource(exchange: Exchange) -> bool:
    """Return whether *exchange* loaded a part of a web page (HTML, image, script), not an API."""
    if exchange.request.method != "GET" or not isinstance(exchange.outcome, Response):
        return False
    kind = parse_media_type(Headers(exchange.outcome.headers).content_type)
    return bool(_OF_PAGES.fullmatch(kind)) or exchange.request.url.partition("?")[0].endswith(
        "/favicon.ico"
    )


def _read_all_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".bpmax" not in path.parts and not path.name.endswith(".journal")
    }


def _choose_platform_key(
    origin: str, known: Platforms, environ: Mapping[str, str], taken: Iterable[str]
) -> str:
    """Return the key of the known platform at *origin*, else one made from the host.

    Addresses of instances may be in variables of *environ*; a platform whose variable is not there
    may be at *origin*. *taken* are keys that belong to other origins of the same traffic.
    """
    for (key, _, _), address in resolve_instance_addresses(known, environ).items():
        if parse_origin(address) == origin:
            return key
    declared = (
        platform.platform_key for platform in known if parse_origin(platform.base_url) == origin
    )
    elsewhere = (
        key
        for key in known.keys
        if all(one in environ for one in list_address_variables(known, key))
    )
    return next(declared, make_unique_name(make_platform_key(origin), {*taken, *elsewhere}))


def _move_address_to_origin(exchange: Exchange, address: str, origin: str) -> Exchange:
    """Return *exchange* with *origin* in place of the platform's *address* in its URL.

    An API is declared with its path below the address, which may have a path itself.
    """
    rest = exchange.request.url.removeprefix(address)
    gap = "" if rest.startswith("/") else "/"
    return replace(exchange, request=replace(exchange.request, url=f"{origin}{gap}{rest}"))


def _group_by_platform(exchanges: Sequence[Exchange]) -> Iterator[tuple[list[str], list[Exchange]]]:
    """Yield the origins of each platform, the most used first, and its exchanges."""
    by_origin: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        by_origin.setdefault(parse_origin(exchange.request.url), []).append(exchange)
    joint = group_origins_by_tokens(by_origin.items())
    done: set[str] = set()
    for origin in by_origin:
        if origin in done:
            continue
        together = next((one for one in joint if origin in one), {origin})
        done |= together
        origins = sorted(together, key=lambda one: (-len(by_origin[one]), one))
        own = [one for one in exchanges if parse_origin(one.request.url) in together]
        yield origins, own


def write_draft(draft: ProjectDraft, folder: Path) -> list[Path]:
    """Write the files of *draft* into *folder*; return their paths.

    Raises:
        ConfigError: if a file cannot be written.
    """
    written = []
    for name, data in draft.files.items():
        path = folder / name
        write_text_creating_folders(path, data.decode())
        written.append(path)
    return written
