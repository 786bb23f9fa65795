"""What an editor shows while a program is typed: names, arguments, and what they mean. Played by jedi, which completes
in Thonny, IPython and Spyder, and by Pyright's language server, which completes in VS Code.
"""

import json
import subprocess

import jedi
import pytest
from aws_iot_tools.dev.setup import DOCS
from jedi.api.environment import InterpreterEnvironment

from ..harness import ROOT
from ..harness.language_server import LanguageServer

_PROJECT = jedi.Project(ROOT)
_THING = "from aws_iot import Thing\nthing = Thing.from_config()\n"
_WHOLE = (
    "cause connect connected disconnect from_config health http ingest jobs log loop_forever mqtt named_shadow on_delta"
    " on_error on_event on_shadow_request poll publish ready report report_once request run shadow stats subscribe"
    " thingname unsubscribe update_shadow"
)
# jedi adds to the stub's names those that it finds in the code.
_AMONG = {
    "thing.mqtt.": "cause check_msg connect kept loop on_event ping publish raw set_last_will subscribe until",
    "thing.shadow.": "delete get name on_delta on_documents report reported update version",
    'thing.named_shadow("s").': "delete get on_delta report update",
    "thing.jobs.": "changed handle job list start_next watch",
    "thing.jobs.list()[1][0].": "canceled describe details document error id number progress status update version",
    "import aws_iot\naws_iot.": "IotError LinkError MQTTClient Shadow Thing fota jobs load zerynth",
    "import aws_iot.fota\naws_iot.fota.": "Fota handle_fota_jobs slots",
    "from aws_iot.fota.slots import FileSlot\nFileSlot().": "activate begin confirm discard parts record trial undo",
    "from aws_iot.boot import ": "run",
}


@pytest.fixture(autouse=True, scope="module")
def _own_cache(tmp_path_factory):
    """jedi keeps what it parsed in the user's home, where test workers would write it side by side."""
    before, jedi.settings.cache_directory = jedi.settings.cache_directory, str(tmp_path_factory.mktemp("jedi"))
    yield
    jedi.settings.cache_directory = before


def _script(code: str) -> tuple:
    lines = code.split("\n")
    script = jedi.Script(code, project=_PROJECT, environment=InterpreterEnvironment())
    return script, len(lines), len(lines[-1])


def _completed(code: str) -> list:
    script, line, column = _script(code)
    return [each.name for each in script.complete(line, column) if not each.name.startswith("_")]


def _signature(code: str):
    script, line, column = _script(code)
    return script.get_signatures(line, column)[0]


def test_a_thing_completes_to_what_it_has():
    assert _completed(_THING + "thing.") == _WHOLE.split()


@pytest.mark.parametrize(("code", "names"), _AMONG.items())
def test_the_others_complete(code, names):
    found = _completed(_THING + code)
    assert [name for name in names.split() if name not in found] == []


def test_arguments_and_meaning_are_shown():
    thing = _signature("from aws_iot import Thing\nThing(")
    assert [each.name for each in thing.params][:4] == ["endpoint", "client_id", "certificate", "key"]
    assert "timeout_ms" in [each.name for each in thing.params]
    publish = _signature(_THING + "thing.publish(")
    assert publish.to_string().startswith("publish(topic: str, payload: ") and "*, qos: int=0" in publish.to_string()
    assert "disconnected (error)" in _signature(_THING + "thing.on_event(").docstring()


def test_vs_code_completes_the_same(tmp_path):
    _installed(tmp_path)
    with LanguageServer(tmp_path) as server:
        assert _public(server.completions(_THING + "thing.")) == _WHOLE.split()
        for code, names in _AMONG.items():
            found = _public(server.completions(_THING + code))
            assert [name for name in names.split() if name not in found] == [], code


def test_a_type_checker_underlines_what_is_not_there(tmp_path):
    wrong = ("thing.conect()", "thing.publish(7)", 'thing.report("state")', "thing.stats.connects", "thing.on_delta()")
    (tmp_path / "program.py").write_text(_THING + "\n".join(wrong) + "\n")
    _installed(tmp_path)
    words = [DOCS / "bin/basedpyright", "--level", "error", "program.py"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and f"{len(wrong)} errors" in done.stdout, done.stdout


def _installed(folder) -> None:
    """A project whose editor knows this library."""
    (folder / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)], "typeCheckingMode": "basic"}))


def _public(names: list) -> list:
    return sorted(name for name in names if not name.startswith("_"))
