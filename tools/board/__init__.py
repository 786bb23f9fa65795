"""A board: what belongs on it, bringing it there, and why it does not connect."""
