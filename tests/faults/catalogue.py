"""All rows, in their groups."""

from . import rows_application, rows_connect, rows_hostile, rows_network, rows_offline, rows_publish, rows_tls

ROWS = []
for _name, _module in (("network", rows_network), ("tls", rows_tls), ("connect", rows_connect), ("publish", rows_publish), ("hostile", rows_hostile), ("application", rows_application), ("offline", rows_offline)):
    for _row in _module.ROWS:
        _row.group = _name
        ROWS.append(_row)
