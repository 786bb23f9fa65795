"""Para's searches, as a question to each object: https://paraio.org/docs/#050-search

A query string is words that must all fit, each `text` or `field:text`, with * and ? for any letters; what a full-text
index does beyond that (OR, NOT, ranges, likeness) is refused rather than answered by half.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...shapes import Json
from .refusal import Refused

Matches = Callable[[Json], bool]
Parameters = Mapping[str, Sequence[str]]  # of a query: all values of each name
_WORD = re.compile(r'(?:([\w.@-]+):)?(?:"([^"]*)"|(\S+))')
_OPERATORS = {"OR", "NOT", "||", "&&", "!"}
_MARKS = re.compile(r"^[+\-!(\[{^~]|[)\]}]$")
_UNSERVED = ("similar", "nearby", "nested")


def question(kind: str, given: Parameters) -> Matches | None:
    """What a search of a kind asks of each object; None when all are meant. Refused for what is not served."""
    if kind in _UNSERVED:
        raise Refused(400, f"search/{kind} is not served here: search/wildcard, terms or a query string may do.")
    asks: dict[str, Callable[[Parameters], Matches | None]] = {
        "id": _ids, "ids": _ids, "prefix": _prefix, "wildcard": _wildcard, "tagged": _tagged, "in": _listed,
        "terms": _terms, "count": lambda _: None,
    }  # fmt: skip
    return asks.get(kind, _query)(given)


def first(given: Parameters, name: str, default: str = "") -> str:
    values = given.get(name)
    return values[0] if values else default


def values(object_: Any, field: str) -> Iterator[Any]:
    """What an object has in a field, by dots in a field below it; of an array each."""
    if isinstance(object_, dict):
        name, _, below = field.removeprefix("properties.").partition(".")
        if name in object_:
            yield from values(object_[name], below) if below else _each(object_[name])
        if field in object_:  # a name with dots in it
            yield from _each(object_[field])


def _each(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else (value,)


def _ids(given: Parameters) -> Matches:
    wanted = {*given.get("id", ()), *given.get("ids", ())}
    return lambda object_: object_["id"] in wanted


def _prefix(given: Parameters) -> Matches:
    field, begin = first(given, "field"), first(given, "prefix").lower()
    return lambda object_: any(_text(value).lower().startswith(begin) for value in values(object_, field))


def _wildcard(given: Parameters) -> Matches:
    field, pattern = first(given, "field"), _pattern(first(given, "q", "*"))
    return lambda object_: any(pattern.fullmatch(_text(value)) for value in values(object_, field))


def _tagged(given: Parameters) -> Matches:
    tags = set(given.get("tags", ()))
    return lambda object_: bool(tags) and tags <= set(object_["tags"])


def _listed(given: Parameters) -> Matches:
    field, terms = first(given, "field"), set(given.get("terms", ()))
    return lambda object_: any(_text(value) in terms for value in values(object_, field))


def _terms(given: Parameters) -> Matches:
    pairs = [term.split(":", 1) for term in given.get("terms", ()) if term.strip() and ":" in term]
    how = all if first(given, "matchall", "true") == "true" else any
    return lambda object_: bool(pairs) and how(
        any(_text(value) == wanted for value in values(object_, field)) for field, wanted in pairs
    )


def _query(given: Parameters) -> Matches | None:
    text = first(given, "q", "*").strip()
    if text in ("", "*"):
        return None
    words = []
    for field, quoted, bare in _WORD.findall(text):
        if bare == "AND" and not field:
            continue
        if bare in _OPERATORS or _MARKS.search(bare) or bare.count('"'):
            raise Refused(400, f"q: {bare} is not served here: words that must all fit, * and ? in them, field:word.")
        words.append((field, _pattern(bare) if bare else re.compile(re.escape(quoted), re.IGNORECASE)))
    return lambda object_: all(_fits(object_, field, pattern) for field, pattern in words)


def _fits(object_: Json, field: str, pattern: re.Pattern[str]) -> bool:
    found = values(object_, field) if field else _texts(object_)
    return any(pattern.fullmatch(_text(value)) for value in found)


def _texts(value: Any) -> Iterator[str]:
    """All texts in an object, whole and word by word."""
    if isinstance(value, str):
        yield value
        yield from value.split()
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def _pattern(wildcard: str) -> re.Pattern[str]:
    """* and ? for any letters; fnmatch makes one that ends soon, however many stars. Its [...] is text here."""
    return re.compile(fnmatch.translate(wildcard.replace("[", "[[]")), re.IGNORECASE)
