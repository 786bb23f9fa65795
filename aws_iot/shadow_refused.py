"""A report that AWS refuses for what is in it: reports carry no clientToken, and AWS does not say which member it was.
So all that was reported is reported again, in halves of halves until what is refused is alone. Lent then.

https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html
"""

import aws_iot

from .errors import LinkError, Rejected, ResponseTimeout

const = int  # mpy-cross folds ``_X = const(n)`` by the name; CPython calls int

_TRIES = const(3)


def search(shadow, document):
    """Begin to look for what AWS refused by ``document``; a search that is under way begins anew."""
    for each in shadow.client.schedule:
        if getattr(each, "shadow", None) is shadow:
            each.again = True
            return
    made = Search(shadow, document)
    guard = shadow.client.guard
    if guard:  # in a turn, as all that is scheduled
        guard.call(shadow.client.schedule.append, made)
    else:
        shadow.client.schedule.append(made)


class Search:
    """What poll() advances until it is done."""

    def __init__(self, shadow, document):
        self.shadow = shadow
        self.error = aws_iot.mqtt.request.rejected(document)
        self.again = self.busy = False
        self.work = self.parts(list(shadow.reported))

    def guard(self):
        """Nothing of it is called by a program."""

    def poll(self):
        if self.busy:  # a callback polls
            return False
        client = self.shadow.client
        self.busy = True
        try:
            next(self.work)
        except StopIteration:
            if self.again:
                self.again = False
                self.work = self.parts(list(self.shadow.reported))
            else:
                client.schedule.remove(self)
                if self.error:  # nothing of this shadow's
                    client.report(self.error)
        except Exception as error:
            client.schedule.remove(self)
            client.report(error)
        finally:
            self.busy = False
        return False

    def parts(self, names):
        """Report the members ``names`` as they are by now, halved when they are refused; a generator."""
        shadow = self.shadow
        state = {name: shadow.reported[name] for name in names if name in shadow.reported}
        if not state:
            return
        try:
            yield from self.ask(state)
        except (Rejected, ValueError) as error:
            if isinstance(error, Rejected) and error.code not in (400, 413):
                raise
            if len(state) > 1:
                for half in (names[: len(names) // 2], names[len(names) // 2 :]):
                    yield from self.parts(half)
                return
            self.error = None
            name = names[0]
            if shadow.reported.get(name) is state[name]:
                del shadow.reported[name]
            levels = aws_iot.document.levels(state)
            where = "%s in reported" % name if levels < 7 else "%s in reported, of %d levels" % (name, levels)
            if isinstance(error, Rejected):
                error = Rejected(error.code, "%s: %s" % (error.message, where), error.token)
            shadow.client.report(error)
        else:
            late = {name: shadow.reported[name] for name in state if shadow.reported.get(name) is not state[name]}
            if late:  # the second copy of the request may have come after it
                shadow.report(late)

    def ask(self, state):
        """Report ``state`` until it is answered."""
        shadow = self.shadow
        document = {"state": {"reported": state}}
        for left in range(_TRIES, 0, -1):
            try:
                work = aws_iot.mqtt.request.asking(
                    shadow.client, shadow.prefix + "update", document, None, shadow.message
                )
                return (yield from work)
            except (LinkError, ResponseTimeout):
                if left == 1 or shadow.client.off:
                    raise
