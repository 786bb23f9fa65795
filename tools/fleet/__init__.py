"""All things of an account at once: what is known of each, where that comes from, and what became of it."""
