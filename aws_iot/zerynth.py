"""What Zerynth's MQTT client has and umqtt.simple has not. Lent when such a call is made.

A program keeps its ``from mqtt import mqtt`` as ``from aws_iot import zerynth as mqtt``.
"""

PUBLISH = 0x30
PUBACK = 0x40
PUBREC = 0x50
PUBREL = 0x60
PUBCOMP = 0x70
SUBACK = 0x90
UNSUBACK = 0xB0
PINGREQ = 0xC0
PINGRESP = 0xD0

_NAMES = {"PUBLISH": PUBLISH, "PUBACK": PUBACK, "SUBACK": SUBACK, "PINGRESP": PINGRESP}
_COMMANDS = {"puback": PUBACK, "ready": SUBACK, "pingresp": PINGRESP, "connected": "connected"}


class Message:
    """A message as Zerynth's callbacks get it: ``topic`` and ``payload`` as text, ``mid`` the packet id, None at QoS 0;
    ``qos``; ``retain`` and ``dup`` are always False.
    """

    retain = dup = False

    def __init__(self, pid, topic, payload):
        self.mid = pid
        self.qos = 1 if pid else 0
        self.topic = str(topic, "utf-8")
        self.payload = str(payload, "utf-8")


def on(client, command, function, condition=None, priority=0):
    """Zerynth's: ``function(client, data)`` for ``command``: PUBLISH (of messages that no handler takes;
    data["message"]), PUBACK (data["mid"]), SUBACK (all of them are there), PINGRESP; others do not come from AWS.

    Of those whose ``condition(data)`` is true the one with the highest ``priority`` is called, the first of equals; one
    without condition, of which each command has one, when there is none. It takes the place of set_callback and
    on_event.
    """
    command = _NAMES.get(command, command)
    hooks = getattr(client, "zerynth", None)
    if hooks is None:
        client.zerynth = hooks = []

        def event(name, value):
            if name == "connecting" and client.stats["connects"]:
                _call(client, hooks, "connecting", {})
            elif name in _COMMANDS:
                _call(client, hooks, _COMMANDS[name], {"mid": value, "return_code": 0})

        client.on_event(event)

        def publish(*message):
            _call(client, hooks, PUBLISH, {"message": Message(client.reader.pid, *message)})

        client.set_callback(publish)
    if not condition:
        hooks[:] = [hook for hook in hooks if hook[0] != command or hook[2]]
    hooks.append((command, function, condition, priority))


def _call(client, hooks, command, data):
    found = None
    for hook in hooks:
        if hook[0] == command and hook[2] and hook[2](data) and not (found and found[3] >= hook[3]):
            found = hook
    for hook in hooks:
        if not found and hook[0] == command and not hook[2]:
            found = hook
    if found:
        found[1](client, data)


def connecting(client, port=None, sock_keepalive=None, aconnect_cb=None, breconnect_cb=None, loop_failure=None):
    """What connect() may be given: ``aconnect_cb(client)`` is called after each connect, ``breconnect_cb(client)``
    before each but the first. Its TCP keep-alive and its handler of failed loops are not needed here.
    """
    client.port = port or client.port
    for command, function in (("connected", aconnect_cb), ("connecting", breconnect_cb)):
        if function:
            on(client, command, lambda client, data, function=function: function(client))


def set_will(client, topic, payload, qos=0, retain=True):
    """Zerynth's: set_last_will() with its order of arguments."""
    client.set_last_will(topic, payload, retain, qos)


def set_username_pw(client, username, password=None):
    """Zerynth's: for brokers that want them; AWS looks at the certificate."""
    client.user, client.pswd = username, password


def reconnect(client):
    """Zerynth's: end the connection and make another; as connect()."""
    return client.connect()


def close(client):
    """Zerynth's: disconnect()."""
    client.disconnect()
