"""The Zerynth AWS IoT library's calls: the import lines are all that changes. The MQTT loop runs in the background."""

from time import sleep_ms

import aws_iot as iot  # was: from aws.iot import iot
from aws_iot import config as default_credentials  # was: from aws.iot import default_credentials

endpoint, mqttid, clicert, pkey = default_credentials.load()
publish_period = 1000


def shadow_callback(requested):
    global publish_period
    period = requested.get("publish_period")
    if type(period) is not int or not 100 <= period <= 3600000:
        print("refused:", requested)
        return None
    print("requested publish period:", period)
    publish_period = period
    return {"publish_period": publish_period}


thing = iot.Thing(endpoint, mqttid, clicert, pkey)
print("connecting to mqtt broker...")
thing.mqtt.connect()
thing.on_shadow_request(shadow_callback)
thing.mqtt.loop()  # needs _thread: ESP32 and RP2 have it

thing.update_shadow({"publish_period": publish_period})

number = 0
while True:
    number += 1
    print("publish random sample...")
    thing.mqtt.publish("dt/%s/samples" % mqttid, {"asample": number})
    sleep_ms(publish_period)  # Zerynth's sleep()
