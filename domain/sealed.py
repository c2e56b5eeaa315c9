"""Sealed values: personal data inside an event, readable only with a key.

The domain never opens them; it only refuses to let clear text in.
"""

import re

from domain.errors import InvalidInputError

# scheme . key id . nonce+ciphertext+tag, the last two in URL-safe base64
_SEALED = re.compile(r"s1\.[0-9A-Za-z_-]{8,64}\.[0-9A-Za-z_-]{38,}")


def check_sealed(**fields: str) -> None:
    """Raise InvalidInputError where a field is neither empty nor sealed."""
    for name, value in fields.items():
        if value and not _SEALED.fullmatch(value):
            raise InvalidInputError(field=name)
