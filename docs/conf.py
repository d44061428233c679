"""Sphinx's configuration."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from botocore.loaders import Loader
from docutils import nodes
from sphinx.ext.napoleon.docstring import GoogleDocstring
from sphinx.util.typing import stringify_annotation

import omics_batch
from omics_batch import testing
from omics_batch._models import base, request

if TYPE_CHECKING:
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "omics-batch"
copyright = "The omics-batch developers"  # noqa: A001 - Sphinx's name for it
author = "The omics-batch developers"
version = release = version_of("omics-batch")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
default_role = "py:obj"  # a name between backticks in a docstring is a link, where it has a place in the reference
exclude_patterns = ["speed/*", "states/*"]  # pages include what tools wrote there
html_theme = "furo"
html_title = f"omics-batch {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_search_scorer = str(Path(__file__).with_name("scorer.js"))

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "show-inheritance": True,
    "exclude-members": "__new__, model_config, model_post_init",
}
autodoc_typehints = "description"
autodoc_class_signature = "separated"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["IPython"]  # a notebook has it; the docs need nothing of it

myst_enable_extensions = ["attrs_block", "colon_fence"]
myst_heading_anchors = 3

nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", ".*"),  # the default role: other words between backticks are just code
    ("py:class", r"omics_batch\.blocking\.T"),  # whatever is iterated over
    ("py:class", r"omics_batch\.(\w+\.)*_.*"),  # what private modules hand to each other
    ("py:class", "ManifestDocument"),  # what a plan keeps for itself
    ("py:class", "AfterValidator|Field|NullIsEmpty|VISIBLE"),  # how pydantic checks what stands before it
]

PYTHON = "https://docs.python.org/3/library"
PYDANTIC = "https://docs.pydantic.dev/latest"
ELSEWHERE = {
    "aiobotocore.session.AioSession": "https://aiobotocore.aio-libs.org/en/latest/",
    "aiobotocore.client.AioBaseClient": "https://boto3.amazonaws.com/v1/documentation/api/latest/reference/services/omics.html",
    "contextlib.AbstractAsyncContextManager": f"{PYTHON}/contextlib.html#contextlib.AbstractAsyncContextManager",
    "datetime.datetime": f"{PYTHON}/datetime.html#datetime.datetime",
    "datetime.timedelta": f"{PYTHON}/datetime.html#datetime.timedelta",
    "enum.Enum": f"{PYTHON}/enum.html#enum.Enum",
    "enum.StrEnum": f"{PYTHON}/enum.html#enum.StrEnum",
    "os.PathLike": f"{PYTHON}/os.html#os.PathLike",
    "pathlib.Path": f"{PYTHON}/pathlib.html#pathlib.Path",
    "typing.IO": f"{PYTHON}/typing.html#typing.IO",
    "pydantic_core._pydantic_core.ValidationError": f"{PYDANTIC}/errors/validation_errors/",
    "pydantic.main.BaseModel": f"{PYDANTIC}/api/base_model/",
}
"""Where others document what our signatures name."""

NAMES = {"Path": "pathlib.Path", "timedelta": "datetime.timedelta", "datetime": "datetime.datetime"}
"""The whole names of what a signature names in short."""

QUOTED = re.compile(r"(`[^`]*`)")
WORD = re.compile(r"(?<![\w:])[A-Z][A-Za-z]+\b")  # not that of a permission, such as omics:GetBatch


@cache
def operations() -> frozenset[str]:
    """Name the operations of AWS HealthOmics."""
    return frozenset(Loader().load_service_model("omics", "service-2")["operations"])


def linked(line: str) -> str:
    """Make each operation that a line of a docstring names a link to AWS's own page of it."""

    def link(word: re.Match[str]) -> str:
        name = word[0]
        return (
            f"`{name} <https://docs.aws.amazon.com/omics/latest/api/API_{name}.html>`__"
            if name in operations()
            else name
        )

    return "".join(part if part.startswith("`") else WORD.sub(link, part) for part in QUOTED.split(line))


def prepare(_: Sphinx, what: str, __: str, ___: object, ____: object, lines: list[str]) -> None:
    """Write a docstring as Sphinx reads it; of an attribute, napoleon would take what precedes a colon for its type."""
    lines[:] = map(linked, lines)
    if what not in ("attribute", "data", "property"):
        lines[:] = GoogleDocstring(lines).lines()


def show_what_is_public(_: Sphinx, __: str, ___: object, ____: object, bases: list[type]) -> None:
    """Of a private base, show what that one is."""
    public = {*omics_batch.__all__, *testing.__all__}
    bases[:] = [
        next(
            each
            for each in (get_origin(base) or base).__mro__
            if each.__name__ in public or not each.__module__.startswith("omics_batch")
        )
        for base in bases
    ]


def as_written(name: str) -> str | None:
    """Return what is written for a type that is checked: `str` for an id that has to be of digits."""
    for module in (base, request):
        alias = getattr(module, name, None)
        if get_origin(alias) is Annotated:
            return stringify_annotation(get_args(alias)[0])
        if get_origin(alias) is dict:
            return "dict[str, str]"
    return None


def find(
    _: Sphinx, __: BuildEnvironment, wanted: pending_xref, content: nodes.TextElement
) -> nodes.reference | nodes.Text | None:
    """Lead a name of a signature to its place, here or elsewhere."""
    name = str(wanted["reftarget"])
    name = NAMES.get(name, name)
    if name.startswith("collections.abc."):
        return nodes.reference("", "", content, internal=False, refuri=f"{PYTHON}/collections.abc.html#{name}")
    if name in ELSEWHERE:
        return nodes.reference("", "", content, internal=False, refuri=ELSEWHERE[name])
    if shown := as_written(name):
        return nodes.Text(shown.removeprefix("~"))
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    """Hook them in."""
    app.connect("autodoc-process-docstring", prepare)
    app.connect("autodoc-process-bases", show_what_is_public)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
