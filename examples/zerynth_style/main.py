"""The Zerynth AWS IoT library's calls: only the import lines must change. The MQTT loop runs in the background."""

from time import sleep_ms

import aws_iot as iot  # was: from aws.iot import iot
from aws_iot import LinkError
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
try:
    thing.mqtt.connect()
except LinkError as error:
    print("not yet:", error)  # the loop goes on trying
thing.on_shadow_request(shadow_callback)
thing.on_event(lambda event, value: print(event, "" if value is None else value))
thing.mqtt.loop()  # needs _thread: ESP32 and RP2 have it

thing.update_shadow({"publish_period": publish_period})

number = 0
while True:
    number += 1
    print("publish random sample...")
    try:
        thing.mqtt.publish("dt/%s/samples" % mqttid, {"asample": number})
    except LinkError as error:
        print("offline:", error)
    sleep_ms(publish_period)  # Zerynth's sleep()
