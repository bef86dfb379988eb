"""Whole flows, from the first form to the end: all that they tell, refuse and keep.

``python -m tests.subject.test_whole_flows`` writes the transcript anew; its changes are reviewed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bpmax_sim.errors import SubjectError
from bpmax_sim.subject.definition import (
    Deadline,
    Definition,
    FlowNode,
    FlowParts,
    LoadedNodeForm,
    NodeForm,
    SubFlow,
    SubFlowResult,
    Transition,
)
from bpmax_sim.subject.flow import FlowSubject
from bpmax_sim.subject.form import FormSubject
from bpmax_sim.subject.hooks import FlowMove, SubjectEvent
from tests.subject.stage import PlainStage, Play, Thrown

TRANSCRIPT = Path(__file__).parents[1] / "data/whole_flows.txt"
END = FlowNode(end=True)


class Story:
    """A flow with a clock; `do` writes down what each action tells, gives and changes."""

    def __init__(
        self,
        nodes: Mapping[str, FlowNode],
        plays: Mapping[str, Play] | None = None,
        settings: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        self.stage = PlainStage({**(plays or {})})
        self.time = 0.0
        self.lines: list[str] = []
        self.flow = FlowSubject(
            runner=self.stage,
            tell=self._hear,
            scripts=self.stage.scripts(*(plays or {})),
            definition=Definition(
                flow="采购", start=next(iter(nodes)), nodes=nodes, **(settings or {})
            ),
            now=lambda: self.time,
            format_time=lambda at: f"T{at:g}",
            **fields,
        )
        self._facts: Mapping[str, Any] = {}
        self._note_facts()

    def _hear(self, event: SubjectEvent) -> None:
        defaults = {"at": 0.0, "code": "", "comment": "", "when": "", "place": None, "to": ()}
        fields = [
            f"{name}={value!r}"
            for name in event.__struct_fields__
            if (value := getattr(event, name)) != defaults.get(name, ...)
            and not (name == "values" and not value)
        ]
        self.lines.append(f"  {type(event).__name__} {' '.join(fields)}")

    def _note_facts(self) -> None:
        now = {
            name: value
            for name, value in self.flow.collect_facts().items()
            if name not in ("history", "passed")
        }
        now["shown"], now["states"] = self.flow.shown, self.flow.find_changed_states()
        now["on form"] = self.flow.node_of_visible_form
        for name, value in now.items():
            if value != self._facts.get(name, value if not value else ...):
                self.lines.append(f"  = {name}: {value!r}")
        self._facts = msgspec.convert(msgspec.to_builtins(now), dict[str, Any])

    def do(self, action: str, *more: Any, seconds: float = 0, on: str = "", **move: Any) -> None:
        """Perform *action* as *move* says, after *seconds*, in the project *on* of a sub-flow."""
        self.time += seconds
        result = self.flow.begin_action()
        said = ("…" if callable(one) else repr(one) for one in more)
        shown = " ".join([action, *said, *(f"{k}={v!r}" for k, v in move.items())])
        later = f" after {seconds:g} s" if seconds else ""
        self.lines.append(f"{on and on + ': '}{shown}{later}")
        try:
            self._perform(self.flow.find(on), action, more, move)
        except SubjectError as error:
            self.lines.append(f"  ! {error.code}: {error}")
        self.lines += [f"  !! {error}" for error in result.errors]
        self.lines += [f"  refused: {result.refusal!r}"] if result.refused else []
        self.lines += [f"  value: {result.value!r}"] if result.value is not None else []
        self._note_facts()

    def _perform(
        self, flow: FlowSubject, action: str, more: tuple[Any, ...], move: dict[str, Any]
    ) -> None:
        if action in ("approve", "reject"):
            flow.decide("approve" if action == "approve" else "reject", FlowMove(**move))
        elif action == "deadlines":
            flow.fire_due_deadlines(self.time)
        elif action in ("set", "set_rows", "fire"):
            flow.actor, flow.focus = move.get("by", ""), move.get("at", "")
            try:
                getattr(flow, action)(*more)
            finally:
                flow.actor = flow.focus = ""
        elif action == "moves":
            for task in flow.find_possible_moves():
                names = [name for name in task.__struct_fields__ if name != "visit"]
                said = [f"{name}={getattr(task, name)!r}" for name in names]
                self.lines.append(f"  -> {' '.join(said)}")
        else:
            value = getattr(flow, action)(FlowMove(**move))
            self.lines += [f"  -> {value!r}"] if action == "preview" else []

    def end(self) -> list[str]:
        flow = self.flow
        self.lines.append(f"passed: {flow.passed_nodes!r}")
        self.lines.append(f"project: {flow.project_members!r}")
        return [*self.lines, *(f"history: {entry!r}" for entry in flow.history)]


def see(form: Any, ctx: Any) -> dict[str, Any]:
    """Return what a script sees; as its value, so that a transcript has it."""
    members = dict(ctx.live.snapshot())
    return {**members, "form": form is not None and dict(form.live.snapshot())}


def refuse_dear(_form: Any, ctx: Any) -> Any:
    amount = ctx["form"].get("金额", 0)
    if amount > 9000:
        raise Thrown("'超出预算'", "Uncaught")
    if amount > 8000:
        raise Thrown("预算系统没有响应", "TypeError")
    return "请先询价" if amount > 7000 else amount <= 6000


def _play_purchase() -> list[str]:  # noqa: PLR0915 - a long story
    nodes = {
        "初审": FlowNode(
            title="部门初审", owners=("甲", 7), complete="all", approve="复审", reject="止",
            deadline=(Deadline(after=60), Deadline(after=120, notify=("admin", 9)),
                      Deadline(after=300, to="复审")),
        ),
        "复审": FlowNode(
            owners=("乙", "丙", "丁"), complete="60%",
            approve=(Transition(to="财务", when="ctx.form.大额"), Transition(to="止")),
            reject="初审", deadline=Deadline(after=90, then="reject"),
        ),
        "财务": FlowNode(owners=("戊",), approve="止", reject="复审"),
        "止": END,
    }  # fmt: skip
    screens = {
        "初审": NodeForm(fields={"金额": "readonly", "说明": "required"}),
        "复审": NodeForm(fields={"密级": "hidden"}),
    }
    story = Story(
        nodes,
        {
            "create": lambda form, _ctx: form.__setitem__("单号", "P-1"),
            "project_name": lambda _form, ctx: f"采购 {ctx['form'].get('金额')}",
            "before_next.初审": refuse_dear,
            "approve.初审": see,
            "approve.复审": see,
            "computed": lambda _form, ctx: {"大额": ctx["form"].get("金额", 0) > 5000},
            "task_title": lambda _form, ctx: f"审批 {ctx['form'].get('单号')}",
            "visibility": lambda _form, _ctx: {"财务": False},
        },
        {"admins": ("admin",), "resubmit": "back"},
        screens={node: LoadedNodeForm(states=form.states) for node, form in screens.items()},
        user={"id": "张三", "dept": "采购"},
        people={"甲": "甲经理", "7": {"name": "七号", "level": 2}, "乙": None},
    )
    flow = story.flow
    flow.creation = FormSubject(runner=story.stage, tell=flow.tell, fields=flow.form)
    large = "return Boolean(ctx.form.大额\n);"
    story.stage.plays[large] = lambda _form, ctx: ctx["form"]["大额"]
    story.do("approve", by="甲")
    story.do("remind")
    story.do("preview", form={"金额": 6000})
    story.do("submit", form={"金额": 9500})
    story.do("submit", form={"金额": 100})
    story.do("moves")
    story.do("approve", by="丙")
    story.do("approve", by="甲")
    story.do("set", {"金额": 1}, by="甲")
    story.do("set", {"说明": "急", "明细": [{"数": 1}]}, by="7")
    story.do("approve", by="甲", comment="同意", form={"备注": "好"})
    story.do("approve", by="甲")
    flow.form["金额"] = 9500
    story.do("approve", by="7")
    flow.form["金额"] = 8500
    story.do("approve", by="7")
    flow.form["金额"] = 7500
    story.do("approve", by="7")
    flow.form["金额"] = 6500
    story.do("approve", by="7")
    story.do("deadlines", seconds=60)
    story.do("deadlines", seconds=59.5)
    story.do("deadlines", seconds=0.5)
    story.do("remind", by="张三", comment="快")
    story.do("forward", by="admin", others=("赵六",))
    story.do("forward", by="甲", others=("赵六", 8), comment="看看")
    story.do("comment", comment="在等")
    flow.form["金额"] = 5500
    story.do("approve", by="7", form={"备注": "可"}, seconds=10)
    story.do("preview")
    story.do("hand_over", by="乙", others=("丙",))
    story.do("hand_over", by="乙", others=("己", "庚"))
    story.do("hand_over", by="乙", others=("己",))
    story.do("add_owner", by="丙", others=("庚", 5), where="before", rule=3)
    story.do("add_owner", by="丙", others=("庚", 5), where="before", rule="any")
    story.do("add_owner", by="丁", others=(), where="after")
    story.do("add_owner", by="丁", others=("辛",), where="after", comment="请辛看")
    story.do("approve", by="丙")
    story.do("reject", by="5")
    story.do("approve", by="庚")
    story.do("approve", by="丙")
    story.do("send_back", by="己", others=("财务",))
    story.do("send_back", by="己", others=("start",), comment="缺附件")
    story.do("approve", by="己")
    story.do("moves")
    story.do("resubmit", by="李四")
    story.do("resubmit", form={"金额": 5600})
    story.do("approve", by="丙", seconds=20)
    story.do("approve", by="己")
    story.do("reject", by="戊")
    story.do("deadlines", seconds=90)
    story.do("deadlines", seconds=300)
    story.do("withdraw", by="甲")
    story.do("terminate", by="张三")
    story.do("terminate", by="admin", comment="停止")
    story.do("remind")
    story.do("submit")
    return story.end()


def _play_branches() -> list[str]:  # noqa: PLR0915 - a long story
    nodes = {
        "分": FlowNode(parallel=("技术", "商务", "空"), join="汇"),
        "技术": FlowNode(owners=("甲", "乙"), approve="复核", reject="止"),
        "复核": FlowNode(owners=("乙",), approve="汇", reject="技术"),
        "商务": FlowNode(approve="汇", reject="止", deadline=Deadline(after=30, then="approve")),
        "空": FlowNode(empty="approve", approve="汇"),
        "汇": FlowNode(empty="admins", complete="any", approve="询价", reject="分"),
        "询价": FlowNode(
            subflow=SubFlow(flow="比价", form={"物料": "品名"}, back={"价": "最低价", "商": "商"}),
            approve="知会", reject="汇",
        ),
        "知会": FlowNode(
            subflow=SubFlow(flow="通知", wait=False, form={"价": "价"}), approve="定", reject="汇",
        ),
        "定": FlowNode(subflow="定标", approve="止", reject="定稿"),
        "定稿": FlowNode(owners=("总监",), approve="止", reject="汇"),
        "止": END,
    }  # fmt: skip
    child = Definition(
        flow="比价", start="报", nodes={
            "报": FlowNode(owners=("丙",), approve="完", reject="完", deadline=Deadline(after=50)),
            "完": END,
        },
    )  # fmt: skip
    note = Definition(
        flow="通知", start="阅", nodes={"阅": FlowNode(owners=("丁",), approve="完"), "完": END}
    )
    story = Story(
        nodes,
        {
            "owners.技术": lambda _form, _ctx: {
                "技术": [{"owner_id": "甲"}], "商务": [{"owner_id": 5}], "0": [{"owner_id": "总"}],
            },
            "reject.汇": lambda _form, ctx: ctx["project"].__setitem__("退回", True),
        },
        {"admins": ("admin",), "repeated": "none", "applicant": "skip"},
        user={"id": "张三"},
        form={"品名": "钢板"},
        subflows={
            "比价": FlowParts(definition=child),
            "通知": FlowParts(definition=note),
            "定标": FlowParts(stand_in=SubFlowResult(result={"中标": "A"}, status="rejected")),
        },
    )  # fmt: skip
    story.do("create", comment="采购单")
    story.do("moves")
    story.do("approve", by="甲")
    story.do("approve")
    story.do("set", {"品名": "铝板"}, by="乙")
    story.do("set", {"品名": "铝板"}, by="5", at="商务")
    story.do("send_back", by="乙", others=("商务",))
    story.do("send_back", by="乙", others=("技术",))
    story.do("approve", by="甲", at="技术")
    story.do("approve", by="乙", at="商务")
    story.do("approve", by="乙", at="复核", seconds=10)
    story.do("deadlines", seconds=20)
    story.do("approve", at="复核", by="乙")
    story.do("reject", by="admin")
    story.do("approve", by="甲", at="技术")
    story.do("approve", by="乙", at="复核")
    story.do("approve", by="5", at="商务")
    story.do("approve", by="admin")
    story.do("approve", by="丙")
    story.do("deadlines", seconds=50)
    story.do("approve", on="比价", by="丁")
    story.do("set", {"最低价": 7, "商": "A", "注": "快"}, on="比价", by="丙")
    story.do("approve", on="比价", by="丙", comment="最低")
    story.do("preview")
    story.do("reject", by="总监")
    story.do("approve", by="admin")
    story.do("reject", on="比价#2", by="丙")
    story.do("terminate", by="总")
    story.do("moves")
    return story.end()


def _play_undone() -> list[str]:
    def fail(_form: Any, ctx: Any) -> Any:
        ctx["form"] = {"半": 1}
        ctx["project"]["半"] = 1
        raise Thrown("接口超时", "TypeError")

    nodes = {
        "初审": FlowNode(owners=("甲",), approve="复审", reject="止"),
        "复审": FlowNode(owners=("乙", "丙"), complete="in_order", approve="错", reject="初审"),
        "错": FlowNode(approve="止"),
        "止": END,
    }
    story = Story(
        nodes,
        {"owners.错": fail, "reject.初审": fail, "jump": lambda _form, ctx: ctx["form"].get("从")},
        {"repeated": "adjacent"},
        form={"a": 1},
    )
    story.do("create", by="张三", form={"从": "复核"})
    story.do("create", by="张三", form={"从": None, "b": 2})
    story.do("reject", by="甲", form={"c": 3}, comment="否")
    story.do("fire", "computed")
    story.do("fire", "owners.错")
    story.do("approve", by="甲", form={"a": 9})
    story.do("approve", by="丙")
    story.do("approve", by="乙", form={"b": 5})
    story.do("approve", by="丙", form={"b": 6})
    story.do("set_rows", "明细", lambda rows: [*rows, {"数": 1}])
    story.do("reject", by="丙")
    story.do("withdraw")
    story.do("resubmit", by="张三")
    return story.end()


STORIES: Mapping[str, Callable[[], list[str]]] = {
    "A purchase with deadlines, transfers, people added, and a return": _play_purchase,
    "Branches and sub-flows": _play_branches,
    "What fails is undone": _play_undone,
}


def split_transcript() -> dict[str, list[str]]:
    """Return title -> lines, as the file has them."""
    sections = TRANSCRIPT.read_text("utf-8").split("\n## ")[1:]
    return {
        title: text.strip("\n").split("\n")
        for title, _, text in (s.partition("\n") for s in sections)
    }


@pytest.mark.parametrize("title", STORIES)
def test_a_flow_tells_what_it_told_before(title: str) -> None:
    assert STORIES[title]() == split_transcript()[title]


def write_sections() -> Iterator[str]:
    """Yield the text of each section of the file."""
    yield "Flows from their first form to the end: `python -m tests.subject.test_whole_flows`\n"
    for title, play in STORIES.items():
        yield "\n".join(["", f"## {title}", *play(), ""])


if __name__ == "__main__":
    TRANSCRIPT.write_text("".join(write_sections()), encoding="utf-8")
