"""What only this repository needs; no user gets it."""
