"""What the tasks answer deltas with."""


def echo(peer):
    """Connect, and report each delta's state; the returned list holds how many there were."""
    seen = [0]

    def answer(state):
        seen[0] += 1
        return state

    peer.connect()
    peer.on_delta(answer)
    return seen
