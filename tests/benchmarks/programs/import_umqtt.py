import gc

from umqtt.simple import MQTTClient  # noqa: F401

gc.collect()
print('{"event": "imported", "bytes":', gc.mem_alloc(), "}")
