"""Measures this library and what a user would pick instead, on the same work: `python -m tests.benchmarks`."""
