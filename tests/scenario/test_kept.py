from __future__ import annotations

from pathlib import Path

from bpmax_sim.project import make_parent_folder


def test_git_sees_nothing_of_what_runs_leave(tmp_path: Path) -> None:
    make_parent_folder(tmp_path / "项目/.bpmax/trace/选择客户.ndjson")

    assert (tmp_path / "项目/.bpmax/trace").is_dir()
    assert (tmp_path / "项目/.bpmax/.gitignore").read_text(encoding="utf-8").endswith("\n*\n")
    assert [*tmp_path.rglob(".gitignore")] == [tmp_path / "项目/.bpmax/.gitignore"]


def test_what_a_person_wrote_there_stays(tmp_path: Path) -> None:
    ignore = tmp_path / ".bpmax/.gitignore"
    ignore.parent.mkdir()
    ignore.write_text("*\n!durations.json\n", encoding="utf-8")
    make_parent_folder(tmp_path / ".bpmax/durations.json")

    assert ignore.read_text(encoding="utf-8") == "*\n!durations.json\n"
