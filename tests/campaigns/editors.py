# ruff: noqa: E501, T201 - rows of what is typed and offered; a campaign prints what it found
"""What editors make of our declarations and schemas, by the language servers that they run.

    python -m tests.campaigns.editors

TypeScript's server (as VS Code runs it) and yaml-language-server are installed by npm into a folder
of their own; what they complete and show is held against what the samples declare.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bpmax_sim.cli.types import write_editor_files

ROOT = Path(__file__).parents[2]
SERVERS = ("typescript@5", "yaml-language-server@1")
# What is typed, with | where the cursor is -> some of what is offered.
COMPLETED = (
    ("await $proxy('|')", {"crm_system", "qywx", "contract_archive"}),
    ("await $proxy('crm_system').|", {"getCustomerDetail", "get_customer_detail", "$api"}),
    ("await $proxy('crm_system').$api('|')", {"get_customer_detail", "create_order"}),
    ("await $proxy('crm_system').$api('get_customer_detail').$path({|})", {"id"}),
    ("await $proxy('crm_system').$api('get_customer_detail').$query({|})", {"fields"}),
    ("await $proxy('crm_system', {instance_key: '|'})", {"default"}),
    ("const r = await $proxy('crm_system').getCustomerDetail('1');\nr.data.|", {"name", "phone"}),
    ("form.|", {"供应商编号", "合计", "$visible", "$message"}),
    ("ctx.project.|", {"id", "name", "status"}),
    ("const id = generateR|", {"generateRequestId"}),
)
HOVERS = (
    (
        "await $proxy('crm_system').getCustomerD|etail('1');",
        ("id: string | number", "records/{id}"),
    ),
    ("form.合|计", ("number",)),
)
MODELINE = "# yaml-language-server: $schema=schemas/scenario.schema.json\n"
YAML = (
    ("scenario: 甲\nsteps:\n  - |", {"set", "click", "approve", "expect"}),
    (
        "scenario: 甲\nform: {}\nsteps:\n  - open: {}\n    expect:\n      |",
        {"form", "proxy", "messages"},
    ),
)


@contextmanager
def started(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


class Server:
    """One language server, spoken to in the protocol that it has."""

    def __init__(self, process: subprocess.Popen[bytes], *, is_tsserver: bool) -> None:
        self._process = process
        self.settings: dict[str, Any] = {}
        self._is_tsserver = is_tsserver
        self._numbers = count(1)

    def send(self, name: str, parameters: Any, *, number: int | None = None) -> None:
        if self._is_tsserver:
            body = {
                "seq": number or next(self._numbers),
                "type": "request",
                "command": name,
                "arguments": parameters,
            }
            data = json.dumps(body).encode() + b"\n"
        else:
            body = {"jsonrpc": "2.0", "method": name, "params": parameters}
            body |= {"id": number} if number else {}
            text = json.dumps(body).encode()
            data = b"Content-Length: %d\r\n\r\n%s" % (len(text), text)
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def ask(self, name: str, parameters: Any) -> Any:
        number = next(self._numbers)
        self.send(name, parameters, number=number)
        while True:
            message = self._read()
            if self._is_tsserver and message.get("request_seq") == number:
                return message.get("body")
            if not self._is_tsserver and message.get("id") == number and "method" not in message:
                return message.get("result")
            if "method" in message and "id" in message:  # the server asks for settings
                self._answer(message)

    def _answer(self, message: Any) -> None:
        items = message.get("params", {}).get("items", [])
        text = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": message["id"],
                "result": [self.settings.get(item.get("section"), {}) for item in items],
            }
        ).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self._process.stdin.flush()

    def _read(self) -> Any:
        stream = self._process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if not length:
            raise RuntimeError("the language server has ended")
        return json.loads(stream.read(length))


def cursor(text: str) -> tuple[str, int, int]:
    before, _, after = text.partition("|")
    lines = before.split("\n")
    return before + after, len(lines), len(lines[-1])


def written(path: Path, source: str) -> str:
    """Write a probe: a file that is only open belongs to no project."""
    path.write_text(source, encoding="utf-8")
    return str(path)


def try_typescript(server: Server, folder: Path) -> Iterator[str]:
    for number, (text, expected) in enumerate(COMPLETED):
        source, line, column = cursor(text)
        file = written(folder / f"scenarios/scripts/probe{number}.js", source)
        server.send("open", {"file": file, "fileContent": source})
        body = server.ask("completionInfo", {"file": file, "line": line, "offset": column + 1})
        offered = {entry["name"] for entry in (body or {}).get("entries", [])}
        if not expected <= offered:
            yield f"{text!r}: {sorted(expected - offered)} is not offered"
    for number, (text, words) in enumerate(HOVERS):
        source, line, column = cursor(text)
        file = written(folder / f"scenarios/scripts/hover{number}.js", source)
        server.send("open", {"file": file, "fileContent": source})
        shown = json.dumps(
            server.ask("quickinfo", {"file": file, "line": line, "offset": column + 1}),
            ensure_ascii=False,
        )
        yield from (f"{text!r}: {word!r} is not shown" for word in words if word not in shown)
    for original in sorted((ROOT / "scenarios/scripts").rglob("*.js")):
        path = folder / original.relative_to(ROOT)
        server.send("open", {"file": str(path), "fileContent": path.read_text("utf-8")})
        for kind in ("syntacticDiagnosticsSync", "semanticDiagnosticsSync"):
            for found in server.ask(kind, {"file": str(path)}) or ():
                yield f"{path.relative_to(folder)}: {found['text']}"


def try_yaml(server: Server, folder: Path) -> Iterator[str]:
    server.ask(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": folder.as_uri(),
            "capabilities": {"workspace": {"configuration": True}},
        },
    )
    server.send("initialized", {})
    settings = json.loads((folder / ".vscode/settings.json").read_text("utf-8"))
    schemas = {(folder / name).as_uri(): globs for name, globs in settings["yaml.schemas"].items()}
    server.send(
        "workspace/didChangeConfiguration",
        {"settings": {"yaml": {"schemas": schemas, "completion": True, "hover": True}}},
    )
    for number, (text, expected) in enumerate(YAML):
        source, line, column = cursor(f"{MODELINE}{text}")
        uri = (folder / f"scenarios/probe{number}.scenario.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": source}
        server.send("textDocument/didOpen", {"textDocument": document})
        position = {"line": line - 1, "character": column}
        body = server.ask(
            "textDocument/completion", {"textDocument": {"uri": uri}, "position": position}
        )
        items = body["items"] if isinstance(body, dict) else body or []
        offered = {item["label"] for item in items}
        if not expected <= offered:
            yield f"{text!r}: {sorted(expected - offered)} is not offered, but {sorted(offered)[:12]}"


def main() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        sys.exit("node and npm are needed: apt-get install nodejs npm")
    with tempfile.TemporaryDirectory() as tools, tempfile.TemporaryDirectory() as place:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *SERVERS]
        subprocess.run(command, cwd=tools, check=True)
        folder = Path(place)
        for name in ("scenarios", "cassettes"):
            shutil.copytree(ROOT / name, folder / name)
        list(write_editor_files(folder))
        modules = Path(tools) / "node_modules"
        wrong: list[str] = []
        with started(["node", str(modules / "typescript/lib/tsserver.js")], folder) as process:
            wrong += try_typescript(Server(process, is_tsserver=True), folder)
        yaml = ["node", str(modules / "yaml-language-server/bin/yaml-language-server"), "--stdio"]
        with started(yaml, folder) as process:
            wrong += try_yaml(Server(process, is_tsserver=False), folder)
    print(*wrong, f"{len(COMPLETED) + len(HOVERS) + len(YAML)} tried, {len(wrong)} wrong", sep="\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
