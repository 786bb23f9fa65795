import gc
import sys

from umqtt.simple import MQTTClient


def read(name):
    with open(name, "rb") as file:
        return file.read()


params = {"cert": read("thing.crt"), "key": read("thing.key"), "cadata": read("ca.pem"), "server_hostname": "localhost"}
client = MQTTClient("thing", "localhost", int(sys.argv[1]), ssl=True, ssl_params=params)
client.set_callback(lambda topic, payload: None)
client.connect()
params.clear()
client.subscribe(b"$aws/things/thing/shadow/update/delta", 1)
gc.collect()
print('{"event": "connected", "bytes":', gc.mem_alloc(), "}")
