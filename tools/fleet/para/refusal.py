"""An answer that is a refusal, in Para's form: {"code", "message"}."""


class Refused(Exception):
    """What a request is answered with in place of what it asked for; code: the HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def not_found() -> Refused:
    return Refused(404, "Not Found")
