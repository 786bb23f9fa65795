"""Where each fault of the catalogue (F01 to F92, in its order; the numbers have gaps) is played: the names of rows, or
tests elsewhere as "path::test". test_catalogue.py checks that all of them are there."""

PLAYED = {
    # A. network below TLS
    "F01": ["refused, later there"],
    "F02": ["DNS fails twice", "DNS fails at reconnect", "DNS takes 4 s"],
    "F03": ["WiFi drops for a while"],
    "F04": ["handshake stalls at once", "handshake stalls in the server's flight"],
    "F05": ["RST in the handshake", "FIN in the handshake", "24 TLS handshakes that fail: the heap per cycle"],
    "F06": ["a captive portal answers", "noise instead of TLS"],
    "F07": ["TLS alert"],
    "F08": ["cut between PUBLISH and PUBACK by FIN", "cut between PUBLISH and PUBACK by RST"],
    "F09": ["peer stops reading: back-pressure", "peer stops reading for good", "broker stops reading, window shut"],
    "F10": [
        "half-open: peer gone without FIN, idle",
        "half-open while publishing",
        "TLS: half-open: peer gone without FIN, idle",
        "TLS: half-open while publishing",
    ],
    "F11": ["quiet application: PINGREQ in time"],
    "F12": ["ended while idle by FIN", "ended while idle by RST", "closed without close_notify"],
    "F13": ["clock not set", "server certificate: future", "clock jumps forward an hour", "clock jumps back an hour"],
    "F14": ["broker restarts with a new certificate of the same CA"],
    "F15": ["client certificate refused, TLS 1.2", "client certificate refused, TLS 1.3"],
    "F16": ["closed at accept", "half a CONNACK, then FIN", "cut before CONNECT has arrived"],
    "F17": ["throttled: closed at the 15th message"],
    "F18": [
        "one byte damaged in the handshake",
        "one byte damaged late in the handshake, TLS 1.2",
        "one byte damaged in a record, TLS 1.2",
    ],  # fmt: skip
    "F19": ["16 KB records"],
    "F20": ["two devices with one client id, by turns"],
    "F21": ["short writes", "ENOMEM from the socket in mid-packet", "ETIMEDOUT from the socket"],
    "F85": ["DNS: first address dead, second good"],
    "F86": ["half-open: peer gone without FIN, idle", "quiet application: PINGREQ in time"],
    # B. CONNECT, SUBSCRIBE
    "F22": ["no CONNACK, twice", "CONNACK after 6 s"],
    "F23": [
        "CONNACK 1: protocol version",
        "CONNACK 2: client id refused",
        "CONNACK 3: server unavailable",
        "CONNACK 4: user name or password",
        "CONNACK 5: not authorized",
        "CONNACK 200: unknown code",
    ],
    "F24": ["reset at accept", "closed at accept", "half a CONNACK, then RST"],
    "F25": ["SUBACK instead of CONNACK", "CONNACK without a body", "noise instead of CONNACK"],
    "F26": ["PUBLISH in one segment with CONNACK", "PUBLISH before SUBACK"],
    "F27": ["session present: no SUBSCRIBE again", "session lost: SUBSCRIBE again"],
    "F28": ["SUBACK 0x80", "subscribe denied by closing"],
    "F29": [
        "SUBACK withheld once: asked again under its id",
        "SUBACK withheld on this link",
        "SUBACK for another id",
        "SUBACK with too many codes",
    ],
    "F48": ["twelve subscriptions come back"],
    # C. PUBLISH to the cloud
    "F30": [
        "PUBACK withheld twice",
        "PUBACK withheld on this link: resumed with DUP",
        "PUBACK withheld, window of one",
    ],
    "F31": ["PUBACK after 4 s: one copy is enough"],
    "F32": ["PUBACK repeated", "PUBACK for an unknown id"],
    "F40": ["packet ids wrap with ids in flight"],
    "F43": ["tests/device/test_outgoing.py::test_128_kilobytes_and_no_more", "message larger than the queue"],
    "F49": ["queue full while offline", "an hour offline, a report a second"],
    "F67": ["power cut with a publish in flight"],
    "F89": [
        "tests/device/test_mqtt.py::test_disconnect_waits_for_pubacks_and_stays",
        "tests/device/test_mqtt.py::test_disconnect_ends_also_when_nothing_can_be_written",
    ],
    # D. bytes to the device
    "F33": ["one byte at a time from the server", "handshake one byte at a time"],
    "F34": ["half a PUBLISH, then silence", "TLS: half a PUBLISH, then silence", "one byte of a PUBACK, then silence"],
    "F35": [
        "reserved type 0",
        "reserved type 15",
        "CONNECT from the server",
        "SUBSCRIBE from the server",
        "CONNACK twice",
        "DISCONNECT from the server",
    ],
    "F37": ["topic with NUL", "topic with bad UTF-8", "PUBLISH without a topic", "topic with a wildcard"],
    "F38": ["PUBLISH at QoS 2", "PUBLISH at QoS 3"],
    "F39": ["message on a topic never subscribed to"],
    "F41": ["128 KB with room for it", "128 KB without room for it", "128 KB and the heap too small for it"],
    "F44": ["256 MB claimed", "1 MB claimed", "a packet that never ends"],
    "F45": ["1300 messages at once, in order"],
    "F47": ["DUP redelivery: both acknowledged"],
    "F91": [
        "a server that babbles, 40 connections",
        "a server that babbles for minutes",
        "tests/faults/test_fuzz_packet.py::test_mutations_give_packets_or_protocol_errors",
        "tests/faults/test_fuzz_session.py::test_kept_sessions",
    ],
    # E. TLS and trust
    "F60": ["server certificate: stranger", "certificate goes bad at a reconnect"],
    "F61": ["server certificate: expired"],
    "F62": ["server certificate: misnamed"],
    "F63": ["TLS 1.0 only"],
    "F75": ["TLS 1.3, nothing wrong", "a captive portal answers", "client certificate refused, TLS 1.2"],
    "F76": ["ClientHello: suites and SNI"],
    "F92": ["tests/device/test_tls.py::test_verified_unless_told_otherwise"],
    "F66": ["tests/device/test_names.py::test_names"],
    # F. application and shadow
    "F52": ["callback raises"],
    "F53": ["callback publishes", "callback disconnects", "callback unsubscribes itself"],
    "F54": ["callback runs for longer than the keep-alive"],
    "F55": [
        "delta cut in the middle",
        "delta that is not JSON",
        "delta that is empty",
        "delta without state",
        "delta that is a list",
        "1e999 and 2**80",
        "duplicate keys and \\u0000",
    ],
    "F56": ["delta 2000 levels deep", "60,000 brackets"],
    "F57": ["200 deltas in a row, each reported"],
    "F59": ["delta of 8 KB, small heap"],
    "F64": [f"shadow get refused: {code}" for code in (400, 413, 429, 500)],
    "F65": ["shadow never answers", "callback waits on a shadow that never answers"],
    "F87": [
        "tests/system/test_jobs.py::test_job_delivered_twice_runs_once",
        "tests/system/test_jobs.py::test_cancellation_is_noticed_while_the_job_runs",
    ],
    "F77": ["four tasks publish and subscribe at once beside run()"],
    # G. device
    "F50": [
        "25 links lost: the heap per cycle",
        "25 TLS links lost: the heap per cycle",
        "24 attempts that fail: the heap per cycle",
    ],
    "F51": ["16 links lost: the largest free block", "200 links lost: the largest free block"],
    "F68": ["ticks wrap"],
    "F69": ["tests/system/test_fota_power.py::test_full_file_system_fails_the_job_or_is_enough"],
    # the library never writes its configuration; what it does write is cut at each write there
    "F70": [
        "tests/system/test_fota_power.py::test_power_cut_anywhere_leaves_the_old_or_the_new_version_and_a_true_job"
    ],
    "F71": [
        "tests/system/test_fota_power.py::test_power_cut_anywhere_leaves_the_old_or_the_new_version_and_a_true_job"
    ],
    "F72": [
        "tests/device/test_config.py::test_broken_json",
        "tests/device/test_config.py::test_empty_files",
        "tests/device/test_slots.py::test_damaged_record_means_the_files_that_were_flashed",
    ],
    "F73": ["device certificate renewed while it runs"],
    "F74": ["power cut with a publish in flight"],
    "F79": ["deep sleep: socket dead on waking"],
    "F80": ["callback holds all memory: none for the TLS handshake"],
    "F88": [
        "tests/system/test_fota_faults.py::test_truncated_file_fails_the_job",
        "tests/system/test_fota_faults.py::test_old_version_is_refused_unless_forced",
        "tests/system/test_fota_faults.py::test_url_that_stays_refused_fails_the_job",
    ],
}


def of(name):
    """The ids that the row `name` plays."""
    return " ".join(number for number, places in PLAYED.items() if name in places)
