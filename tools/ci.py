"""The stages of .ci/run that are more than one command: the tests in other environments, and the count of them all.

    .venv/bin/python tools/ci.py wheel | pythons | lowest | models | count

Each environment is made under build/ci/, with the wheel that .ci/run built. The tests run there in a copy of the
project that lacks src/, outside of the project, so that the installed package is the one tested.
"""

import json
import os
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from xml.etree import ElementTree as ET
from zipfile import ZipFile

from environment import ROOT, install, uv

CI = ROOT / "build" / "ci"
RESULTS = CI / "results"
HOME = Path(sys.prefix)  # the environment of make test, which has uv
OLDEST = (3, 11)
Version = tuple[int, int]


def wheel() -> bool:
    """Test the wheel in an empty environment: first with what its own metadata asks for, then with all the tests."""
    built = built_wheel()
    with ZipFile(built) as archive:
        if "omics_batch/py.typed" not in archive.namelist():
            print("the wheel lacks omics_batch/py.typed")
            return False
    python = empty_environment("wheel", sys.executable)
    # The lock as a constraint: its versions and hashes, of only those packages that the wheel itself asks for.
    asked_for = "pip install --quiet --constraints requirements/test.txt --python"
    uv(HOME, asked_for, python, f"omics-batch @ {built.as_uri()}")
    everything = "import omics_batch; [getattr(omics_batch, name) for name in omics_batch.__all__]"
    subprocess.run([python, "-c", everything], check=True, cwd=CI)
    without_extra = subprocess.run([python.parent / "omics-batch"], check=False, capture_output=True, text=True)
    if without_extra.returncode == 0 or "omics-batch[cli]" not in without_extra.stderr:
        print(f"without its extra, omics-batch does not say what to install: {without_extra}")
        return False
    uv(HOME, asked_for, python, f"omics-batch[cli] @ {built.as_uri()}")
    subprocess.run([python.parent / "omics-batch", "--help"], check=True, capture_output=True)
    return passes("wheel", python, "test")


def pythons() -> bool:
    """Test on one of each other minor version that this machine has."""
    others = {minor: python for minor, python in installed_pythons().items() if minor != sys.version_info[:2]}
    if not others:
        print("this machine has no other Python from 3.11 on")
    results: list[bool] = []
    for (major, minor), python in sorted(others.items()):
        name = f"python{major}.{minor}"
        print(f"- {name}: {python}", flush=True)
        (RESULTS / f"{name}.xml").touch()
        results.append(passes(name, empty_environment(name, python), "test"))
    return all(results)


def lowest() -> bool:
    """Test on the lowest versions that pyproject.toml allows, on the oldest Python that this machine has."""
    _, python = min(installed_pythons().items())
    return passes("lowest", empty_environment("lowest", python), "lowest")


def models() -> bool:
    """Hold the models against the data of the newest botocore: a report, which never fails the run."""
    newest = CI / "botocore"
    shutil.rmtree(newest, ignore_errors=True)
    try:
        uv(
            HOME,
            "pip install --quiet --no-deps --only-binary botocore --python",
            sys.executable,
            "--target",
            newest,
            "botocore",
        )
    except subprocess.CalledProcessError:
        print("the newest botocore could not be fetched: nothing was compared")
        return True
    (found,) = newest.glob("botocore-*.dist-info")
    print(f"{found.name.removesuffix('.dist-info')}: the failures below, if any, are what the models lack", flush=True)
    environment = {**os.environ, "BOTOCORE_DATA": str(newest / "botocore" / "data")}
    tests = [sys.executable, "-m", "pytest", "--quiet", "--tb=line", "tests/test_service_model.py"]
    subprocess.run(tests, cwd=ROOT, env=environment, check=False)
    return True


def count() -> bool:
    """Name each test that failed, and add up what every run of the tests has counted."""
    suites: list[ET.Element] = []
    lacking = 0
    for report in sorted(RESULTS.glob("*.xml")):
        try:
            found = list(ET.parse(report).iter("testsuite"))  # noqa: S314 - pytest's own
        except ET.ParseError:  # it is still empty, as it was made before the stage
            print(f"- {report.stem}: no report of its tests: they did not run to their end")
            lacking += 1
            continue
        suites += found
        for case in chain.from_iterable(suite.iter("testcase") for suite in found):
            for problem in chain(case.iter("failure"), case.iter("error")):
                message = problem.attrib.get("message", "").partition("\n")[0][:200]
                print(f"- {report.stem}: {case.attrib['classname']}::{case.attrib['name']}: {message}")
                if case.attrib["classname"] == "pytest":  # an error of pytest's own: the message does not say which
                    print(indent("\n".join((problem.text or "").splitlines()[-40:]), "    "))
    tests, failures, errors, skipped = (
        sum(int(suite.attrib[name]) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    passed, failed = tests - failures - errors - skipped, failures + errors + lacking
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return tests > 0 and failed == 0


def passes(name: str, python: Path, lock: str) -> bool:
    """Install the lock and the wheel, and run a copy of the tests."""
    install(HOME, python, ROOT / "requirements" / f"{lock}.txt")
    uv(HOME, "pip install --quiet --offline --no-deps --python", python, built_wheel())
    report = f"--junitxml={RESULTS / name}.xml"
    tests: list[str | Path] = [python, "-m", "pytest", "--quiet", "--numprocesses=auto", "--dist=loadfile", report]
    with TemporaryDirectory() as copy:
        for path in files_but_src():
            target = Path(copy) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target)
        return subprocess.run(tests, cwd=copy, check=False).returncode == 0


def empty_environment(name: str, python: str) -> Path:
    """Make a new environment, and return its interpreter."""
    directory = CI / name
    shutil.rmtree(directory, ignore_errors=True)
    uv(HOME, "venv --quiet --no-python-downloads --python", python, directory)
    return directory / "bin" / "python"


def built_wheel() -> Path:
    """Give the one wheel in dist/."""
    (built,) = (ROOT / "dist").glob("*.whl")
    return built


def files_but_src() -> list[Path]:
    """Give the project's files, those not yet committed too, without src/."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = [Path(name) for name in listing.split("\0") if name and not name.startswith("src/")]
    return [path for path in paths if (ROOT / path).is_file()]


def installed_pythons() -> dict[Version, str]:
    """Give one interpreter of each minor version from 3.11 on: this one, and what uv, pyenv and the system have."""
    found: dict[Version, str] = {sys.version_info[:2]: sys.executable}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    elsewhere = chain(
        pyenv.glob("versions/*/bin/python"),
        Path("/usr/bin").glob("python3.*[0-9]"),
        Path("/usr/local/bin").glob("python3.*[0-9]"),
    )
    for python in [*known_to_uv(), *map(str, elsewhere)]:
        version = tried(python)
        if version is not None and version >= OLDEST:
            found.setdefault(version, python)
    return found


def known_to_uv() -> list[str]:
    """Give the paths that uv lists."""
    command: list[str | Path] = [HOME / "bin" / "uv", "python", "list", "--only-installed", "--no-python-downloads"]
    listing = subprocess.run([*command, "--output-format", "json"], check=False, capture_output=True, text=True)
    return [str(entry["path"]) for entry in json.loads(listing.stdout or "[]")]


def tried(python: str) -> Version | None:
    """Run it, since a shim may be there without its Python, and a home-built one may lack what the tests need."""
    program = "import ssl, sys; print(*sys.version_info[:4], sys.implementation.name)"
    try:
        said = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, _, level, implementation = said.split()
    return (int(major), int(minor)) if (implementation, level) == ("cpython", "final") else None


if __name__ == "__main__":
    stages = {"wheel": wheel, "pythons": pythons, "lowest": lowest, "models": models, "count": count}
    RESULTS.mkdir(parents=True, exist_ok=True)
    try:
        sys.exit(0 if stages[sys.argv[1]]() else 1)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{Path(error.cmd[0]).name} failed, with exit code {error.returncode}")
