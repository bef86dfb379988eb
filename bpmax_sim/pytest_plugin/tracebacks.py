"""What lies behind a failure, for ``--bpmax-tb``: Python's tracebacks and the script's stack.

No local variables are shown, as pytest would, for they hold credentials; the rest is redacted.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence

from bpmax_sim.errors import ScriptError
from bpmax_sim.scenario.failure import Failure
from bpmax_sim.secret.values import Redact

_NOTHING = "no exception is behind this: the run went on and was compared"


def behind(failures: Sequence[Failure], redact: Redact) -> str:
    """Return the tracebacks behind *failures*, each with the script's stack."""
    parts = [part for failure in failures for part in _behind(failure)]
    return redact("\n".join(parts)) if parts else _NOTHING


def _behind(failure: Failure) -> Iterator[str]:
    if failure.cause is None:
        return
    yield f"behind: {failure.headline}"
    for error in _chain(failure.cause):
        if isinstance(error, ScriptError) and error.stack:
            yield "\n".join(["Script stack (innermost call first):", *_indented(error.stack)])
    yield "".join(traceback.format_exception(failure.cause)).rstrip()


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _indented(lines: Sequence[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
