"""The file ``scenarios/calibration.yaml``: which of our rules a live BPMAX confirmed or refuted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import asdict

from bpmax_sim.errors import ConfigError
from bpmax_sim.i18n import msg, translate
from bpmax_sim.live.judge import CalibrationResult, RuleMark
from bpmax_sim.live.rules import RULES
from bpmax_sim.yamlfile import read_yaml, to_display_path, write_yaml

MARKS: Final = "scenarios/calibration.yaml"
_HEAD: Final = msg("What a live BPMAX does, as it told `bpmax-sim calibrate`. Commit it.")


def read_rule_marks(root: Path) -> Mapping[str, RuleMark]:
    """Return for each rule whether a live BPMAX confirmed it, as stored in the project at *root*.

    A rule that was never asked is missing.

    Raises:
        ConfigError: if the file cannot be read.
    """
    path = root / MARKS
    if not path.is_file():
        return {}
    value: Any = read_yaml(path).to_plain()
    try:
        marks = msgspec.convert((value or {}).get("rules", {}), dict[str, RuleMark])
    except (msgspec.ValidationError, AttributeError):
        raise ConfigError(
            "{path}: it is not as `bpmax-sim calibrate` writes it; delete it and calibrate again",
            path=to_display_path(path),
        ) from None
    return {key: mark for key, mark in marks.items() if key in RULES}


def render_rule_marks(calibration: CalibrationResult, known: Mapping[str, RuleMark]) -> str:
    """Return the text of the file that says which rules hold in a live BPMAX.

    Each rule has a mark: confirmed, refuted or unknown. It is that of *calibration*, or, for a rule
    that *calibration* did not ask, that of *known*.
    """
    rules = {
        key: known.get(key, mark) if mark.mark == "unknown" else mark
        for key, mark in calibration.rules.items()
    }
    value = {
        "asked": datetime.fromtimestamp(calibration.asked, UTC).date().isoformat(),
        "engine": calibration.engine,
        "zone": calibration.zone,
        "result": calibration.result,
        "timeout": calibration.timeout,
        "rules": {
            key: {
                "mark": mark.mark,
                **({"why": mark.why} if mark.why else {}),
                **(
                    {"seen": {name: asdict(one) for name, one in mark.seen.items()}}
                    if mark.seen
                    else {}
                ),
            }
            for key, mark in rules.items()
        },
    }
    text = write_yaml(
        {key: one for key, one in value.items() if one not in ("", None)}, block_levels=2
    )
    return f"# {translate(_HEAD)}\n{text}"
