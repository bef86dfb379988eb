"""What responses of APIs look like to a script: as platform files declare and cassettes show."""

from __future__ import annotations

from collections.abc import Iterable

from bpmax_sim.index.shapes import ResponseShape, merge_shapes, shape_of_schema, wrap_in_envelope
from bpmax_sim.index.store import ProjectIndex
from bpmax_sim.platform.model import Api, Platform


class ResponseShapes:
    """What is known of the responses of APIs: declared in platform files, and recorded."""

    def __init__(self, indexes: Iterable[ProjectIndex] = ()) -> None:
        """Take what the cassettes of *indexes* hold; nothing is merged before it is asked for."""
        self._files = [facts for index in indexes for facts in index.files.values()]
        self._recorded: dict[str, ResponseShape | None] = {}

    def recorded_shape(self, platform: Platform, api: Api) -> ResponseShape | None:
        """Return the shape of what was recorded of *api*, as a script gets it; None for nothing."""
        name = f"{platform.platform_key}.{api.key}"
        if name not in self._recorded:
            seen = [facts.shapes[name] for facts in self._files if name in facts.shapes]
            self._recorded[name] = merge_shapes(seen)
        return _as_result(platform, self._recorded[name])

    def declared_shape(self, platform: Platform, api: Api) -> ResponseShape | None:
        """Return the shape that *api* declares, as a script gets it, or None."""
        return _as_result(platform, shape_of_schema(api.answer) if api.answer else None)


def _as_result(platform: Platform, shape: ResponseShape | None) -> ResponseShape | None:
    if shape is None or platform.result != "envelope":
        return shape
    return wrap_in_envelope(shape, platform.response.data)
