"""A board without network on which an update is cut off by power failures. Runs on MicroPython's unix port.

Arguments: the folder with the board's flash, "files" or "image", the number of the flash access at which the power
fails (0: never), the folder with the stand-ins, and maybe the number of free blocks that other files leave. The file
system is a real LittleFS on a block device kept in a file; a failing access is carried out half, then the process is
killed by SIGKILL. The thing and its job are stand-ins (offline.py): the job's state is in a file beside the flash, as
it is in the cloud; the image comes from a file.
"""

import json
import os
import sys

import vfs

FOLDER, KIND, CUT = sys.argv[1], sys.argv[2], int(sys.argv[3])
ROOM = int(sys.argv[5]) if len(sys.argv) > 5 else None
_BLOCK = 4096
_BLOCKS = 96


class Power:
    """Counts accesses to the flash; at number CUT there is half of it, then nothing."""

    steps = 0


def step():
    """True when the power fails in this access."""
    Power.steps += 1
    return Power.steps == CUT


def fail():
    os.system("kill -9 $PPID")


class Flash:
    """A block device in a file, with the extended interface that LittleFS needs."""

    def __init__(self, path):
        self._file = open(path, "r+b")  # noqa: SIM115

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        failing = step()
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buffer[: len(buffer) // 2] if failing else buffer)
        self._file.flush()
        if failing:
            fail()

    def ioctl(self, command, argument):
        if command == 6:  # erase
            failing = step()
            self._file.seek(argument * _BLOCK)
            self._file.write(b"\xff" * (_BLOCK // 2 if failing else _BLOCK))
            self._file.flush()
            if failing:
                fail()
            return 0
        return {4: _BLOCKS, 5: _BLOCK}.get(command, 0)


def mount():
    path = FOLDER + "/flash"
    try:
        os.stat(path)
        made = False
    except OSError:
        with open(path, "wb") as file:
            for _ in range(_BLOCKS):
                file.write(b"\xff" * _BLOCK)
        made = True
    flash = Flash(path)
    if made:  # in the factory, where the power does not fail
        Power.steps = -1000000
        vfs.VfsLfs2.mkfs(flash)
        Power.steps = 0
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    if made and ROOM is not None:
        os.mkdir("/flash/fota")  # by an earlier start
        fill("/flash/others")


def fill(path):
    """Leave so many free blocks as were asked for."""
    with open(path, "wb") as file:
        while os.statvfs("/flash")[3] > ROOM:
            file.write(b"x" * _BLOCK)
            file.flush()


def loader():
    """The ESP32's boot loader; its flash fails with the rest."""
    sys.path.insert(0, sys.argv[4])
    import esp32

    def cut(_):
        if step():
            fail()

    esp32.insert(FOLDER + "/partitions", 16, cut)
    return esp32.reset()


mount()
if KIND == "image":
    loader()

from offline import CloudJob, Thing, carry_out, serve  # noqa: E402

from aws_iot.boot_trial import choose  # noqa: E402
from aws_iot.fota import Fota  # noqa: E402

serve(lambda image: FOLDER + "/image")


class FileJob(CloudJob):
    """The execution's state in a file that no power cut of the board reaches."""

    def __init__(self):
        with open(FOLDER + "/job.json") as file:
            state = json.load(file)
        super().__init__("job", state["status"], state["document"])

    def write(self, status, details):
        document = self.document or FileJob().document
        with open(FOLDER + "/job.new", "w") as file:
            json.dump({"status": status, "details": details, "document": document}, file)
        os.rename(FOLDER + "/job.new", FOLDER + "/job.json")


def contents(path):
    """All files of a set: {name: contents}."""
    found = {}
    for entry in os.ilistdir(path):
        name = path + "/" + entry[0]
        if entry[1] & 0x4000:
            for inner, data in contents(name).items():
                found[entry[0] + "/" + inner] = data
        elif entry[0] not in ("manifest", "header"):
            with open(name, "rb") as file:
                found[entry[0]] = file.read()
    return found


def running(record, trial):
    """The version that runs, after a look at each of its bytes."""
    if KIND == "image":
        from esp32 import Partition

        head = bytearray(96)
        Partition(Partition.RUNNING).readblocks(0, head)
        words = bytes(head[32:]).split(b" ")
        return words[1].decode() if words[0] == b"firmware" else "1.0.0"
    name = record["next"] if trial else record.get("set")
    if not name:
        return "1.0.0"
    with open(FOLDER + "/expected.json") as file:
        expected = json.load(file)
    found = contents("/flash/fota/" + name)
    version = found["version"].decode()
    if {name: len(data) for name, data in found.items()} != expected or any(
        data != bytes([version.encode()[0]]) * len(data) for name, data in found.items() if name != "version"
    ):
        raise RuntimeError("neither the old nor the new set: %r" % {name: len(data) for name, data in found.items()})
    return version


def slot(version):
    if KIND == "image":
        from aws_iot.fota.partition import PartitionSlot

        return PartitionSlot(version, "/flash/fota", "esp32")
    from aws_iot.fota.slots import FileSlot

    return FileSlot(version, "/flash/fota", "esp32")


def main():
    record, trial = choose("/flash/fota", 3)
    version = running(record, trial)
    print(json.dumps({"event": "boot", "version": version, "trial": trial}))
    fota = Fota(Thing(), slot(version), False)
    fota.confirm()
    job = FileJob()
    if not job.canceled:
        carry_out(fota, job)
    print(json.dumps({"event": "end", "version": version, "status": job.status, "steps": Power.steps}))


try:
    main()
finally:
    print(json.dumps({"event": "steps", "steps": Power.steps}))
