import gc

gc.collect()
start = gc.mem_alloc()
import sys  # noqa: E402

from umqtt.simple import MQTTClient  # noqa: E402


def read(name):
    with open(name, "rb") as file:
        return file.read()


def connect(port):
    params = {"cert": read("thing.crt"), "key": read("thing.key"), "cadata": read("ca.pem")}
    params["server_hostname"] = "localhost"
    client = MQTTClient("thing", "localhost", port, ssl=True, ssl_params=params)
    client.set_callback(lambda topic, payload: None)
    client.connect()
    params.clear()
    client.subscribe(b"$aws/things/thing/shadow/update/delta", 1)
    return client


client = connect(int(sys.argv[1]))
gc.collect()
print('{"event": "connected", "start":', start, ', "bytes":', gc.mem_alloc(), "}")
