"""aws_iot.errors: one tree, which old except clauses hold."""

from umqtt.simple import MQTTException

from aws_iot.errors import IotError, LinkError, ProtocolError, Rejected, ResponseTimeout, StateError


def test_old_except_clauses_hold():
    for kind in (LinkError, ProtocolError, ResponseTimeout, StateError):
        try:
            raise kind("why")
        except MQTTException as error:
            assert isinstance(error, IotError)
            assert str(error) == "why"
            assert error.args == ("why",)


def test_no_error_is_another():
    kinds = (LinkError, ProtocolError, Rejected, ResponseTimeout, StateError)
    for kind in kinds:
        for other in kinds:
            assert issubclass(kind, other) == (kind is other)
        assert not issubclass(kind, (OSError, ValueError))


def test_rejected_says_what_aws_said():
    try:
        raise Rejected(409, "Version conflict", "token-1")
    except IotError as error:
        assert (error.code, error.message, error.token) == (409, "Version conflict", "token-1")
        assert "409" in str(error) and "Version conflict" in str(error)
    error = Rejected("InvalidStateTransition")
    assert (error.code, error.message, error.token) == ("InvalidStateTransition", "", None)
