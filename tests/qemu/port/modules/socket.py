"""Stands in for the network of a board that is out of its reach: this machine has none."""

AF_INET = 2
SOCK_STREAM = 1


def getaddrinfo(*_):
    raise OSError(-2)  # what an ESP32 says when no name server answers (EAI_NONAME)
