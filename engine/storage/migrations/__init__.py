"""Alembic migrations, applied by ``Engine.open``. ``HEAD`` is the newest; a test holds it to what is in the folder."""

from __future__ import annotations

HEAD = "0002"
