"""What is raised of a file that is no scenario."""

from __future__ import annotations

from omics_batch._errors import InvalidInputError


class ScenarioError(InvalidInputError):
    """A file that is no scenario; each line of the message names the file, the place and what is wrong there."""
