"""The general law that holds for every row: the process lives and ends in time, only documented errors leave a call,
nothing accepted is lost, nothing is reported delivered that was not, no data that was never a message reaches the
application, the next good connection works, the client keeps MQTT's and AWS's rules, the heap is as before.
"""


# what ends before the upgrade is answered, and does not come as far as CONNECT then; the first write is the handshake's
_WEBSOCKET = {"closed before CONNACK": ("closed before the WebSocket was open", "closed in the TLS handshake")}


class Measured(AssertionError):
    """Too much memory: the one judgement that may be made again."""


def outstanding(run):
    """What was accepted and has not arrived, in either direction."""
    device, missing = run.device, []
    arrived = {packet.payload.split(b".")[0].decode() for packet in run.broker.published}
    acknowledged = [said["value"] for said in device.heard("puback")]
    for said in device.heard("accepted"):
        if said["payload"] not in arrived:
            missing.append("lost " + said["payload"])
        elif said["pid"] not in acknowledged:
            missing.append("no puback event for " + said["payload"])
    got = {said["payload"].encode() for said in device.heard("got")}
    missing += [f"lost {stray!r} to the device" for stray in run.row.strays if stray.encode() not in got]
    missing += [f"lost {payload[:24]!r} to the device" for payload in run.sent if payload[:24] not in got]
    return missing


def judge(run):
    """Everything that must hold at the end of a row."""
    row, device = run.row, run.device
    assert device.returncode == 0, f"the device crashed ({device.returncode})"
    assert not device.errors, "the device printed what is no JSON line"
    end = device.heard("end")
    assert end and end[-1]["in_time"], "the device ran into its time limit"
    if row.truthful:
        assert not outstanding(run), outstanding(run)
        _reported(run)
        _delivered(run)
    _said(run)
    breaches = [text for text in run.broker.violations if not (row.breaches and row.breaches in text)]
    assert not breaches, breaches
    found = sum(1 for link in run.broker.links if link.connect is not None)
    assert row.connects in (None, found), f"{found} CONNECTs, not {row.connects}"
    if row.check:
        row.check(run)
    _heap(run)
    if run.excess:
        raise Measured("; ".join(run.excess))


def texts(run):
    """What the device told of each loss."""
    return [said["text"] for said in run.device.heard("disconnected") if "text" in said]


def _reported(run):
    """No PUBACK event for what the broker never got."""
    published = {packet.pid for packet in run.broker.published if packet.qos}
    for said in run.device.heard("puback"):
        assert said["value"] in published, f"puback of {said['value']}, which was never published"


def _delivered(run):
    """No message in the application that nobody sent."""
    sent = {bytes(payload[:24]) for _, payload in run.broker.delivered} | {payload[:24] for payload in run.sent}
    sent |= {stray.encode() for stray in run.row.strays}
    for said in run.device.heard("got"):
        assert said["payload"].encode() in sent, f"the application got {said['payload']!r}, which nobody sent"


def _said(run):
    """The likely cause of each loss, in words; the last one stays as the client's cause."""
    row, device = run.row, run.device
    told = texts(run)
    wanted = (row.cause,) if isinstance(row.cause, str) else row.cause
    for words in wanted:
        either = words.split(" | ")
        if run.door == "wss":
            either += [other for each in either for other in _WEBSOCKET.get(each, ())]
        assert any(each in text for text in told for each in either), f"no cause {words!r}: {told}"
    assert wanted or not told, f"the link was lost, and the row names no cause: {told}"
    vague = [text for text in told if len(text) < 20 or text.startswith("the connection broke")]
    assert not vague, f"that is no cause: {vague}"
    cause = device.heard("stats")[-1]["cause"]
    assert cause == (told[-1] if told else None) or row.anew, f"the client's cause is {cause!r}, not {told[-1:]}"
    # connect() is called by the program that polls; run() tells of failures by events alone
    for words, event in ((row.error, "error"), (row.raises if run.driver == "poll" else None, "raised")):
        if words:
            found = [said["text"] for said in device.heard(event)]
            told = any(either in text for text in found for either in words.split(" | "))
            assert told, f"no {event} with {words!r}: {found}"


def growth(run):
    """Bytes that the heap grew from the first ready link to the last; None where it was not measured."""
    marks = [said["bytes"] for said in run.device.heard("heap") if said["bytes"]]
    return marks[-1] - marks[0] if len(marks) > 1 else None


def _heap(run):
    grown, words = growth(run), 2 if run.runtime == "mp64" else 1
    run.measure(grown is None or grown <= run.row.growth_bytes * words, f"the heap grew by {grown} bytes")


def gap_ms(run):
    """The longest that a 20 ms ticker beside run() was kept waiting."""
    stats = run.device.heard("stats")
    return stats[-1]["gap_ms"] if stats and run.driver == "async" else None


def account(run):
    """What happened, for a failure."""
    lines = [f"--- {run.row.name} on {run.runtime}, {run.driver}"]
    device = getattr(run, "device", None)
    if device:
        lines += ["    device: " + str({k: v for k, v in said.items() if k != "at"}) for said in device.said[-40:]]
        lines.append("    " + device.errors[-2000:])
    for link in run.broker.links[-12:]:
        packets = ", ".join(map(str, link.packets[:12]))
        lines.append(f"    link {link.index} ({link.ended_by}): {packets}")
    lines += ["    breach: " + text for text in run.broker.violations]
    return "\n".join(lines)
