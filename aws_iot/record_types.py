"""What a damage may have left of an update's record. Lent by record.load()."""


def check(record):
    """``record`` without what is of another type than it must have."""
    for name in list(record):
        if name == "version":  # whatever the program calls its own
            continue
        kind = dict if name == "job" else int if name in ("tries", "armed", "have", "counter") else str
        if type(record[name]) is not kind:
            del record[name]
    if record.get("set", "a") not in ("a", "b"):
        del record["set"]
    if "next" in record:
        for name in ("tries", "armed"):
            record.setdefault(name, 0)
    return record
