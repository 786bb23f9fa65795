"""aws_iot.fota.slots, partition and boot: where a new version goes, how it is tried, and how the old one comes back.

The files are real files; the ESP32's partitions are played by tests/harness/standins/esp32.py, which says how far.
"""

import gc
import os
import sys

from samples import bundle, esp32, folder, holds, image, noise, raises, write

import aws_iot.boot_trial as boot_trial
import aws_iot.fota.slots as slots
from aws_iot.boot import run
from aws_iot.boot_trial import choose
from aws_iot.fota.slots import FileSlot
from aws_iot.record import load, save

_FILES = {"app.py": b"VERSION = 2\n", "lib/part.py": noise(5000), "empty.py": b"", "lib/deep/data.bin": noise(300, 3)}


def _install(slot, data, name="image"):
    start = slot.begin(name, len(data))
    write(slot, data, start)
    assert holds(slot, data)
    slot.activate(job={"id": "job", "version": "2", "from": slot.version, "force": False})


def _set(root):
    """The folder that this boot chooses: "" for the files that were flashed."""
    record, trial = choose(root, 3)
    return record["next"] if trial else record.get("set", "")


def test_bundle_is_read_back_and_its_files_are_there():
    root = folder("files")
    slot = FileSlot("1", root)
    data = bundle("2", _FILES, "esp32")
    for step in (1, 7, 1000, 100000):
        assert slot.begin("image %d" % step, len(data)) == 0
        write(slot, data, 0, step)
        assert holds(slot, data), step
        assert slot.claims == {"version": "2", "board": "esp32"}
        for name in _FILES:
            with open(root + "/a/" + name, "rb") as file:
                assert file.read() == _FILES[name], name


def test_trial_then_confirmation():
    root = folder("trial")
    slot = FileSlot("1", root)
    _install(slot, bundle("2", _FILES))
    assert not slot.trial
    assert _set(root) == "a"
    slot = FileSlot(None, root)
    assert slot.trial
    assert slot.version == "2"
    slot.confirm(confirmed="job")
    assert not slot.trial
    for _ in range(5):
        assert _set(root) == "a"
    assert FileSlot(None, root).version == "2"
    assert load(root)["confirmed"] == "job"


def test_the_two_folders_take_turns_and_the_old_one_stays():
    root = folder("turns")
    for number, name in enumerate("abab"):
        slot = FileSlot(None, root)
        _install(slot, bundle(str(number + 2), {"app.py": b"x = %d" % number}))
        assert _set(root) == name
        if number:
            with open(root + "/" + ("a" if name == "b" else "b") + "/app.py", "rb") as file:
                assert file.read() == b"x = %d" % (number - 1)
        FileSlot(None, root).confirm()


def test_version_that_never_confirms_is_left_after_three_boots():
    root = folder("never")
    _install(FileSlot("1", root), bundle("2", _FILES))
    assert [_set(root) for _ in range(5)] == ["a", "a", "a", "", ""]
    assert load(root)["undone"] == "not confirmed in 3 boots"
    assert FileSlot("1", root).version == "1"


def test_undo_brings_the_old_version_back_at_once():
    root = folder("undo")
    _install(FileSlot("1", root), bundle("2", _FILES))
    _set(root)
    FileSlot(None, root).undo("not confirmed in 600 s")
    assert _set(root) == ""
    assert load(root)["undone"] == "not confirmed in 600 s"


def test_set_without_its_manifest_never_boots():
    root = folder("manifest")
    _install(FileSlot("1", root), bundle("2", _FILES))
    os.remove(root + "/a/manifest")
    assert _set(root) == ""


def test_nothing_is_begun_while_a_trial_runs():
    root = folder("busy")
    _install(FileSlot("1", root), bundle("2", _FILES))
    assert _set(root) == "a"
    assert "trial" in str(raises(ValueError, FileSlot(None, root).begin, "other", 100))


def test_a_version_that_never_started_gives_way_to_the_next():
    root = folder("superseded")
    _install(FileSlot("1", root), bundle("2", _FILES))
    _install(FileSlot("1", root), bundle("3", {"app.py": b"x = 3"}))
    assert _set(root) == "a" and FileSlot(None, root).trial
    with open(root + "/a/app.py", "rb") as file:
        assert file.read() == b"x = 3"


def test_download_goes_on_where_the_power_failed():
    data = bundle("2", _FILES)
    for cut in range(0, len(data), 397):
        root = folder("resume")
        slot = FileSlot("1", root)
        slot.begin("image", len(data))
        write(slot, memoryview(data)[:cut])
        slot.file and slot.file.flush()
        again = FileSlot("1", root)
        start = again.begin("image", len(data))
        assert start <= cut
        write(again, data, start)
        assert holds(again, data), cut


def _begun(name, size):
    """The folder of a slot, and the slot, into which so many bytes of an image were written."""
    root = folder(name)
    data = bundle("2", _FILES)
    slot = FileSlot("1", root)
    slot.begin("image", len(data))
    write(slot, data[:size])
    return root, slot


def test_another_image_starts_from_nothing():
    root, slot = _begun("other", 4000)
    assert FileSlot("1", root).begin("another", slot.size) == 0
    assert os.listdir(root + "/a") == []


def test_whole_image_is_only_verified_again_after_a_cut_before_the_switch():
    root = folder("whole")
    data = bundle("2", _FILES)
    slot = FileSlot("1", root)
    slot.begin("image", len(data))
    write(slot, data)
    assert holds(slot, data)
    os.rename(root + "/a/header", root + "/a/manifest")  # where the power failed
    again = FileSlot("1", root)
    assert again.begin("image", len(data)) == len(data) - 32
    write(again, data, len(data) - 32)
    assert holds(again, data)


def test_what_is_no_bundle_is_refused():
    good = bundle("2", _FILES)
    cases = (
        (b"\xe9" + noise(5000), "not a bundle"),
        (b"aws_iot bundle 2\n" + good, "not a bundle"),
        (b"aws_iot bundle 1\n" + b"x" * 9000, "not a bundle"),
        (b"aws_iot bundle 1\nversion 2\n\n" + bytes(32), "bundle of"),
        (good.replace(b"file 300 ", b"file 301 "), "bundle of"),
        (good.replace(b"file 300 ", b"file x00 "), "file name or size"),
    )
    for data, reason in cases:
        slot = FileSlot("1", folder("bad"))
        slot.begin("image", len(data))
        assert reason in str(raises(ValueError, write, slot, data)), reason


def test_names_that_lead_out_of_the_set_are_refused():
    outside = ("/boot.py", "../boot.py", "a/../../boot.py", "a//b", ".", "a\\b", "a\tb")
    own = ("manifest", "header", "x" * 129)
    for name in outside + own:
        data = bundle("2", {name: b"evil"})
        slot = FileSlot("1", folder("names"))
        slot.begin("image", len(data))
        assert "file name" in str(raises(ValueError, write, slot, data)), name


def test_bytes_beyond_the_files_are_refused():
    data = bundle("2", _FILES)
    slot = FileSlot("1", folder("long"))
    slot.begin("image", len(data))
    write(slot, data)
    assert "longer" in str(raises(ValueError, slot.write, b"x"))


def test_bundle_that_cannot_fit_is_refused_before_it_is_written():
    size = 1 << 50
    head = b"aws_iot bundle 1\nfile %d app.py\n\n" % size
    root = folder("full")
    slot = FileSlot("1", root)
    slot.begin("image", len(head) + size + 32)
    assert raises(OSError, slot.write, head).args[0] == 28
    slot.discard()
    assert os.listdir(root + "/a") == []


def test_what_was_begun_makes_the_room_for_the_record():
    root, slot = _begun("discarded", 3000)
    assert os.listdir(root + "/a")
    _full(slot.discard, until=root + "/a/" + os.listdir(root + "/a")[0])
    assert "image" not in load(root)


def test_damaged_record_means_the_files_that_were_flashed():
    root = folder("record")
    for text in ("", "{", "[1]", '{"next"', "\0\0\0"):
        with open(root + "/record", "w") as file:
            file.write(text)
        assert _set(root) == ""
        assert FileSlot("1", root).version == "1"


# -- boot.run


def _module(root, name, text):
    """A set of files with this app module, on trial from the next boot."""
    data = bundle("2", {name + ".py": text.encode()})
    _install(FileSlot("1", root), data)


class _Reset(Exception):
    """The board restarts."""


class _Timer:
    """Stands in for machine.Timer: it fires when the test calls ``last``'s callback."""

    ONE_SHOT = 0
    last = None
    numbers = (0,)

    def __init__(self, number, mode=None, period=None, callback=None):
        if number not in self.numbers:
            raise ValueError("invalid Timer number")
        _Timer.last = (period, callback)


class _Machine:
    """Stands in for MicroPython's machine module, as far as aws_iot.boot uses it."""

    Timer = _Timer

    def __init__(self):
        self.reset = _reset


def _reset():
    raise _Reset


def _board():
    sys.modules["machine"] = _Machine()


def _boot(root, module):
    """One boot: what became of it."""
    path = list(sys.path)
    try:
        run(module, root)
        return "ran"
    except _Reset:
        return "reset"
    finally:
        sys.modules.pop(module, None)
        sys.path[:] = path


def _with_factory(root, module, text="NEW = False\n"):
    with open(root + "/" + module + ".py", "w") as file:
        file.write(text)
    sys.path.insert(0, root)


def test_new_version_that_raises_at_import_is_undone_by_itself():
    _board()
    root = folder("raises")
    _with_factory(root, "app_raises")
    _module(root, "app_raises", "import nothing_like_this\n")
    assert [_boot(root, "app_raises") for _ in range(5)] == ["reset", "reset", "reset", "ran", "ran"]
    undone = load(root)["undone"]
    assert undone.startswith("not confirmed in 3 boots: ") and "nothing_like_this" in undone


def test_new_version_that_hangs_is_undone_by_the_timer():
    _board()
    root = folder("hangs")
    _with_factory(root, "app_hangs")
    _module(root, "app_hangs", "NEW = True\n")
    assert _boot(root, "app_hangs") == "ran"
    period_ms, callback = _Timer.last
    assert period_ms == 600000
    raises(_Reset, callback, None)
    assert _boot(root, "app_hangs") == "ran"
    assert load(root)["undone"] == "not confirmed in 3 boots: not confirmed in 600 s"


def test_board_without_timer_number_0_has_another_or_undoes_the_version():
    _board()
    root = folder("rp2")
    _with_factory(root, "app_rp2")
    _module(root, "app_rp2", "NEW = True\n")
    try:
        _Timer.numbers, _Timer.last = (-1,), None
        assert _boot(root, "app_rp2") == "ran"
        raises(_Reset, _Timer.last[1], None)
        assert _boot(root, "app_rp2") == "ran"
        _module(root, "app_rp2", "NEW = True\n")
        _Timer.numbers = ()
        assert [_boot(root, "app_rp2") for _ in range(4)] == ["reset", "reset", "reset", "ran"]
        assert load(root)["undone"] == "not confirmed in 3 boots: ValueError: invalid Timer number"
    finally:
        _Timer.numbers = (0,)


def test_timer_leaves_a_confirmed_version_alone():
    _board()
    root = folder("timer")
    _module(root, "app_timer", "NEW = True\n")
    assert _boot(root, "app_timer") == "ran"
    slot = FileSlot(None, root)
    slot.confirm()
    _Timer.last[1](None)
    assert load(root)["set"] == "a"
    # and the next one, which waits for the reset that starts it
    _install(slot, bundle("3", {"app_timer.py": b"NEW = 3\n"}))
    _Timer.last[1](None)
    assert load(root)["tries"] == 0 and "error" not in load(root)


def _full(function, *args, until=None):
    """What the call returns or raises on a flash where no record can be saved; ``until`` is there no more."""

    def full(root, record):
        if not until or slots.exists(until):
            raise OSError(28)
        save(root, record)

    boot_trial.save = slots.save = full
    try:
        return function(*args)
    finally:
        boot_trial.save = slots.save = save


def test_new_version_that_fills_the_flash_and_raises_is_undone():
    _board()
    root = folder("fills")
    _with_factory(root, "app_fills")
    _module(root, "app_fills", "raise OSError(28)\n")
    save_once = [True]

    def full(root, record):
        if not save_once:
            raise OSError(28)
        save_once.pop()
        save(root, record)

    boot_trial.save = full  # what counts the boot still finds room
    try:
        assert _boot(root, "app_fills") == "reset"
    finally:
        boot_trial.save = save
    assert "error" not in load(root)
    # its folder makes the room for the record
    assert _full(_boot, root, "app_fills", until=root + "/a/app_fills.py") == "ran"
    assert load(root)["undone"] == "no space on the flash"
    assert not slots.exists(root + "/a")
    assert _boot(root, "app_fills") == "ran"
    _install(FileSlot("1", root), bundle("3", {"app_fills.py": b"NEW = 3\n"}))


def test_flash_without_any_room_starts_the_old_version_each_time():
    _board()
    root = folder("no_room")
    _with_factory(root, "app_no_room")
    _module(root, "app_no_room", "raise ValueError\n")
    for _ in range(2):
        assert _full(_boot, root, "app_no_room") == "ran"
        assert not FileSlot("1", root).trial  # although the record on the flash still says so
    root = folder("no_room_at_the_end")
    _with_factory(root, "app_no_room")
    _module(root, "app_no_room", "raise ValueError\n")
    assert [_boot(root, "app_no_room") for _ in range(3)] == 3 * ["reset"]
    assert _full(_boot, root, "app_no_room", until=root + "/a") == "ran"
    assert load(root)["undone"] == "not confirmed in 3 boots: ValueError: "


def _fill_heap():
    """All of MicroPython's heap, down to the smallest piece."""
    kept, size = None, 65536
    while size:
        try:
            kept = (kept, bytearray(size))
        except MemoryError:
            size //= 2
    return kept


def test_timer_ends_a_trial_although_flash_or_heap_are_full():
    _board()
    root = folder("heap")
    _with_factory(root, "app_heap")
    _module(root, "app_heap", "NEW = True\n")
    assert _boot(root, "app_heap") == "ran"
    callback = _Timer.last[1]
    _full(raises, _Reset, callback, None)
    resets = bytearray(1)

    def reset():
        resets[0] += 1

    def no_memory(root):
        raise MemoryError

    sys.modules["machine"].reset = reset  # an error to raise would take memory
    if hasattr(gc, "mem_free"):
        kept = _fill_heap()
        callback(None)
        del kept
    else:
        boot_trial.load = no_memory
        callback(None)
        boot_trial.load = load
    assert resets[0] == 1
    assert load(root)["tries"] == 1


def test_application_of_the_set_is_imported_with_its_own_library():
    _board()
    root = folder("own")
    text = "import aws_iot\nwith open('%s/seen', 'w') as file:\n    file.write(aws_iot.NAME)\n" % root
    data = bundle("2", {"app_own.py": text.encode(), "aws_iot/__init__.py": b"NAME = 'of the set'\n"})
    _install(FileSlot("1", root), data)
    kept = {name: sys.modules[name] for name in sys.modules if name.split(".")[0] == "aws_iot"}
    try:
        assert _boot(root, "app_own") == "ran"
        with open(root + "/seen") as file:
            assert file.read() == "of the set"
    finally:
        for name in list(sys.modules):
            if name.split(".")[0] == "aws_iot":
                del sys.modules[name]
        sys.modules.update(kept)


def test_set_whose_own_library_does_not_work_is_undone_also_after_power_cuts():
    _board()
    app = b"from aws_iot.fota.slots import FileSlot\n"
    flat = {
        "aws_iot/__init__.py": b"",
        "aws_iot/slots.py": b"class FileSlot:\n    pass\n",
    }  # as it was
    broken = {"aws_iot/__init__.py": b"", "aws_iot/boot_trial.py": b"raise ValueError\n"}
    cut = {"aws_iot/__init__.py": b"raise KeyboardInterrupt\n"}  # as a power cut: nothing else runs after it
    kept = {name: sys.modules[name] for name in sys.modules if name.split(".")[0] == "aws_iot"}
    for number, (library, ends) in enumerate(((flat, "reset"), (broken, "reset"), (cut, "cut"))):
        root, name = folder("library"), "app_library%d" % number
        _with_factory(root, name)
        _install(FileSlot("1", root), bundle("2", dict(library, **{name + ".py": app})))
        told = []
        for _ in range(4):
            try:
                told.append(_boot(root, name))
            except KeyboardInterrupt:
                told.append("cut")
            for module in list(sys.modules):
                if module.split(".")[0] == "aws_iot":
                    del sys.modules[module]
            sys.modules.update(kept)
        assert told == [ends, ends, ends, "ran"], told
        assert load(root)["undone"].startswith("not confirmed in 3 boots")


def test_error_of_a_confirmed_version_is_its_own():
    _board()
    root = folder("plain")
    _with_factory(root, "app_plain", "raise ValueError('mine')\n")
    assert "mine" in str(raises(ValueError, _boot, root, "app_plain"))


# -- partitions


def _partition_slot(name, version="1", sectors=64):
    board = esp32(name, sectors)
    from aws_iot.fota.partition import PartitionSlot

    return board, lambda: PartitionSlot(version, board.Flash.folder + "/fota")


def test_image_goes_into_the_other_partition_and_is_tried():
    board, slot = _partition_slot("image")
    data = image(9600)
    _install(slot(), data)
    assert board.reset() == "ota_1"
    assert choose(board.Flash.folder + "/fota", 3)[1]
    new = slot()
    assert new.trial
    new.confirm()
    assert board.reset() == "ota_1"
    assert not slot().trial
    with open(board.Flash.folder + "/ota_1", "rb") as file:
        assert file.read(len(data)) == bytes(data)


def test_image_is_tried_although_the_flash_is_full():
    board, slot = _partition_slot("image_full")
    _install(slot(), image(9600))
    board.reset()
    root = board.Flash.folder + "/fota"
    assert _full(choose, root, 3)[1]
    assert slot().trial and load(root)["tries"] == 0


def test_image_that_is_not_confirmed_is_rolled_back():
    board, slot = _partition_slot("rollback")
    _install(slot(), image(9600))
    assert board.reset() == "ota_1"
    choose(board.Flash.folder + "/fota", 3)
    assert board.reset() == "ota_0"
    old = slot()
    assert not old.trial and not old.stalled()
    assert old.record["undone"] == "rolled back by the boot loader"


def test_activation_that_no_boot_followed_is_made_again_and_then_given_up():
    board, slot = _partition_slot("stalled")
    _install(slot(), image(9600))
    for _ in range(2):
        # the new firmware dies before it can say that it ran; or the power failed before set_boot
        board.reset()
        board.reset()
        again = slot()
        assert again.stalled()
        again.activate()
    board.reset()
    board.reset()
    assert slot().record["undone"] == "rolled back by the boot loader"


def test_image_that_never_started_gives_way_to_the_next():
    def cut(partition):
        raise KeyboardInterrupt

    board, slot = _partition_slot("gives_way")
    real, board.Partition.set_boot = board.Partition.set_boot, cut
    try:
        raises(KeyboardInterrupt, _install, slot(), image(9600))
    finally:
        board.Partition.set_boot = real
    assert board.reset() == "ota_0"
    _install(slot(), image(9600, 2), "other")
    assert board.reset() == "ota_1" and slot().trial


def test_undone_partition_starts_the_old_one():
    board, slot = _partition_slot("undone")
    _install(slot(), image(9600))
    board.reset()
    choose(board.Flash.folder + "/fota", 3)
    slot().undo("not confirmed in 600 s")
    assert board.reset() == "ota_0"
    assert not choose(board.Flash.folder + "/fota", 3)[1]
    assert board.reset() == "ota_0"  # although the power failed before the application made its slot
    assert slot().record["undone"] == "not confirmed in 600 s"
    for _ in range(3):
        assert board.reset() == "ota_0"


def test_old_partition_starts_on_firmware_without_rollback():
    board, slot = _partition_slot("no_rollback")
    _install(slot(), image(9600))
    board.reset()
    slot().undo("not confirmed in 600 s")
    board.reset()
    mark = board.Partition.mark_app_valid_cancel_rollback

    def unsupported():
        raise OSError(-261)

    board.Partition.mark_app_valid_cancel_rollback = staticmethod(unsupported)
    try:
        assert not choose(board.Flash.folder + "/fota", 3)[1]
        files = FileSlot("1", board.Flash.folder + "/fota")
    finally:
        board.Partition.mark_app_valid_cancel_rollback = mark
    # and what is no partition is not taken for one from then on
    _install(files, bundle("2", _FILES))
    assert choose(board.Flash.folder + "/fota", 3)[1]


def test_partition_download_goes_on_where_the_power_failed():
    _, slot = _partition_slot("resumed")
    data = image(66560)
    first = slot()
    first.begin("image", len(data))
    write(first, memoryview(data)[:66000])
    again = slot()
    start = again.begin("image", len(data))
    assert start == 65536
    write(again, data, start)
    assert holds(again, data)


def test_image_that_cannot_boot_is_refused_and_nothing_changes():
    board, slot = _partition_slot("broken")
    data = image(9600)
    data[5000] ^= 1
    broken = slot()
    broken.begin("image", len(data))
    write(broken, data)
    assert holds(broken, data)
    assert raises(OSError, broken.activate).args[0] == -5379
    assert board.reset() == "ota_0"
    assert "next" not in slot().record


def test_partition_refuses_what_is_no_image_or_too_large():
    _, slot = _partition_slot("refused", sectors=4)
    new = slot()
    new.begin("image", 9000)
    assert "not an ESP32 image" in str(raises(ValueError, new.write, bundle("2", _FILES)))
    assert raises(OSError, new.begin, "large", 4 * 4096 + 1).args[0] == 28
    new.discard()


def test_partition_has_nothing_to_discard_before_it_is_begun():
    _, slot = _partition_slot("unbegun")
    slot().discard()


def test_default_slot_is_what_the_board_has():
    board = esp32("default")
    assert slots.default(root=board.Flash.folder + "/fota").kind == "image"
    next_update = board.Partition.get_next_update
    del board.Partition.get_next_update

    def none(self):
        raise OSError(2)  # ENOENT: a partition table for one app

    board.Partition.get_next_update = none
    assert slots.default(root=folder("default")).kind == "files"
    board.Partition.get_next_update = next_update


def test_save_leaves_the_old_record_when_it_cannot_write():
    root = folder("save")
    save(root, {"set": "a"})
    os.mkdir(root + "/record.new")
    raises(OSError, save, root, {"set": "b"})
    assert load(root) == {"set": "a"}
