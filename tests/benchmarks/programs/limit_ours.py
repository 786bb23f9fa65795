"""A shadow whose document is as large as the host makes it: says how many desired members the handler got."""

import sys

from aws_iot import MQTTClient, Shadow, ticks_add, ticks_diff, ticks_ms


def got(state):
    print("got", len(state))
    client.off = True


client = MQTTClient("limit", "127.0.0.1", int(sys.argv[1]))
client.on_error(lambda error: print("error", error))
Shadow(client, "limit").on_delta(got)
end = ticks_add(ticks_ms(), 5000)
client.connect()
while not client.off and ticks_diff(end, ticks_ms()) > 0:
    client.poll(100)
