"""A reader of the docs, who does what a page says: runs its examples, and keeps the files that it names."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import json
import os
import runpy
import shlex
import subprocess
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import yaml
from sybil import Document
from sybil.parsers.markdown import CodeBlockParser
from sybil.parsers.myst.lexers import DirectiveLexer

from omics_batch import Manifest, StartRunBatchRequest
from omics_batch.cli import main
from omics_batch.testing import Scenario
from tests.forked import fork, in_shells

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from sybil import Example, Region

NOT_HERE: Final = ("make ", "git ", "pip ", "python3 -m venv ", ". ", "uvicorn ", "aws s3 ", "aws s3api ")
"""What needs a network or makes environments, or serves for ever."""

SERVED_AT: Final = "http://127.0.0.1:8080"
"""Where the pages say that the local HealthOmics is; here it takes a free port."""

NOT_RUN: Final = ("text",)
"""Drawings."""

_SAME: Final = doctest.OutputChecker()
_FLAGS: Final = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Reader:
    """Does what one page says, in the working directory, with an environment that leads to a local HealthOmics."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._exit_code = 0
        self._loop = asyncio.Runner()
        self._services = ExitStack()
        self._variables: list[str] = []
        parsers = [CodeBlockParser(language, run) for language, run in self.languages.items()]
        document = Document.parse(str(page), self._files, *parsers, encoding="utf-8")
        self.examples: list[Example] = list(document.examples())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.close()
        self._services.close()

    @property
    def languages(self) -> dict[str, Any]:
        """What is done with a block of each language."""
        return {
            "python": self.run_python,
            "console": self.run_console,
            "sh": self.run_shell,
            "yaml": self.read_yaml,
            "json": self.read_json,
        }

    def read(self) -> None:
        """Do all of the page, from top to bottom."""
        for example in self.examples:
            example.evaluate()

    def run_python(self, example: Example) -> None:
        """Run a block as a cell of a notebook: `await` may stand at its top."""
        source = "\n" * (example.line + example.parsed.line_offset) + str(example.parsed)
        code = compile(source, example.path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        ran = eval(code, example.namespace)  # noqa: S307 - our own pages
        if inspect.iscoroutine(ran):
            self._loop.run(ran)

    def run_console(self, example: Example) -> None:
        """Run the commands after `$`; output that follows is what it has to print, `...` being anything."""
        commands = str(example.parsed).split("$ ")[1:]
        for number, command in enumerate(commands):
            line, _, expected = command.partition("\n")
            if line.startswith(NOT_HERE):
                continue
            printed = self._printed_by(line)
            assert not expected or _SAME.check_output(expected, printed, _FLAGS), printed
            is_asked = commands[number + 1 : number + 2] and commands[number + 1].startswith("echo $?")
            assert self._exit_code == 0 or is_asked, f"{line} ended with {self._exit_code}"

    def _printed_by(self, line: str) -> str:
        match shlex.split(line):
            case ["echo", "$?"]:
                code, self._exit_code = self._exit_code, 0
                return f"{code}\n"
            case ["omics-batch", "simulate", *arguments]:
                return self._served(arguments)
            case ["omics-batch" as program, *arguments]:
                sys.argv = [program, *arguments]
                with redirect_stdout(StringIO()) as stdout, redirect_stderr(StringIO()):
                    self._exit_code = main()
                return stdout.getvalue()
            case ["aws", *_]:
                return self._in_a_shell(line)
            case ["python", file]:
                with redirect_stdout(StringIO()) as stdout:
                    runpy.run_path(file, run_name="__main__")
                return stdout.getvalue()
            case _:
                raise AssertionError(f"the reader cannot run: {line}")

    def _served(self, arguments: list[str]) -> str:
        """Start the local HealthOmics, and paste the variables that it prints: the page goes on there."""
        quickly = ["simulate", *arguments, "--port=0", "--time-scale=1000000"]
        ours, theirs = os.pipe()
        service = fork(quickly, os.environ, (0, theirs, 2))
        os.close(theirs)
        for end in (partial(os.close, ours), service.join, service.terminate):
            self._services.callback(end)
        printed = os.read(ours, 4096).decode()  # as much as is written at a time
        self._variables = [line.strip() for line in printed.splitlines() if line.startswith("  export ")]
        assert self._variables, f"the local HealthOmics did not start: {arguments}"
        for line in self._variables:
            name, _, value = shlex.split(line)[1].partition("=")
            os.environ[name] = value
        return printed.replace(os.environ["AWS_ENDPOINT_URL_OMICS"], SERVED_AT)

    def run_shell(self, example: Example) -> None:
        """Run a script with the programs of this environment; variables to set are those that were printed."""
        script = str(example.parsed)
        if script.startswith("export "):
            endpoint = os.environ["AWS_ENDPOINT_URL_OMICS"]
            assert script.replace(SERVED_AT, endpoint).splitlines() == self._variables
            return
        self._in_a_shell(script)

    def _in_a_shell(self, script: str) -> str:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "BATCH_ID": "7123456",
        }
        shell = ["bash", "-euo", "pipefail", "-c", script]
        with in_shells(environment) as variables:
            return subprocess.run(shell, env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout

    def read_yaml(self, example: Example) -> None:
        """Read a request, a manifest or a scenario as the programs do that it is for: what is wrong is an error."""
        text = str(example.parsed)
        document = yaml.safe_load(text)
        if "batchRunSettings" in document:
            StartRunBatchRequest.model_validate(document)
            return
        if "runs" in document:
            path = Path("manifest.yaml")
            path.write_text(text, encoding="utf-8")
            Manifest.load(path)
            return
        path = Path("scenario.yaml")
        path.write_text(text, encoding="utf-8")
        Scenario.load(path)

    def read_json(self, example: Example) -> None:
        """Read a document."""
        assert json.loads(str(example.parsed))

    def _files(self, document: Document) -> Iterator[Region]:
        for region in DirectiveLexer(directive="code-block")(document):
            region.parsed = region.lexemes["source"]
            region.evaluator = self.keep_file
            yield region

    def keep_file(self, example: Example) -> None:
        """Keep what has a name under that name, once it was seen to be sound."""
        name = example.region.lexemes["options"]["caption"]
        if name.endswith(".yaml"):
            self.read_yaml(example)
        elif name.endswith(".py"):
            ast.parse(str(example.parsed))
        Path(name).write_text(str(example.parsed), encoding="utf-8")
