"""The record of an update survives a power cut in any write, and one more behind it, on each file system of boards."""

from pathlib import Path

import pytest

_PROGRAM = Path(__file__).with_name("programs") / "record_cut.py"


@pytest.mark.runtimes("mp64", "mp32")
@pytest.mark.parametrize("kind", ["VfsFat", "VfsLfs2"])
def test_record_survives_cuts(launch, kind):
    end = launch(_PROGRAM, kind, heap="1m").expect("end")
    assert end["cuts"] > 2 and not end["lost"], end
