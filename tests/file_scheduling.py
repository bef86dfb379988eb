"""Share tests among the workers of xdist file by file, without a search through all for each.

xdist looks for each test in the list of all, and counts what is left of a worker's files, the ended
ones too, after each test: with 30,000 tests that is a tenth of a run, in the one process that all
workers wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdist.scheduler import LoadFileScheduling


class _Numbers(list[str]):
    """A list of ids that knows where each is."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(ids)
        self._numbers = {test: number for number, test in enumerate(self)}

    def index(self, test: str, *_: Any) -> int:
        return self._numbers[test]


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Does what xdist's ``--dist loadfile`` does, and forgets a file that has ended."""

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """Take the ids of what *node*, a worker, has collected."""
        super().add_node_collection(node, collection)
        if node in self.registered_collections:
            self.registered_collections[node] = _Numbers(collection)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Note that *node* has run the test with the number *item_index*."""
        super().mark_test_complete(node, item_index, duration)
        files = self.assigned_work[node]
        file = self.registered_collections[node][item_index].partition("::")[0]
        if file in files and all(files[file].values()):
            del files[file]
