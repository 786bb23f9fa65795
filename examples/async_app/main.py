"""The thing as one task of an asyncio program: the others go on while it connects, and while it is offline."""

import asyncio

from aws_iot import LinkError, Thing

settings = {"blink_ms": 500}
counts = {"blinks": 0}

thing = Thing.from_config("thing.conf.json")


def shadow_callback(requested):
    blink_ms = requested.get("blink_ms")
    if type(blink_ms) is not int or not 10 <= blink_ms <= 10000:
        return None
    settings["blink_ms"] = blink_ms
    print("blink every", blink_ms, "ms")
    return {"blink_ms": blink_ms}


async def blink():
    while True:
        counts["blinks"] += 1  # toggle your LED here
        await asyncio.sleep_ms(settings["blink_ms"])


async def sample():
    while True:
        await asyncio.sleep(2)
        try:
            thing.publish("dt/%s/blinks" % thing.thingname, counts)
            print("blinks", counts["blinks"])
        except LinkError as error:
            print("offline, at", counts["blinks"], "blinks:", error)


async def main():
    thing.on_delta(shadow_callback)
    thing.on_event(lambda event, value: print(event, "" if value is None else value))
    asyncio.create_task(blink())
    asyncio.create_task(sample())
    await thing.run()


asyncio.run(main())
