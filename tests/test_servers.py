"""Servers from their wheels."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import nats
import psutil
import psycopg
import pytest
import redis

from patternproof import servers
from patternproof.adapter import load
from patternproof.outcome import Unavailable
from patternproof.ports.circuit_breaker import CircuitBreakerSettings
from patternproof.servers import keeper, kinds
from patternproof.servers.kinds import KINDS
from tests.conftest import ROOT, Project

URLS: dict[str, Callable[[], str]] = {
    "postgres": servers.postgres_url,
    "redis": servers.redis_url,
    "nats": servers.nats_url,
}


@pytest.fixture(autouse=True)
def own_servers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address from the environment, whatever the tests themselves were started with."""
    for kind in KINDS.values():
        monkeypatch.delenv(kind.variable, raising=False)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for the servers' own, open to whom PostgreSQL runs as; pytest's are not."""
    folder = Path(tempfile.mkdtemp(prefix="pp-"))
    folder.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield folder
    folder.rmdir()  # fails where anything is left


def processes_below(folder: Path) -> list[psutil.Process]:
    """The processes that work in a folder or below it."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):  # it has ended
            continue
    return found


@pytest.mark.parametrize("name", KINDS)
def test_the_environment_names_a_server(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KINDS[name].variable, "scheme://given")
    assert URLS[name]() == "scheme://given"


@pytest.mark.parametrize("name", KINDS)
def test_a_process_starts_one_server_and_no_second(name: str) -> None:
    assert URLS[name]() == URLS[name]()


@pytest.mark.parametrize("name", KINDS)
def test_what_is_missing_is_unavailable_with_what_to_do(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = KINDS[name]
    monkeypatch.setattr(type(kind), "binary", lambda self: None)
    expected = rf"{kind.title} is missing: set {kind.variable}, or install patternproof\[servers\]"
    with pytest.raises(Unavailable, match=expected), servers.restartable(name):
        pass


@pytest.mark.parametrize("name", KINDS)
def test_what_does_not_start_is_unavailable_with_its_own_words(
    name: str, monkeypatch: pytest.MonkeyPatch, temporary: Path
) -> None:
    monkeypatch.setattr(type(KINDS[name]), "binary", lambda self: Path("/bin/false"))
    with pytest.raises(Unavailable, match=rf"{KINDS[name].title} cannot be started: "), servers.restartable(name):
        pass


@pytest.mark.parametrize("name", KINDS)
def test_the_kit_does_not_restart_what_is_not_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KINDS[name].variable, "scheme://given")
    with pytest.raises(Unavailable, match=f"{KINDS[name].variable} names another; unset it"), servers.restartable(name):
        pass


def test_redis_keeps_its_data_over_a_restart(temporary: Path) -> None:
    with servers.restartable("redis") as server:
        client = redis.Redis.from_url(server.url)
        client.set("key", "value")
        server.stop()
        with pytest.raises(redis.ConnectionError):
            client.get("key")
        server.start()
        assert client.get("key") == b"value"
        client.close()
    assert not processes_below(temporary)


def test_postgresql_keeps_its_data_over_a_restart(temporary: Path) -> None:
    with servers.restartable("postgres") as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create table kept as select 7 as number")
        server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url)
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("select number from kept").fetchall() == [(7,)]
    assert not processes_below(temporary)


async def published(url: str) -> None:
    client = await nats.connect(url)
    stream = client.jetstream()
    await stream.add_stream(name="kept", subjects=["topic"])
    await stream.publish("topic", b"event")
    await client.close()


async def stored(url: str) -> bytes | None:
    client = await nats.connect(url)
    message = await client.jetstream().get_msg("kept", 1)
    await client.close()
    return message.data


def test_nats_keeps_its_streams_over_a_restart(temporary: Path) -> None:
    with servers.restartable("nats") as server:
        asyncio.run(published(server.url))
        server.stop()
        server.start()
        assert asyncio.run(stored(server.url)) == b"event"
    assert not processes_below(temporary)


def test_stopping_and_starting_twice_changes_nothing(temporary: Path) -> None:
    with servers.restartable("redis") as server:
        server.start()
        server.stop()
        server.stop()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()


def test_a_port_that_somebody_else_took_is_not_mistaken_for_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with servers.restartable("redis") as other:
        taken = int(other.url.rpartition(":")[2].partition("/")[0])
        ports = iter([taken, keeper.free_port()])
        monkeypatch.setattr(keeper, "free_port", lambda: next(ports))
        binary = KINDS["redis"].binary()
        assert binary is not None
        kept = keeper.Keeper(KINDS["redis"], binary, tmp_path)
        assert kept.start() != other.url
        kept.stop()


def test_an_example_has_servers_that_it_may_restart_and_no_other_sees_them(temporary: Path) -> None:
    shared = servers.redis_url()
    with servers.of_its_own() as owned:
        url = servers.redis_url()
        assert url != shared
        assert servers.environment()[KINDS["redis"].variable] == url
        with redis.Redis.from_url(url) as client:
            client.set("key", "value")
            owned.stop()
            with pytest.raises(redis.ConnectionError):
                client.get("key")
            owned.start()
            assert client.get("key") == b"value"
        owned.stop()  # as an example does that fails in the middle
    assert servers.redis_url() == shared
    with servers.of_its_own() as owned:
        assert not owned.asked
        with redis.Redis.from_url(servers.redis_url()) as client:
            assert client.ping()
    servers._restarted.pop("redis").close()


def test_an_example_that_restarts_does_not_get_a_server_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KINDS["nats"].variable, "scheme://given")
    with servers.of_its_own(), pytest.raises(Unavailable, match="names another; unset it"):
        servers.nats_url()


STARTS_ALL = """
import sys, time
from patternproof import servers
with servers.running() as missing:
    print(*missing, "running", flush=True)
    sys.stdin.read()
"""


def heed_interrupts() -> None:
    """Whoever starts the tests in the background has them ignore SIGINT, and a process inherits that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, None])
def test_nothing_outlives_the_process_however_it_ends(end: signal.Signals | None, temporary: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS_ALL],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    left = processes_below(temporary)
    assert len(left) >= 2 * len(KINDS)
    if end is None:
        process.stdin.close()
    else:
        os.killpg(process.pid, end)  # as a terminal does it: the whole group
    process.wait(30)
    assert psutil.wait_procs(left, timeout=30)[1] == []
    assert list(temporary.iterdir()) == []


ASKS = """
from patternproof import servers
from patternproof.ports.circuit_breaker import CircuitBreakerSettings

def circuit_breaker(settings: CircuitBreakerSettings):
    address = servers.redis_url()
    with open("addresses", "a") as file:
        print(address, file=file)
    class Breaker:
        state = "closed"
        broken = unreachable = ()
        async def call(self, operation):
            return await operation()
        def calls(self, count):
            pass
        def explode(self, requirement):
            pass
    return Breaker()
"""


def test_a_run_has_one_server_for_all_its_workers(project: Project) -> None:
    project.write("adapter.py", ASKS)
    project.kit("run", "--adapter", "adapter.py", "--servers", "-n", "2")
    addresses = (project.folder / "addresses").read_text().split()
    assert len(addresses) > 1
    assert len(set(addresses)) == 1
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(addresses[0]).ping()


def test_a_factory_that_finds_no_server_is_no_error_of_the_adapter(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(KINDS["redis"]), "binary", lambda self: None)
    monkeypatch.setattr(servers, "_started", {})
    adapter = load(str(project.write("adapter.py", ASKS)))
    with (
        adapter.driver() as driver,
        pytest.raises(Unavailable, match="Redis is missing"),
        adapter.make("circuit_breaker", driver, CircuitBreakerSettings()),
    ):
        pass


def test_a_program_out_of_reach_is_copied_with_the_libraries_beside_its_package(tmp_path: Path) -> None:
    binary = tmp_path / "installed" / "package" / "pginstall" / "bin" / "postgres"
    libraries = tmp_path / "installed" / "package.libs" / "libpq.so"
    for file in (binary, libraries):
        file.parent.mkdir(parents=True)
        file.write_text("")
    folder = tmp_path / "folder"
    folder.mkdir()
    reached = kinds._within_reach(binary, folder, {})  # a file without the right to run it
    assert reached == folder / "program" / "package" / "pginstall" / "bin" / "postgres"
    assert reached.is_file()
    assert (folder / "program" / "package.libs" / "libpq.so").is_file()
