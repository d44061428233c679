"""The one pair of credentials that the local HealthOmics knows: public, so that everybody can sign for it."""

from typing import Final

ACCESS_KEY: Final = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - AWS's own example, known to all
