"""All things of an account at once: what is known of each and where that comes from, what arrives, what they may do and
what they did, what they cost, and what became of it."""
