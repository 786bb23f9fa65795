"""Programs written for umqtt.simple, run with its client or with ours: what each meets at a faulty broker.

Arguments: the client's package (umqtt.simple or aws_iot), the program's name, the broker's port.
"""

import json
import os
import sys
from time import sleep_ms, ticks_diff, ticks_ms


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
    poll(client, 1000, lambda: messages)
    return messages


def publish_once(client):
    client.connect()
    client.publish(b"t", b"1", qos=1)


def receive(client):
    messages = listen(client)
    client.publish(b"t", b"1")
    poll(client, 1500, lambda: messages)
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
    client.keepalive = 1
    client.connect()
    poll(client, 3500)


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
    def callback(topic, message):
        raise ValueError("the program's own mistake")

    client.set_callback(callback)
    client.connect()
    client.subscribe(b"t", 1)
    try:
        client.publish(b"t", b"1", qos=1)
        poll(client, 300)
    except ValueError:
        pass
    sleep_ms(200)


def leave_a_dead_link(client):
    client.connect()
    sleep_ms(200)
    client.disconnect()


def main(package, program, port):
    client = __import__(package, None, None, ("MQTTClient",)).MQTTClient("device", "127.0.0.1", int(port))
    try:
        print(json.dumps({"event": "result", "value": globals()[program](client)}))
    except Exception as error:
        print(json.dumps({"event": "raised", "text": repr(error)}))


main(*sys.argv[1:])
