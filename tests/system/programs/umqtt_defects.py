"""Programs written for umqtt.simple, run with its client or with ours: what each meets at a faulty broker.

Arguments: the client's package (umqtt.simple or aws_iot), the program's name, the broker's host and port, and for TLS
the file of the CA to verify the broker by, or "none" for ssl=True alone.
"""

import json
import os
import sys
from time import sleep_ms, ticks_diff, ticks_ms

import tls


class Ussl:
    """The ussl module of the firmware that umqtt.simple 1.3.4 was made for (up to 1.22), on the tls module of later."""

    @staticmethod
    def wrap_socket(sock, server_hostname=None, cert_reqs=tls.CERT_NONE, cadata=None):
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.verify_mode = cert_reqs
        if cadata:
            context.load_verify_locations(cadata)
        return context.wrap_socket(sock, server_hostname=server_hostname)


sys.modules["ussl"] = Ussl


def poll(client, duration_ms, done=None):
    """check_msg() until done() or the time is over, as programs do: an OSError means a lost link, and to go on."""
    started = ticks_ms()
    while ticks_diff(ticks_ms(), started) < duration_ms and not (done and done()):
        try:
            client.check_msg()
        except OSError:
            pass
        sleep_ms(10)


def listen(client):
    """Subscribe to "t" at QoS 1; the messages end up in the list that is returned."""
    messages = []
    client.set_callback(lambda topic, message: messages.append(message.decode()))
    client.connect()
    client.subscribe(b"t", 1)
    return messages


def publish_in_callback(client):
    messages = []

    def callback(topic, message):
        messages.append(message.decode())
        client.publish(b"inner", message, qos=1)

    client.set_callback(callback)
    client.connect()
    client.subscribe(b"t", 1)
    client.publish(b"t", b"1", qos=1)
    poll(client, 10000, lambda: messages)
    return messages


def publish_once(client):
    client.connect()
    client.publish(b"t", b"1", qos=1)


def receive(client):
    messages = listen(client)
    client.publish(b"t", b"1")
    poll(client, 5000, lambda: messages)
    return messages


def check_without_waiting(client):
    listen(client)
    client.publish(b"t", b"1")
    longest = 0
    for _ in range(50):
        started = ticks_ms()
        client.check_msg()
        longest = max(longest, ticks_diff(ticks_ms(), started))
        sleep_ms(10)
    return longest


def idle(client):
    client.keepalive = 3
    client.connect()
    poll(client, 8000)


def wrap_packet_ids(client):
    client.connect()
    client.pid = 65534
    client.publish(b"t", b"1", qos=1)
    client.publish(b"t", b"2", qos=1)


def publish_text(client):
    client.connect()
    client.publish("t", "20\u00b0C")
    client.publish("t", "ok")
    sleep_ms(200)


def subscribe_long(client):
    client.set_callback(lambda topic, message: None)
    client.connect()
    client.subscribe(b"x" * 150)


def be_refused(client):
    try:
        client.connect()
    except Exception as error:
        sleep_ms(300)
        return str(error)


def count_sockets_after_a_refusal(client):
    before = len(os.listdir("/dev/fd"))
    be_refused(client)
    return len(os.listdir("/dev/fd")) - before


def log_in_without_password(client):
    client.user = "user"
    client.connect()


def raise_in_callback(client):
    called = []

    def callback(topic, message):
        called.append(message)
        raise ValueError("the program's own mistake")

    client.set_callback(callback)
    client.connect()
    client.subscribe(b"t", 1)
    try:
        client.publish(b"t", b"1", qos=1)
        poll(client, 30000, lambda: called)
    except ValueError:
        pass
    sleep_ms(200)


def leave_a_dead_link(client):
    client.connect()
    sleep_ms(2000)
    client.disconnect()


def subscribe_once(client):
    listen(client)


def subscribe_ahead(client):
    """All that is wanted is said before the connection is there."""
    client.set_callback(lambda topic, message: None)
    for number in range(8):
        client.subscribe(b"t/%d" % number, 1)
    client.connect()
    poll(client, 30000, lambda: client.ready)


def ping_and_check(client):
    """What check_msg() says while nothing comes, and of the answer to a ping."""
    client.connect()
    before = client.check_msg()
    client.ping()
    for _ in range(30):
        sleep_ms(100)
        after = client.check_msg()
        if after:
            break
    return [before, after]


def receive_without_callback(client):
    client.connect()
    sleep_ms(200)
    client.check_msg()
    client.publish(b"t", b"alive", qos=1)


def tls_arguments(ca):
    if ca == "none":
        return {"ssl": True}
    with open(ca, "rb") as file:
        # umqtt.simple hands all of them to wrap_socket(), which verifies nothing unless it is told to
        return {"ssl": True, "ssl_params": {"cadata": file.read(), "server_hostname": "localhost", "cert_reqs": 2}}


def main(package, program, host, port, *ca):
    made = __import__(package, None, None, ("MQTTClient",)).MQTTClient
    client = made("device", host, int(port), **(tls_arguments(*ca) if ca else {}))
    print(json.dumps({"event": "begins"}))
    try:
        print(json.dumps({"event": "result", "value": globals()[program](client)}))
    except Exception as error:
        print(json.dumps({"event": "raised", "text": repr(error)}))


main(*sys.argv[1:])
