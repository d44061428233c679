"""Make a virtual environment that holds what a lock names, and this project in editable form.

    python3 tools/environment.py .venv requirements/test.txt

An environment that is up to date is left alone, so that this can run before every command. It is made again for another
Python, and updated when the lock, pyproject.toml or the version changed.
"""

import ast
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV_LOCK = ROOT / "requirements" / "uv.txt"
PROJECT = [ROOT / "pyproject.toml", ROOT / "src" / "omics_batch" / "_version.py"]
NO_ENSUREPIP = (
    "This Python cannot make virtual environments, for want of ensurepip. On Debian and Ubuntu: "
    "apt-get install python3-venv"
)


def main(directory: Path, lock: Path) -> None:
    """Make the environment, or repair it."""
    python = directory / "bin" / "python"
    made_by = digest(sys.version, str(directory), UV_LOCK.read_text())
    holds = digest(lock.read_text(), *(path.read_text() for path in PROJECT))
    made_stamp, holds_stamp = directory / ".made", directory / ".holds"

    if read(made_stamp) != made_by:
        if importlib.util.find_spec("ensurepip") is None:
            sys.exit(NO_ENSUREPIP)
        print(f"Making {directory.name} with Python {sys.version.split()[0]}", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        run(sys.executable, "-m venv", directory)
        run(python, "-m pip install --quiet --disable-pip-version-check --require-hashes -r", UV_LOCK)
        made_stamp.write_text(made_by)

    if read(holds_stamp) != holds:
        print(f"Installing {lock.name} into {directory.name}", flush=True)
        holds_stamp.unlink(missing_ok=True)
        install(directory, python, lock)
        editable = "pip install --quiet --offline --no-deps --no-build-isolation --editable"
        uv(directory, editable, ROOT, "--python", python)
        holds_stamp.write_text(holds)


def install(home: Path, python: Path, lock: Path) -> None:
    """Make an environment hold exactly what a lock names.

    Args:
        home: The environment that has pip and uv.
        python: The interpreter of the environment to fill: the same one, or another.
        lock: The versions and hashes.
    """
    try:
        uv(home, "pip sync --quiet --compile-bytecode --require-hashes --python", python, lock)
    except subprocess.CalledProcessError:
        print(f"uv could not install {lock.name}; pip tries", flush=True)
        install_with_hashes: list[str | Path] = ["install", "--quiet", "--require-hashes", "-r", lock]
        pip = "-m pip --disable-pip-version-check --python"
        run(home / "bin" / "python", pip, python, *install_with_hashes)


def uv(home: Path, words: str, *more: str | Path) -> None:
    """Run an environment's uv with pip's settings, since it does not read pip's configuration.

    So a company's index and its certificate have to be configured only once.
    """
    command: list[str | Path] = [home / "bin" / "python", "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    settings: dict[str, str] = {}
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):  # the environment wins
        name, separator, value = line.partition("=")
        if separator:
            settings[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    variables = {
        "UV_DEFAULT_INDEX": settings.get("index-url"),
        "UV_INSECURE_HOST": settings.get("trusted-host"),
        "SSL_CERT_FILE": settings.get("cert"),
        "UV_HTTP_TIMEOUT": settings.get("default-timeout") or settings.get("timeout"),
    }
    known = {name: value for name, value in variables.items() if value}
    run(home / "bin" / "uv", words, *more, environment=known | os.environ)


def run(program: str | Path, words: str, *more: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run a program at the root of the project: what to say to it, and what of that may hold spaces."""
    subprocess.run([program, *words.split(), *more], cwd=ROOT, env=environment, check=True)


def digest(*texts: str) -> str:
    """Give one short text that differs when any of these does."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def read(path: Path) -> str:
    """Give the text of a file, and nothing for one that is not there."""
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{Path(error.cmd[0]).name} failed, with exit code {error.returncode}")
