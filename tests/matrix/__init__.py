"""The matrix: every suite on every pair of MicroPython and umqtt.simple, as a table in docs/versions.md."""
