"""Secrets that are given out once and kept as hashes only."""

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING

from restock.errors import UsageError
from restock.language import Text

if TYPE_CHECKING:
    from pwdlib import PasswordHash

SHORTEST = 10  # signs of a password
LONGEST = 256


def new_token() -> str:
    """256 bits that nobody can guess, as text."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What is kept of a token; it is random, so a plain hash is as good as a slow one."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Argon2id.

    Raises:
        UsageError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(
            Text(
                f"the password has {len(password)} signs; between {SHORTEST} and {LONGEST} are needed",
                f"密码长度为 {len(password)}，应为 {SHORTEST} 到 {LONGEST} 个字符",
            ),
            hint=Text("a sentence of a few words is easy to keep in mind", "由几个词组成的一句话既好记又安全"),
        )
    return _argon2().hash(password)


def password_fits(password: str, kept: str | None) -> bool:
    """Whether it is this one; takes as long where there is none, so that nobody learns which users exist."""
    return _argon2().verify(password, kept or _nobodys()) and kept is not None


@cache
def _argon2() -> "PasswordHash":
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    return _argon2().hash(new_token())
