"""Whether a thing is online, since when, and why it left: what AWS tells of that, in the library's words.

https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html (the reasons)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ..cloud import aws as aws_errors
from ..shapes import Json

if TYPE_CHECKING:
    from ..cloud.aws import Aws

_REASONS = {
    "API_INITIATED_DISCONNECT": "somebody closed it, by DeleteConnection",
    "AUTH_ERROR": "closed before CONNACK: is the certificate active, does its policy allow iot:Connect?",
    "CLIENT_ERROR": "the board broke the protocol",
    "CLIENT_INITIATED_DISCONNECT": "the board said DISCONNECT",
    "CONNECTION_LOST": "the connection broke: its network is gone, or it was reset",
    "CUSTOMAUTH_TTL_EXPIRATION": "its authorization has expired",
    "DUPLICATE_CLIENTID": "another device has connected with its client id",
    "FORBIDDEN_ACCESS": "its address may not connect",
    "MQTT_KEEP_ALIVE_TIMEOUT": "no PINGREQ in time: its network is gone or the board hangs",
    "SERVER_ERROR": "AWS closed: an error of its own",
    "SERVER_INITIATED_DISCONNECT": "AWS closed, for reasons of its own",
    "THROTTLED": "AWS closed: it sent too much",
    "WEBSOCKET_TTL_EXPIRATION": "its WebSocket was as old as AWS lets one become",
}


def words(reason: str | None) -> str | None:
    """Why a thing left, for AWS's disconnectReason; None where that tells nothing."""
    if not reason or reason in ("NONE", "UNKNOWN"):
        return None
    return _REASONS.get(reason, reason)


def asked(aws: Aws, thing: str) -> Json:
    """The connection of the client that is called like a thing, as the fleet index has it; empty where nothing is
    known: the local AWS cannot be asked, or these credentials may not.

    https://docs.aws.amazon.com/iot/latest/apireference/API_iotdata_GetConnection.html
    """
    try:
        found = aws.data.get_connection(clientId=thing)
    except AttributeError:  # by a boto3 without this call
        return {}
    except ClientError as error:
        if aws_errors.missing(error):
            return {"connected": False}
        if aws_errors.denied(error) or aws_errors.lacking(error):
            return {}
        raise
    since = found.get("connectedSince") or found.get("disconnectedSince")
    known = {"connected": found.get("connected"), "timestamp": since, "disconnectReason": found.get("disconnectReason")}
    return {key: value for key, value in known.items() if value is not None}
