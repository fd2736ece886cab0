"""Benchmarks anyone can repeat: ``python -m bench`` (see ``bench/README.md``). One module a question."""
