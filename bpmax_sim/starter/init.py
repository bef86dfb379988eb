"""Write the files of a new project, and record its first cassette.

Options are checked and all texts made before anything is written. The cassette is recorded from a
function: no network, made-up secrets.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec

from bpmax_sim import git
from bpmax_sim.errors import ConfigError, ExpectationError, suggest_or_list
from bpmax_sim.i18n import join_messages, msg, translate
from bpmax_sim.messages import Request, Response, strip_credentials_and_query
from bpmax_sim.platform.check import is_platform_address
from bpmax_sim.scenario import events, load, runner
from bpmax_sim.transport.protocol import Handler
from bpmax_sim.yamlfile import read_text_or_empty, write_text_creating_folders

NAME_ANOTHER = msg("; name another folder")
"""What to do where a folder cannot be written."""
_KEY = re.compile(r"[A-Za-z]\w{0,40}", re.ASCII)


class AuthChoice(msgspec.Struct, frozen=True):
    """A kind of auth that `bpmax-sim init` offers.

    Attributes:
        lines: ``auth`` of the platform file as YAML.
        credentials: names of the credentials that it needs.
    """

    lines: str
    credentials: tuple[str, ...] = ()


_OAUTH = """\
credentials:
  client_id: {}
  client_secret: {secret: true}
auth:
  preset: oauth2_client_credentials
  token_url: "{{ base_url }}/oauth/token"
  client_auth: body"""

_LOGIN = """\
credentials:
  username: {}
  password: {secret: true}
auth:
  preset: login_token
  login_path: /login               # @on_login@
  token_path: $.data.token         # @on_token@
  ttl_path: $.data.expires_in      # @on_ttl@
  name: Authorization              # @on_header@
  prefix: "Bearer \""""

AUTHS: Final[Mapping[str, AuthChoice]] = {
    "none": AuthChoice("auth: none"),
    "basic": AuthChoice(
        "credentials:\n  username: {}\n  password: {secret: true}\nauth: basic",
        ("username", "password"),
    ),
    "bearer": AuthChoice("credentials:\n  token: {secret: true}\nauth: bearer", ("token",)),
    "api_key": AuthChoice(
        "credentials:\n  key: {secret: true}\nauth: {preset: api_key, in: header, name: X-API-Key}",
        ("key",),
    ),
    "login_token": AuthChoice(_LOGIN, ("username", "password")),
    "oauth2_client_credentials": AuthChoice(_OAUTH, ("client_id", "client_secret")),
}
"""The presets that a new project can begin with; the others are written by hand."""

CIS: Final[Mapping[str, tuple[str, str]]] = {
    "github": ("ci/github.yaml", ".github/workflows/bpmax-sim.yml"),
    "gitlab": ("ci/gitlab.yaml", ".gitlab-ci.yml"),
    "jenkins": ("ci/Jenkinsfile", "Jenkinsfile"),
}
"""Where the file of each CI system is shipped, and where it goes."""


class NewProject(msgspec.Struct, frozen=True, kw_only=True):
    """What the user chose for a new project.

    Attributes:
        platform: key of its first platform; empty to write only CI and Git files.
        address: address of that platform.
        auth: key of an `AuthChoice`.
        cis: CI systems for which files are written.
    """

    platform: str = ""
    address: str = ""
    auth: str = "bearer"
    cis: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.platform and not _KEY.fullmatch(self.platform):
            raise ConfigError(
                "--platform {platform}: expected a key such as crm_system: letters, digits, _",
                platform=self.platform,
            )
        if self.platform and not is_platform_address(self.address):
            raise ConfigError(
                "--url {address}: expected an address such as https://crm.example.com, without "
                "? # and user",
                address=strip_credentials_and_query(self.address),
            )
        _check_choice("--auth", self.auth, AUTHS)
        for ci in self.cis:
            _check_choice("--ci", ci, CIS)

    @property
    def address_and_credential_variables(self) -> Mapping[str, str]:
        """Return the variable from which each credential is read, the address first."""
        names = ("url", *AUTHS[self.auth].credentials)
        return {name: f"{self.platform}_{name}".upper() for name in names}


def _check_choice(option: str, value: str, known: Mapping[str, object]) -> None:
    if value not in known:
        hint = suggest_or_list(value, known)
        raise ConfigError(
            "{option}: there is no {value!r}{hint}", option=option, value=value, hint=hint
        )


GIT: Mapping[str, tuple[str, ...]] = {
    ".gitattributes": (git.ATTRIBUTES,),
    ".prettierignore": (git.NO_FORMAT,),
    ".gitignore": (
        ".bpmax/",
        "instances.local.yaml",
        "*.journal",
        "*.yaml.new",
        "*.yaml.damaged",
        "report.xml",
        "__pycache__/",
        ".pytest_cache/",
        ".venv/",
    ),
}
"""Lines that have to be in a file, whatever else is: a cassette's bytes are sealed."""


_COMMENTS: Final[Mapping[str, str]] = {
    "on_change": msg("Runs when the field customerId of the form changes."),
    "on_tenants": msg(
        "One entry a tenant. Values come from the environment, and only while recording."
    ),
    "on_local": msg("What is yours alone goes into instances.local.yaml, which Git does not see."),
    "on_platform": msg("One third-party system: its address, how to log in, its interfaces."),
    "on_login": msg('gets {"username": …, "password": …} as JSON'),
    "on_token": msg("where its response has the token"),
    "on_ttl": msg("and for how many seconds that is valid"),
    "on_header": msg("the header that carries the token"),
    "on_cassette": msg(
        "Its cassette was recorded from a stand-in; record it from your own system."
    ),
}
"""What the files say to whoever reads them, in the language of the one who asked for them."""


def _make_project_files(chosen: NewProject) -> dict[str, str]:
    values = {
        "platform": chosen.platform,
        "PLATFORM": chosen.platform.upper(),
        "address": chosen.address,
        "auth": AUTHS[chosen.auth].lines,
        **{name: translate(text) for name, text in _COMMENTS.items()},
    }
    sources = {
        f"platforms/{chosen.platform}.yaml": "platforms/crm.yaml",
        "scripts/customer.js": "scripts/customer.js",
        "customer.scenario.yaml": "customer.scenario.yaml",
        "instances.yaml": "instances.yaml",
    }
    texts = {
        f"scenarios/{to}": _fill_template(_read_template_file(name), values)
        for to, name in sources.items()
    }
    _, *credentials = chosen.address_and_credential_variables.items()
    lines = [f"    {name}: {{env: {variable}}}\n" for name, variable in credentials]
    texts["scenarios/instances.yaml"] += join_messages(
        "", ["  credentials:\n", *lines] if lines else []
    )
    return texts


def append_missing_lines(before: str, lines: tuple[str, ...]) -> str:
    """Return *before* with those of *lines* appended that it does not contain."""
    there = {line.strip() for line in before.splitlines()}
    more = join_messages("", (f"{line}\n" for line in lines if line not in there))
    gap = "\n" if before and not before.endswith("\n") and more else ""
    return f"{before}{gap}{more}"


def _read_template_file(name: str) -> str:
    return (files("bpmax_sim.starter") / "files" / name).read_text(encoding="utf-8")


def _fill_template(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        # Not ``{name}``: the files have braces of their own, of templates and YAML.
        text = text.replace(f"@{name}@", value)
    return text


_CUSTOMER = {"code": 200, "message": "ok", "data": {"name": "张三", "phone": "13800138000"}}


def answer_sample_request(request: Request) -> Response:
    """Return a token for a login, and a sample customer for any other request."""
    document: Mapping[str, Any] = _CUSTOMER
    if request.is_login:
        token, ttl = secrets.token_urlsafe(24), 7200
        oauth = {"access_token": token, "token_type": "Bearer", "expires_in": ttl}
        document = {**oauth, "data": {"token": token, "expires_in": ttl}}
    return Response(
        status=200,
        reason="OK",
        headers=(("content-type", "application/json; charset=utf-8"),),
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
        elapsed=0.012,
        source="simulated",
    )


class InitPlan(msgspec.Struct, frozen=True):
    """The files that `bpmax-sim init` will write.

    Attributes:
        texts: path -> new text.
        replaced: those of them that exist with another text, and the cassette if it exists.
        cassette: path of the cassette that will be recorded; None without platform.
    """

    texts: dict[Path, str]
    replaced: tuple[Path, ...]
    cassette: Path | None


def plan_files(folder: Path, chosen: NewProject) -> InitPlan:
    """Return the files that *chosen* requires in *folder*, without those that are already right.

    Raises:
        ConfigError: if an existing file cannot be read as text.
    """
    named = _make_project_files(chosen) if chosen.platform else {}
    named |= {
        place: _read_template_file(shipped) for shipped, place in (CIS[ci] for ci in chosen.cis)
    }
    texts = {folder / name: text for name, text in named.items()}
    replaced = [path for path, text in texts.items() if read_text_or_empty(path) not in {"", text}]
    for name, lines in GIT.items():
        texts[folder / name] = append_missing_lines(read_text_or_empty(folder / name), lines)
    cassette = folder / f"cassettes/{chosen.platform}/customer.yaml" if chosen.platform else None
    if cassette is not None and cassette.exists():
        replaced.append(cassette)
    fresh = {path: text for path, text in texts.items() if read_text_or_empty(path) != text}
    return InitPlan(fresh, tuple(replaced), cassette)


def write_and_record_project(
    planned: InitPlan, folder: Path, chosen: NewProject
) -> tuple[Path, ...]:
    """Write the planned files, record the cassette, and return the written paths.

    Raises:
        ConfigError: if a file cannot be written.
        ExpectationError: if the new scenario does not pass.
    """
    for path, text in planned.texts.items():
        write_text_creating_folders(path, text, NAME_ANOTHER)
    if planned.cassette is None:
        return tuple(planned.texts)
    values = {
        variable: secrets.token_urlsafe(24)
        for variable in chosen.address_and_credential_variables.values()
    }
    environ = {**values, chosen.address_and_credential_variables["url"]: chosen.address}
    (item,) = load.load_items(folder / "scenarios/customer.scenario.yaml", environ=environ)
    session = runner.open_session(
        item,
        cassettes=folder / "cassettes",
        environ=environ,
        mode="record",
        record="rewrite",
        seed=0,
        transport=Handler(answer_sample_request),
    )
    *_, last = runner.run_item(item, session, environ=environ)
    assert isinstance(last, events.ScenarioFinished)
    if last.failures:
        message = join_messages("\n", (failure.headline for failure in last.failures))
        raise ExpectationError("the new scenario does not pass:\n{message}", message=message)
    logins = sorted((folder / "cassettes/auth").glob(f"{chosen.platform}.*.yaml"))
    return (*planned.texts, planned.cassette, *logins)
