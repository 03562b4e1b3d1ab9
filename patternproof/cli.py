"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Group, Parameter

from patternproof import __version__
from patternproof.console import PlainConsole
from patternproof.outcome import AdapterError, Way
from patternproof.verdict import Exit

CUT_OFF = 141
"""Exit code where the reader of the output has gone, as shells have it."""

_SELECTION = Group("Selection", help="Any selection makes the run partial: it never says conformant.")
Profile = Literal["quick", "standard", "thorough"]
Names = Annotated[list[str] | None, Parameter(consume_multiple=False, negative=())]
Selected = Annotated[list[str] | None, Parameter(group=_SELECTION, negative=())]

app = App(
    name="patternproof",
    version=__version__,
    help="""Tell, requirement by requirement, whether an implementation of an integration pattern is right.

    Begin with an adapter, a small module that says how to make your implementation:

        patternproof new --patterns circuit_breaker   writes one to fill in
        patternproof smoke --adapter adapter.py       is the adapter in order?
        patternproof run --adapter adapter.py         the verdicts, with evidence
        patternproof explain CB-07                    what it means, how it breaks

    Exit codes:

        0  nothing unexpected
        1  not conformant
        2  a usage error, or an error of the adapter
        3  an error of the kit itself
    """,
    help_format="plaintext",
)


@app.command
def run(
    *pytest_args: Annotated[str, Parameter(show=True)],
    adapter: str,
    pattern: Selected = None,
    requirement: Selected = None,
    level: Selected = None,
    keyword: Annotated[str | None, Parameter(name=["-k", "--keyword"], group=_SELECTION)] = None,
    profile: Profile = "standard",
    seed: int | None = None,
    report: Path | None = None,
    junit: bool = False,
    workers: Annotated[str | None, Parameter(name=["-n", "--workers"])] = None,
    feature: Annotated[list[Path] | None, Parameter(negative=())] = None,
    servers: Annotated[bool, Parameter(negative=())] = False,
    with_load: Annotated[bool, Parameter(negative=())] = False,
    replay: str | None = None,
) -> int:
    """Hold an adapter's implementations against the requirements.

    Examples:
        patternproof run --adapter my_project.adapter
        patternproof run --adapter adapter.py --profile quick
        patternproof run --adapter adapter.py --pattern circuit_breaker
        patternproof run --adapter adapter.py --requirement CB-07,CB-10
        patternproof run --adapter adapter.py --report out --junit -n 2
        patternproof run --adapter adapter.py --feature features/payments.feature
        patternproof run --adapter adapter.py -- -x --pdb

    A failure ends with the command that shows it again. Ctrl-C ends the run
    early: what was seen until then is told and reported as partial.

    Parameters
    ----------
    pytest_args
        Whatever follows -- goes to pytest.
    adapter
        A module's name, the path of a Python file, or an address: of a server of the HTTP binding, or of a service's OpenAPI
        document.
    pattern
        Only this pattern, such as circuit_breaker; may be repeated.
    requirement
        Only this requirement, such as CB-07; may be repeated.
    level
        Only must, should or may; may be repeated.
    keyword
        Only what matches this pytest -k expression.
    profile
        quick while typing, thorough before a release.
    seed
        Explore anew from this seed; without one every run is the same.
    report
        Folder for report.json and report.html.
    junit
        Write junit.xml there too, a test case for each requirement.
    workers
        Processes to share the work, a number or auto; needs pytest-xdist.
    feature
        A feature of your own, a file or a folder, to run as well; may be repeated.
    servers
        Start PostgreSQL, Redis and NATS once for the whole run, from the wheels of patternproof[servers]; those that
        PATTERNPROOF_POSTGRES_URL, PATTERNPROOF_REDIS_URL or PATTERNPROOF_NATS_URL names are used as they are.
    with_load
        A short load on each pattern as well, of some ten seconds: what only load exercises is judged, too.
    replay
        Do nothing but this history again; the token is part of a failure's report.
    """
    if replay is not None:
        from patternproof.commands.replay import replay as again  # the judge is imported only by who needs it

        return again(adapter, replay)
    from patternproof.commands import run as command  # pytest is imported only by who runs it

    values = {"pattern": pattern, "requirement": requirement, "level": level, "profile": profile, "seed": seed}
    options = command.Options(
        adapter, {**values, "report": report, "junit": junit, "load": with_load}, keyword, workers, tuple(feature or ()), servers
    )
    return command.run(options, pytest_args)


@app.command
def report(
    reports: list[Path], /, *, output: Annotated[list[Path] | None, Parameter(name=["-o", "--output"], negative=())] = None
) -> int:
    """Write reports in other forms: a page, Markdown for a pull request, JUnit, a badge.

    Examples:
        patternproof report out
        patternproof report out -o report.md -o badge.svg
        patternproof report out -o junit.xml
        patternproof report aiobreaker.json pybreaker.json -o side-by-side.html

    Parameters
    ----------
    reports
        JSON reports, or folders that `patternproof run --report` was given; several are put side by side.
    output
        Where to write; the suffix says what: .html, .md, .xml or .svg; may be repeated. Without one Markdown is printed.
    """
    from patternproof.commands.report import write  # templates are imported only by who needs them

    return write(reports, output or ())


@app.command
def compare(old: Path, new: Path, /) -> int:
    """Tell what became better, worse and new from one report to the next.

    Worse is what held and no longer does, and what newly fails; then the
    command ends with 1. Of a partial run only what it has a verdict on is
    compared.

    Example:
        patternproof compare main/report.json branch/report.json

    Parameters
    ----------
    old
        A JSON report, or the folder that it is in.
    new
        The one to compare it with.
    """
    from patternproof.commands.report import compared  # as above

    return compared(old, new)


@app.command
def smoke(*, adapter: str, pattern: Names = None) -> int:
    """Tell a broken adapter from a broken implementation, before any verdict.

    Makes every implementation once with plain settings, and makes one trivial
    call of each; it takes a second. What fails here is the adapter's, and ends
    with 2.

    Examples:
        patternproof smoke --adapter adapter.py
        patternproof smoke --adapter my_project.adapter --pattern connection_pool

    Parameters
    ----------
    adapter
        A module's name, the path of a Python file, or the address of a server of the HTTP binding.
    pattern
        Only this pattern; may be repeated.
    """
    from patternproof.commands.smoke import smoke as command  # drivers are imported only by who needs them

    return command(adapter, pattern or ())


@app.command
def serve(*, adapter: str, host: str = "127.0.0.1", port: int = 8080) -> int:
    """Serve an adapter over HTTP, as implementations in other languages are served.

    Whoever can reach the server can run the implementation: it listens on this
    machine alone unless another host is given. One run at a time.

    Examples:
        patternproof serve --adapter my_project.adapter
        patternproof run --adapter http://127.0.0.1:8080

    Parameters
    ----------
    adapter
        A module's name, or the path of a Python file.
    host
        The address to listen at.
    port
        0 takes one that is free.
    """
    from patternproof.commands.serve import serve as command  # drivers are imported only by who needs them

    command(adapter, host, port)


@app.command
def load(
    *locust_args: Annotated[str, Parameter(show=True)],
    adapter: str | None = None,
    compare: Annotated[tuple[str, str] | None, Parameter(negative=())] = None,
    rounds: Annotated[int, Parameter(help="Of each adapter, where two are compared; each takes --time.")] = 6,
    scenario: Names = None,
    users: int | None = None,
    time: str = "10s",
    rate: Annotated[float, Parameter(name="--open")] = 0.0,
    slo: str | None = None,
    profile: Literal["steady", "ramp", "spike", "soak"] = "steady",
    seed: int = 0,
    report: Path | None = None,
    web: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Let many users loose on an adapter's implementations, and see what holds.

    A violated requirement ends the run, with what shows it; see docs/load.md.

    For example:
        patternproof load --adapter adapter.py --open 200 --slo "p99<50ms,errors<0.1%"

    Parameters
    ----------
    locust_args
        Whatever follows -- goes to locust.
    adapter
        A module's name, the path of a Python file, or the address of a server of work.
    compare
        Two adapters in place of one: both run in turns, and what differs is told with an interval of confidence.
    scenario
        Only this pattern's scenario; may be repeated. All that the adapter offers by default.
    users
        Users at a time; each scenario has a default of its own.
    time
        How long each scenario runs: 30s, 5m, 1h.
    rate
        Requests a second in the open model; 0: the closed one, in which each user waits for its answer.
    slo
        Objectives, with commas: p50 to p99.99 as p99<50ms, errors<0.1%, throughput>100/s.
    profile
        How many of the users there are over time: steady, ramp, spike or soak.
    seed
        Of the arrivals, and of what is sent.
    report
        Folder for report.json and report.html.
    web
        Open locust's own page.
    """
    from patternproof.commands import load as command  # as above

    many, long = command.counted(users), command.seconds(time)
    wanted = command.Load(many, long, command.a_second(rate), profile, seed, locust_args, web=web)
    options = command.Options(adapter or "", tuple(scenario or ()), wanted, command.objectives(slo), report, compare, rounds)
    return command.load(options)


@app.command(name="list")
def list_(
    *,
    pattern: Names = None,
    level: Names = None,
    claim: Names = None,
    way: Annotated[list[Way] | None, Parameter(negative=())] = None,
    json: bool = False,
) -> int:
    """List the requirements.

    Examples:
        patternproof list --pattern circuit_breaker --level must
        patternproof list --claim manual_control
        patternproof list --way interleavings --json

    The letters under `ways` are F feature, M machine, I interleavings, L load.

    Parameters
    ----------
    pattern
        Only of this pattern; may be repeated.
    level
        Only must, should or may; may be repeated.
    claim
        Only what this claim promises; may be repeated.
    way
        Only what is exercised in this way; may be repeated.
    json
        As JSON, for programs.
    """
    from patternproof.commands.catalogue import list_requirements  # features are read only by who needs them

    return list_requirements(pattern or (), level or (), claim or (), way or (), json)


@app.command
def explain(
    identifier: Annotated[str, Parameter(name="ID", help="A requirement's id, as `patternproof list` shows them.")], /
) -> int:
    """Explain a requirement: why it matters, how it is exercised, how it breaks.

    For example:
        patternproof explain CB-07
        patternproof explain cp-03

    Each way to break it is shown as the shortest history that tells it from
    what is right; `run` tries these first.
    """
    from patternproof.commands.catalogue import explain_requirement  # features are read only by who needs them

    return explain_requirement(identifier)


@app.command
def new(
    folder: Path = Path(),
    /,
    *,
    patterns: Annotated[list[str] | None, Parameter(name=["--patterns", "--pattern"], negative=())] = None,
    runtime: Literal["asyncio", "threads", "live"] | None = None,
    ci: Literal["github", "gitlab", "none"] | None = None,
) -> int:
    """Write an adapter to fill in, and what a project needs around it.

    That is the test module that runs it under pytest, lines for pyproject.toml,
    and a CI job. At a terminal it asks for what is not given.

    Examples:
        patternproof new --patterns circuit_breaker
        patternproof new tests/conformance --patterns circuit_breaker
        patternproof new --patterns circuit_breaker,connection_pool
        patternproof new --patterns connection_pool --runtime threads
        patternproof new --patterns event_bus --ci gitlab

    Parameters
    ----------
    folder
        Where to write; made where it is missing, and nothing there is ever overwritten.
    patterns
        What to adapt, by name, with commas; all patterns by default.
    runtime
        How the implementation runs: asyncio (the default), threads, or live (real I/O in real time).
    ci
        Whose job to write: github (the default), gitlab or none.
    """
    from patternproof.commands.new import write  # as above

    return write(folder, patterns or (), runtime, ci)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(call(arguments))


def call(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    errors = PlainConsole(stderr=True, highlight=False, soft_wrap=True)
    try:
        return int(app(arguments, exit_on_error=False, print_error=True, result_action="return_value") or 0)
    except CycloptsError:
        return Exit.ADAPTER
    except AdapterError as error:
        errors.print(f"patternproof: {error}", markup=False)
        return Exit.ADAPTER
    except KeyboardInterrupt:
        errors.print("patternproof: interrupted", markup=False)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes what is left, and would complain
        return CUT_OFF
    except Exception as error:  # noqa: BLE001  # Python's own exit code for it would say that the adapter does not conform
        from patternproof.commands.faults import told  # as above

        return told(error, errors)
