"""The one way in which settings and requests are written as JSON: the same content is the same bytes.

What is written here is hashed, into the names of settings files and into request ids: those of released versions are
kept by users and by the service. A change of it needs a new version of `request_id`.
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
"""Write a text as JSON: the same as `canonical`, without its way there. Most of a settings file are texts."""
