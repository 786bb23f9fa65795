"""umqtt.simple 1.7.0: unsubscribe(). See the package's docstring."""


class MQTTClient(MQTTClient):
    def unsubscribe(self, topic):
        self.pid += 1
        self.sock.write(struct.pack("!BBH", 0xA2, 4 + len(topic), self.pid))
        self._send_str(topic)
        while self.wait_msg() != 0xB0:
            pass
        answer = self.sock.read(3)
        assert answer[1] << 8 | answer[2] == self.pid
