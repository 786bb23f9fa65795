"""Random numbers, for what is spread over time. Lent for each."""

from os import urandom


def bits(client):
    """24 random bits, or what the function gives that the client was made with."""
    if client.random:
        return client.random()
    data = urandom(3)
    return data[0] << 16 | data[1] << 8 | data[2]
