"""`python -m omics_batch.cli` is `omics-batch`."""

import sys

from omics_batch.cli import main

sys.exit(main())
