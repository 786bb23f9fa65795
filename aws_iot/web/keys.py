"""AWS's keys, as the user's function gives them. Lent for each time that it is asked."""

from ..errors import IotError


def ask(context):
    """The keys of ``context``, or None: not yet. ValueError for what no keys are, and for what keys() raises."""
    try:
        keys = context.keys()
        if keys is None:
            return None
        access, secret, token = keys
        if not (isinstance(access, str) and isinstance(secret, str) and isinstance(token or "", str)):
            raise TypeError("three texts, the last of which may be None")
        return access, secret, token
    except MemoryError:
        raise
    except IotError as error:
        raise ValueError("keys(): %s" % (getattr(error, "message", None) or error))
    except Exception as error:
        raise ValueError("keys(): %r" % error)
