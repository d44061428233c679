"""The canonical JSON of settings and requests: the same content is always the same bytes.

Its hash is in the names of settings files and in request ids, which users and the service keep. So a change here needs
a new version in `request_id`.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Final

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))

canonical: Final = _ENCODER.encode
"""Write a value as JSON: members sorted by name, no spaces, no escapes where UTF-8 needs none.

Raises:
    ValueError: A number is not finite.
"""

quoted: Final = encode_basestring
"""Write a text as JSON, as `canonical` does, but faster: most values of a settings file are texts."""
