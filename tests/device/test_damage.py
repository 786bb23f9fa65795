"""aws_iot.record, boot and fota.bundle: damaged records, sets without the application, folders that are too deep."""

import json
import os

from samples import bundle, folder, raises, write

from aws_iot.boot import run
from aws_iot.boot_trial import choose
from aws_iot.fota.slots import FileSlot
from aws_iot.record import exists, load, remove, save

_RECORD = {
    "set": "a", "next": "b", "tries": 1, "image": "2 64 00", "version": "1.0", "counter": 3, "error": "x",
    "job": {"id": "1", "number": 1, "version": "2", "from": "1.0", "force": False},
}  # fmt: skip


def _board(record):
    """A board's folder that holds this text for its record."""
    root = folder("damage")
    for name in ("/a", "/b"):
        os.mkdir(root + name)
        with open(root + name + "/manifest", "w") as file:
            file.write("")
    with open(root + "/record", "wb") as file:
        file.write(record)
    return root


def test_no_damage_of_the_record_keeps_a_board_from_its_start():
    good = json.dumps(_RECORD).encode()
    root = _board(good)

    def start(record):
        with open(root + "/record", "wb") as file:
            file.write(record)
        choose(root, 3)
        assert FileSlot(None, root).trial in (True, False)

    for at in range(len(good)):
        start(good[:at])
        for byte in (good[at] ^ 1, good[at] ^ 16, 34, 48, 123, 0xFF):
            start(good[:at] + bytes((byte,)) + good[at + 1 :])


def test_what_is_of_another_type_is_dropped():
    for name, value in (
        ("tries", "1"), ("tries", None), ("tries", [1]), ("set", "c"), ("set", 1), ("next", {}), ("job", "x"),
        ("counter", "9"), ("counter", True), ("undone", 5), ("have", 1.5),
    ):  # fmt: skip
        record = dict(_RECORD)
        record[name] = value
        root = _board(json.dumps(record).encode())
        found = load(root)
        assert found.get(name) in (None, 0), (name, value)
        assert found["version"] == "1.0"
    del record["tries"]
    assert load(_board(json.dumps(record).encode()))["tries"] == 0


def test_record_whose_replacement_was_cut_is_read_from_the_new_file():
    root = _board(b"")
    save(root, {"set": "a"})
    os.rename(root + "/record", root + "/record.new")  # FAT has taken the old one away, and not renamed the new one yet
    assert load(root) == {"set": "a"}
    with open(root + "/record", "w") as file:
        file.write('{"set": "')  # damaged
    assert load(root) == {"set": "a"}


def test_set_without_the_application_is_not_tried():
    """What was flashed must not run in its place, and confirm it."""
    import sys

    import aws_iot.boot_trial

    root = folder("missing")
    slot = FileSlot("1", root)
    data = bundle("2", {"application.py": b"", "lib/app.py": b""})
    slot.begin("image", len(data))
    write(slot, data)
    slot.activate(job={"id": "1", "version": "2", "from": "1", "force": False})
    path, resets, printed = list(sys.path), [], []
    real, aws_iot.boot_trial.reset = aws_iot.boot_trial.reset, lambda: resets.append(1)
    console, aws_iot.print_exception = aws_iot.print_exception, printed.append
    try:
        for _ in range(3):
            run("json", root)  # any module that is there without the set
        assert len(resets) == 3
        assert [type(error) for error in printed] == 3 * [ImportError]
        assert choose(root, 3)[1] is False
    finally:
        aws_iot.boot_trial.reset = real
        aws_iot.print_exception = console
        sys.path[:] = path
    assert load(root)["undone"].endswith("the new version has no json")


def test_package_is_an_application():
    from aws_iot.boot_trial import _has

    root = folder("package")
    os.mkdir(root + "/app")
    assert not _has(root, "app")
    for name in ("/app/__init__.mpy", "/other.mpy", "/app/main.py"):
        with open(root + name, "w"):
            pass
    assert _has(root, "app") and _has(root, "other") and _has(root, "app.main") and not _has(root, "app.none")


def test_bundle_with_deep_folders_is_refused_before_a_file_is_made():
    slot = FileSlot("1", folder("deep"))
    for depth, good in ((8, True), (9, False), (60, False)):
        data = bundle("2", {"/".join(depth * ["d"]): b"x"})
        slot.begin("image %d" % depth, len(data))
        if good:
            write(slot, data)
        else:
            assert "file name" in str(raises(ValueError, write, slot, data))
            assert os.listdir(slot.path()) == []


def test_folders_of_any_depth_are_removed():
    """As an older version of this library may have left them; a board's stack is small."""
    root = folder("deepest")
    path = root + "/a"
    for _ in range(200):
        os.mkdir(path)
        with open(path + "/x", "w"):
            pass
        path += "/d"
    os.mkdir(path)
    remove(root + "/a")
    assert not exists(root + "/a")
