"""umqtt.simple 1.4.0: `ssl` is a context, there is no `ssl_params`. See the package's docstring."""


class MQTTClient(MQTTClient):
    def __init__(self, client_id, server, port=0, user=None, password=None, keepalive=0, ssl=None):
        super().__init__(client_id, server, port, user, password, keepalive, ssl)
        del self.ssl_params

    def connect(self, clean_session=True):
        self.sock = socket.socket()
        reach(self)
        if self.ssl:
            self.sock = self.ssl.wrap_socket(self.sock, server_hostname=self.server)
        return greet(self, clean_session)


def reach(client):
    """Connect the client's socket, at the first address."""
    client.sock.connect(socket.getaddrinfo(client.server, client.port)[0][-1])


def greet(client, clean_session):
    """CONNECT, MQTT 3.1.1 section 3.1, piece by piece; then wait for CONNACK."""
    strings = [client.client_id]
    flags = clean_session << 1
    if client.lw_topic:
        strings += [client.lw_topic, client.lw_msg]
        flags |= 4 | client.lw_qos << 3 | client.lw_retain << 5
    if client.user:
        strings += [client.user, client.pswd]
        flags |= 0xC0
    head = bytearray(1 + 4)
    head[0] = 0x10
    end = encode_length(head, 10 + sum(2 + len(text) for text in strings))
    client.sock.write(head, end + 1)
    client.sock.write(b"\0\4MQTT\4" + struct.pack("!BH", flags, client.keepalive))
    for text in strings:
        client._send_str(text)
    answer = client.sock.read(4)
    assert answer[0] == 0x20 and answer[1] == 2
    if answer[3]:
        raise MQTTException(answer[3])
    return answer[2] & 1


def encode_length(packet, size):
    """Put the remaining length (section 2.2.3) behind the first byte; -> where its last byte is."""
    at = 1
    while size > 127:
        packet[at] = size & 127 | 128
        size >>= 7
        at += 1
    packet[at] = size
    return at
