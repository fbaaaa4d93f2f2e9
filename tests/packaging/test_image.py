"""The image, as far as it can be had without a container engine: its files, commands and closed file system.

The Dockerfile's own lines are run, with /opt/mnema and /data in a temporary folder and what the lock names
taken from the environment of the tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest
import yaml

from bot import __version__
from tests.first_run.commands import as_ordinary_user
from tests.packaging.dockerfile import Stage, exec_form, read_dockerfile
from tests.support.ports import free_port

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Image:
    """An installed copy in a closed tree, and the one folder that may be written."""

    bin: Path
    data: Path
    env: dict[str, str]
    prefix: list[str]

    def command(self, *words: str) -> list[str]:
        """A command line as the container would run it."""
        return [*self.prefix, *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words),
            cwd=self.data,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def stages(root: Path) -> list[Stage]:
    return read_dockerfile(root / "Dockerfile")


@pytest.fixture(scope="module")
def image(root: Path, stages: list[Stage], tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Both stages, built."""
    home = tmp_path_factory.mktemp("image")
    for folder in (home, *home.parents):
        if folder == home or folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    opt, source, data = home / "opt", home / "src", home / "data"
    copy_context(root, source, stages[0].copied())
    for line in stages[0].all("RUN"):
        if "requirements.txt" in line:
            # Nothing is downloaded here: what the lock names stands in the environment of the tests.
            packages = opt / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
            (packages / "packages-of-the-lock.pth").write_text(sysconfig.get_path("purelib") + "\n")
            continue
        ours = line.replace("/opt/mnema", str(opt)).replace("python -m venv", f"{sys.executable} -m venv")
        if " install " in ours:
            ours = ours.replace(" install ", " install --no-index --disable-pip-version-check ")
        subprocess.run(
            ["sh", "-ec", f"umask 022; {ours}"], cwd=source, check=True, capture_output=True, timeout=SECONDS
        )
    shutil.rmtree(source)
    data.mkdir()
    prefix = as_ordinary_user()
    if any("reuid" in word for word in prefix):
        os.chown(data, 65534, 65534)
    close(opt)
    values = {name: value.replace("/opt/mnema", str(opt)) for name, value in stages[1].environment().items()}
    path = values["PATH"].replace("$PATH", os.environ["PATH"])
    tmp = home / "tmp"
    tmp.mkdir(mode=0o555)
    env = {**values, "PATH": path, "DATA_DIR": str(data), "HOME": str(data), "TMPDIR": str(tmp)}
    return Image(opt / "bin", data, env, prefix)


def copy_context(root: Path, target: Path, names: list[str]) -> None:
    """What COPY would find, .dockerignore applied."""
    lines = (root / ".dockerignore").read_text().splitlines()
    let_in = {line.strip("!/") for line in lines if line.startswith("!")}
    compiled = shutil.ignore_patterns("__pycache__", "*.py[cod]")
    target.mkdir()
    for name in names:
        assert name in let_in, f".dockerignore keeps {name} out"
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=compiled)
        else:
            shutil.copyfile(root / name, target / name)


def close(tree: Path) -> None:
    """Take every right to write away."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


@contextmanager
def until_stopped(image: Image, port: int) -> Iterator[subprocess.Popen[str]]:
    """The playground as a process; killed when it does not print or end in time."""
    env = {**image.env, "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port)}
    command = image.command(str(image.bin / "mnema"), "playground")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=image.data, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        watchdog = Timer(SECONDS, process.kill)
        watchdog.start()
        try:
            yield process
        finally:
            watchdog.cancel()
            process.kill()


def test_the_image_is_small_closed_and_watched(stages: list[Stage]) -> None:
    build, final = stages
    assert build.base == final.base
    assert final.copied() == []
    assert final.all("COPY") == ["--from=build /opt/mnema /opt/mnema"]
    assert final.all("ADD") == build.all("ADD") == []
    user = final.last("USER")
    (made,) = [line for line in final.all("RUN") if "useradd" in line]
    assert "--uid 10001" in made
    assert made.split("&&")[0].strip().endswith(user)
    assert f"install -d -o {user} -g {user} /data" in made
    assert final.last("VOLUME") == final.environment()["DATA_DIR"] == final.last("WORKDIR") == "/data"
    assert (exec_form(final.last("ENTRYPOINT")), exec_form(final.last("CMD"))) == (["mnema"], ["run"])
    assert final.last("STOPSIGNAL") == "SIGTERM"
    assert "--require-hashes" in build.all("RUN")[1]


def test_compose_runs_the_same_image_without_rights(root: Path) -> None:
    services = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    bot = services["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in bot["security_opt"]
    assert bot["volumes"] == ["data:/data"]
    assert bot["environment"]["DATA_DIR"] == "/data"
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert services["postgres"]["profiles"] == ["postgres"]


@pytest.mark.slow
def test_the_wheel_carries_what_the_program_reads(image: Image) -> None:
    assert image.run(str(image.bin / "mnema"), "version").stdout == f"{__version__}\n"
    code = (
        "import bot, bot.core.resources as r; print(bot.__file__); "
        "print(len(list(r.prompts_dir().glob('*.md'))), len(list(r.migrations_dir().glob('versions/*.py'))))"
    )
    found = image.run(str(image.bin / "python"), "-c", code).stdout.splitlines()
    assert found[0].startswith(str(image.bin.parent))
    prompts, migrations = map(int, found[1].split())
    assert prompts >= 3
    assert migrations >= 1


@pytest.mark.slow
def test_the_closed_image_upgrades_plays_is_healthy_and_stops(image: Image, stages: list[Stage]) -> None:
    writing = image.run("sh", "-c", f"touch {image.bin}/x")
    assert writing.returncode != 0
    upgraded = image.run(str(image.bin / "mnema"), "db", "upgrade")
    assert (upgraded.returncode, upgraded.stdout) == (0, "The database is up to date.\n"), upgraded.stderr
    assert (image.data / "mnema.db").exists()
    port = free_port()
    with until_stopped(image, port) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line == f"The playground is open: http://127.0.0.1:{port}\n", process.stderr.read()
        kind, _, check = stages[1].last("HEALTHCHECK").partition("CMD ")
        assert "--start-period=" in kind
        asked = [sys.executable, *exec_form(check)[1:]]
        healthy = subprocess.run(asked, env={"HTTP_PORT": str(port)}, timeout=SECONDS, check=False)
        assert healthy.returncode == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert "Traceback" not in process.stderr.read()
    written = {path.name for path in image.data.iterdir()}
    assert {"mnema.db", "playground.db"} <= written
    assert not (image.data / "__pycache__").exists()
