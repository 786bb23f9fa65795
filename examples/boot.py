"""For the examples in a project of `thing new`: joins the Wi-Fi of wifi.json and sets the clock, before main.py starts.

After half a minute without either main.py starts all the same: it says what is missing, and connects when it can.
"""

import time

import helpers  # of the project

wifi = helpers.Wifi()
began = time.ticks_ms()
while not wifi.poll() and time.ticks_diff(time.ticks_ms(), began) < 30000:
    time.sleep_ms(100)
