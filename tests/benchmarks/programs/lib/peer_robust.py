"""umqtt.robust with the shadow done by hand."""

import peer_umqtt
from umqtt.robust import MQTTClient


class Peer(peer_umqtt.Peer):
    client = MQTTClient
