"""``patternproof new``: an adapter to fill in, with its tests."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from shlex import quote
from string import Template
from textwrap import wrap
from typing import Any

from rich.prompt import Prompt
from rich.text import Text

from patternproof import members
from patternproof.commands.surroundings import CI, files
from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError
from patternproof.patterns import PATTERNS, owner
from patternproof.requirements import nearest
from patternproof.settings import split
from patternproof.verdict import Exit

_ADAPTER = Template('''"""The adapter of this project: how the conformance kit makes what it tests.

The kit calls the factories below hundreds of times, once for each example, history and schedule. An adapter renames and
translates, and nothing else: what it counts, locks or retries on behalf of the implementation is what gets judged.
"""

from typing import Any

${imports}
# How the implementation runs: "asyncio", "threads", or "live" for real I/O in real time.
RUNTIME = "$runtime"
# Optional features that are to be tested as hard as the rest; there are:
$claims
CLAIMS: set[str] = set()
# Why a requirement is known to fail, such as {"$prefix-01": "issue 12"}; one that passes fails the run until it is taken off.
KNOWN_FAILURES: dict[str, str] = {}
# Distributions whose versions the report names, such as {"my-library"}.
ADAPTS: set[str] = set()
$parts''')
_CLASS = Template('''

class $name:
    """The $title of this project under the names that the kit calls.

    patternproof.ports.$stem says what each of them must do.$errors
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
$members$optional''')
_FACTORY = Template('''

def $factory($arguments) -> $name:
    """Make a new one, which shares nothing with any other."""
$over$settings    # `yield` in place of `return` where something is to be cleaned up after each example.
    #
    #     return $name(my_project.$name(...))
    raise NotImplementedError("make the $title here")
''')
_FUNCTION = Template('''

def $factory($arguments) -> Any:
    """The $title of this project; patternproof.ports.$stem says what it must do."""
    #     return my_project.$factory($given)
    raise NotImplementedError("call the $title here")
''')
_SETTINGS = Template("""    # Durations are seconds. The settings, with the defaults, which stand for "as without it":
$fields
    # One that the implementation does not have is refused, never ignored; what needs it is then "not offered":
    #
    #     if settings.$last != $default:
    #         raise Unsupported("$last")
    #
""")
_HEADS: dict[members.Flavour, tuple[str, str]] = {
    "awaited": ("async def", "def"),
    "scope": ("def", "def"),
    "plain": ("def", "def"),
    "value": ("@property\n    def", "@property\n    def"),
}
"""How a member of each flavour begins, under asyncio and under threads."""


def write(folder: Path, patterns: Iterable[str], runtime: str | None, ci: str | None) -> int:
    """Write an adapter, the test module that runs it, lines for pyproject.toml and a CI job to a folder.

    What is not given is asked for at a terminal; elsewhere it is every pattern, asyncio, and GitHub.

    Raises:
        AdapterError: a usage error: an unknown pattern, a file that is there already, or a folder that cannot be written to.
    """
    stems = split(patterns) or split([_asked("Patterns, with commas", " ".join(PATTERNS), [])])
    for stem in stems:
        if stem not in PATTERNS:
            raise AdapterError(f"--patterns {stem}: there is none; {nearest(stem, PATTERNS)}")
    runtime = runtime or _asked("How it runs", "asyncio", ["asyncio", "threads", "live"])
    ci = ci or _asked("CI", "github", [*CI, "none"])
    wanted = files(folder, adapter_text(stems, runtime), ci)
    for path in wanted:
        if path.exists():
            raise AdapterError(f"{path} is there already, and nothing is overwritten; give another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AdapterError(f"{folder}: nothing can be written there: {error.strerror}") from error
    console = PlainConsole(highlight=False, soft_wrap=True)
    for line in (f"wrote {', '.join(map(str, wanted))}", "", *_next_steps(*list(wanted)[:2])):
        console.print(Text(line))
    return Exit.CONFORMANT


def _asked(question: str, default: str, choices: list[str]) -> str:
    """An answer, or the default where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    return Prompt.ask(question, console=PlainConsole(highlight=False), choices=choices or None, default=default)


def _next_steps(adapter: Path, test: Path) -> list[str]:
    given = quote(str(adapter))
    return [
        f"Fill in {adapter}: it says how. Then:",
        f"    patternproof smoke --adapter {given}    # is the adapter itself in order?",
        f"    patternproof run --adapter {given}      # the verdicts",
        f"    pytest {quote(str(test))}    # the same, in your own suite",
    ]


def adapter_text(stems: list[str], runtime: str) -> str:
    """An adapter module with a class and a factory for each of these patterns, to be filled in."""
    claims = [f"#     {PATTERNS[stem].title}: {', '.join(sorted(PATTERNS[stem].claims)) or 'none'}" for stem in stems]
    return _ADAPTER.substitute(
        imports="".join(f"{line}\n" for line in _imports(stems)),
        runtime=runtime,
        claims="\n".join(claims),
        prefix=PATTERNS[stems[0]].prefix,
        parts="".join(_part(factory, runtime) for stem in stems for factory in PATTERNS[stem].makers),
    )


def _imports(stems: list[str]) -> Iterator[str]:
    found = [f"from patternproof.ports.{stem} import {settings.__name__}" for stem in stems if (settings := _settings(stem))]
    yield from ["from patternproof.ports import Unsupported  # noqa: F401  # for settings that cannot be had"] if found else []
    yield from found


def _settings(stem: str) -> type | None:
    return next((value for name, value in _public(stem).items() if name.endswith("Settings")), None)


def _errors(stem: str) -> list[str]:
    return sorted(name for name, value in _public(stem).items() if issubclass(value, BaseException))


def _public(stem: str) -> dict[str, type]:
    port = members.port(stem)
    return {name: value for name, value in vars(port).items() if isinstance(value, type) and value.__module__ == port.__name__}


def _part(factory: str, runtime: str) -> str:
    stem = owner(factory).stem
    protocol, names, settings = members.described(factory, "REQUIRED"), members.described(factory, "ARGUMENTS"), _settings(stem)
    words = {
        "factory": factory,
        "title": factory.replace("_", " "),
        "stem": stem,
        "given": ", ".join(names),
        "arguments": ", ".join(f"{name}: {settings.__name__ if name == 'settings' and settings else 'Any'}" for name in names),
    }
    if protocol is None:
        return _FUNCTION.substitute(words)
    errors = ", ".join(_errors(stem))
    over = " and ".join(owner(factory).parts.get(factory, ()))
    words |= {
        "name": protocol.__name__,
        "errors": f"\n{_filled(f'Errors of its own are translated to those of the port: {errors}.')}" if errors else "",
        "members": "".join(_member(protocol, name, flavour, runtime) for name, flavour in members.required(factory).items()),
        "optional": _optional(factory, runtime),
        "over": f"{_filled(f'Left out, the reference is made over {over} of this module.', '    # ')}\n" if over else "",
        "settings": _refusals(settings) if settings is not None and "settings" in names else "",
    }
    return _CLASS.substitute(words) + _FACTORY.substitute(words)


def _filled(text: str, indent: str = "    ") -> str:
    return "\n".join(wrap(text, 118, initial_indent=indent, subsequent_indent=indent))


def _refusals(settings: type) -> str:
    shown = [f"{field.name}={field.default!r}" for field in fields(settings)]
    last = fields(settings)[-1]
    lines = wrap(", ".join(shown), 110, initial_indent="    #     ", subsequent_indent="    #     ")
    return _SETTINGS.substitute(fields="\n".join(lines), last=last.name, default=repr(last.default)).replace(
        "!= None", "is not None"
    )


def _optional(factory: str, runtime: str) -> str:
    """What belongs to a claim or a should, as comments."""
    found = ""
    for protocol in members.described(factory, "OPTIONAL"):
        why = (inspect.getdoc(protocol) or "").splitlines()[0]
        shown = [_member(protocol, name, flavour, runtime) for name, flavour in members.flavours(protocol).items()]
        lines = [line.removeprefix("    ") for member in shown for line in member.splitlines() if line]
        found += f"\n{_filled(f'Optional: {why}', '    # ')}\n" + "".join(f"    # {line}\n" for line in lines)
    return found


def _member(protocol: type, name: str, flavour: members.Flavour, runtime: str) -> str:
    """A member that hands on to one of the same name."""
    threads = runtime == "threads"
    member = vars(protocol)[name]
    function: Any = member.fget if isinstance(member, property) else member
    parameters = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    given = [each.name for each in parameters]
    arguments = "".join(f", {each.name}: Any" + _default(each) for each in parameters)
    sentence = (inspect.getdoc(function) or "").splitlines()[0]
    called = f"self._inner.{name}" + ("" if flavour == "value" else f"({', '.join(given)})")
    result = f"await {called}" if flavour == "awaited" and not threads else called
    head = _HEADS[flavour][threads]
    return f'\n    {head} {name}(self{arguments}) -> Any:\n        """{sentence}"""\n        return {result}\n'


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
