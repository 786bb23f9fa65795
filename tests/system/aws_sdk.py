"""AWS's own SDK v2 by the WebSocket: connects, publishes, prints what came of it. Arguments: the port of the proxy by
which AWS's name is found, the CA's file, the name, the client id, the topic, and the keys as JSON.
"""

import json
import sys
from pathlib import Path

from awscrt.auth import AwsCredentialsProvider
from awscrt.http import HttpProxyOptions
from awscrt.mqtt import QoS
from awsiot import mqtt_connection_builder


def main(port, ca, host, client_id, topic, keys):
    connection = mqtt_connection_builder.websockets_with_default_aws_signing(
        region=host.split(".")[2], endpoint=host, client_id=client_id, ca_bytes=Path(ca).read_bytes(),
        credentials_provider=AwsCredentialsProvider.new_static(*json.loads(keys)),
        http_proxy_options=HttpProxyOptions("127.0.0.1", int(port)),
    )  # fmt: skip
    try:
        connection.connect().result(60)
        connection.publish(topic, "by the SDK", QoS.AT_LEAST_ONCE)[0].result(60)
        connection.disconnect().result(60)
    except Exception as error:
        print(error)
    else:
        print("published")


main(*sys.argv[1:])
