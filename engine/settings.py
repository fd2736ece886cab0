"""Settings: the environment (``HUIYIN_*``) over a TOML file (``HUIYIN_CONFIG``), read once and never changed."""

from __future__ import annotations

import base64
import binascii
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.clock import Clock, from_text, system_clock
from engine.errors import BadSetting, Bilingual

ENVIRONMENTS = ("production", "dev", "test", "demo")
#: Repairs of a case that a second person may have to agree to.
REPAIRS = frozenset({"corrections", "modifications", "skips", "migrations"})


@dataclass(frozen=True)
class Settings:
    """What an installation may choose. Each is ``HUIYIN_<NAME>`` in the environment and ``<name>`` in the file.

    ``env``: production, dev, test or demo. ``database_url``: where cases live. ``home``: a folder for what belongs to
    the installation, such as its key. ``data_key``: 32 bytes in base64; callers' personal data is encrypted under it.
    ``topics``: topics of service tasks that workers outside are known to do. ``webhook_hosts``: where webhooks may go,
    ``webhook_secret``: signs them. ``notify_urls``: where notices go. ``api_tokens``: who may sign in as a worker
    over HTTP, ``login=SHA-256 of the token``. Lists are separated by spaces or commas, ``notify_urls`` by spaces only.
    ``two_persons``: the repairs that a second person has to agree to: corrections, modifications, skips, migrations.
    ``secret_key``: signs browser sessions. ``clock``: an ISO moment that stands still, only where ``env`` is test.
    """

    env: str = "production"
    database_url: str = "sqlite:///var/huiyin.db"
    home: str = ""
    data_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    clock: str = ""
    two_persons: str = ""
    topics: str = ""
    webhook_hosts: str = ""
    webhook_secret: str = field(default="", repr=False)
    notify_urls: str = field(default="", repr=False)
    api_tokens: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.env not in ENVIRONMENTS:
            raise BadSetting(
                name="HUIYIN_ENV",
                reason=Bilingual(
                    zh="只能是 " + "、".join(ENVIRONMENTS), en="must be one of " + ", ".join(ENVIRONMENTS)
                ),
            )
        if self.clock and self.env != "test":
            raise BadSetting(
                name="HUIYIN_CLOCK",
                reason=Bilingual(zh="只有 HUIYIN_ENV=test 时才可设置", en="only allowed where HUIYIN_ENV=test"),
            )
        if not set(self.listed("two_persons")) <= REPAIRS:
            known = sorted(REPAIRS)
            raise BadSetting(
                name="HUIYIN_TWO_PERSONS",
                reason=Bilingual(zh="只能是 " + "、".join(known), en="takes a list of " + ", ".join(known)),
            )

    @property
    def home_folder(self) -> Path:
        """``home``, or ``~/.huiyin``."""
        return Path(self.home) if self.home else Path.home() / ".huiyin"

    def moments(self) -> Clock:
        """The clock: the system's, or the one moment a test set. Raises ``BadSetting``."""
        if not self.clock:
            return system_clock
        try:
            moment: datetime = from_text(self.clock)
        except ValueError:
            raise BadSetting(
                name="HUIYIN_CLOCK",
                reason=Bilingual(
                    zh="应为 ISO 时刻，例如 2026-11-22T09:30:00+08:00",
                    en="give an ISO moment: 2026-11-22T09:30:00+08:00",
                ),
            ) from None
        return lambda: moment

    def listed(self, name: str) -> tuple[str, ...]:
        """A setting that is a list, item by item."""
        return tuple(item for item in re.split(r"[\s,]+", str(getattr(self, name))) if item)

    def key_bytes(self) -> bytes | None:
        """The data key as bytes, None where none is set. Raises ``BadSetting``."""
        return read_key(self.data_key, "HUIYIN_DATA_KEY") if self.data_key else None


def read_key(text: str, name: str) -> bytes:
    """32 bytes out of base64. Raises ``BadSetting`` naming ``name``, never the key."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise BadSetting(
            name=name,
            reason=Bilingual(zh="应为 32 字节密钥的 base64 文本", en="give 32 bytes as base64 text"),
        )
    return key


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force: the file named by ``HUIYIN_CONFIG``, overruled by ``HUIYIN_*``. Raises ``BadSetting``."""
    environment = os.environ if environment is None else environment
    chosen: dict[str, Any] = {}
    known = {item.name for item in fields(Settings)}
    path = environment.get("HUIYIN_CONFIG", "")
    if path:
        chosen.update(_read_file(Path(path), known))
    for name in known:
        value = environment.get(f"HUIYIN_{name.upper()}")
        if value is not None and value != "":
            chosen[name] = value
    return Settings(**chosen)


def _read_file(path: Path, known: set[str]) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(name="HUIYIN_CONFIG", reason=f"{path}: {error}") from None
    unknown = sorted(set(content) - known)
    if unknown:
        raise BadSetting(
            name="HUIYIN_CONFIG",
            reason=Bilingual(zh=f"不认识的设置：{'、'.join(unknown)}", en=f"unknown settings: {', '.join(unknown)}"),
        )
    return {name: str(value) for name, value in content.items()}
