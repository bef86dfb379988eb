"""Where auth and signing put what they put into a request: one list, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bpmax_sim.platform.model import Apply, Auth
from bpmax_sim.platform.template import render

Spot = tuple[str, str]  # the place, such as header, and the name there


def put_in(auth: Auth, apply: Iterable[Apply]) -> Iterator[Spot]:
    """Yield the spots of *apply* and of the signature of *auth*, names rendered.

    Headers that a signature sets only where there are none are not among them: a script may.
    """
    for item in (*apply, *emitted(auth)):
        yield item.place, name_of(item, auth)
    if auth.sign:
        for name in auth.sign.set_headers:
            yield "header", render(name, auth.parameters)
        for name in auth.sign.set_query:
            yield "query", render(name, auth.parameters)


def emitted(auth: Auth) -> tuple[Apply, ...]:
    """Return where the signature itself goes."""
    return auth.sign.emit if auth.sign else ()


def name_of(item: Apply, auth: Auth) -> str:
    """Return a header's or field's name; it may be a template of the parameters."""
    return render(item.name, auth.parameters)
