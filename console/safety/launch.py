"""One launch of the console: where it listens, and the token without which nothing is changed."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost", "[::1]")


def new_token() -> str:
    """Make a token that nobody guesses."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Launch:
    """Where it listens, and what it lets a browser do."""

    port: int
    token: str = field(repr=False)
    private: bool = False
    """Whether the token is needed to look, too: what is shown is read with somebody's credentials."""
    writes: bool = True
    """Whether anything may be changed."""

    @property
    def address(self) -> str:
        """The address to open: it brings the token, which moves into a cookie at once."""
        return f"http://{HOST}:{self.port}/?launch={self.token}"

    @property
    def hosts(self) -> frozenset[str]:
        """The values of `Host` that are answered: any other name that leads here is somebody's trick."""
        return frozenset(f"{name}:{self.port}" for name in _NAMES)

    @property
    def cookie_name(self) -> str:
        """One a port: cookies of a host go to all of its ports."""
        return f"console-{self.port}"

    @property
    def cookie(self) -> str:
        """The Set-Cookie header."""
        return f"{self.cookie_name}={self.token}; Path=/; HttpOnly; SameSite=Strict"

    def knows(self, token: str) -> bool:
        """Compare a token, in the same time whatever it is."""
        return hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())

    def knows_cookie(self, header: str) -> bool:
        """Tell whether a Cookie header has the token, whatever other servers of this machine put beside it."""
        pairs = (part.strip().partition("=") for part in header.split(";"))
        return any(name == self.cookie_name and self.knows(value) for name, _, value in pairs)
