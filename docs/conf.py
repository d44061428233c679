"""Sphinx's configuration."""

from importlib.metadata import version as version_of

project = "omics-batch"
copyright = "The omics-batch developers"  # noqa: A001 - Sphinx's name for it
author = "The omics-batch developers"
version = release = version_of("omics-batch")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
default_role = "code"
exclude_patterns = ["speed/*"]  # a page includes what the benchmarks wrote there
html_theme = "furo"
html_title = f"omics-batch {release}"

autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "show-inheritance": True,
    "exclude-members": "model_config, model_post_init",
}
autodoc_typehints = "description"
autodoc_class_signature = "separated"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
