"""What was meant by a word that nothing is called."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """ " (did you mean ...?)" for what is spelt nearly so, or nothing."""
    near = difflib.get_close_matches(word, list(known), 2, 0.65)
    return f" (did you mean {' or '.join(near)}?)" if near else ""
