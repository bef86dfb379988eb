"""``doctor``: check the installation, and in a project also the remains of earlier runs."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from typer import Option

import bpmax_sim
from bpmax_sim import git
from bpmax_sim.cli.item_selection import read_platform_folders
from bpmax_sim.cli.terminal import align_columns, notify, say
from bpmax_sim.cli.types import FILES
from bpmax_sim.errors import BpmaxError, ConfigError
from bpmax_sim.extensions import ExtensionPoint
from bpmax_sim.i18n import join_list, msg, plural, template
from bpmax_sim.platform.load import load_platforms
from bpmax_sim.platform.model import Source
from bpmax_sim.project import find_root
from bpmax_sim.report.exit_codes import ExitCode
from bpmax_sim.script.failure import Script
from bpmax_sim.session.replaced_credentials import (
    get_replaced_credentials_folder,
    read_replaced_credentials,
)
from bpmax_sim.session.session import Session
from bpmax_sim.starter.init import CIS, GIT
from bpmax_sim.yamlfile import to_display_path

Finding = tuple[bool, str, str]
_ATTRIBUTES = ".gitattributes"
_KEEPING = b"cassettes/x.yaml: text: unset", b"cassettes/x.yaml: eol: lf"


def _check_project(root: Path) -> Iterator[Finding]:
    """Yield findings about the project at *root*; only a few if the folder is no project."""
    yield from _check_platforms(root)
    yield from _check_schemas(root)
    yield from _check_leftovers(root)
    yield from _list_credentials_set_by_logins(root)
    if (repository := git.find_repository(root)) is not None:
        yield _check_git(root)
        hint = msg("does not merge cassettes here; run `bpmax-sim doctor --fix`")
        done = msg("merges and shows cassettes")
        yield True, "git", done if git.has_merge_driver(repository) else hint
    files = [name for name, (_, place) in CIS.items() if (root / place).is_file()]
    none = msg("none; `bpmax-sim init --ci github` writes one")
    yield True, msg("CI file"), join_list(files) or none


def _check_platforms(root: Path) -> Iterator[Finding]:
    try:
        platforms = load_platforms(read_platform_folders(root))
    except ConfigError as error:
        message = plural(len(error.problems), "{number} problem", "{number} problems")
        hint = msg("{message}; run `bpmax-sim lint` for details", message=message)
        yield False, msg("platforms"), hint
        return
    own = join_list(sorted(platforms.own)) or msg("the built-in ones")
    yield True, msg("platforms"), own
    sources = [
        value
        for entry in chain.from_iterable(platforms.entries.values())
        for value in (entry.instance.base_url, *entry.instance.credentials.values())
        if isinstance(value, Source)
    ]
    variables = {source.env for source in sources if isinstance(source.env, str)}
    if names := join_list(sorted(name for name in variables if not os.environ.get(name))):
        message = msg("not set: {names}; needed to record, never to replay", names=names)
        yield True, msg("environment"), message
    if any(isinstance(source.keyring, str) for source in sources):
        message = msg('instances name it; install it: pip install "bpmax-sim[keyring]"')
        is_there = find_spec("keyring") is not None
        yield is_there, "keyring", msg("installed") if is_there else message


def _list_credentials_set_by_logins(root: Path) -> Iterator[Finding]:
    """Yield, for each instance, which of its credentials logins replaced, without the values.

    A login may return, for example, a new refresh token. It is stored in a file or in the keyring,
    from where later processes read it.
    """
    for path in sorted(get_replaced_credentials_folder(root).glob("*.json")):
        name = msg("kept by {instance}", instance=path.stem)
        try:
            lines = read_replaced_credentials(path).lines.values()
        except ConfigError as error:
            yield False, name, str(error)
            continue
        names = join_list(dict.fromkeys(name for line in lines for name in line.values))
        newest = time.localtime(max((line.at for line in lines), default=0))
        message = msg(
            "{names}, the newest since {at}, in {path}",
            names=names or msg("in the keyring"),
            at=time.strftime("%Y-%m-%d %H:%M", newest),
            path=to_display_path(path),
        )
        yield True, name, message


def _check_schemas(root: Path) -> Iterator[Finding]:
    folder = root / "scenarios" / "schemas"
    if not folder.is_dir():
        return
    old = [name for name, make in FILES.items() if not _is_schema_current(folder, name, make())]
    message = msg(
        "{names}: not those of this version; `bpmax-sim schema --write`", names=join_list(old)
    )
    yield not old, "schemas", message if old else to_display_path(folder)


def _is_schema_current(folder: Path, name: str, schema: Mapping[str, object]) -> bool:
    try:
        text = (folder / f"{name}.schema.json").read_text(encoding="utf-8")
        return bool(json.loads(text) == json.loads(json.dumps(schema)))
    except (OSError, ValueError):
        return False


def _check_leftovers(root: Path) -> Iterator[Finding]:
    """Yield the files that killed or failed recordings left behind."""
    folder = root / "cassettes"
    for end, name, text in (
        (
            "*.journal",
            msg("journals"),
            template("{counted} not finished; `bpmax-sim cassette recover`"),
        ),
        ("*.new", msg("review"), template("{counted} to accept or reject; `bpmax-sim review`")),
    ):
        if number := len(list(folder.rglob(end))):
            counted = plural(number, "{number} recording", "{number} recordings")
            yield False, name, msg(text, counted=counted)


def _check_git(root: Path) -> Finding:
    """Check that Git does not change the line ends of cassettes, as its attributes say there."""
    (line,) = GIT[_ATTRIBUTES]
    try:
        told = git.run_git(root, "check-attr", "text", "eol", "--", "cassettes/x.yaml")
        is_kept = any(one in told.splitlines() for one in _KEEPING)
    except ConfigError:  # no Git here; others that have one read the file
        is_kept = False
        with suppress(OSError):
            is_kept = line.encode() in (root / _ATTRIBUTES).read_bytes().splitlines()
    if is_kept:
        return True, _ATTRIBUTES, msg("cassettes keep their line ends")
    hint = msg("Git may change or cut cassettes; add to it: {line}", line=line)
    return False, _ATTRIBUTES, hint


PACKAGES = ("quickjs-ng", "httpx", "pytest", "hypothesis", "vcrpy", "respx", "PyYAML", "msgspec")
EXTRAS = {
    "server": (("starlette", "uvicorn"), msg("for serve and simulate")),
    "engine-v8": (("py_mini_racer",), msg("for scripts that need all of ICU")),
    "remote": (("fsspec",), msg("for cassettes at a URL")),
    "keyring": (("keyring",), msg("for credentials in a keyring")),
}
"""What of the package is optional: its modules, and what it is good for."""

_SAMPLE = "合同"


def doctor(
    *,
    fix: Annotated[
        bool, Option("--fix", help=msg("Set up this Git clone to merge and show cassettes."))
    ] = False,
) -> int:
    """Check installation and project; ``--fix`` sets up Git for cassettes."""
    repository = git.find_repository(Path.cwd())
    for line in git.configure_merging(repository) if fix and repository else ():
        notify(line)
    results = list(collect_findings())
    sound = all(ok for ok, _, _ in results)
    for line in align_columns([("√" if ok else "×", *found) for ok, *found in results]):
        say(line)
    return ExitCode.PASSED if sound else ExitCode.FAILED


def collect_findings() -> Iterator[Finding]:
    """Yield (whether it is fine, what was checked, what was found) for each check of `doctor`."""
    yield True, "bpmax-sim", str(bpmax_sim.__version__)
    version, system = platform.python_version(), platform.system()
    yield True, "python", msg("{python_version} on {system}", python_version=version, system=system)
    yield from map(_check_package, PACKAGES)
    yield _check_engine()
    yield from map(_check_extra, EXTRAS)
    yield from _check_extensions()
    yield _check_console()
    root = find_root(Path.cwd())
    yield _check_writable(msg("project"), root)
    yield _check_writable(msg("cassettes"), root / "cassettes")
    yield from _check_project(root)
    is_ci = bool(os.environ.get("CI"))
    yield True, "CI", msg("set, so recording needs --allow-ci-record") if is_ci else msg("not set")


def _check_package(name: str) -> Finding:
    try:
        return True, name, metadata.version(name)
    except metadata.PackageNotFoundError:
        return False, name, msg("not installed; run `pip install {name}`", name=name)


def _check_extra(name: str) -> Finding:
    """Return the finding about an optional dependency, whose absence is not an error."""
    packages, purpose = EXTRAS[name]
    hint = msg(
        'not installed; {purpose}: pip install "bpmax-sim[{name}]"', purpose=purpose, name=name
    )
    is_there = all(find_spec(package) for package in packages)
    return True, msg("extra {name}", name=name), msg("installed") if is_there else hint


def list_extension_points() -> tuple[ExtensionPoint[Any], ...]:
    """Return all extension points: groups of entry points that other distributions can add to.

    Only this command needs every one, so they are imported here.
    """
    from bpmax_sim.platform import filters, presets  # noqa: PLC0415
    from bpmax_sim.scenario import expect  # noqa: PLC0415
    from bpmax_sim.secret.source import SECRET_SOURCES  # noqa: PLC0415
    from bpmax_sim.simulator.simulator import RULES  # noqa: PLC0415
    from bpmax_sim.traffic.formats import FORMATS  # noqa: PLC0415

    return (
        presets.PRESETS, filters.REGISTERED, expect.MATCHERS, expect.REGISTERED, SECRET_SOURCES,
        FORMATS, RULES,
    )  # fmt: skip


def _check_extensions() -> Iterator[Finding]:
    """Yield each extension registered by another distribution, and what is wrong with it."""
    for point in list_extension_points():
        for name, distribution, wrong in point.find_foreign_part_problems():
            yield not wrong, f"{point.group} {name}", wrong or distribution


def _check_console() -> Finding:
    encoding = sys.stdout.encoding or "ascii"
    message = msg(
        "{encoding}, files {getfilesystemencoding}",
        encoding=encoding,
        getfilesystemencoding=sys.getfilesystemencoding(),
    )
    try:
        _SAMPLE.encode(encoding)
        os.fsencode(_SAMPLE)
    except (UnicodeEncodeError, LookupError):
        hint = msg("{message}; it lacks Chinese: set PYTHONUTF8=1", message=message)
        return False, msg("console"), hint
    return True, msg("console"), message


def _check_engine() -> Finding:
    try:
        with Session.open() as session:
            outcome = session.run_script(Script("return await Promise.resolve(6 * 7)", "doctor.js"))
    except (BpmaxError, ImportError) as error:
        return False, msg("scripts"), str(error)
    works = outcome.value == 42  # noqa: PLR2004 - 6 * 7
    wrong = msg("give {outcome_value!r} for 6 * 7", outcome_value=outcome.value)
    return works, msg("scripts"), msg("run") if works else wrong


def _check_writable(name: str, folder: Path) -> Finding:
    """Check that *folder*, or the nearest existing folder above it, is writable."""
    place = next(ancestor for ancestor in (folder, *folder.parents) if ancestor.exists())
    if place.is_dir() and os.access(place, os.W_OK):
        return True, name, str(folder)
    message = msg("{place} cannot be written; change its rights, or run elsewhere", place=place)
    return False, name, message
