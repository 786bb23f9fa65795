"""What runs before the application: the set of files in force, a new one on trial, the old one again when that fails.

It stays in the heap, so it is small: what a version on trial needs is in boot_trial.py. In the board's main.py, which
no update replaces:

    from aws_iot.boot import run
    run("app")
"""

def run(module: str = "app", root: str = ..., attempts: int = 3, trial_s: int = 600, timer: int = 0) -> None:
    """Import ``module`` from the files in force; a new version that raises or hangs is tried ``attempts`` times.

    ``root``: that of the slot, by default /fota; on a computer fota, where the program is started.
    ``trial_s``: how long a new version may take to confirm before machine.Timer number ``timer`` resets the board. The
    application may have that timer when no version is on trial.
    """
