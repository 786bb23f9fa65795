"""The access point of a make-believe board that has standins/network.py: what it carries ends when its radio does."""

import shutil
import threading
from pathlib import Path

from .relay import Relay

_STANDIN = Path(__file__).with_name("standins") / "network.py"
_LOOK_S = 0.02


def firmware(folder: Path) -> Path:
    """A firmware folder with the stand-in in it, for Board."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_STANDIN, folder)
    return folder


class AccessPoint:
    """Carries the board's connections from `port` to the cloud while it has joined. `cuts`: how often that ended."""

    def __init__(self, flash: Path, target_port: int) -> None:
        self._wish, self._joined = Path(flash) / "wifi", Path(flash) / "wifi.joined"
        self._relay = Relay(target_port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.port = self._relay.port
        self.cuts = 0

    def __enter__(self):
        self._relay.cut()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()
        self._relay.stop()

    def _look(self) -> None:
        while not self._over.wait(_LOOK_S):
            wanted = self._wish.exists() and self._wish.read_text() == "join"
            if wanted and not self._joined.exists():
                self._relay.restore()
                self._joined.touch()
            elif self._joined.exists() and not wanted:
                self._joined.unlink()
                self._relay.cut()
                self.cuts += 1
