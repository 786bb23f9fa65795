"""This library with all five response topics of the shadow, as it comes."""

import peer_ours

peer_ours.TOPICS = None
Peer = peer_ours.Peer
