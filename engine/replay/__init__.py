"""The past of a case: told step by step (``frames``), and proved (``verify``)."""

from __future__ import annotations

from engine.replay.frames import Frame, frames
from engine.replay.verification import Report, verify

__all__ = ["Frame", "Report", "frames", "verify"]
