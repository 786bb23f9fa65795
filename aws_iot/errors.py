"""The errors of this library; wrong arguments are ValueError.

IotError                a umqtt.simple.MQTTException, so old except clauses hold
 +-- LinkError          no connection, or it ended; the text says the likely cause, ``cause`` is the original error
 +-- ProtocolError      the peer sent what MQTT 3.1.1 does not allow
 +-- ResponseTimeout    no answer in time
 +-- Rejected           AWS or the broker said no: code, message, token
 +-- StateError         not possible now, for example the queue is full
"""

from . import simple


class IotError(simple.MQTTException):
    """What this library raises, other than ValueError for wrong arguments; a umqtt.simple.MQTTException."""


class LinkError(IotError):
    """There is no connection, or it ended: the text says the likely cause, ``cause`` is the error of the system."""


class ProtocolError(IotError):
    """The peer sent what MQTT 3.1.1 does not allow: the connection is closed (section 4.8)."""


class ResponseTimeout(IotError):
    """No answer came within ``timeout_ms``: the request may have arrived or not."""


class Rejected(IotError):
    """``code`` as AWS gives it (a number for shadows, a name for jobs), ``message``, ``token`` of the request.

    https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
    """

    def __init__(self, code, message="", token=None):
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.token = token


class StateError(IotError):
    """Not possible as things stand; the text says why, for example that the queue is full."""
