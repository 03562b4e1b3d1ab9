"""``patternproof new``: an adapter to fill in, with its tests."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Template
from typing import Any

from rich.console import Console
from rich.text import Text

from patternproof import members
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS
from patternproof.requirements import nearest
from patternproof.settings import split
from patternproof.verdict import Exit

_ADAPTER = Template('''"""The adapter of this project: how the conformance kit makes what it tests."""

${imports}
RUNTIME = "$runtime"
# Optional features to be tested as hard as the rest; there are:
# $claims
CLAIMS: set[str] = set()
# Why a requirement is known to fail, such as {"$prefix-01": "upstream issue 12"}
KNOWN_FAILURES: dict[str, str] = {}
# Distributions whose versions the report names, such as {"my-library"}
ADAPTS: set[str] = set()
$parts''')
_TEST = '''"""Holds the adapter beside this file against the requirements of the conformance kit."""

from patternproof.conformance import *  # noqa: F403  # the tests

ADAPTER = "adapter.py"
'''
_PART = Template('''

class $name:
    """This project's $title.

    What each member does is said in patternproof.ports.$stem, which also has:
    $others.
    """
$members

def $stem($arguments) -> $name:
    """Make one; a setting that it does not have is refused with patternproof.ports.Unsupported("its_name")."""
    raise NotImplementedError("make the $title here")
''')
_HEADS: dict[members.Flavour, tuple[str, str]] = {
    "awaited": ("async def", "def"),
    "scope": ("@asynccontextmanager\n    async def", "@contextmanager\n    def"),
    "plain": ("def", "def"),
    "value": ("@property\n    def", "@property\n    def"),
}
"""How a member of each flavour begins, under asyncio and under threads."""


def write(folder: Path, patterns: Iterable[str], runtime: str) -> int:
    """Write ``adapter.py`` and ``test_conformance.py`` to a folder.

    Raises:
        AdapterError: a usage error: an unknown pattern, a file that is there already, or a folder that cannot be written to.
    """
    stems = split(patterns) or list(PATTERNS)
    for stem in stems:
        if stem not in PATTERNS:
            raise AdapterError(f"--patterns {stem}: there is none; {nearest(stem, PATTERNS)}")
    adapter, test = folder / "adapter.py", folder / "test_conformance.py"
    for path in (adapter, test):
        if path.exists():
            raise AdapterError(f"{path} is there already, and nothing is overwritten; give another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        adapter.write_text(adapter_text(stems, runtime), encoding="utf-8")
        test.write_text(_TEST, encoding="utf-8")
    except OSError as error:
        raise AdapterError(f"{folder}: nothing can be written there: {error.strerror}") from error
    console = Console(highlight=False, soft_wrap=True)
    for line in (f"wrote {adapter} and {test}", "", *_next_steps(adapter, test)):
        console.print(Text(line))
    return Exit.CONFORMANT


def _next_steps(adapter: Path, test: Path) -> list[str]:
    return [
        f"Fill in {adapter}, then:",
        f"    patternproof smoke --adapter {adapter}",
        f"    patternproof run --adapter {adapter}",
        f"    pytest {test}",
    ]


def adapter_text(stems: list[str], runtime: str) -> str:
    """An adapter module with a class and a factory for each of these patterns, to be filled in."""
    claims = sorted(claim for stem in stems for claim in PATTERNS[stem].claims)
    return _ADAPTER.substitute(
        imports="".join(f"{line}\n" for line in _imports(stems, runtime)),
        runtime=runtime,
        claims=", ".join(claims) or "none here",
        prefix=PATTERNS[stems[0]].prefix,
        parts="".join(_part(stem, runtime) for stem in stems),
    )


def _imports(stems: list[str], runtime: str) -> Iterator[str]:
    if any("scope" in members.required(stem).values() for stem in stems):
        yield f"from contextlib import {'contextmanager' if runtime == 'threads' else 'asynccontextmanager'}"
    yield "from typing import Any"
    yield ""
    for stem in stems:
        if (settings := _settings(stem)) is not None:
            yield f"from patternproof.ports.{stem} import {settings}"


def _settings(stem: str) -> str | None:
    return next((name for name in _names(stem) if name.endswith("Settings")), None)


def _names(stem: str) -> list[str]:
    """What an implementation's side of the port needs: settings, states and errors; the protocols are there to be read."""
    port = members.port(stem)
    public = {name: value for name, value in vars(port).items() if isinstance(value, type) and value.__module__ == port.__name__}
    return sorted(name for name, value in public.items() if not getattr(value, "_is_protocol", False))


def _part(stem: str, runtime: str) -> str:
    port = members.port(stem)
    settings = _settings(stem)
    arguments = [f"{name}: {settings if name == 'settings' and settings else 'Any'}" for name in port.ARGUMENTS]
    others = ", ".join(name for name in _names(stem) if name != settings) or "nothing else"
    shown = [_member(port.REQUIRED, name, flavour, runtime) for name, flavour in members.required(stem).items()]
    names = {"name": port.REQUIRED.__name__, "title": PATTERNS[stem].title, "stem": stem}
    return _PART.substitute(names, others=others, arguments=", ".join(arguments), members="".join(shown))


def _member(protocol: type, name: str, flavour: members.Flavour, runtime: str) -> str:
    member = vars(protocol)[name]
    function: Any = member.fget if isinstance(member, property) else member
    arguments = ", ".join(each if each == "self" else f"{each}: Any" for each in inspect.signature(function).parameters)
    sentence = (inspect.getdoc(function) or "").splitlines()[0]
    end = "\n        yield" if flavour == "scope" else ""
    head = _HEADS[flavour][runtime == "threads"]
    return f'\n    {head} {name}({arguments}) -> Any:\n        """{sentence}"""\n        raise NotImplementedError{end}\n'
