"""umqtt.simple 1.8.0: SUBSCRIBE and UNSUBSCRIBE go one way, for filters of any length. See the package's docstring."""


class MQTTClient(MQTTClient):
    def _send_subunsub(self, topic, typ, ack_op, ack_n, qos=0):
        head = bytearray(4)
        head[0] = typ
        self.pid += 1
        pid = self.pid
        asks = ack_n > 3
        self.sock.write(head, encode_length(head, 4 + len(topic) + asks) + 1)
        self.sock.write(struct.pack("!H", pid))
        self._send_str(topic)
        if asks:
            self.sock.write(bytes([qos]))
        while self.wait_msg() != ack_op:
            pass
        answer = self.sock.read(ack_n)
        assert answer[1] << 8 | answer[2] == pid
        if asks and answer[3] == 0x80:
            raise MQTTException(answer[3])

    def subscribe(self, topic, qos=0):
        assert self.cb is not None, "Subscribe callback is not set"
        self._send_subunsub(topic, 0x82, 0x90, 4, qos)

    def unsubscribe(self, topic):
        self._send_subunsub(topic, 0xA2, 0xB0, 3)
