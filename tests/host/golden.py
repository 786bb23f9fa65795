"""Terminal output compared with kept files; GOLDEN=write in the environment writes them anew, for a person to read."""

import os
import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def check(name: str, text: str, replace: dict) -> None:
    """Compare text with golden/<name>.txt after replacing what differs from run to run by a token."""
    for value, token in replace.items():
        text = text.replace(str(value), token)
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    path = _FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
