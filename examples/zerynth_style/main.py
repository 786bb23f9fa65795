"""The Zerynth AWS IoT library's calls: the import line is all that changes. The MQTT loop runs in the background."""

from time import sleep_ms

from aws_iot import Thing, load

endpoint, mqttid, clicert, pkey = load()
publish_period = 1000


def shadow_callback(requested):
    global publish_period
    print("requested publish period:", requested["publish_period"])
    publish_period = requested["publish_period"]
    return {"publish_period": publish_period}


my_thing = Thing(endpoint, mqttid, clicert, pkey)
my_thing.on_shadow_request(shadow_callback)
my_thing.mqtt.connect()
my_thing.mqtt.loop()  # needs _thread: ESP32 and RP2 have it
my_thing.update_shadow({"publish_period": publish_period})

number = 0
while True:
    number += 1
    print("publish random sample...")
    my_thing.mqtt.publish("dt/%s/samples" % mqttid, {"asample": number})
    sleep_ms(publish_period)
