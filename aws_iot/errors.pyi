"""The errors of this library; wrong arguments are ValueError.

IotError                a umqtt.simple.MQTTException, so old except clauses hold
 +-- LinkError          no connection, or it ended; the text says the likely cause, ``cause`` is the original error
 +-- ProtocolError      the peer sent what MQTT 3.1.1 does not allow
 +-- ResponseTimeout    no answer in time
 +-- Rejected           AWS or the broker said no: code, message, token
 +-- StateError         not possible now, for example the queue is full
"""

class IotError(Exception): ...

class LinkError(IotError):
    cause: BaseException

class ProtocolError(IotError): ...
class ResponseTimeout(IotError): ...

class Rejected(IotError):
    """``code`` as AWS gives it (a number for shadows, a name for jobs), ``message``, ``token`` of the request.

    https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
    """

    code: int | str | None
    message: str
    token: str | None

    def __init__(self, code: int | str | None, message: str = "", token: str | None = None) -> None: ...

class StateError(IotError): ...
