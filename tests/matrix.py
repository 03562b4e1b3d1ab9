"""Writes reports: every adapter held against every requirement."""

from __future__ import annotations

import json
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patternproof.adapter import load
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS
from patternproof.report.failure import evidence
from patternproof.report.json import Report, RequirementPart
from patternproof.report.markdown import block, code, escaped
from patternproof.report.reading import read
from patternproof.requirements import catalogue
from patternproof.verdict import Blame, Conformance, Kind
from tests.binding.serving import KIT, ROOT, environment, started

FOLDER = ROOT / "reports"
DATA, ROWS, RUNS = FOLDER / "data", FOLDER / "rows", FOLDER / "runs.json"
NODE = ROOT / "adapters" / "node"
NO_ADAPTERS = {"clock", "harness", "patterns"}
"""What else is in the folder of the adapters in JavaScript."""
PORT = 8080
"""Where these are served, so that the commands of a report hold for everybody."""
_SIGNS = {
    Kind.PASSED: "✓",
    Kind.FAILED: "✗",
    Kind.KNOWN_FAILURE: "✗",
    Kind.UNEXPECTEDLY_PASSED: "✓",
    Kind.NOT_OFFERED: "·",
    Kind.DECLINED: "·",
    Kind.ERRORED: "e",
}
HEAD = """\
# What the kit says of implementations

Each row is one adapter of this repository, each column one requirement. `make matrix` writes these pages from the JSON reports in
[data](data), as runs have left them; the name of a row leads to versions, date, command, and the counterexample behind each
cell that fails. The rows stand in the order of the alphabet. There is no score: requirements do not weigh the same, and no two
libraries promise the same. What has no row has not been run yet.

**If one of the rows is yours**, read [how to read your row](how-to-read.md) first.

| sign | means |
|---|---|
| ✓ | passed |
| ✗ | failed; a counterexample is behind it |
| (✗) | failed, of a *should*: it decides nothing |
| · | not offered, or a claim not made: nothing against the library |
| ? | not exercised, not applicable, or a server was missing: nothing is known |
| e | an error on the way: nothing is known |
"""


@dataclass(frozen=True)
class Row:
    """What is held against the requirements."""

    name: str
    spec: str
    script: Path | None = None
    """Of what is served from JavaScript."""

    @property
    def data(self) -> Path:
        """Where its report is kept."""
        return DATA / f"{self.name}.json"

    @property
    def commands(self) -> list[list[str]]:
        """What gives its report again, in the checkout."""
        serve = [["node", f"adapters/node/{self.script.name}", str(PORT)]] if self.script is not None else []
        servers = ["--servers"] if self.script is None and load(self.spec).runtime == "live" else []
        return [*serve, ["patternproof", "run", "--adapter", self.spec, *servers, "--report", "out"]]


def rows() -> dict[str, Row]:
    """All that there are, by name."""
    adapters = [path.stem for path in sorted((ROOT / "adapters").glob("*.py")) if not path.stem.startswith("_")]
    references = [path.stem for path in sorted((ROOT / "reference/adapters").glob("*.py")) if not path.stem.startswith("_")]
    scripts = [path for path in sorted(NODE.glob("*.mjs")) if path.stem not in NO_ADAPTERS]
    found = [Row(name, f"patternproof.adapters.{name}") for name in adapters]
    found += [Row(f"{path.stem}_js", f"http://127.0.0.1:{PORT}", path) for path in scripts]
    found += [Row(f"reference_{name}", f"patternproof.reference.adapters.{name}") for name in references]
    return {row.name: row for row in (*found, Row("doubles", "patternproof.doubles.adapter"))}


def run(row: Row) -> None:
    """Hold it against the requirements, and keep the report with when and where that was.

    Raises:
        SystemExit: there is no report, or one that tells of errors of the kit: that says nothing of an implementation.
    """
    commands = row.commands
    *_, (_, *arguments) = commands
    with tempfile.TemporaryDirectory() as folder, _served(row):
        command = [*KIT, *arguments[:-1], folder]
        ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
        if not (Path(folder) / "report.json").exists():
            sys.exit(f"{row.name}: no report\n{ended.stdout}{ended.stderr}")
        if broken := errors(read(Path(folder))):
            sys.exit(f"{row.name}: errors of the kit: {', '.join(broken)}\n{ended.stdout}")
        DATA.mkdir(parents=True, exist_ok=True)
        row.data.write_text(_placeless((Path(folder) / "report.json").read_text(encoding="utf-8")), encoding="utf-8")
    node = [f"Node {_output('node', '--version').removeprefix('v')}"] if row.script is not None else []
    where = ", ".join([f"Python {platform.python_version()}", *node, f"{platform.system()} {platform.machine()}"])
    date = datetime.now(UTC).date().isoformat()
    runs = {**_runs(), row.name: {"commands": list(map(shlex.join, commands)), "date": date, "where": where}}
    RUNS.write_text(json.dumps(runs, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _placeless(text: str) -> str:
    """Without the folders of this machine, in which whoever waits was seen to stand."""
    for folder in (*sorted({sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")}, key=len, reverse=True), str(ROOT)):
        text = text.replace(f"{folder}/", "")
    return text


def errors(report: Report) -> list[str]:
    """What the kit itself is at fault for in a report."""
    faults = [fault["message"] for fault in report.faults if fault["blame"] == Blame.KIT]
    return [*faults, *(each.id for each in report.requirements if each.blame is Blame.KIT)]


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def _served(row: Row) -> Iterator[None]:
    if row.script is None:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "node"
        shutil.copytree(NODE, there, ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=there, check=True)
        with started("node", str(there / row.script.name), str(PORT)):
            yield


def _runs() -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = json.loads(RUNS.read_text(encoding="utf-8")) if RUNS.exists() else {}
    return kept


def pages() -> dict[Path, str]:
    """The text of every page that is made of the reports that are kept."""
    kept = {row.name: read(row.data) for row in rows().values() if row.data.exists()}
    runs = _runs()
    return {FOLDER / "README.md": _index(kept), **{ROWS / f"{name}.md": _row(name, kept[name], runs[name]) for name in kept}}


def _index(reports: Mapping[str, Report]) -> str:
    parts = [HEAD]
    for stem, pattern in PATTERNS.items():
        offering = {name: each for name, each in reports.items() if each.patterns.get(stem) is not Conformance.NOT_OFFERED}
        ids = [each.id for each in catalogue().values() if each.pattern == stem]
        if offering:
            parts += [f"## {pattern.title.capitalize()}\n", _table(offering, ids, stem)]
    return "\n".join(parts)


def _table(reports: Mapping[str, Report], ids: Sequence[str], stem: str) -> str:
    head = [
        f"| [{ids[0][:2]}](../docs/patterns/{stem}.md) | {' | '.join(each[3:] for each in ids)} |",
        "|---" * (len(ids) + 1) + "|",
    ]
    body = []
    for name, report in reports.items():
        parts = {each.id: each for each in report.requirements}
        cells = [_cell(name, parts.get(each)) for each in ids]
        body.append(f"| [{name}](rows/{name}.md) | {' | '.join(cells)} |")
    return "\n".join([*head, *body]) + "\n"


def _cell(name: str, part: RequirementPart | None) -> str:
    if part is None:
        return "?"
    sign = _SIGNS.get(part.verdict, "?")
    sign = f"({sign})" if part.verdict is Kind.FAILED and part.level == "should" else sign
    return f"[{sign}](rows/{name}.md#{part.id.lower()})" if part.failures and part.verdict is not Kind.DECLINED else sign


def _row(name: str, report: Report, ran: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in report.adapter.versions.items()) or "no distribution"
    counts = ", ".join(f"{count} {kind}" for kind, count in report.ledger.items() if count)
    failing = [each for each in report.requirements if each.failures and each.verdict is not Kind.DECLINED]
    parts = [
        f"# {name}\n",
        f"**{escaped(report.conformance)}**: {escaped(counts)}.\n",
        f"{code(report.adapter.name)}, of {escaped(versions)}; held against edition {report.edition}",
        f"by patternproof {report.kit} on {ran['date']} ({escaped(ran['where'])}). [The report](../data/{name}.json);",
        "[how to read this](../how-to-read.md). To run it again, in a checkout:\n",
        block(ran["commands"]),
        *([] if failing else ["No requirement that was exercised failed.\n"]),
        *(part for each in failing for part in _failure(each)),
    ]
    return "\n".join(parts)


def _failure(part: RequirementPart) -> Iterator[str]:
    _head, *lines = evidence(part, part.failures)
    yield f"## {part.id}\n"
    yield f"*{part.level}*: {escaped(part.sentence)}. {escaped(part.why)}\n"
    yield block(line.removeprefix("  ") for line in lines)


def main(names: Sequence[str]) -> None:
    """Run the rows that are named, or all, and write the pages; with ``--pages`` write these alone."""
    known = rows()
    for name in [] if names == ["--pages"] else names or known:
        if name not in known:
            raise AdapterError(f"no row {name!r}; there are {', '.join(known)}")
        sys.stdout.write(f"{name}\n")
        run(known[name])
    ROWS.mkdir(parents=True, exist_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
