"""Rules: pure functions over values and moments, no database and no diagram.

A package a language people write in (``expressions``, ``decisions``, ``forms``), a module for every other noun.
"""
