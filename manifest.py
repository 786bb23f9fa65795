# For firmware of one's own: aws_iot and umqtt.simple frozen into it. In the board's manifest.py:
#
#     include("path/to/this/checkout")
#
# https://docs.micropython.org/en/latest/reference/manifest.html
package("aws_iot", opt=3)
require("umqtt.simple")
