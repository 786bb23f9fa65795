import gc

gc.collect()
start = gc.mem_alloc()
from aws_iot import Thing  # noqa: E402, F401

gc.collect()
print('{"event": "imported", "start":', start, ', "bytes":', gc.mem_alloc(), "}")
