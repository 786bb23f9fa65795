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
    pass


class LinkError(IotError):
    pass


class ProtocolError(IotError):
    pass


class ResponseTimeout(IotError):
    pass


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
    pass
