"""Queries: what can be read of committed data, a module a noun. ``reader.Reader`` puts them behind ``Engine``.

``people`` are those with accounts. Nothing here writes, but for a refusal in the access log.
"""
