"""Handlers: one function a command, a module a noun; ``engine.engine.HANDLERS`` says which.

Each gets a ``Work`` (one transaction, one actor, one moment) and decides whether the command may happen. What moves a
case goes through ``stepping.CaseChange``, which alone writes snapshot, log and lists. ``people`` are those with
accounts, ``persons`` the callers.
"""
