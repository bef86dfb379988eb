"""Redact text that leaves the process: terminal, logs, reports, traces.

Text is first redacted, then searched as a cassette is before sealing. An encoded run in which the
search still finds a secret is replaced by a marker. Text has to be passed whole: a secret that was
cut before cannot be recognised.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from bpmax_sim.i18n import msg
from bpmax_sim.secret.redactor import Secret, SecretTable
from bpmax_sim.secret.scan import Finding
from bpmax_sim.secret.spelling import as_bytes
from bpmax_sim.secret.standin import STANDIN

MARKER = "[redacted: a secret in an encoding]"
"""What stands for a run whose own marker would tell a secret."""

_SHORTEST = 6  # characters of the shortest text that may hold a secret
_LINE = 8  # characters of a line that is hidden without the others
_ROUNDS = 8  # places that go over several runs and are replaced; of a text with more, all is
_REMEMBERED = 4096
_LONGEST_REMEMBERED = 256
_OF_RUN = r"""(?:[^\s"'`<>(){}\[\],|\\]|\\+(?!["'`\\]))"""  # JSON's \" ends a run
_RUN = re.compile(f"{_OF_RUN}{{{_SHORTEST},}}")
_IN_RUN = re.compile(f"{_OF_RUN}*")
_LONGEST_BEFORE = 64 * 1024  # characters that are looked back at for where a run starts


class OutputRedactor:
    """Replaces secrets in text for terminals, logs and reports.

    It may be used from several threads.
    """

    def __init__(self, table: SecretTable, secrets: Iterable[Secret]) -> None:
        """Prepare redaction of *secrets*, whose table is *table*.

        Tracebacks and comparisons prefix each line of a text, so a secret of several lines is no
        longer contiguous. Its lines are therefore redacted one by one as well.
        """
        lines = list(_split_multiline_secrets(secrets))
        self._table = table
        self._lines = SecretTable(lines) if lines else None
        self._clean: set[str] = set()

    def redact(self, text: str) -> str:
        """Return *text* with secrets replaced, as it may be printed or written."""
        if len(text) < _SHORTEST or text in self._clean:
            return text
        cached = self._redact_and_mask_runs(text)
        if cached == text and len(text) <= _LONGEST_REMEMBERED:
            if len(self._clean) > _REMEMBERED:
                self._clean = set()
            self._clean.add(text)
        return cached

    def _redact_and_mask_runs(self, text: str) -> str:
        text = self._table.replace_secrets(text)
        if self._find_secrets(text):
            text = self._mask_runs_with_secrets(text)
        return (
            self._lines.replace_secrets(text) if self._lines else text
        )  # or a part of an encoding is left

    def _find_secrets(self, text: str) -> tuple[Finding, ...]:
        return self._table.search.find(as_bytes(text))

    def _mask_runs_with_secrets(self, text: str) -> str:
        """Return *text* with a marker in place of each encoded run in which a secret was found.

        A run is a row of characters without white space, quotes or brackets. It may contain a
        secret in an encoding in which it cannot be replaced.
        """
        text = _RUN.sub(self._redact_run, text)
        for _ in range(_ROUNDS):
            findings = self._find_secrets(text)
            if not findings:
                return text
            start, end = self._locate_finding(text)
            text = f"{text[:start]}{self._make_marker(findings[0])}{text[end:]}"
        return MARKER if self._find_secrets(text) else text

    def _redact_run(self, match: re.Match[str]) -> str:
        findings = self._find_secrets(match[0])
        return self._make_marker(findings[0]) if findings else match[0]

    def _locate_finding(self, text: str) -> tuple[int, int]:
        """Return start and end of the shortest part of *text* in which a secret is found.

        The part is extended to whole runs: rows of characters without white space, quotes or
        brackets. Call it only for a *text* with a secret.
        """
        # The search says that a secret is there, not how long its encoding is; so the ends are
        # found by searching shorter and shorter parts. This is rare, and need not be fast.
        clean, end = 0, len(text)
        while end - clean > 1:
            middle = (clean + end) // 2
            clean, end = (clean, middle) if self._find_secrets(text[:middle]) else (middle, end)
        start, clean = 0, end
        while clean - start > 1:
            middle = (start + clean) // 2
            start, clean = (
                (middle, clean) if self._find_secrets(text[middle:end]) else (start, middle)
            )
        return _find_encoded_run_start(text, start), (end + len(_match_encoded_run_at(text, end)))

    def _make_marker(self, finding: Finding) -> str:
        name = str(finding).rpartition(" at byte ")[0]
        marker = msg("[redacted: {name}]", name=name)
        return (
            MARKER
            if self._table.replace_secrets(marker) != marker or self._find_secrets(marker)
            else marker
        )


def _split_multiline_secrets(secrets: Iterable[Secret]) -> Iterator[Secret]:
    """Yield the lines of multi-line secrets, each as a secret of its own."""
    for secret in secrets:
        lines = secret.real.splitlines()
        if secret.name and len(lines) > 1:
            named = STANDIN.fullmatch(secret.standin)
            twin = secret.standin if named else "[redacted: a line of a secret]"
            for line in map(str.strip, lines):
                if len(line) >= _LINE:
                    yield Secret(line, twin, secret.name)


def _find_encoded_run_start(text: str, at: int) -> int:
    """Return the offset where the run around offset *at* begins.

    A run is a row of characters without white space, quotes or brackets; an encoding is in one.
    """
    return at - len(_match_encoded_run_at(text[max(0, at - _LONGEST_BEFORE) : at][::-1], 0))


def _match_encoded_run_at(text: str, at: int) -> str:
    match = _IN_RUN.match(text, at)
    return match[0] if match else ""


class _RedactingStream(io.TextIOWrapper):
    """A text stream that redacts complete lines only, because a secret may be written in pieces.

    An unfinished line is held back even at a flush, since progress bars and prompts flush pieces.
    """

    def __init__(self, target: TextIO, redact: Callable[[str], str]) -> None:
        self._held = io.BytesIO()
        self._target, self._redact = target, redact
        super().__init__(self._held, "utf-8", "surrogatepass", newline="\n", write_through=True)

    def flush(self) -> None:
        super().flush()
        self._write_redacted(self._held.getvalue().rfind(b"\n") + 1)

    def close(self) -> None:
        self.finish()
        super().close()

    def finish(self) -> None:
        """Write the unfinished last line as well."""
        if not self.closed:
            super().flush()
            self._write_redacted(len(self._held.getvalue()))

    def _write_redacted(self, size: int) -> None:
        if getattr(self._target, "closed", False):  # it is another's, and may end before this
            return
        data = self._held.getvalue()
        self._held.seek(0)
        self._held.truncate()
        self._held.write(data[size:])
        text = data[:size].decode(errors="replace")
        if text:
            self._target.write(self._redact(text))
        self._target.flush()

    def fileno(self) -> int:
        return self._target.fileno()  # of a process that is started, which writes by itself


@contextlib.contextmanager
def redact_output(redact: Callable[[str], str]) -> Iterator[None]:
    """Pass everything printed inside the context through *redact*, line by line."""
    out, err = _RedactingStream(sys.stdout, redact), _RedactingStream(sys.stderr, redact)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield
    finally:
        out.finish()
        err.finish()
