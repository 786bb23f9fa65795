"""All rows, in their groups."""

from . import (
    rows_application,
    rows_connect,
    rows_cut,
    rows_hostile,
    rows_jobs,
    rows_network,
    rows_offline,
    rows_publish,
    rows_tls,
)

GROUPS = {
    "network": rows_network.ROWS,
    "tls": rows_tls.ROWS,
    "connect": rows_connect.ROWS,
    "publish": rows_publish.ROWS,
    "hostile": rows_hostile.ROWS,
    "application": rows_application.ROWS,
    "jobs": rows_jobs.ROWS,
    "offline": rows_offline.ROWS,
    "cut and fuzz": rows_cut.ROWS,
}
ROWS = []
for _name, _rows in GROUPS.items():
    for _row in _rows:
        _row.group = _name
        ROWS.append(_row)
BY_NAME = {row.name: row for row in ROWS}
if len(BY_NAME) != len(ROWS):
    raise ValueError("two rows of one name")
