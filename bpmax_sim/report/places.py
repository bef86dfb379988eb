"""Files as a trace names them, from its scenario's folder -> as they are named from the root."""

from __future__ import annotations

import posixpath
import re

import msgspec

_UPWARD = re.compile(r"(?<![\w./])(?:\.\./)+[^\s:'\"()]+")


class Homeward(msgspec.Struct, frozen=True):
    """Takes names back to the project's root.

    Attributes:
        folder: that of the scenario, from the root, with slashes; empty for the root itself.
        file: the scenario's own file as the trace names it.
    """

    folder: str
    file: str = ""

    def place(self, place: str | None) -> str:
        """Return ``file:line:column`` from the root; nothing for what has no place."""
        if not place or posixpath.isabs(place):
            return place or ""
        return posixpath.normpath(posixpath.join(self.folder, place))

    def text(self, text: str) -> str:
        """Return *text* with the scenario's own file and those beside its folder from the root."""
        text = _UPWARD.sub(lambda found: self.place(found[0]), text)
        if not self.file or not self.folder:
            return text
        own = rf"(?<![\w./-]){re.escape(self.file)}"
        return re.sub(own, lambda _: self.place(self.file), text)
