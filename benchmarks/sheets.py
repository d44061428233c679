"""A sheet of 100,000 rows to a settings file: by a manifest, and by hand with pandas and polars.

    python -m benchmarks.sheets manifest FOLDER

As a program it does it once, in a process of its own, with the sheet in a folder: it writes the CPU seconds, imports
left out, and the most megabytes that the process had. By hand means: texts as they are, ids checked for doubles, two
columns converted, a JSON array written, and its hash taken. A manifest reports every other problem too, with its line.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import RATIO, Findings, Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROWS: Final = 100_000
ROUNDS: Final = 3
SECONDS: Final = 3.0
MEGABYTES: Final = 150.0
MANY: Final = 250_000
BATCHES: Final = 3
LIBRARIES: Final = ("pandas", "polars")

COLUMNS: Final = "sample,fastq_1,fastq_2,priority,cohort,depth,sex,center,date,note"
_MANIFEST: Final = """\
defaultRunSetting: {workflowId: "1234567", roleArn: "arn:aws:iam::123456789012:role/OmicsRole"}
sheet: samples.csv
settingsUri: s3://my-bucket/settings/
runs:
  runSettingId: "{sample}"
  outputUri: "s3://my-bucket/out/{sample}/"
  priority: {column: priority, type: int}
  runTags: {cohort: "{cohort}"}
  parameters:
    sample: "{sample}"
    reads: {columns: [fastq_1, fastq_2]}
    threads: 4
    depth: {column: depth, type: float}
"""


def measure() -> Findings:
    """Measure all in turn, as often as others."""
    with TemporaryDirectory() as folder:
        write_sheet(Path(folder), ROWS)
        libraries = [library for library in LIBRARIES if find_spec(library) is not None]
        rounds = [
            {way: _in_a_process(way, folder) for way in ("manifest", "groups", *libraries)} for _ in range(ROUNDS)
        ]
        write_sheet(Path(folder), MANY)
        batches, _ = _in_a_process("batches", folder)

    def found(way: str, of: int) -> list[float]:
        return [costs[way][of] for costs in rounds]

    measures = [
        Measure.of(f"a sheet of {ROWS:,} rows to settings, CPU", found("manifest", 0), unit="s", bound=SECONDS),
        Measure.of("the same, memory of the process", found("manifest", 1), unit="MB", bound=MEGABYTES),
        Measure.of("the same with groupBy, CPU", found("groups", 0), unit="s"),
        Measure.of("the same with groupBy, memory of the process", found("groups", 1), unit="MB", bound=MEGABYTES),
    ]
    for library in libraries:
        for of, what in enumerate(("CPU", "memory of the process")):
            ratios = [costs["manifest"][of] / costs[library][of] for costs in rounds]
            measures.append(Measure.of(f"without groupBy, {what}, against {library} by hand", ratios, unit=RATIO))
    measures.append(Measure(name=f"batches of {MANY:,} rows", value=batches, bound=BATCHES))
    return Findings(measures=measures)


def write_sheet(folder: Path, rows: int) -> None:
    """Write a sheet, and manifests for it: one that makes a run of each row, and one that groups rows."""
    (folder / "manifest.yaml").write_text(_MANIFEST, encoding="utf-8")
    groups = _MANIFEST.replace("runs:\n", "runs:\n  groupBy: sample\n")
    (folder / "groups.yaml").write_text(groups, encoding="utf-8")
    with (folder / "samples.csv").open("w", encoding="utf-8") as file:
        file.write(f"{COLUMNS}\n")
        for number in range(rows):
            name = f"NA{number:06}"
            reads = ",".join(f"s3://my-bucket/reads/{name}_R{end}.fastq.gz" for end in (1, 2))
            file.write(f"{name},{reads},{number % 9},c{number % 7},30.5,female,broad,2026-01-01,a note\n")


def _in_a_process(way: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", __name__, way, folder]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(found[0]), float(found[1])


def _by_manifest(folder: Path, name: str = "manifest") -> int:
    from omics_batch import Manifest  # noqa: PLC0415 - each process imports what it measures

    manifest = Manifest.load(folder / f"{name}.yaml")
    for number, batch in enumerate(manifest.batches):
        with (folder / f"{batch.sha256}.json").open("wb") as file:
            file.writelines(manifest.settings(number))
    return len(manifest.batches)


def _by_pandas(folder: Path) -> int:
    pandas: Any = import_module("pandas")  # which is not there where the types are checked
    frame = pandas.read_csv(folder / "samples.csv", dtype=str, keep_default_na=False)
    if frame["sample"].duplicated().any():
        raise ValueError("a sample is there twice")
    return _write(folder, (dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)))


def _by_polars(folder: Path) -> int:
    polars: Any = import_module("polars")
    frame = polars.read_csv(folder / "samples.csv", infer_schema=False)
    if frame["sample"].is_duplicated().any():
        raise ValueError("a sample is there twice")
    return _write(folder, frame.iter_rows(named=True))


def _write(folder: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write the settings of rows into a file that is named for its content."""
    digest = hashlib.sha256()
    with (folder / "settings.json").open("wb") as file:
        for number, row in enumerate(rows):
            sample = row["sample"]
            setting = {
                "runSettingId": sample,
                "outputUri": f"s3://my-bucket/out/{sample}/",
                "priority": int(row["priority"]),
                "runTags": {"cohort": row["cohort"]},
                "parameters": {
                    "sample": sample,
                    "reads": [row["fastq_1"], row["fastq_2"]],
                    "threads": 4,
                    "depth": float(row["depth"]),
                },
            }
            text = (",\n" if number else "[\n") + json.dumps(setting)
            digest.update(text.encode())
            file.write(text.encode())
        file.write(b"\n]\n")
    (folder / "settings.json").rename(folder / f"{digest.hexdigest()}.json")
    return 1


WAYS: Final[Mapping[str, Callable[[Path], int]]] = {
    "manifest": _by_manifest,
    "groups": lambda folder: _by_manifest(folder, "groups"),
    "batches": _by_manifest,
    "pandas": _by_pandas,
    "polars": _by_polars,
}


def _peak() -> float:
    """Return the most memory that this process had, in MB: of a child, `getrusage` counts its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1000


def _main(way: str, folder: str) -> tuple[float, float]:
    import_module(way if way in LIBRARIES else "omics_batch._manifest.manifest")
    began = time.process_time()
    batches = WAYS[way](Path(folder))
    return float(batches) if way == "batches" else time.process_time() - began, _peak()


if __name__ == "__main__":
    print(*_main(*sys.argv[1:]))
