"""A table for spreadsheets, opened in LibreOffice where it is installed: no text of a stranger is a formula there."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import FailedRun, FailureKind, Rows

if TYPE_CHECKING:
    from pathlib import Path

OFFICE: Final = shutil.which("soffice")

FORMULAS: Final = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org","open")',
    "\uff1d1+1",
    "'=1+1",
    '"=1+1"',
    "\ufeff=1+1",
    "\xa0=1+1",
    ";=1+1",
    ",=1+1",
    "=\n1+1",
]


def formulas_in(file: Path) -> list[str]:
    """Let LibreOffice convert a CSV file, and return the formulas that it found in it."""
    profile = (file.parent / "profile").as_uri()
    read_as = "CSV:44,34,76,1"  # commas, quotes, UTF-8, from the first line on
    command = [OFFICE or "soffice", "--headless", f"-env:UserInstallation={profile}", f"--infilter={read_as}"]
    subprocess.run([*command, "--convert-to", "fods", "--outdir", file.parent, file], check=True, capture_output=True)
    converted = file.with_suffix(".fods").read_text(encoding="utf-8")
    assert converted.count("<text:p>S") == len(FORMULAS)
    return re.findall(r'table:formula="([^"]*)"', converted)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_no_cell_for_a_spreadsheet_is_a_formula(tmp_path: Path) -> None:
    """In the exact form some are: LibreOffice takes them for formulas where nothing keeps it from that."""
    rows = Rows(
        [
            FailedRun(run_setting_id=f"S{number}", kind=FailureKind.RUN, message=text)
            for number, text in enumerate(FORMULAS)
        ]
    )
    rows.to_csv(tmp_path / "exact.csv")
    rows.to_csv(tmp_path / "spreadsheet.csv", spreadsheet=True)
    assert "of:=1+1" in formulas_in(tmp_path / "exact.csv")
    assert formulas_in(tmp_path / "spreadsheet.csv") == []
