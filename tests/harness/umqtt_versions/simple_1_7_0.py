"""Stands in for umqtt.simple 1.7.0: it has unsubscribe(). See the package's docstring."""

import ustruct

from .simple_1_6_0 import MQTTClient as _Older
from .simple_1_6_0 import MQTTException  # noqa: F401


class MQTTClient(_Older):
    def unsubscribe(self, topic):
        self.pid += 1
        self.sock.write(ustruct.pack("!BBH", 0xA2, 4 + len(topic), self.pid))
        self._send_str(topic)
        while self.wait_msg() != 0xB0:
            pass
        answer = self.sock.read(3)
        assert answer[1] << 8 | answer[2] == self.pid
