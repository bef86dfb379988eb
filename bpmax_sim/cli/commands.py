"""Every command: its help and where it lives. Nothing of a command is imported to list it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Command(msgspec.Struct, frozen=True):
    """A command.

    Attributes:
        home: ``module:function`` in this package.
        about: what it does, in one line.
        example: how it is called.
        more: what else there is to know.
    """

    home: str
    about: str
    example: str
    more: str = ""

    @property
    def help(self) -> str:
        """Return the text above its options; the example comes first."""
        parts = [f"Example: {self.example}", f"{self.about}.", *([self.more] if self.more else [])]
        return "\n\n".join(parts)


_CODES = (
    "Exit codes: 0 passed, 1 a scenario failed, 2 usage or collection error, 3 cassette missing "
    "or missed, 4 live system unreachable, 5 nothing collected, 6 review pending."
)

COMMANDS: Mapping[str, Command] = {
    "demo": Command(
        "demo:demo",
        "Record a script against a small CRM and replay it without network and credentials",
        "bpmax-sim demo",
        "Needs nothing but this package, and leaves a folder that runs.",
    ),
    "init": Command(
        "init:init",
        "Make a project that passes at once: platform, script, scenario, cassette, CI files",
        "bpmax-sim init --platform crm_system --ci github",
        "It asks for what no option says. In a project that has scenarios it writes CI and Git "
        "files alone. What is there is replaced only if you agree.",
    ),
    "run": Command(
        "run:run",
        "Run scenarios; by default they replay what was recorded",
        "bpmax-sim run scenarios/crm -k 冒烟",
        _CODES,
    ),
    "record": Command(
        "run:record",
        "Run scenarios against the live systems and record what they answer",
        "bpmax-sim record scenarios/crm/customer.scenario.yaml",
        "Credentials come from where instances.yaml says. A scenario that fails leaves the old "
        f"cassette as it is and sets the new one aside as <file>.new. {_CODES}",
    ),
    "review": Command(
        "review:review",
        "Show recordings that wait as <file>.new, and accept or reject them",
        "bpmax-sim review --accept cassettes/crm/customer.yaml.new",
        "Without --accept and --reject it shows what they change, asks of each on a terminal, and "
        "ends with 6 if any is left.",
    ),
    "list": Command(
        "listing:listing",
        "List scenarios and the rows of their tables",
        "bpmax-sim list --json",
    ),
    "inspect": Command(
        "inspect:inspect",
        "Show what is recorded in a cassette",
        "bpmax-sim inspect cassettes/crm/customer.yaml",
        "With :LINE behind the file, it shows that exchange whole.",
    ),
    "show": Command(
        "show:show",
        "Show the last failure again, without running anything",
        "bpmax-sim show --all",
        "Both `bpmax-sim run` and pytest remember below .bpmax/ what failed, until it passes.",
    ),
    "report": Command(
        "report:report",
        "Write one HTML page of what runs told, from traces of one machine or of many",
        "bpmax-sim report --to report.html",
        "`bpmax-sim run --trace=on` and `pytest --bpmax-trace=on` keep traces below .bpmax/trace. "
        "Of a scenario that several folders hold, that of the later folder counts.",
    ),
    "lint": Command(
        "lint:lint",
        "Check platforms, scenarios, scripts and cassettes without running anything",
        "bpmax-sim lint --format github",
        "In cassettes it looks for damage, for secrets that this machine knows and for what looks "
        "like one. Of a platform file or a script it checks the whole project, so a hook of "
        "pre-commit may pass it whatever was changed.",
    ),
    "fmt": Command(
        "fmt:fmt",
        "Write cassettes canonically, with keys under the matching rules now in force",
        "bpmax-sim fmt --check",
        "After a change of ignore or volatile, replay works keys out anew each time; this saves "
        "that. What was edited by hand is for `bpmax-sim seal`.",
    ),
    "import": Command(
        "imports:imports",
        "Make cassettes of what vcrpy, betamax, a browser (HAR), WireMock and others recorded",
        "bpmax-sim import traffic.har --to cassettes/crm/customer.yaml",
        "Credentials, cookies and what logins mint are replaced; logins are left out, for replay "
        "makes them up. What cannot be carried over is told, and nothing is replaced without a "
        "question.",
    ),
    "import openapi": Command(
        "openapi:openapi",
        "Make a platform file of an OpenAPI or Swagger document: APIs, log-in and answers",
        "bpmax-sim import openapi crm.openapi.json --key crm_system",
        "It adds an instance whose credentials come from the environment. Nothing is fetched; what "
        "a platform file cannot say is told, and stands at its head. Mode simulate answers as the "
        "document says.",
    ),
    "export": Command(
        "exports:exports",
        "Write a cassette as an HTTP Archive, curl commands, WireMock mappings or plain vcrpy",
        "bpmax-sim export cassettes/crm/customer.yaml --as har",
        "Credentials stay stand-ins. What the format cannot carry is told.",
    ),
    "diff": Command(
        "diff:diff",
        "Compare two cassettes by meaning, exchange by exchange, and tell where they differ",
        "bpmax-sim diff cassettes/crm/customer.yaml",
        "By default with the recording that waits beside it as <file>.new. Instants, durations and "
        "fields that are declared volatile do not count. It ends with 1 if they differ.",
    ),
    "verify": Command(
        "verify:verify",
        "Send recorded calls to the live systems and tell how their answers have changed",
        "bpmax-sim verify cassettes/crm/customer.yaml --max-age 30d",
        "Only GET and HEAD, unless writes are allowed; an API may say verify: never. A field that "
        "is new is an info, one that is gone a warning, another type or status an error. What "
        "differs between two answers in a row counts as no change. Exit codes: 0 no error, 1 "
        "errors, 3 a cassette is damaged, 4 a live system cannot be reached.",
    ),
    "seal": Command(
        "cassettes:seal",
        "Accept a cassette that was edited by hand",
        "bpmax-sim seal cassettes/crm/customer.yaml",
        "It shows what changes in the file and asks before it writes.",
    ),
    "recover": Command(
        "cassettes:recover",
        "Seal what a recording that was killed left in its journal",
        "bpmax-sim recover",
    ),
    "prune": Command(
        "prune:prune",
        "Delete exchanges and cassettes that no test played in the last complete run of pytest",
        "bpmax-sim prune --yes",
        "It shows what would go, and asks before it deletes; where nobody can be asked it needs "
        "--yes. Recordings of logins stay, and so does all of a test that failed or was skipped.",
    ),
    "coverage": Command(
        "coverage:covered",
        "Show which APIs, parameters, auth paths, fields and nodes the scenarios touch",
        "bpmax-sim coverage --fail-under 80",
        "The scenarios are replayed for it. Platforms that are built in do not count, and neither "
        "does what a scenario touches that fails.",
    ),
    "fuzz": Command(
        "fuzz:fuzz",
        "Search a platform and scripts for calls that break a law, and write them as tests",
        "bpmax-sim fuzz scenarios/platforms/crm_system.yaml --minutes 5",
        "Calls are drawn from what the file declares: types, enums, formats, schemas. They are "
        "made against the platform's stand-in, with made-up credentials, or against an address, "
        "which gets GET and HEAD only unless writes are allowed. The laws: accepted, arrives, "
        "segments, credential, forms, languages, renewal, identity, replay, secrets, answer and "
        "script; the README says what each of them says. What breaks one is shrunk, kept in the "
        "example database, and printed as a scenario and as a pytest test. Exit codes: 0 no law "
        "was broken, 1 one was, 2 usage, 4 the address cannot be reached.",
    ),
    "serve": Command(
        "serving:serve",
        "Answer over HTTP from cassettes, for a real BPMAX or a program in any language",
        "bpmax-sim serve cassettes/crm --port 8700",
        "Point the third party's address, or its host alone, at the one that is printed; where "
        "several third parties are recorded, /<platform key> in front names one. Any login is let "
        "in. What is not recorded gets status 501 and the text of the miss. Ctrl-C ends it. It "
        "needs the extra 'server'.",
    ),
    "simulate": Command(
        "serving:simulate",
        "Answer over HTTP as a third party would: a stand-in with tokens, limits and memory",
        "bpmax-sim simulate qywx --port 8700",
        "The vendor's own SDK works against it but for the address; it logs in with the "
        "credentials that are printed. Without a name it lists what there is. Ctrl-C ends it. It "
        "needs the extra 'server'.",
    ),
    "schema": Command(
        "schema:schema",
        "Print or write the JSON Schemas with which editors check files while one types",
        "bpmax-sim schema --write",
    ),
    "doctor": Command(
        "doctor:doctor",
        "Check that everything bpmax-sim needs is there",
        "bpmax-sim doctor",
        "It looks at the installation, the console, and in a project at platforms, what recordings "
        "left, schemas, Git and CI files. It ends with 1 if something is to be done.",
    ),
}
