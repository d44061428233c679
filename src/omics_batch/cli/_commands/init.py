"""`omics-batch init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from omics_batch import InvalidInputError
from omics_batch._words import one_line
from omics_batch.cli import _program_name
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._output import console, say_facts
from omics_batch.cli._stderr import complain

_STDOUT: Final = "-"
_TO_REPLACE: Final = "replace the words in capitals, and "


def init(
    samples: Annotated[str, typer.Argument(metavar="SHEET", help="The sheet of samples: .csv, .tsv or .jsonl.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The manifest to write; - is stdout.")
    ] = "cohort.yaml",
    *,
    workflow_id: Annotated[str | None, typer.Option(metavar="ID", help="The workflow.")] = None,
    role_arn: Annotated[str | None, typer.Option(metavar="ARN", help="The role of the runs.")] = None,
    output_uri: Annotated[str | None, typer.Option(metavar="URI", help="The place in S3 for the output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the manifest if it exists.")] = False,
) -> Exit:
    """Write a first manifest for a sheet of samples.

    The column that is named like a sample names the runs. If a name is there twice, the rows with it become one run,
    such as lanes. The columns fastq_1 and fastq_2 become one parameter, and each other column another one: name them as
    your workflow does. Cells stay text; the types of numbers are proposed in comments.

    What is not given as an option is a word in capitals to replace. It reads the sheet, and sends nothing.
    """
    from omics_batch import Manifest  # noqa: PLC0415 - help starts without pydantic

    folder = Path() if output == _STDOUT else Path(output).parent
    try:
        text = Manifest.draft(samples, folder=folder, workflow_id=workflow_id, role_arn=role_arn, output_uri=output_uri)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        return Exit.USAGE
    if output == _STDOUT:
        typer.echo(text, nl=False)
        return Exit.OK
    _write(output, text, force=force)
    is_open = None in (workflow_id, role_arn, output_uri)
    say_facts(
        console(),
        [
            ("Written", one_line(output)),
            ("Edit", f"{_TO_REPLACE if is_open else ''}name the parameters of your workflow"),
            ("Next", _program_name.command(["start", output, "--dry-run"])),
        ],
    )
    return Exit.OK


def _write(name: str, text: str, *, force: bool) -> None:
    if Path(name).is_dir():
        raise ProgramError(f"{one_line(name)} is a directory: name a file with -o", Exit.USAGE)
    try:
        with Path(name).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ProgramError(
            f"{one_line(name)} exists: give --force to overwrite it, or another -o", Exit.USAGE
        ) from None
    except (OSError, ValueError) as error:  # a null character in a path
        why = getattr(error, "strerror", None) or one_line(str(error))
        raise ProgramError(f"{one_line(name)} cannot be written: {why}", Exit.USAGE) from None
