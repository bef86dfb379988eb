"""The use of recordings in a run, collected from the sessions of its tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from operator import add, or_
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from bpmax_sim.session.session import Session


def _unite_sets_by_key(own: Mapping[Any, set[Any]], more: Mapping[Any, set[Any]]) -> Any:
    return {key: own.get(key, set()) | more.get(key, set()) for key in {**own, **more}}


def _intersect_sets_by_key(own: Mapping[Any, set[Any]], more: Mapping[Any, set[Any]]) -> Any:
    """Return the sets of both; where both have a key, what is in both of its sets."""
    return {**own, **{key: own.get(key, one) & one for key, one in more.items()}}


# The way follows from the type, so that a new attribute is merged without being listed.
_MERGES_BY_TYPE: Mapping[type, Callable[[Any, Any], Any]] = {
    bool: or_,
    int: add,
    set: or_,
    list: add,
    Counter: lambda own, more: own + Counter(more),
}


class RecordingUse:
    """Which cassettes tests own and sessions played, and which exchanges remained unplayed.

    It is no dataclass: every run of pytest creates one object, and building a dataclass takes
    longer than everything else here.

    Attributes:
        cassettes: cassettes opened by sessions, existing or not.
        used: existing cassettes that were played or recorded.
        owned: cassettes of collected tests.
        folders: folders of cassettes.
        owners: cassette -> tests that were collected for it, or opened it.
        left: (cassette, owner) -> numbers of the owner's exchanges that none of its sessions
            played.
        doubtful: cassettes whose use is unknown: not replayed, or used by a test that failed.
        tests: files of tests with cassettes.
        elsewhere: cassettes of tests that other shards (machines) run.
        touched: what scenarios used (APIs, fields, nodes …) and which of them ran, for coverage; as
            texts ``kind<tab>name``.
        seconds: real seconds of each test, by duration key: its file and name.
        merges_by_name: how two values of an attribute become one, if their type does not tell.
    """

    merges_by_name: ClassVar[Mapping[str, Callable[[Any, Any], Any]]] = {
        "owners": _unite_sets_by_key,
        "left": _intersect_sets_by_key,
        "seconds": or_,
    }

    def __init__(self) -> None:
        self.cassettes: set[str] = set()
        self.used: set[str] = set()
        self.owned: set[str] = set()
        self.folders: set[str] = set()
        self.owners: dict[str, set[str]] = {}
        self.left: dict[tuple[str, str], set[int]] = {}
        self.doubtful: set[str] = set()
        self.tests: set[str] = set()
        self.elsewhere: set[str] = set()
        self.touched: set[str] = set()
        self.seconds: dict[str, float] = {}

    def note_owner(self, cassette: str, folder: str, *, owner: str, test: Path) -> None:
        """Note that the test *owner*, collected from the file *test*, owns *cassette* in *folder*.

        An owned cassette is not an orphan, even if the test does not run.
        """
        self.owned.add(cassette)
        self.folders.add(folder)
        self.owners.setdefault(cassette, set()).add(owner)
        self.tests.add(str(test))

    def add_session_use(self, session: Session, *, doubtful: bool) -> None:
        """Add what *session*, the last one of its owner in a test, played and left unplayed.

        Owner is the name under which exchanges are recorded in a cassette, mostly the test's.

        Args:
            session: closed session.
            doubtful: whether its test failed for another reason than unplayed exchanges: then what
                it left unplayed proves nothing.
        """
        cassette = session.settings.cassette
        if cassette is None:
            return
        self.cassettes.add(str(cassette))
        if uses_recording(session):
            self.used.add(str(cassette))
        if doubtful or session.mode != "replay":
            self.doubtful.add(str(cassette))
        else:
            owner = session.recorded_owner
            self.owners.setdefault(str(cassette), set()).add(owner)
            orders = {exchange.order for exchange in session.unplayed_exchanges}
            self.left = _intersect_sets_by_key(self.left, {(str(cassette), owner): orders})

    def merge(self, data: Mapping[str, Any]) -> None:
        """Add what another process found; *data* are its attributes by name, every one of them."""
        for name, own in list(vars(self).items()):
            merge_values = self.merges_by_name.get(name) or _MERGES_BY_TYPE[type(own)]
            setattr(self, name, merge_values(own, data[name]))


def uses_recording(session: Session) -> bool:
    """Return whether closed *session* replayed or recorded a cassette whose file exists."""
    cassette = session.settings.cassette
    return session.mode in _WITH_CASSETTES and cassette is not None and cassette.is_file()


_WITH_CASSETTES = ("replay", "record")
USE_SETS = (
    *("cassettes", "used", "owned", "folders", "doubtful", "tests", "elsewhere", "touched"),
)
