# As on an ESP32: LittleFS on the flash, made when there is none, and /lib on the path.
import gc
import sys

import vfs
from mps2 import Flash

try:
    vfs.mount(vfs.VfsLfs2(Flash()), "/")
except OSError:
    vfs.VfsLfs2.mkfs(Flash())
    vfs.mount(vfs.VfsLfs2(Flash()), "/")
sys.path.append("/lib")
gc.collect()
