"""Record exchanges into a cassette: first durably into a journal, at the end as a sealed file."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from bpmax_sim.cassette import journal as journal_module
from bpmax_sim.cassette import merge
from bpmax_sim.cassette.alignment import (
    HasValidSignature,
    PlacesOf,
    RecordingComparison,
    assume_valid_signature,
    find_no_places,
)
from bpmax_sim.cassette.format import CODINGS, render_exchange
from bpmax_sim.cassette.journal import SUFFIX, Journal, LeakCheck, PendingExchange, Scan
from bpmax_sim.cassette.matching import (
    MatchingRules,
    compute_matching_key,
    exchange_to_parts,
    find_differences,
    request_to_parts,
)
from bpmax_sim.cassette.model import Values
from bpmax_sim.cassette.reader import read_exchange
from bpmax_sim.clock import Instant, RandomSequenceSeeds
from bpmax_sim.errors import CassetteError, DamagedCassette, LeakError
from bpmax_sim.file_system import lock_folder, shell_quote
from bpmax_sim.i18n import join_list, msg
from bpmax_sim.messages import Exchange, FailedExchange, Outcome

Replays = Callable[[Path], bool]
_MOST_CALLS = 1_000_000_000  # of one session
_Arriving = dict[tuple[int, int], list[PendingExchange]]
"""The records of each exchange whose response is still arriving, by its order of issue."""


class Outage(Struct, frozen=True):
    """A call whose new outcome is worse than the recorded one, such as a time-out or HTTP 503.

    Attributes:
        call: ``platform.api``.
        outcome: the new response or failure.
        is_known: whether the existing recording has the call at all; if not, any failure is worse.
    """

    call: str
    outcome: Outcome
    is_known: bool

    def __str__(self) -> str:
        outcome = self.outcome
        what = outcome.code if isinstance(outcome, FailedExchange) else f"HTTP {outcome.status}"
        return f"{self.call}: {what}"


class Recorder:
    """Records the exchanges of one scenario, row or test; it may be called from several threads.

    Exchanges are redacted before they are passed; the search for secrets here is the last line of
    defence. Each exchange goes into a journal at once, and `seal` writes them into the cassette.

    In a forked child the recorder continues with its own journal and never seals. The parent
    collects the child's journal when it seals; if the parent is gone, `recover` does.

    Attributes:
        drawn: random values that the owner's scripts have drawn so far.
    """

    def __init__(  # noqa: PLR0913 - the ways to record
        self,
        path: Path | str,
        *,
        rules: MatchingRules,
        owner: str,
        scan: Scan,
        known: Callable[[], int] | None = None,
        check: LeakCheck | None = None,
        zone: timedelta = timedelta(0),
        adding: bool = False,
        repeating: bool = False,
        name: str = "",
        parent: int = 0,
        net: int = 0,
        former: str = "",
    ) -> None:
        """Prepare recording into *path*; what dead processes left in journals is written first.

        So load the cassette for replay only after this.

        Args:
            path: the cassette.
            rules: matching rules under which keys are computed.
            owner: the scenario, row or test that records.
            scan: returns the secrets in some bytes, as objects whose text names place and
                credential and never the value.
            known: returns how many secrets *scan* looks for, so that nothing is scanned twice.
            check: used instead of *scan* and *known*; it also remembers what redaction has
                searched.
            zone: offset from UTC of the instants in the file, where a session has no other.
            adding: whether the owner's older exchanges stay, instead of being replaced.
            repeating: whether only older exchanges with equal calls are replaced, as for logins.
            name: in a forked child, the name of the parent's recorder.
            parent: in a forked child, the process id of the parent.
            net: version of the secret-name rules in use.
            former: an earlier owner name, whose exchanges are replaced too.

        Raises:
            DamagedCassette: if the file is damaged and *adding* is set.
            CassetteError: if *path* is something that must not be overwritten.
        """
        self.path = Path(path)
        self.owner = owner
        self._rules = rules
        self._check = check or LeakCheck(scan, known)
        self._zone = zone
        self._adding = adding
        self._repeating = repeating
        self._lock = threading.Lock()
        self._drafts: list[PendingExchange] = []
        self._arriving: _Arriving = {}
        self._journal: Journal | None = None
        self._name = name or uuid4().hex
        self._parent = parent
        self._net = net
        self._former = former
        self._process = os.getpid()
        self.drawn: RandomSequenceSeeds | None = None
        _recorders.add(self)
        merge.load_if_usable(self.path, refuse_damaged=adding)
        try:
            merge.recover(self.path, scan=scan)
        except DamagedCassette:
            if adding:
                raise  # otherwise this recording is about to replace what is damaged

    def __repr__(self) -> str:
        return f"<Recorder of {str(self.path)!r} for {self.owner!r}, {len(self._drafts)} recorded>"

    def append(
        self,
        exchange: Exchange,
        *,
        session: int = 1,
        zone: timedelta | None = None,
        check: LeakCheck | None = None,
        values: Values | None = None,
    ) -> None:
        """Write *exchange* to the journal; return once it is on disk.

        If it contains a secret, only a stub is written. *session* is the number of the owner's
        session, *zone* its offset from UTC if it is not that of the recorder. *check* scans with
        the secrets of that session; None scans with those given to `set_scan`. *values* are the
        session's credentials that are declared ``secret: false``.

        Raises:
            CassetteError: if the disk is full or the folder is not writable.
        """
        made = self._make_draft(exchange, session, values or {}, zone)
        draft = (check or self._check)(made, exchange)
        with self._lock:
            self._append_to_journal(draft)
            self._arriving.pop(draft.issue, None)
            self._drafts.append(draft)

    def append_piece(
        self,
        exchange: Exchange,
        *,
        session: int = 1,
        zone: timedelta | None = None,
        check: LeakCheck | None = None,
    ) -> None:
        """Write the next piece of a response body that is still arriving.

        Return once it is on disk.

        *exchange* is a failed exchange whose received part is the piece. `append`, whose other
        parameters these are, completes it; if that never happens, the exchange counts as failed.

        Raises:
            CassetteError: if the disk is full or the folder is not writable.
        """
        failed = exchange.outcome
        assert isinstance(failed, FailedExchange)
        draft = (check or self._check)(self._make_draft(exchange, session, {}, zone))
        piece = b"" if draft.leaks else failed.received
        draft = replace(draft, piece=piece, format=journal_module.FORMAT_OF_PIECES)
        with self._lock:
            before = self._arriving.setdefault(draft.issue, [])
            draft = replace(draft, text="") if before else draft
            self._append_to_journal(draft)
            before.append(draft)

    def _append_to_journal(self, draft: PendingExchange) -> None:
        try:
            if self._journal is None:
                self._journal = Journal(self.path)
            self._journal.append(draft)
        except OSError as error:
            raise CassetteError(
                "{path}: the answer of {call} could not be kept ({strerror}){kept}; make room, "
                "or record elsewhere",
                path=self.path,
                call=draft.line.call or msg("a request"),
                strerror=error.strerror,
                kept=describe_kept_files(self.path),
            ) from error

    def set_scan(self, scan: Scan, count_secrets: Callable[[], int]) -> None:
        """Search for secrets with *scan* from now on, because more secrets have become known.

        *count_secrets* returns how many secrets *scan* looks for, so that results can be cached.
        """
        with self._lock:
            self._check = LeakCheck(scan, count_secrets)

    def redact_again(
        self,
        redact: Callable[[Exchange], Exchange],
        *,
        secret_texts: Sequence[str] | None = None,
        session: int = 0,
    ) -> None:
        """Redact exchanges in the journal, because a value has turned out to be a secret.

        *redact* redacts one exchange. With *secret_texts*, the texts of that value, only exchanges
        that may contain them are changed, which is cheap: their decoded content is cached.
        Without it, all exchanges of session number *session* are scanned, or those of all sessions
        if it is 0.

        Raises:
            CassetteError: if the disk is full.
        """

        def is_due(draft: PendingExchange) -> bool:
            if draft.leaks:
                return False
            if secret_texts is None:
                own = session in {0, draft.line.session}
                return own and self._check(draft) is not draft
            return self._check.may_contain(draft, secret_texts)

        with self._lock:
            arriving = {
                issue: self._redact_unfinished_exchange(pieces, redact, is_due)
                for issue, pieces in self._arriving.items()
            }
            drafts = [self._redact_draft(d, redact) if is_due(d) else d for d in self._drafts]
            self._rewrite_journal(drafts, arriving)

    def seal(
        self,
        *,
        volatile: PlacesOf = find_no_places,
        headers_read: PlacesOf = find_no_places,
        has_valid_signature: HasValidSignature = assume_valid_signature,
        replays: Replays | None = None,
    ) -> bool:
        """Write the cassette; return whether its content changed.

        Recordings of other owners are kept. Exchanges of this owner that are equal to the old ones
        keep their bytes. *volatile* returns fields of an API's responses that do not count for
        equality, *headers_read* response headers that its platform reads,
        *has_valid_signature* whether an old request has the signature that it would get today.
        *replays* returns whether the file at a path replays. It is called before bytes of the old
        recording are reused; if it returns False, none are.

        Raises:
            LeakError: if a secret would be written; nothing is written, and the journal keeps the
                rest.
            CassetteError: if writing fails; the old file is unchanged and the journal is kept.
        """
        same = RecordingComparison(
            volatile,
            headers_read,
            has_valid_signature,
            self._rules,
            # no script reads a login, so nothing could miss a header of it
            is_checked=replays is not None or self._repeating,
        )
        return self._scan_and_merge_into(self.path, same, replays)

    def find_newly_failing_calls(
        self, rate_failure: Callable[[Exchange], int]
    ) -> tuple[Outage, ...]:
        """Return calls whose outcome is worse than in the existing recording.

        *rate_failure* returns 0 for a success, more for worse. A call that is not in the recording
        is returned if it failed. Of equal calls only the last one counts, so a failure that a retry
        repaired is not reported.
        """
        same = RecordingComparison(rules=self._rules)
        old = merge.load_if_usable(self.path)
        entries = merge.list_owner_entries(old, self._former or self.owner)
        known = {
            e.line.key: rate_failure(read_exchange(e)) for e in map(same.with_current_key, entries)
        }
        ordered = sorted(self._drafts, key=lambda draft: draft.issue)
        latest = {draft.line.key: draft for draft in ordered if not draft.leaks}
        return tuple(
            Outage(draft.line.call, exchange.outcome, is_known=key in known)
            for key, draft in latest.items()
            if rate_failure(exchange := read_exchange(draft)) > known.get(key, 0)
        )

    def find_conflicts_due_to_ignore(self, comparison: RecordingComparison) -> tuple[str, ...]:
        """Return different calls that ``ignore`` makes equal although their responses differ.

        Each text is like ``crm.get (query.page)``; replay may answer one call with the other's
        response. What *comparison* calls noise makes no difference.
        """
        by_key: dict[str, list[PendingExchange]] = {}
        for draft in self._drafts:
            platform, _, api = draft.line.call.partition(".")
            if self._rules.get_ignored_paths(platform, api) and not draft.leaks:
                by_key.setdefault(draft.line.key, []).append(draft)
        everything = MatchingRules(templates=self._rules.templates)
        found: dict[str, None] = {}
        for first, *others in by_key.values():
            recorded = read_exchange(first)
            for other in map(read_exchange, others):
                parts = exchange_to_parts(recorded), exchange_to_parts(other)
                places = find_differences(*parts, everything)
                is_same = comparison.has_same_outcome(
                    first.line.call, recorded.outcome, other.outcome
                )
                if places and not is_same:
                    found[f"{first.line.call} ({join_list(p.path for p in places)})"] = None
        return tuple(found)

    def write_for_review(self) -> Path | None:
        """Write the recording to ``<file>.new``, where a person reviews it, and return that path.

        None is returned if the recording is equal to the cassette.

        Raises:
            LeakError: if a secret would be written; nothing is written.
            CassetteError: if writing fails; the journal is kept.
        """
        aside = merge.to_review_path(self.path)
        return aside if self._scan_and_merge_into(aside, RecordingComparison()) else None

    def close(self) -> None:
        """Close the journal without writing the cassette; `recover` will do that later."""
        with self._lock:
            self._end_journal(Journal.close)

    def discard(self) -> None:
        """Delete the exchanges of this recorder and their journal; the cassette is not changed."""
        with self._lock:
            self._end_journal(Journal.remove)

    def continue_in_forked_child(self) -> None:
        """Start a new journal in a forked child; the exchanges so far belong to the parent."""
        self._lock = threading.Lock()  # whoever held it is not here
        self._parent = self._parent or self._process
        self._end_journal(lambda _parents: None)

    def _end_journal(self, end: Callable[[Journal], None]) -> None:
        self._check.forget_results(self._drafts)
        self._drafts, self._arriving = [], {}
        journal, self._journal = self._journal, None
        if journal is not None:
            end(journal)

    def _make_draft(
        self, exchange: Exchange, session: int, values: Values, zone: timedelta | None
    ) -> PendingExchange:
        request = exchange.request
        key = exchange.key or compute_matching_key(request_to_parts(request), self._rules)
        owned = replace(exchange, key=key, owner=self.owner)
        zone = self._zone if zone is None else zone
        entry = render_exchange(owned, zone=zone, rules=self._rules)
        serial = request.call.serial if request.call else exchange.order
        line = replace(
            entry.line, session=session, values=values, seed=self.drawn or 0, net=self._net
        )
        # One number that sorts by session and then by call: serials begin anew in each session.
        issue = (session * _MOST_CALLS + serial, request.attempt)
        return PendingExchange(
            line=line,
            text=entry.text,
            issue=issue,
            # What a forked child records comes beside the parent's recording, never in its place.
            adding=self._adding or bool(self._parent),
            branch=self._name if self._parent else "",
            parent=self._parent,
        )

    def _redact_draft(
        self, draft: PendingExchange, redact: Callable[[Exchange], Exchange]
    ) -> PendingExchange:
        changed = replace(redact(read_exchange(draft)), key="")
        was = draft.line
        fresh = self._make_draft(changed, was.session, was.values, Instant.parse(was.at).offset)
        # What the exchange itself does not tell: the order, and how the body came over the wire.
        codings = {name: v for name, v in was.encoding.items() if name in CODINGS}
        line = replace(fresh.line, encoding={**codings, **fresh.line.encoding})
        return self._check(replace(fresh, line=line, issue=draft.issue))

    def _redact_unfinished_exchange(
        self,
        pieces: list[PendingExchange],
        redact: Callable[[Exchange], Exchange],
        needs_redaction: Callable[[PendingExchange], bool],
    ) -> list[PendingExchange]:
        """Return the journal records of one exchange whose body is still arriving, redacted.

        If *needs_redaction* returns True for it, its pieces are joined and *redact* is applied to
        the whole, since the secret may be spread over two pieces. Otherwise *pieces* are
        returned unchanged.
        """
        (draft,) = journal_module.join_pieces(pieces)
        if not needs_redaction(draft):
            return pieces
        changed = self._redact_draft(draft, redact)
        failed = None if changed.leaks else read_exchange(changed).outcome
        piece = failed.received if isinstance(failed, FailedExchange) else b""
        return [replace(changed, piece=piece, format=journal_module.FORMAT_OF_PIECES)]

    def _rewrite_journal(
        self, drafts: list[PendingExchange], arriving: _Arriving | None = None
    ) -> None:
        arriving = self._arriving if arriving is None else arriving
        is_same = drafts == self._drafts and arriving == self._arriving
        if is_same or self._journal is None:
            return
        try:
            self._journal.rewrite([*drafts, *chain.from_iterable(arriving.values())])
        except OSError as error:
            raise CassetteError(
                "{path}: the journal could not be rewritten ({strerror}); make room",
                path=self.path,
                strerror=error.strerror,
            ) from error
        self._drafts, self._arriving = drafts, arriving

    def _scan_and_merge_into(
        self, target: Path, comparison: RecordingComparison, replays: Replays | None = None
    ) -> bool:
        if self._parent:
            self.close()
            return False
        with self._lock:
            unfinished = journal_module.join_pieces(chain.from_iterable(self._arriving.values()))
            self._drafts, self._arriving = [*self._drafts, *unfinished], {}
            # Checked once more with all secrets known by now: a value may have turned out to be one
            # only after an exchange that contains it was written.
            self._rewrite_journal([self._check(draft) for draft in self._drafts])
            if leaking := [draft for draft in self._drafts if draft.leaks]:
                raise self._make_leak_error(leaking)
            branches = journal_module.list_files_named_after(self.path, SUFFIX)
            if not self._drafts and not self.path.exists() and not branches:
                return False
            changed = self._merge_under_folder_lock(target, comparison, replays)
            self._end_journal(Journal.remove)
            return changed

    def _make_leak_error(self, leaking: Iterable[PendingExchange]) -> LeakError:
        places = dict.fromkeys(
            f"{draft.line.call} ({place})" if draft.line.call else place
            for draft in leaking
            for place in draft.leaks
        )
        if all(draft.line.call for draft in leaking):
            return LeakError(
                "{path}: not written, a secret was found in {leaks}; declare where it is with "
                "`secret:` in the platform file and record again",
                path=self.path,
                leaks=join_list(places),
            )
        return LeakError(
            "{path}: not written, a secret was found in {leaks}; declare the API in a platform "
            "file, with the place of the secret under `secret:`, and record again",
            path=self.path,
            leaks=join_list(places),
        )

    def _merge_under_folder_lock(
        self, target: Path, comparison: RecordingComparison, replays: Replays | None
    ) -> bool:
        journal = self._journal.path if self._journal else None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Outside of the folder's lock: a replay runs the user's scenario, and takes as long.
            is_afresh = replays is not None and not self._replays_after_merge(comparison, replays)
            with lock_folder(self.path.parent):
                return self._merge_recording(target, comparison, is_afresh=is_afresh)
        except OSError as error:
            raise CassetteError(
                "{target}: not written ({strerror}){kept}; make room "
                "and run `bpmax-sim cassette recover {path}`",
                target=target,
                strerror=error.strerror,
                kept=describe_kept_files(self.path, journal),
                path=shell_quote(str(self.path)),
            ) from error
        except DamagedCassette as error:
            if journal:
                error.add_note(msg("the recording is kept in {journal_path}", journal_path=journal))
            raise

    def _replays_after_merge(self, comparison: RecordingComparison, replays: Replays) -> bool:
        """Return whether the new recording replays if it reuses bytes of the old one.

        *replays* tries that with a file beside the cassette.
        """
        trial = self.path.with_name(f"{self.path.name}.trial")
        with lock_folder(self.path.parent):
            recording, _, _ = self._collect_recording(comparison)
            blended = merge.render_merged_unless_empty(self.path, self.path, recording, comparison)
            afresh = replace(recording, is_afresh=True)
            if blended is None or blended == merge.render_merged_unless_empty(
                self.path, self.path, afresh, comparison
            ):
                return True
            journal_module.replace_file(trial, blended)
        try:
            return replays(trial)  # without the lock, for which it may wait itself
        finally:
            trial.unlink(missing_ok=True)

    def _collect_recording(
        self, comparison: RecordingComparison
    ) -> tuple[merge.OwnerRecording, list[Path], list[PendingExchange]]:
        """Return the recording of this process and its forked children, and what the children left.

        The first result is what is to be merged into the cassette; exchanges with secrets and
        repeated sessions (*comparison* finds them) are left out of it. The second one is the
        children's journals, the third one the exchanges in them.
        """
        journals, left = merge.find_ended_child_journals(self.path, self._name)
        last = max((draft.issue[0] for draft in self._drafts), default=0)
        # Children number their calls from 1 again. They come behind the parent's, in a fixed order,
        # so that the file does not depend on which process was faster.
        behind = [
            replace(self._check(draft), issue=(last + n, 0)) for n, draft in enumerate(left, 1)
        ]
        drafts = tuple(
            replace(d, line=replace(d.line, seed=self.drawn or d.line.seed))
            for d in (*self._drafts, *behind)
            if not d.leaks
        )
        drafts = merge.drop_repeated_sessions(drafts, comparison)
        recording = merge.OwnerRecording(
            self.owner, drafts, self._adding, self._repeating, former=self._former
        )
        return recording, journals, behind

    def _merge_recording(
        self, target: Path, comparison: RecordingComparison, *, is_afresh: bool
    ) -> bool:
        recording, journals, behind = self._collect_recording(comparison)
        recording = replace(recording, is_afresh=is_afresh)
        changed = merge.merge_into_file(self.path, target, recording, comparison)
        if target == self.path:
            merge.delete_review_only_of_owner(self.path, self.owner)
        # A child's exchange that leaks is left out of the cassette. Its journal stays, as the only
        # place that says where the secret was.
        for journal in () if any(draft.leaks for draft in behind) else journals:
            journal.unlink()
        return changed


def describe_kept_files(cassette: Path, journal: Path | None = None) -> str:
    """Return the part of a message that says what a failed write has left, "" if there is nothing.

    *journal* is the file with what was recorded; *cassette* may have been recorded before.
    """
    if not journal:
        return msg("; the old file is whole") if cassette.exists() else ""
    if not cassette.exists():
        return msg("; the recording is kept in {journal_path}", journal_path=journal)
    return msg(
        "; the old file is whole and the recording is kept in {journal_path}", journal_path=journal
    )


_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()
_forked: set[bool] = set()


def has_ever_forked_child() -> bool:
    """Return whether this process has ever forked, so that journals of children may exist."""
    return bool(_forked)


def _continue_recorders_in_forked_child() -> None:
    for recorder in list(_recorders):
        recorder.continue_in_forked_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        after_in_parent=partial(_forked.add, True),
        after_in_child=_continue_recorders_in_forked_child,
    )
