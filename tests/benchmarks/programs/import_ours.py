import gc

from aws_iot import Thing  # noqa: F401

gc.collect()
print('{"event": "imported", "bytes":', gc.mem_alloc(), "}")
