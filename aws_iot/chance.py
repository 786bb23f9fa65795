"""Random numbers, for what is spread over time. Lent for each."""

from os import urandom


def bits(client):
    """24 random bits, or what the function gives that the client was made with."""
    random = client.__dict__.get("random")
    if random:
        return random()
    data = urandom(3)
    return data[0] << 16 | data[1] << 8 | data[2]
