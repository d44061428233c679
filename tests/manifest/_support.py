"""What the tests of manifests share: a folder with a sheet and a manifest for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import DefaultRunSettingInput, InvalidInputError, Manifest

if TYPE_CHECKING:
    from pathlib import Path

ROLE: Final = "arn:aws:iam::123456789012:role/OmicsRole"
DEFAULTS: Final = DefaultRunSettingInput(workflow_id="1234567", role_arn=ROLE, output_uri="s3://my-bucket/out/")
BY_SAMPLE: Final = {"runSettingId": "{sample}"}


class Cohort:
    """Writes sheets and manifests into a folder, and loads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(
        self,
        content: str | bytes,
        runs: object = BY_SAMPLE,
        name: str = "samples.csv",
        **members: object,
    ) -> Manifest:
        self.write(name, content)
        defaults = DEFAULTS.model_dump(mode="json", by_alias=True, exclude_none=True)
        document = {"defaultRunSetting": defaults, "sheet": name, "runs": runs, **members}
        return Manifest.load(self.write("cohort.json", json.dumps(document)))

    def settings(self, content: str | bytes, runs: object = BY_SAMPLE, name: str = "samples.csv") -> list[Any]:
        """The settings of the runs."""
        return settings_of(self.load(content, runs, name))

    def parameters(self, content: str | bytes, parameters: object, name: str = "samples.csv", **runs: object) -> Any:
        """The parameters of the runs."""
        settings = self.settings(content, {**BY_SAMPLE, "parameters": parameters, **runs}, name)
        return [setting.get("parameters") for setting in settings]

    def problems(
        self, content: str | bytes, runs: object = BY_SAMPLE, name: str = "samples.csv", **members: object
    ) -> list[str]:
        """The lines of the complaint, without the folder that each begins with."""
        return complaints(lambda: self.load(content, runs, name, **members), self.folder)


def complaints(make: Any, folder: Path | None = None) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        make()
    return [line.removeprefix(f"{folder}/") for line in str(caught.value).splitlines()]


def settings_of(manifest: Manifest, batch: int = 0) -> list[Any]:
    settings: list[Any] = json.loads(b"".join(manifest.settings(batch)))
    return settings
