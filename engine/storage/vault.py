"""Encryption of what is personal: AES-256-GCM under the installation's key, and under a key of its own a person.

The installation's key comes from ``HUIYIN_DATA_KEY``; where none is set, from a file made on first use: beside the
SQLite file, or, on PostgreSQL outside production, in ``HUIYIN_HOME``.
"""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Bilingual, KeyMissing, KeyWrong
from engine.settings import Settings, read_key
from engine.storage.database import Database

KEY_BYTES = 32
_NONCE_BYTES = 12


def new_key() -> bytes:
    """A fresh random key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, content: bytes, about: str) -> bytes:
    """``content`` encrypted; ``about`` says what it is and must be the same when it is opened."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, about.encode("utf-8"))


def unseal(key: bytes, sealed: bytes, about: str) -> bytes:
    """The content again. Raises ``KeyWrong`` if the key, the content or ``about`` is not what it was."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode("utf-8"))
    except (InvalidTag, ValueError):
        raise KeyWrong() from None


class Vault:
    """The installation's key, read when it is first needed."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._key: bytes | None = None

    @property
    def settings(self) -> Settings:
        """The settings of the installation whose key this is."""
        return self._settings

    @property
    def key(self) -> bytes:
        """The key. Raises ``KeyMissing`` or ``BadSetting``."""
        if self._key is None:
            self._key = self._settings.key_bytes() or self._from_file()
        return self._key

    def _from_file(self) -> bytes:
        file = self._database.file
        if file is not None:
            return _read_or_make(file.with_name(file.name + ".key"))
        if self._database.is_sqlite:
            return new_key()
        if self._settings.env == "production":
            raise KeyMissing(
                reason=Bilingual(
                    zh="请设置 HUIYIN_DATA_KEY（32 字节的 base64 文本），并另行妥善备份",
                    en="set HUIYIN_DATA_KEY (32 bytes in base64) and keep a copy of it elsewhere",
                )
            )
        folder = self._settings.home_folder
        folder.mkdir(parents=True, exist_ok=True)
        return _read_or_make(folder / "data.key")


def _read_or_make(path: Path) -> bytes:
    """The key in that file, made with mode 0600 if there is none. Two processes at once end up with one key."""
    try:
        if not path.exists():
            draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(handle, base64.b64encode(new_key()) + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
            try:
                # A link, unlike a rename, never replaces a key that another process made in the meantime.
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return read_key(path.read_bytes().decode("ascii", "replace"), str(path))
    except OSError as error:
        raise KeyMissing(reason=f"{path}: {error.strerror}") from None
