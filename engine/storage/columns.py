"""Columns that most tables have."""

from __future__ import annotations

from sqlalchemy import Column, Text


def required_text(name: str, default: str | None = None) -> Column[str]:
    """Text that is always there."""
    return Column(name, Text, nullable=False, server_default=default)


def optional_text(name: str) -> Column[str]:
    """Text that may be missing."""
    return Column(name, Text, nullable=True)
