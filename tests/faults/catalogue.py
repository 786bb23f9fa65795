"""All rows, in their groups."""

from . import rows_connect, rows_hostile, rows_network, rows_publish

ROWS = []
for _name, _module in (("network", rows_network), ("connect", rows_connect), ("publish", rows_publish), ("hostile", rows_hostile)):
    for _row in _module.ROWS:
        _row.group = _name
        ROWS.append(_row)
