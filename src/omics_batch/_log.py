"""The one logger of this package, `omics_batch`: silent until the application configures logging."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("omics_batch")
LOG.addHandler(logging.NullHandler())
