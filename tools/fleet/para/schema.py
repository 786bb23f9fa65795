"""What the OpenAPI page tells of requests and answers; what is taken is decided in objects.py."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from ...shapes import Json


class Given(BaseModel):
    """The fields of a thing that a request sets. Others are kept as fields of its user's own."""

    model_config = ConfigDict(extra="allow")
    name: str = "MyThing"
    serviceBroker: str = "AWS"  # noqa: N815  Para's names, here and below
    deviceState: dict[str, Any] = {}  # noqa: N815
    tags: list[str] = []
    version: int = 0


class Thing(BaseModel):
    """Para's Thing."""

    model_config = ConfigDict(extra="allow")
    id: str
    timestamp: int
    type: str = "thing"
    appid: str
    name: str
    updated: int | None = None
    version: int
    stored: bool = True
    indexed: bool = True
    cached: bool = True
    tags: list[str]
    serviceBroker: str = "AWS"  # noqa: N815
    deviceState: dict[str, Any]  # noqa: N815
    objectURI: str  # noqa: N815
    plural: str = "things"


class Details(BaseModel):
    """What a device connects with; the private key is in the answer to its creation alone."""

    thingId: str  # noqa: N815
    thingName: str  # noqa: N815
    thingARN: str  # noqa: N815
    clientId: str  # noqa: N815
    clientCertId: str  # noqa: N815
    clientCertARN: str  # noqa: N815
    clientCert: str  # noqa: N815
    privateKey: str  # noqa: N815
    publicKey: str  # noqa: N815
    region: str
    port: int = 8883
    host: str


class NewThing(Thing):
    """A Thing in the answer to its creation: with its details, this once."""

    deviceMetadata: Details  # noqa: N815
    deviceDetails: Details  # noqa: N815


class Page(BaseModel):
    """A page of things."""

    items: list[Thing]
    page: int
    totalHits: int  # noqa: N815
    lastKey: str | None = None  # noqa: N815


class Error(BaseModel):
    """A refusal."""

    code: int
    message: str


def answers(model: Any, *refusals: int, code: int = 200) -> dict[int | str, dict[str, Any]]:
    """A route's answers, for the page."""
    return {code: {"model": model}, **{each: {"model": Error} for each in (*refusals, 401, 403)}}


def body(many: bool = False) -> Json:
    """A route's body, for the page; routes read it themselves, since its signature is of its bytes."""
    one = Given.model_json_schema()
    content = {"application/json": {"schema": {"type": "array", "items": one} if many else one}}
    return {"requestBody": {"required": True, "content": content}}
