"""Find undeclared secrets in requests and responses by their names.

They are found by `message_members`. A value that is found gets a stand-in. If it is
distinctive, it is hidden wherever it occurs again, so that a later request with it is recognised; a
word or a number is hidden only at its own place. Values of requests are numbered apart from those
of responses: in replay, response values are stand-ins already and would change the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from bpmax_sim.cassette.matching import rebuild_call_without_injected
from bpmax_sim.field_path import FieldPath, Steps, format_path
from bpmax_sim.file_system import shell_quote
from bpmax_sim.i18n import msg
from bpmax_sim.messages import Call, Headers, Request, Response
from bpmax_sim.secret.credential_headers import (
    hide_credential,
    register_basic_password,
    register_parts_of_credential,
)
from bpmax_sim.secret.http_auth import SECRET_HEADERS, SET_BY_SERVER, read_basic, replace_credential
from bpmax_sim.secret.secret_names import (
    VERSION,
    is_redactable_everywhere,
    split_scheme_by_name,
)
from bpmax_sim.secret.vault import Vault
from bpmax_sim.text_codec import decode_text
from bpmax_sim.transport.message_members import (
    ALWAYS_HIDDEN,
    LARGEST,
    LENIENT,
    MessageMember,
    find_secret_members,
    find_texts_around_words,
    find_tokens_in_login_body,
    is_whole_header,
    list_texts_around,
    may_hold_secret_members,
    parse_message_parts,
)
from bpmax_sim.transport.redaction import (
    decode_compressed_body,
    find_script_credentials,
    get_tenant,
    make_api_place_prefix,
)


@dataclass(slots=True)
class SecretByNameRegistrar:
    """Registers values as secrets that nobody has declared but whose name says so, as ``password``.

    Attributes:
        vault: the session's known secrets.
        not_secret_places: function that returns the places of an exchange that are declared not
            to be secret.
        clear_texts: function that returns values that are declared not to be secret, at any place.
        version: version of the list of names; 0 for a recording made before there was one.
        hidden: places where a value was hidden, each once.
    """

    vault: Vault
    not_secret_places: Callable[[Request], tuple[str, ...]]
    clear_texts: Callable[[Request, Response | None], frozenset[str]]
    version: int = VERSION
    hidden: dict[str, None] = field(default_factory=dict)

    def register_request(self, request: Request) -> None:
        """Register values of *request*, except those of auth and of logins, which are declared."""
        shown = request.recorded_form
        if shown.is_login:
            return
        if self.version:
            self._register_members_of_request(request, shown)
        self._register_credentials(request)

    def _register_credentials(self, request: Request) -> None:
        """Register what the script or client sends as Authorization or Cookie.

        Before the response is redacted, which may repeat it.
        """
        if SECRET_HEADERS.isdisjoint([name.lower() for name, _ in request.headers]):
            return
        call, tenant, vault = request.call, get_tenant(request), self.vault
        for name, value in find_script_credentials(request):
            if self.version >= LENIENT:
                hide_credential(name, value, tenant, vault)
                continue
            # As these recordings have it: whatever it is, it is hidden everywhere.
            issued = partial(
                vault.register_issued,
                *((call.platform, call.instance) if call else tenant),
                f"script-{name.lower()}",
            )
            replace_credential(value, issued)
        for name, value in request.headers if self.version >= LENIENT else ():
            if name.lower() in SECRET_HEADERS:
                register_parts_of_credential(name, value, tenant, vault)

    def _register_members_of_request(self, request: Request, shown: Request) -> None:
        if self.version >= LENIENT:
            shown = replace(shown, body=decode_compressed_body(shown.body, shown.headers))
        address, _, query = shown.url.partition("?")
        if not may_hold_secret_members(shown.headers, shown.body, query, path=address):
            return
        bare = rebuild_call_without_injected(shown)
        parts = parse_message_parts(
            bare.headers, bare.body, bare.query, request.charset, self.version, bare.path
        )
        clear = self.clear_texts(request, None)
        words: dict[tuple[str, str], tuple[str, str]] = {}
        opened = self._list_not_secret_paths(request)
        for member in find_secret_members(parts, opened, self.version):
            if member[2] not in clear:
                words |= self._register_member(request, member, "sent-")
        self._register_places_of_words(bare, words, request.charset)

    def register_response(self, request: Request, response: Response) -> None:
        """Register as secrets the values of *response* that have the name of one.

        Of a login's response, also all values that have the form of a token.
        """
        if not self.version:
            return
        is_login = request.is_login
        # A login may issue its token in a header Authorization.
        hidden = SET_BY_SERVER if self.version >= LENIENT else ALWAYS_HIDDEN
        if not is_login and not may_hold_secret_members(
            response.headers, response.body, "", hidden
        ):
            return
        parts = parse_message_parts(
            response.headers, response.body, (), request.charset, self.version
        )
        opened, clear = self._list_not_secret_paths(request), self.clear_texts(request, response)
        words: dict[tuple[str, str], tuple[str, str]] = {}
        for member in find_secret_members(parts, opened, self.version, hidden):
            # The signature of a response shows that it is genuine; nobody can do anything else with
            # it.
            is_signature = is_whole_header(member) and member[1].endswith(("sign", "signature"))
            if member[2] not in clear and not is_signature:
                words |= self._register_member(request, member, "")
        for member in find_tokens_in_login_body(parts, opened) if is_login else ():
            if member[2] not in clear:
                words |= self._register_member(request, member, "")
        self._register_places_of_words(response, words, request.charset)

    def describe_hidden_places(self) -> Iterator[str]:
        """Yield a message for each place that was hidden, with what to do if it is no secret."""
        for place in self.hidden:
            yield msg(
                "{place}: hidden by its name or place, with a stand-in; if it is no secret, "
                "answer with `bpmax-sim review --not-secret {quoted}` and record again",
                place=place,
                quoted=shell_quote(place),
            )

    def _list_not_secret_paths(self, request: Request) -> list[Steps]:
        return [FieldPath.parse(place, "not_secret") for place in self.not_secret_places(request)]

    def _register_member(
        self, request: Request, member: MessageMember, label_prefix: str
    ) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Register the value of *member*, and return it if it is a word that others may have, too.

        It is returned under its name and value, with its stand-in and label.
        """
        path, name, text, _ = member
        if self.vault.redact_text(text) != text:
            return {}  # it is known, with the place that declares it
        platform, instance = get_tenant(request)
        scheme, whole = "", text
        if self.version >= LENIENT:
            scheme, text = split_scheme_by_name(name, text)
            if pair := read_basic(whole):
                register_basic_password(*pair, (platform, instance), self.vault)
        is_jwt = text.startswith("eyJ") and text.count(".") == 2  # noqa: PLR2004 - RFC 7519
        kind = "jwt" if is_jwt else "text"
        label = f"{platform}.{instance}.{name}"
        standin = self.vault.make_unregistered_standin(
            platform, instance, f"{label_prefix}{name}", text, kind
        )
        if standin == text:
            return {}
        self.hidden[f"{make_api_place_prefix(request)}{format_path(path)}"] = None
        is_header = is_whole_header(member)
        if (is_header and self.version == 1) or is_redactable_everywhere(text):
            self._hide_everywhere(text, standin, label)
            return {}
        # A word or a number is no secret elsewhere, so it is hidden only with its name beside it.
        is_multipart = Headers(request.headers).media_type.startswith("multipart/")
        for before, after in list_texts_around(member, is_multipart=is_multipart):
            self.vault.register_derived(
                f"{before}{scheme}{text}{after}", f"{before}{scheme}{standin}{after}", name=label
            )
        return {} if scheme or member.around else {(name, text): (standin, label)}

    def _hide_everywhere(self, text: str, standin: str, label: str) -> None:
        self.vault.add(text, standin, name=label)
        if "+" in text and self.version >= LENIENT:  # as whoever decodes a form reads it
            self.vault.register_derived(text.replace("+", " "), standin, name=label)

    def _register_places_of_words(
        self,
        message: Call | Response,
        words: Mapping[tuple[str, str], tuple[str, str]],
        charset: str,
    ) -> None:
        if not words or not message.body or len(message.body) > LARGEST:
            return
        text = decode_text(message.body, Headers(message.headers).content_type, charset).text
        for name, word, before, after in find_texts_around_words(text, words):
            standin, label = words[name, word]
            self.vault.register_derived(
                f"{before}{word}{after}", f"{before}{standin}{after}", name=label
            )
