"""The command `thing`: command line -> table of commands -> run, and the one place where errors become messages.

Exit codes: 0 done; 1 failed, or done in part; 2 wrong usage; 130 ended by Ctrl-C.
"""

from __future__ import annotations

import io
import sys
from typing import NoReturn

import click

from .cli import LazyGroup
from .errors import Stopped, ToolError
from .output import tell

# name -> (module, short name, help line)
COMMANDS = {
    "thing-project-from-template": ("thing_project_from_template", "new", "Make a new project."),
    "add-things": ("add_things", "add", "Create things in AWS and keep their keys in the project."),
    "set-active-thing": ("set_active_thing", "use", "Choose the thing that the project is flashed as."),
    "flash": ("flash", None, "Put library, project, certificate and key on a board."),
    "logs": ("logs", None, "Follow what a board prints."),
    "repl": ("repl", None, "Open the prompt of a board."),
    "board": ("board", None, "Play a board on this computer, for those who have none."),
    "iot-cleanup": ("iot_cleanup", "cleanup", "Delete the project's things, in AWS and here."),
    "iot-fota-start": ("iot_fota_start", "fota", "Start a firmware update of a thing."),
    "fota-watch": ("fota_watch", None, "Show how a firmware update goes on."),
    "fota-keygen": ("fota_keygen", None, "Make the key that firmware is signed with."),
    "job": ("job", None, "Start a job on things, or watch one."),
    "policy": ("policy", None, "Let things do more than the least, and review what they may."),
    "rule": ("rule", None, "Hand what things publish to other services of AWS."),
    "role-alias": ("role_alias", None, "Let the project's things fetch AWS keys by their certificates."),
    "list": ("list_things", None, "List the things of the account."),
    "status": ("status", None, "Tell how things are: online, version, update, heap, and why they left."),
    "show": ("show", None, "Show a thing and its state."),
    "create": ("create", None, "Create one thing; its key is shown once."),
    "update": ("update", None, "Write the desired state of a thing."),
    "delete": ("delete", None, "Delete one thing and what belongs to it."),
    "shadow": ("shadow", None, "Get, set or watch a shadow."),
    "record": ("record", None, "Write a shadow's history."),
    "plot": ("plot", None, "Draw a value of such a record."),
    "console": ("console", None, "Show the things in a browser, live, and act on many."),
    "cloud": ("cloud", None, "Run a local AWS: up, env, down."),
    "serve": ("serve", None, "Serve Para's REST API for the project's things."),
    "doctor": ("doctor", None, "Find out why a thing does not connect."),
    "selftest": ("selftest", None, "Examine a board and its cloud, and write a report."),
    "ztc": ("ztc", None, "The original toolchain's words, for its scripts."),
    "audit": ("audit", None, "List what is wrong with certificates, things and policies."),
    "cost": ("cost", None, "Say what things would cost a month on AWS."),
    "docs": ("docs", None, "Show the documentation."),
    "completion": ("completion", None, "Print shell completion."),
}
# What the seed's documentation and code spell differently from each other.
SPELLINGS = {"iot-fota_start": "iot-fota-start"}
_STOPPED = 130  # 128 and the number of SIGINT

command = LazyGroup(
    name="thing",
    table=COMMANDS,
    spellings=SPELLINGS,
    package=f"{__package__}.commands",
    help="AWS IoT things for MicroPython boards: from an empty folder to a thousand boards, and back.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
command = click.version_option(package_name="micropython-aws-iot", message="thing %(version)s")(command)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors are one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, io.TextIOWrapper):  # a pipe of Windows takes what its code page has
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command.main(arguments, prog_name="thing", standalone_mode=False)
    except BaseException as error:
        code = _report(error, "--debug" in arguments)
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: BaseException, debug: bool) -> int | str | None:
    """Print one line for an error and return the exit code."""
    if isinstance(error, SystemExit):
        return error.code
    if debug and not isinstance(error, click.exceptions.Exit):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.UsageError):
        error.show()
        return 2
    stopped = isinstance(error, (KeyboardInterrupt, Stopped)) or isinstance(error.__cause__, KeyboardInterrupt)
    if stopped and not isinstance(error, Stopped):
        message = "stopped"
    elif isinstance(error, click.Abort):
        message = "nothing was done: without a terminal to ask at, --yes is the answer"
    elif isinstance(error, BrokenPipeError):
        sys.stderr.close()  # the reader of our output went away: there is nobody to tell
        return 1
    else:
        message = sentence(error)
    tell(f"thing: {message}", sys.stderr, None if stopped else "red")
    return _STOPPED if stopped else 1


def sentence(error: BaseException) -> str:
    if isinstance(error, (ToolError, click.ClickException)):
        return str(error)
    if type(error).__module__.split(".")[0] in ("botocore", "boto3", "s3transfer"):
        from .cloud.aws import explain

        return explain(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)"
