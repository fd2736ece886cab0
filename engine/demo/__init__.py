"""The demonstration: a company of its own with procedures, people and cases in different states.

What is loaded stands in ``processes/profiles/``: ``roles.yaml`` and ``demo.yaml``. Loading it again adds what is
missing and leaves the rest alone, so that a case somebody has worked on stays as it is.
"""

from __future__ import annotations

from engine.demo.loading import Loaded, find_root, load_demo, set_up
from engine.demo.staff import Staff, Story
from engine.demo.walking import who_does, work_off

__all__ = ["Loaded", "Staff", "Story", "find_root", "load_demo", "set_up", "who_does", "work_off"]
