"""What a user wants of a new project, checked before anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from bpmax_sim.errors import ConfigError, near
from bpmax_sim.platform.check import is_address

_KEY = re.compile(r"[A-Za-z]\w{0,40}", re.ASCII)


class Auth(msgspec.Struct, frozen=True):
    """How one logs in: the lines of the platform file, and the credentials by name."""

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
  username: {secret: false}
  password: {secret: true}
auth:
  preset: login_token
  login_path: /login               # gets {"username": …, "password": …} as JSON
  token_path: $.data.token         # where its answer holds the token
  ttl_path: $.data.expires_in      # and for how many seconds that is valid
  name: Authorization              # the header that carries the token
  prefix: "Bearer \""""

AUTHS: Final[Mapping[str, Auth]] = {
    "none": Auth("auth: none"),
    "basic": Auth(
        "credentials:\n  username: {secret: false}\n  password: {secret: true}\nauth: basic",
        ("username", "password"),
    ),
    "bearer": Auth("credentials:\n  token: {secret: true}\nauth: bearer", ("token",)),
    "api_key": Auth(
        "credentials:\n  key: {secret: true}\nauth: {preset: api_key, in: header, name: X-API-Key}",
        ("key",),
    ),
    "login_token": Auth(_LOGIN, ("username", "password")),
    "oauth2_client_credentials": Auth(_OAUTH, ("client_id", "client_secret")),
}
"""The presets that a new project can begin with; the others are written by hand."""

CIS: Final[Mapping[str, tuple[str, str]]] = {
    "github": ("ci/github.yaml", ".github/workflows/bpmax-sim.yml"),
    "gitlab": ("ci/gitlab.yaml", ".gitlab-ci.yml"),
    "jenkins": ("ci/Jenkinsfile", "Jenkinsfile"),
}
"""Where the file of each CI system is shipped, and where it goes."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A project's first platform, and its CI systems; no platform means CI and Git files alone."""

    platform: str = ""
    address: str = ""
    auth: str = "bearer"
    cis: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.platform and not _KEY.fullmatch(self.platform):
            raise ConfigError(
                f"--platform {self.platform}: expected a key such as crm_system: letters, digits, _"
            )
        if self.platform and not is_address(self.address):
            raise ConfigError(
                f"--url {self.address}: expected an address such as https://crm.example.com, "
                "without ? # and user"
            )
        _one_of("--auth", self.auth, AUTHS)
        for ci in self.cis:
            _one_of("--ci", ci, CIS)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the variable that each credential is read from, the address first."""
        names = ("url", *AUTHS[self.auth].credentials)
        return {name: f"{self.platform}_{name}".upper() for name in names}


def _one_of(option: str, value: str, known: Mapping[str, object]) -> None:
    if value not in known:
        hint = near(value, known) or f"; there are {', '.join(known)}"
        raise ConfigError(f"{option}: there is no {value!r}{hint}")
