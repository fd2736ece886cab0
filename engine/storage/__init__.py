"""Storage: the tables, and what one transaction reads and writes of them, a module a noun.

``unit_of_work`` is the only writer. ``database`` opens connections, ``schema`` and ``migrations`` bring the tables up
to date, ``vault`` holds the key. ``people`` are those with accounts, ``persons`` the callers. ``evidence`` reads rows
as they are, for ``verify``.
"""
