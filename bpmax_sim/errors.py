"""Every error of the package.

BpmaxError
├── ConfigError            a file or a setting is wrong; carries every problem found
├── CallError              a ``$proxy`` call was rejected; scripts can catch it
│   ├── AuthError          AUTH_FAILED
│   ├── TransportError     CONNECT TIMEOUT TLS RESET: the exchange did not complete
│   ├── HttpStatusError    HTTP_STATUS
│   ├── BadResponseError   BAD_RESPONSE
│   └── BusinessError      BUSINESS
├── CassetteError          a recording cannot be used
│   ├── DamagedCassette
│   ├── NewerFormat
│   └── LeakError          a secret would have been written
├── NoMatchError           replay has no response; outside CallError, so no retry can hide it
├── ScriptError            uncaught in a user's script
│   ├── ScriptSyntaxError
│   ├── ScriptLimitError
│   └── PendingPromise
├── ClosedNetworkError     a run went out beside ``$proxy`` while the network is closed
├── SubjectError           the form or the flow does not offer that
└── ExpectationError       also an AssertionError

A message says what, where, expected and got, and what to do next. None contains a secret.
The warnings, each a `BpmaxWarning`, are the table `WARNINGS`: one class for each kind of doubt.
"""

from __future__ import annotations

import difflib
import inspect
import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice, takewhile
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import msgspec

from bpmax_sim.i18n import (
    MessageError,
    TranslatableText,
    join_list,
    join_messages,
    label_message,
    msg,
    plural,
    translate,
)

BAD_PATTERN: Final = (re.error, TypeError, OverflowError, RecursionError, FutureWarning)
"""What compiling a regular expression of a user's raises, a warning where those are errors."""


_KINDS: Final = {
    "array": msg("a list"),
    "list": msg("a list"),
    "tuple": msg("a list"),
    "object": msg("a mapping"),
    "dict": msg("a mapping"),
    "str": msg("a text"),
    "bytes": msg("bytes"),
    "int": msg("a whole number"),
    "float": msg("a number"),
    "bool": msg("true or false"),
    "null": msg("nothing"),
    "NoneType": msg("nothing"),
}


def describe_data_kind(name: str) -> str:
    """Return in words the kind of data that Python, or msgspec, calls *name*, such as ``str``.

    *name* may be several with ``|`` between them.
    """
    return join_messages(" / ", [_KINDS.get(one, one) for one in name.split(" | ")])


_DATA_ERRORS: Final = (
    (re.compile(r"Object missing required field `(?P<key>.+)`"),
     lambda key: msg("the key {key!r} is missing", key=key)),
    (re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<kind>[^`]+)`"),
     lambda expected, kind: msg("expected {expected}, got {kind}",
                                expected=describe_data_kind(expected),
                                kind=describe_data_kind(kind))),
    (re.compile(r"Expected `(?P<expected>[^`]+)`(?P<limit> .+)?"),
     lambda expected, limit: msg("expected {expected}{limit}",
                                 expected=describe_data_kind(expected), limit=limit or "")),
    (re.compile(r"Object contains unknown field `(?P<key>.+)`"),
     lambda key: msg("unknown key {key!r}", key=key)),
    (re.compile(r"Invalid enum value (?P<value>.+)"),
     lambda value: msg("{value} is not one of the values that are known", value=value)),
    (re.compile(r"JSON is malformed: .*\(byte (?P<byte>\d+)\)"),
     lambda byte: msg("not JSON, at byte {byte}", byte=byte)),
    (re.compile(r"JSON is malformed.*"), lambda: msg("not JSON")),
    (re.compile(r"Input data was truncated"), lambda: msg("it ends too early")),
    (re.compile(r"Invalid UTF-8 encoded string"), lambda: msg("not UTF-8")),
    (re.compile(r"invalid literal for int.*: (?P<value>.*)"),
     lambda value: msg("expected a whole number, got {value}", value=value)),
)  # fmt: skip


_WRONG_KIND: Final = msg("a value of another kind is expected")
_ERRORS_OF_KINDS: Final = {
    RecursionError: msg("nested too deeply"),
    UnicodeDecodeError: msg("not UTF-8"),
    TypeError: _WRONG_KIND,
    AttributeError: _WRONG_KIND,
    msgspec.MsgspecError: _WRONG_KIND,
}


def describe_data_error(error: Exception) -> str:
    """Return what *error*, raised while data was parsed or its parts were read, says in our words.

    Errors of Python and msgspec are in English alone, and name types of Python. A message of ours
    is returned as it is.
    """
    if isinstance(error, KeyError):
        return msg("the key {key!r} is missing", key=error.args[0])
    text = error.args[0] if error.args else ""
    if isinstance(text, TranslatableText):
        return text
    text, _, path = str(error).partition(" - at `$")
    where = path.strip("`").removeprefix(".")
    for pattern, describe in _DATA_ERRORS:
        if match := pattern.fullmatch(text):
            what = describe(**match.groupdict())
            return label_message(where, what) if where else what
    kinds = (what for kind, what in _ERRORS_OF_KINDS.items() if isinstance(error, kind))
    return next(kinds, text)


_PLACE = re.compile(r"(.*?)(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?", re.DOTALL)


class Place(msgspec.Struct, frozen=True, order=True):
    """A position in a user's file; line and column count from 1, columns in characters.

    Places are ordered by file, line and column; as texts, line 10 would come before line 9.
    """

    file: str
    line: int = 0
    column: int = 0

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read ``file``, ``file:line`` or ``file:line:column``."""
        file, line, column = _PLACE.fullmatch(text).groups("0")  # type: ignore[union-attr]
        return cls(file, int(line), int(column))

    def __str__(self) -> str:
        """Return ``file``, ``file:line`` or ``file:line:column``, as far as known."""
        if self.file and self.line and self.column:
            return f"{self.file}:{self.line}:{self.column}"
        parts = [self.file, self.line, self.column]
        return ":".join([str(part) for part in parts if part])


def find_frame_outside(files: str | tuple[str, ...]) -> FrameType | None:
    """Return the innermost frame of Python's call stack whose file does not begin with *files*.

    *files* are the beginnings of paths to pass over, such as that of this package, so that a
    warning names the user's line. None if there is no such frame.
    """
    frame = inspect.currentframe()
    # A frame that names itself would keep what all its callers hold, until garbage is collected.
    frame = frame.f_back if frame else None
    while frame is not None and frame.f_code.co_filename.startswith(files):
        frame = frame.f_back
    return frame


_PAIR = re.compile(r"[\u3400-\u9fff]{2}")
_LONGEST_NAME = 200
_MANY = 300
_SHOWN = 40


def suggest_nearest(word: str, candidates: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` with the candidate most similar to *word*, or "".

    A name of two Chinese characters is similar to one that shares a character with it at the same
    position, such as 财物 and 财务, if no other candidate does.
    """
    near = find_nearest(word, candidates)
    return msg("; did you mean {matches!r}?", matches=near) if near else ""


def suggest_meant_value(word: str, candidates: Iterable[str]) -> str:
    """Return the suggestion of `suggest_nearest` for *word*, a value and not a name, or "".

    A candidate that differs in a number or a letter that stands alone is another value and no
    misspelling: ``PO-2`` and ``PO-1``, ``方案A`` and ``方案B``. So is the opposite, as
    ``未通过`` and ``已通过``, ``unpaid`` and ``paid``.
    """
    shape = _drop_number_and_state(word)
    return suggest_nearest(
        word, (one for one in candidates if _drop_number_and_state(one) != shape)
    )


_STATE: Final = re.compile(
    r"^(?:[不未非无没已待]|(?:un|in|dis|en|non|not)[-_ ]?)(?=.)", re.IGNORECASE
)
_NUMBERS: Final = re.compile(
    r"\d+|[零〇一二三四五六七八九十百千万]+|(?<![a-z])[a-z](?![a-z])", re.IGNORECASE
)


def _drop_number_and_state(value: str) -> str:
    return _NUMBERS.sub("", _STATE.sub("", value))


def find_nearest(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate most similar to *word*, or "" if none is similar enough."""
    if len(word) > _LONGEST_NAME:
        return ""
    names = sorted(candidates)  # of two alike the same one is named on each machine
    if not names:
        return ""
    folded = fold_case_and_width(word)
    if same := next(
        (name for name in names if name != word and fold_case_and_width(name) == folded), ""
    ):
        return same
    if len(names) > _MANY:  # each costs a comparison letter by letter
        first = word[:1].lower()
        alike = (n for n in names if abs(len(n) - len(word)) <= 1 and n[:1].lower() == first)
        names = list(islice(alike, _MANY))
    matches = difflib.get_close_matches(word, names, n=1)
    if not matches and _PAIR.fullmatch(word):
        pairs = {n for n in names if _PAIR.fullmatch(n)}
        matching = [n for n in pairs if n[0] == word[0] or n[1] == word[1] or n == word[::-1]]
        matches = matching if len(matching) == 1 else []
    return matches[0] if matches else ""


def is_plural(first: str, second: str) -> bool:
    """Return whether one of two names is the plural of the other: ``order`` and ``orders``."""
    short, long = sorted((first, second), key=len)
    return long in {f"{short}s", f"{short}es"}


_SHORTEST_MISSPELT: Final = 4


def find_misspelt(word: str, candidates: Iterable[str]) -> str:
    """Return the candidate that *word* is with one slip of the keyboard, or "".

    A slip is a letter too many, too few, another one, or two in the wrong order. A plural is none,
    and of names of up to three letters nothing is said.
    """
    near = (one for one in candidates if len(one) >= _SHORTEST_MISSPELT and word != f"{one}s")
    return next((one for one in near if is_one_slip_away(word, one)), "")


def is_one_slip_away(word: str, name: str) -> bool:
    """Return whether one slip of the keyboard makes *word* of *name*.

    That is a letter too many, too few, another one, or two neighbours in the wrong order.
    """
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(word, name, strict=False))
    same = sum(1 for _ in pairs)
    first, second = word[same:], name[same:]
    is_turned = first[:2] == second[1::-1] and first[2:] == second[2:]
    others = (first[1:], second[1:]), (first, second[1:]), (first[1:], second)
    return word != name and (is_turned or any(one == other for one, other in others))


def fold_case_and_width(name: str) -> str:
    """Return *name* without differences that readers do not see, to compare names.

    Upper case becomes lower case, full-width letters become ASCII (NFKC), and spaces at both ends
    are removed.
    """
    return unicodedata.normalize("NFKC", str(name)).casefold().strip()


def suggest_few(word: str, names: Iterable[str], max_names: int = 3) -> str:
    """Return the hint of `suggest_nearest`, else one with *max_names* names similar to *word*.

    "" if no name is similar enough.
    """
    known = list(names)
    near = difflib.get_close_matches(word[:_LONGEST_NAME], known, n=max_names, cutoff=0.5)
    listed = msg("; nearest: {names}", names=join_list(near)) if near else ""
    return suggest_nearest(word, known) or listed


def shorten_list(names: Iterable[str], max_names: int = _SHOWN) -> str:
    """Return *names* as text, ``a, b and 3 more`` if there are more than *max_names*.

    Those of a set are sorted, as its own order is another in each process.
    """
    every = _list_in_lasting_order(names)
    if len(every) <= max_names + 1:
        return join_list(every)
    return join_list(every[:max_names]) + msg(
        " and {every_count} more", every_count=len(every) - max_names
    )


def _list_in_lasting_order(names: Iterable[str]) -> list[str]:
    return sorted(names) if isinstance(names, set | frozenset) else list(names)


def suggest_or_list(word: str, names: Iterable[str]) -> str:
    """Return the suggestion of `suggest_nearest`, else all *names* as a hint.

    "" if there are none.
    """
    known = _list_in_lasting_order(names)
    if not known:
        return ""
    listing = plural(
        len(known), "; there is {listed}", "; there are {listed}", listed=shorten_list(known)
    )
    return suggest_nearest(word, known) or listing


class BpmaxError(MessageError):
    """The base of every error that this package raises on purpose."""

    _reads: list[str] | None = None
    """Gets the name of each public member that is read, if somebody wants to know."""

    if not TYPE_CHECKING:  # for a type checker, every name would be a member of errors then

        def __getattribute__(self, name: str) -> Any:
            if not name.startswith("_"):
                self._note_read(name)
            return super().__getattribute__(name)

    def __str__(self) -> str:
        self._note_read("str")
        return super().__str__()

    def __repr__(self) -> str:
        self._note_read("repr")
        return super().__repr__()

    def _note_read(self, name: str) -> None:
        if self._reads is not None:
            self._reads.append(name)


class Problem(msgspec.Struct, frozen=True):
    """One mistake in a user's file: where it is, and what to do about it.

    Attributes:
        message: what is wrong, and what to do about it.
        place: file, line and column; None if it is about no file.
        path: path of the wrong value inside the file, such as ``apis.get.path``; "" if there is
            none.
        kind: key of `WARNINGS` if the problem is only a warning in a folder listed in ``lenient``
            of ``[tool.bpmax_sim]``; else "".
    """

    message: str
    place: Place | None = None
    path: str = ""
    kind: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column: path: message`` on one line, without what is not known.

        *path* is that of the wrong value inside the file.
        """
        parts = [str(part) for part in (self.place, self.path) if part]
        return join_messages(msg(": "), [*parts, self.message])


class ConfigError(BpmaxError):
    """A file, an option or an environment variable is wrong; the user must change it.

    Attributes:
        problems: everything found in one pass, in file order.
    """

    def __init__(self, *problems: Problem | str, **values: object) -> None:
        """Store *problems*; a template with *values* is a problem without a place."""
        self.problems = tuple(
            p if isinstance(p, Problem) else Problem(str(MessageError(p, **values)))
            for p in problems
        )
        Exception.__init__(self, join_messages("\n", map(str, self.problems)))


class LimitedProblems(list[Problem]):
    """The problems found in one file; more than a person would read end the search with an error.

    Without the limit, the search for similar names takes quadratic time in a large file of errors.
    """

    MOST: ClassVar[int] = 200

    def append(self, problem: Problem, /) -> None:
        """Add *problem*, and give up at the limit.

        Raises:
            ConfigError: if there are now too many; it contains all of them.
        """
        super().append(problem)
        if len(self) > self.MOST:
            message = msg("more than {most} problems; mend these first", most=self.MOST)
            more = Problem(message, Place(problem.place.file) if problem.place else None)
            first = sorted(dict.fromkeys(self), key=get_place_sort_key)[: self.MOST]
            raise ConfigError(*first, more)

    def extend(self, problems: Iterable[Problem], /) -> None:
        """Add *problems*; raise ConfigError with all of them if there are now too many."""
        for problem in problems:
            self.append(problem)

    def __iadd__(self, problems: Iterable[Problem], /) -> Self:  # type: ignore[override, misc]
        """Add *problems*; raise ConfigError with all of them if there are now too many."""
        self.extend(problems)
        return self


def get_place_sort_key(problem: Problem) -> tuple[str, int, int]:
    """Return file, line and column of a problem, to sort by."""
    place = problem.place
    return (place.file, place.line, place.column) if place else ("", 0, 0)


class CallError(BpmaxError):
    """A ``$proxy`` call was rejected.

    Attributes:
        code: a stable word of the table in the reference, such as ``UNKNOWN_API``.
        platform, instance, api: what was called, as far as it was known.
        status: the HTTP status, where there was a response.
        response: ``{"status", "headers", "body"}``, redacted, body parsed; None without a response.
    """

    default_code: ClassVar[str] = "BAD_ARGUMENT"

    def __init__(  # noqa: PLR0913 - these are the fields of the rejection in the spec
        self,
        message: str,
        *,
        code: str = "",
        platform: str = "",
        instance: str = "",
        api: str = "",
        status: int | None = None,
        response: Mapping[str, Any] | None = None,
    ) -> None:
        """Store the fields that a script can read; *message* may be a text of the third party."""
        Exception.__init__(self, message)
        self.message = message
        self.code = code or self.default_code
        self.platform = platform
        self.instance = instance
        self.api = api
        self.status = status
        self.response = response


class AuthError(CallError):
    """The login was refused, or a fresh token was refused again."""

    default_code = "AUTH_FAILED"


class TransportError(CallError):
    """The exchange did not complete: ``CONNECT``, ``TIMEOUT``, ``TLS`` or ``RESET``.

    Attributes:
        elapsed: seconds until it failed; a virtual clock moves forward by them.
        sent: False when it is certain that nothing reached the server.
    """

    default_code = "CONNECT"

    def __init__(
        self, message: str, *, elapsed: float = 0.0, sent: bool = True, **fields: Any
    ) -> None:
        super().__init__(message, **fields)
        self.elapsed = elapsed
        self.sent = sent


class HttpStatusError(CallError):
    """The response's status is not 2xx."""

    default_code = "HTTP_STATUS"


class BadResponseError(CallError):
    """The response cannot be read, such as one that declares JSON and is not JSON.

    Its body may also be too large, damaged, or compressed in a way that was not requested.
    """

    default_code = "BAD_RESPONSE"


class BusinessError(CallError):
    """A 2xx response whose business code is a failure, where the platform asks to reject it."""

    default_code = "BUSINESS"


class CassetteError(BpmaxError):
    """A recording cannot be used; the message names the file, the exchange and the line."""


class DamagedCassette(CassetteError):  # noqa: N818 - the public name of the spec
    """A cassette was cut, merged or edited by hand.

    Attributes:
        problem: what is wrong and in which line; None if it is the whole file.
    """

    problem: Problem | None = None

    @classmethod
    def at(cls, place: Place, message: str) -> Self:
        """Return the error of what *message* says of the line at *place*."""
        problem = Problem(message, place)
        error = cls(str(problem))
        error.problem = problem
        return error


class NewerFormat(CassetteError):  # noqa: N818 - the public name of the spec
    """A cassette was written by a newer version."""


class LeakError(CassetteError):
    """A secret would have been written, so nothing was; the message names the place only."""


class NoMatchError(BpmaxError):
    """Replay has no response for a call.

    Attributes:
        platform, api: what was called.
        case: ``no cassette``, ``no such call``, ``already played`` or ``signed otherwise``.
        nearest: the cassette and the number of the exchange that differs least, where there is one.
    """

    nearest: tuple[Any, int] | None = None

    def __init__(self, message: str, *, platform: str = "", api: str = "", case: str = "") -> None:
        super().__init__(message)
        self.platform = platform
        self.api = api
        self.case = case


class ScriptError(BpmaxError):
    """An error that a user's script did not catch.

    Attributes:
        name: the JavaScript error name, such as ``TypeError``.
        message: the JavaScript message alone.
        place: file, line and column of the throw.
        stack: JavaScript frames of the user's files, innermost first.
        fields: own properties of a rejected call's error (``code``, ``status``, …).
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "Error",
        place: Place | None = None,
        stack: tuple[str, ...] = (),
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Compose ``file:line:column: Name: message``."""
        self.name = name
        self.message = message
        self.place = place
        self.stack = stack
        self.fields = dict(fields or {})
        head = f"{place}: " if place else ""
        super().__init__(msg("{head}{name}: {message}", head=head, name=name, message=message))


UNCALLED: Final = "Uncalled"
"""Name of the error of a script that awaited a chain without its ``$call()``."""
UNAWAITED: Final = "Unawaited"
"""Name of the error of a script that used a promise as if it were its value."""


class ScriptSyntaxError(ScriptError):
    """A script is not valid JavaScript; nothing of it was run."""


class ScriptLimitError(ScriptError):
    """A script used more processor time, memory, stack or calls than it may."""


class PendingPromise(ScriptError):  # noqa: N818 - the public name of the spec
    """A script waits for a promise that nothing can settle."""


class BpmaxWarning(UserWarning):
    """The base class of warnings: something doubtful that does not fail the run.

    Attributes:
        kind: a stable word for programs, such as ``unawaited``; the same as `Failure.kind` if it
            fails the scenario, which it does not in folders listed in ``lenient`` of
            ``[tool.bpmax_sim]``; empty if it has none.
    """

    kind: ClassVar[str] = ""

    def __init__(self, message: str = "") -> None:
        """Store *message* in the reader's language, as a ``str`` that xdist's workers can send."""
        super().__init__(translate(message))


class UnawaitedWarning(BpmaxWarning):
    """The promise of a call was not used, as by ``await``, ``then``, ``return`` or ``void``."""

    kind = "unawaited"


class UncalledWarning(BpmaxWarning):
    """A chain was built and never called, so nothing was sent."""

    kind = "uncalled"


class UnknownNameWarning(BpmaxWarning):
    """A script or a step uses a name that the scenario does not have, such as a field."""

    kind = "name"


class RefusedActionWarning(BpmaxWarning):
    """A script, form or flow refused an action, and the step does not expect that."""

    kind = "refused"


class WrongCallWarning(BpmaxWarning):
    """A call of an unknown platform, instance, API or parameter; its error was caught or unseen."""

    kind = "call"


class UnusedRuleWarning(BpmaxWarning):
    """Something declared was never used.

    A stub, a fault, a CSV column, an ignored place of a request.
    """

    kind = "rule"


class NeverRanWarning(BpmaxWarning):
    """A step that ran in no row of its file, or a row of which no step ran."""

    kind = "never_ran"


class EmptyExpectationWarning(BpmaxWarning):
    """An expectation checks nothing."""

    kind = "empty"


class ChangeCycleWarning(BpmaxWarning):
    """Change handlers triggered each other without end, and the cycle was stopped."""

    kind = "cycle"


class WaitingTimerWarning(BpmaxWarning):
    """A timer still waits at the end of a scenario, so its handler never ran."""

    kind = "timer"


class UnplayedWarning(BpmaxWarning):
    """A recorded exchange was not replayed, while recording or with the option ``unused: warn``."""

    kind = "unplayed"


class LostCharactersWarning(BpmaxWarning):
    """A response is not valid in the encoding that it names; a script sees U+FFFD in its text."""

    kind = "charset"


class UndeclaredSecretWarning(BpmaxWarning):
    """A value that looks like a secret was recorded, or one was perhaps redacted without need."""

    kind = "secret"


class InterruptedWarning(BpmaxWarning):
    """A recording was interrupted: its process ended before it was written into the cassette.

    Its exchanges are in a journal beside the cassette, and are not replayed before ``bpmax-sim
    cassette recover`` has written (sealed) them into the cassette.
    """

    kind = "interrupted"


class BlindIgnoreWarning(BpmaxWarning):
    """A place listed in ``ignore`` makes calls equal although their recorded responses differ."""

    kind = "ignore"


class UnrecordedWarning(BpmaxWarning):
    """A request beside $proxy got no response or was not seen, so nothing of it was recorded."""

    kind = "unrecorded"


class UnseenFailureWarning(BpmaxWarning):
    """A third party reported a business failure, and neither script nor scenario looked at it."""

    kind = "unseen"


class UnfitValueWarning(BpmaxWarning):
    """A value does not fit the declaration of a field, a parameter or a response."""

    kind = "unfit"


class ScriptSlipWarning(BpmaxWarning):
    """A script contains a probable mistake, such as a comparison that is never true."""

    kind = "script"


class OutageWarning(BpmaxWarning):
    """A third party failed in a new recording, and did not in the previous one."""


class FormerFolderWarning(BpmaxWarning):
    """Recordings are in the folder that an earlier version used.

    This version does not read them.
    """


class IgnoredSettingWarning(BpmaxWarning):
    """A setting in ``pyproject.toml`` has no effect: of no known name, a wrong type, or no TOML."""


class UnreadFileWarning(BpmaxWarning):
    """A file is nearly named like a scenario, defaults or instances, so that no run reads it."""


class WeakSecretWarning(BpmaxWarning):
    """A secret is too short, or too common a word, to be redacted wherever it occurs."""

    kind = "weak_secret"


class CollationWarning(BpmaxWarning):
    """A script sorted text by code point, because the pinyin of a character is unknown."""

    kind = "collation"


class ExtensionWarning(BpmaxWarning):
    """A plug-in of another distribution (an entry point) cannot be used."""


class PowerWarning(BpmaxWarning):
    """A script uses ``**``, whose last digits differ between machines."""

    kind = "power"


class ChallengeWarning(BpmaxWarning):
    """A mistake that ``--bpmax-challenge`` put into a script made no scenario fail."""

    kind = "challenge"


class ExploreWarning(BpmaxWarning):
    """Exploration found or skipped something that does not fail the scenario."""

    kind = "explore"


WARNINGS: Final[Mapping[str, type[BpmaxWarning]]] = {
    category.kind: category for category in BpmaxWarning.__subclasses__() if category.kind
}
"""Kind -> class of warning."""


CODES: Final = frozenset({
    "ALREADY_CREATED", "ALREADY_DECIDED", "ALREADY_OWNER", "AMBIGUOUS_NODE", "AUTH_FAILED",
    "BAD_ARGUMENT", "BAD_RESPONSE", "BAD_RETURN", "BAD_RULE", "BAD_WRITE", "BUSINESS", "CONNECT",
    "ENDED_ELSEWHERE", "ENDLESS", "EXITED", "HIDDEN", "HTTP_STATUS", "MISSING_PARAMETER",
    "MOVED_ON", "NEEDS_ONE", "NEEDS_OTHERS", "NEVER_ENDS", "NOT_ALLOWED", "NOT_AN_OPTION",
    "NOT_AT_NODE", "NOT_A_TABLE", "NOT_OFFERED", "NOT_OWNER", "NOT_PASSED", "NOT_RETURNED",
    "NOT_UNDER_WAY", "NOT_YOUR_TURN", "NO_DEFINITION", "NO_FLOW", "NO_FORM", "NO_FUNCTION",
    "NO_MATCH", "NO_MEMBER", "NO_MODULE", "NO_OWNERS", "NO_ROUTE", "NO_ROW", "NO_SUBJECT",
    "OTHER_BRANCH", "READ_ONLY", "REFUSED", "REQUIRED", "RESET", "STANDS_STILL", "TIMEOUT", "TLS",
    "UNKNOWN_API", "UNKNOWN_INSTANCE", "UNKNOWN_NAME", "UNKNOWN_NODE", "UNKNOWN_PARAMETER",
    "UNKNOWN_PERSON", "UNKNOWN_PLATFORM", "UNKNOWN_SUBFLOW", "WAITS_FOR_SUBFLOW",
})  # fmt: skip
"""The codes of refusals and rejected calls, as ``expect_error: {code}`` names them."""
REFUSALS: Final = frozenset({
    "ALREADY_CREATED", "ALREADY_DECIDED", "ALREADY_OWNER", "HIDDEN", "MOVED_ON", "NEEDS_ONE",
    "NEEDS_OTHERS", "NOT_ALLOWED", "NOT_AN_OPTION", "NOT_AT_NODE", "NOT_OFFERED", "NOT_OWNER",
    "NOT_PASSED", "NOT_RETURNED", "NOT_UNDER_WAY", "NOT_YOUR_TURN", "OTHER_BRANCH", "READ_ONLY",
    "REFUSED", "REQUIRED", "STANDS_STILL", "WAITS_FOR_SUBFLOW",
})  # fmt: skip
"""Codes of actions that cannot be performed at that moment, such as by a person."""
CALL_ERROR_MEMBERS: Final = (
    "code", "platform_key", "instance_key", "api", "status", "response",
)  # fmt: skip
"""What a JavaScript Error of a rejected call has besides the members of every Error."""
WRONG_CALLS: Final = frozenset({
    "ConfigError", "UNKNOWN_PLATFORM", "UNKNOWN_INSTANCE", "UNKNOWN_API", "UNKNOWN_PARAMETER",
    "MISSING_PARAMETER", "BAD_ARGUMENT",
})  # fmt: skip
"""Codes of calls that no third party could ever answer."""


class ClosedNetworkError(BpmaxError):
    """A run opened a connection outside ``$proxy`` although the network is closed."""


class SubjectError(BpmaxError):
    """A form or a flow does not offer what a step or a script asks of it.

    Attributes:
        code: the same in every language, such as ``REQUIRED`` or ``NOT_OWNER``; for `expect_error`.
        place: script line at fault, or None.
    """

    place: Place | None = None

    def __init__(self, template: str, /, *, code: str, **values: object) -> None:
        """Compose the message from its template and values."""
        super().__init__(template, **values)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Include the code, which pickling by a worker would lose."""
        return _rebuild_subject_error, (self.args, self.code)


def _rebuild_subject_error(args: tuple[Any, ...], code: str) -> SubjectError:
    error = SubjectError("", code=code)
    error.args = args
    return error


class ExpectationError(BpmaxError, AssertionError):
    """What happened is not what the scenario expects."""
