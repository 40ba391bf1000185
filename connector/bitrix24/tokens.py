"""An application's tokens: what is kept of them, how they are sealed, and what is asked of the store that keeps them.

Law: at rest they are one AES-GCM text per portal, bound to that portal's name; the key stands in `.secrets` or the
environment, never in the database. The store moves opaque texts and knows nothing of what is in them.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Protocol

from robots import model

_HEAD, _NONCE, _KEY = "v1.", 12, 32


class BadKey(ValueError):
    """The key isn't one, or not the one that sealed this. Its text holds neither."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One installation's tokens."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    application: str = field(default="", repr=False)
    """`application_token`: what proves a doorbell. Empty where the portal never told it."""
    member: str = ""
    """`member_id`, the portal's own name for itself: stays through a change of address."""
    server: str = ""
    """Origin of the authorization server that gave them."""


class Vault:
    """Seals with a key of 32 bytes written in URL-safe base64."""

    def __init__(self, key: str) -> None:
        try:
            raw = base64.urlsafe_b64decode(key.strip().encode("ascii"))
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _KEY:
            raise BadKey(
                "VORONKA_TOKENS_KEY не годится: нужен ключ из 32 байт, его пишет voronka connect --app"
            )
        self.__key = raw

    def seal(self, portal: model.PortalId, grant: Grant) -> str:
        # The import costs more than most commands of the shell do.
        from cryptography.hazmat.primitives.ciphers import aead

        nonce = os.urandom(_NONCE)
        text = json.dumps(asdict(grant)).encode()
        sealed = aead.AESGCM(self.__key).encrypt(nonce, text, _bound(portal))
        return _HEAD + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, portal: model.PortalId, sealed: str) -> Grant:
        """Raises BadKey: another key, another portal's row, or a damaged text."""
        from cryptography import exceptions
        from cryptography.hazmat.primitives.ciphers import aead

        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_HEAD).encode("ascii"))
            text = aead.AESGCM(self.__key).decrypt(raw[:_NONCE], raw[_NONCE:], _bound(portal))
            return Grant(**json.loads(text))
        except (exceptions.InvalidTag, ValueError, TypeError):
            raise BadKey("ключи приложения в базе не расшифровываются") from None

    def __repr__(self) -> str:
        return "Vault(***)"


def fresh_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(_KEY)).decode()


def _bound(portal: model.PortalId) -> bytes:
    """A row copied to another portal's place doesn't open."""
    return f"voronka tokens {portal}".encode()


REMOVED, REFUSED, INTERRUPTED = "removed", "refused", "interrupted"
"""Why a row gives no tokens: the application was removed; its refresh token isn't taken any more; the same, after a
refresh of which nobody heard the end."""


class Row(Protocol):
    """What the store keeps of a portal."""

    @property
    def version(self) -> int:
        """Raised with every change of the tokens."""
        ...

    @property
    def sealed(self) -> str | None:
        """None: erased."""
        ...

    @property
    def why(self) -> str:
        """Empty while the tokens are good."""
        ...

    @property
    def held(self) -> bool:
        """A refresh began whose end isn't written down."""
        ...


class Rows(Protocol):
    """Every change is one transaction; raises StoreError."""

    async def read(self, portal: model.PortalId) -> Row | None: ...

    async def put(self, portal: model.PortalId, sealed: str, at: datetime) -> None:
        """An installation: over whatever is there, locks and all."""
        ...

    async def claim(self, portal: model.PortalId, version: int, holder: str, seconds: float) -> Row | None:
        """The row's lock for so many seconds of the database's clock, taken if nobody else has it and the version still
        stands: the row as it was before. None: not."""
        ...

    async def renew(self, portal: model.PortalId, version: int, sealed: str, at: datetime) -> bool:
        """The next version in place of this one, and the lock given back. False: this one doesn't stand any more."""
        ...

    async def spoil(self, portal: model.PortalId, version: int, why: str) -> None:
        """These tokens are good for nothing any more; the lock given back."""
        ...

    async def release(self, portal: model.PortalId, holder: str) -> None: ...

    async def erase(self, portal: model.PortalId, at: datetime) -> None: ...
