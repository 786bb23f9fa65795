"""The rest of the console's pages in a real browser: `make browser`."""

import json
import re

import pytest
from playwright.sync_api import expect

from ..host.conftest import application, cloud, project  # noqa: F401  fixtures
from ..host.test_fota_watch import Board
from .fleet import report, seen_at_once
from .test_console import lamps, shadow  # noqa: F401  a fixture

pytestmark = pytest.mark.browser
ROWS = "tbody tr"


def _choose(page, *names) -> None:
    for name in names:
        page.locator(ROWS).filter(has=page.get_by_role("link", name=name, exact=True)).get_by_role("checkbox").click()
    expect(page.get_by_text(f"{len(names)} chosen")).to_be_visible()


def test_two_tabs_see_the_same_and_do_not_overwrite_each_other(lamps, account, console, live, window):  # noqa: F811
    report(account, "lamp_0", {"led": "off"})
    tabs = [live, window.new_page()]
    for tab in tabs:
        tab.goto(f"http://127.0.0.1:{console.port}/things/lamp_0")
        expect(tab.locator(ROWS).filter(has_text="led")).to_contain_text("off")
        tab.get_by_role("button", name="edit desired").click()
    for tab, value in zip(tabs, ("on", "blinking"), strict=True):
        tab.get_by_role("dialog").get_by_label("JSON").fill(json.dumps({"led": value}))
        tab.get_by_role("button", name="what will this do?").click()
        tab.get_by_role("button", name="write it").click()
    expect(tabs[1].get_by_text("the shadow was changed meanwhile: nothing was written")).to_be_visible()
    for tab in tabs:
        expect(tab.locator(ROWS).filter(has_text="led")).to_contain_text('"on"')
    assert shadow(account, "lamp_0")["state"]["desired"] == {"led": "on"}


def test_a_desired_value_for_many_with_the_command_that_does_the_same(lamps, account, thing, live):  # noqa: F811
    _choose(live, "lamp_0", "lamp_2")
    live.get_by_role("button", name="Set desired").click()
    live.get_by_role("dialog").get_by_label("desired state").fill('{"led": NaN}')
    live.get_by_role("button", name="what will this do?").click()
    expect(live.get_by_text("the state has NaN, which is no number in JSON")).to_be_visible()
    live.get_by_role("dialog").get_by_label("desired state").fill('{"led": "on"}')
    live.get_by_role("button", name="what will this do?").click()
    expect(live.get_by_role("dialog")).to_contain_text('writes {"led": "on"} into the desired state of lamp_0, lamp_2')
    command = 'thing update lamp_0,lamp_2 \'{"led": "on"}\''
    expect(live.get_by_role("dialog")).to_contain_text(command)
    live.get_by_role("button", name="do it").click()
    expect(live.get_by_text("WRITTEN: 2 of 2")).to_be_visible()
    expect(live.get_by_text("it has ended: 0 failed")).to_be_visible()
    assert [shadow(account, name)["state"]["desired"] for name in ("lamp_0", "lamp_2")] == [{"led": "on"}] * 2
    said = thing.run("update", "lamp_0,lamp_2", '{"led": "on"}').stdout
    assert said == "lamp_0: WRITTEN\nlamp_2: WRITTEN\n"


def test_an_update_with_rate_and_abort_rule_runs_as_bars_and_names_who_failed(cloud, application, live):  # noqa: F811
    cloud.client("iot").create_thing(thingName="fan")
    live.get_by_role("button", name="read the list again").click()
    _choose(live, "fan", "lamp")
    live.get_by_role("button", name="Update firmware").click()
    dialog = live.get_by_role("dialog")
    dialog.get_by_label("folder or image on this computer").fill(str(application))
    dialog.get_by_label("S3 bucket").fill(f"firmware-{cloud.number}")
    dialog.get_by_label("IAM role that may read it").fill("no-such-role")
    dialog.get_by_label("a minute").fill("10")
    dialog.get_by_label("% fail").fill("20")
    live.get_by_role("button", name="what will this do?").click()
    expect(live.get_by_text("there is no IAM role no-such-role")).to_be_visible()
    dialog.get_by_label("IAM role that may read it").fill("fota")
    live.get_by_role("button", name="what will this do?").click()
    expect(dialog).to_contain_text("at most 10 a minute, ended by AWS when 20 % fail")
    command = f"thing fota fan,lamp {application} firmware-{cloud.number} fota --rate 10 --abort-at 20 --watch"
    expect(dialog).to_contain_text(command)
    assert not cloud.client("iot").list_jobs()["jobs"]
    live.get_by_role("button", name="do it").click()
    expect(live.get_by_text("QUEUED: 2 of 2")).to_be_visible()
    boards = {name: Board(cloud, name) for name in ("fan", "lamp")}
    for board in boards.values():
        board.take()
    boards["lamp"].report("IN_PROGRESS", progress="40")
    expect(live.get_by_text("lamp: 40 %")).to_be_visible()
    boards["fan"].report("FAILED", reason="the flash is full")
    boards["lamp"].report("SUCCEEDED", version="1.2.0")
    expect(live.get_by_text("SUCCEEDED: 1 of 2")).to_be_visible()
    expect(live.locator(ROWS)).to_contain_text("the flash is full")
    expect(live.get_by_text("it has ended: 1 failed")).to_be_visible()


def test_a_server_that_was_stopped_and_is_back_is_found_again(lamps, account, console, live):  # noqa: F811
    ended = console.interrupt()
    assert (ended.returncode, ended.stderr.strip()) == (130, "thing: stopped")
    expect(live.get_by_text("Connection lost")).to_be_visible()
    report(account, "lamp_1", {"version": "2.0.0"})
    console.start()
    expect(live.locator("tbody")).to_contain_text("2.0.0")
    expect(live.get_by_role("status").filter(has_text=re.compile("^live$"))).to_be_visible()
    seen_at_once(live.locator("tbody"), lambda text: report(account, "lamp_1", {"version": text}))


def test_all_of_it_by_keyboard(lamps, live):  # noqa: F811
    live.keyboard.press("/")
    expect(live.get_by_label("search")).to_be_focused()
    live.keyboard.type("lamp_2")
    expect(live.locator(ROWS)).to_have_count(1)
    _tab_to(live, live.locator(ROWS).get_by_role("checkbox"))
    live.keyboard.press("Space")
    expect(live.get_by_text("1 chosen")).to_be_visible()
    _tab_to(live, live.get_by_role("button", name="Set desired"))
    live.keyboard.press("Enter")
    field = live.get_by_role("dialog").get_by_label("desired state")
    _tab_to(live, field)
    live.keyboard.type('{"led": "on"}')
    live.keyboard.press("Escape")
    expect(live.get_by_role("dialog")).to_have_count(0)
    _tab_to(live, live.get_by_role("link", name="lamp_2"))
    live.keyboard.press("Enter")
    expect(live.get_by_role("heading", name="lamp_2")).to_be_visible()


@pytest.fixture
def ours(project, thing):  # noqa: F811
    """A thing whose key is in a project here."""
    thing.run("add", "demo")
    return "demo_0"


def test_the_other_tabs_of_a_thing(ours, account, console, live, tmp_path):
    data, iot = account.client("iot-data"), account.client("iot")
    arn = iot.describe_thing(thingName=ours)["thingArn"]
    live.goto(f"http://127.0.0.1:{console.port}/things/{ours}")

    def tab(name):
        live.get_by_role("tab", name=name).click()
        return live.get_by_role("tabpanel").filter(visible=True).last

    shown = tab("messages")
    shown.get_by_label("topic filters").fill("a/+b")
    shown.get_by_role("button", name="listen").click()
    expect(live.get_by_text("filter: + stands for a whole")).to_be_visible()
    shown.get_by_label("topic filters").fill(f"dt/{ours}/#")
    shown.get_by_role("button", name="listen").click()
    expect(shown.get_by_text("listening", exact=True)).to_be_visible()
    data.publish(topic=f"dt/{ours}/log", payload=b'{"text": "<b>hot</b>"}', qos=1)
    expect(shown.locator(ROWS)).to_contain_text('{"text": "<b>hot</b>"}')

    shown = tab("plot")
    record = tmp_path / "record.jsonl"
    record.write_text('{"time": "2026-11-30T08:00:00.000+00:00", "version": 1, "state": {"reported": {"old": 1}}}\n')
    shown.locator("input[type=file]").set_input_files(record)
    expect(shown.get_by_role("combobox")).to_be_visible()
    report(account, ours, {"temperature": 21.5})
    shown.get_by_role("combobox").click()
    for path in ("reported.old", "reported.temperature"):
        expect(live.get_by_role("option", name=path)).to_be_visible()
    live.keyboard.press("Escape")
    expect(shown.locator("canvas")).to_be_visible()

    shown = tab("certificate")
    certificate = iot.list_thing_principals(thingName=ours)["principals"][0].rpartition("/")[2]
    expect(shown.locator(ROWS)).to_contain_text(certificate)
    expect(shown.locator(ROWS)).to_contain_text("ACTIVE")
    expect(shown.locator(ROWS)).to_contain_text("demo-policy")

    shown = tab("jobs")
    iot.create_job(jobId="blink", targets=[arn], document='{"operation": "blink"}')
    shown.get_by_role("button", name="read again").click()
    expect(shown.locator(ROWS)).to_contain_text("QUEUED")
    shown.get_by_role("link", name="blink").click()
    expect(live.get_by_text("QUEUED: 1 of 1")).to_be_visible()
    live.go_back()

    shown = tab("doctor")
    shown.get_by_role("button", name="examine").click()
    expect(shown.locator(ROWS).filter(has_text="publish")).to_contain_text("the shadow answered")
    shown = tab("connections")
    expect(shown.locator(ROWS).filter(has_text="came")).to_have_count(1)
    expect(shown.locator(ROWS).filter(has_text="left")).to_have_count(1)


def test_a_thing_that_is_none_and_a_run_that_is_forgotten(console, page):
    page.goto(f"http://127.0.0.1:{console.port}/things/no%20thing")
    expect(page.get_by_text("is not allowed as a name in AWS IoT")).to_be_visible()
    page.goto(f"http://127.0.0.1:{console.port}/things/nobody")
    expect(page.get_by_text("there is no such shadow yet")).to_be_visible()
    page.goto(f"http://127.0.0.1:{console.port}/runs/7")
    expect(page.get_by_text("This run is not known")).to_be_visible()
    page.goto(f"http://127.0.0.1:{console.port}/jobs/none")
    expect(page.get_by_text("stopped: there is no job none")).to_be_visible()


def _tab_to(page, target, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("element => element.contains(document.activeElement)"):
            return
    raise AssertionError(f"{target} is not reached by the Tab key")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_and_a_telephones_width(lamps, account, console, browser, scheme):  # noqa: F811
    report(account, "lamp_1", {"led": "off", "deep": {"deeper": list(range(40))}})
    with browser.new_context(color_scheme=scheme, viewport={"width": 375, "height": 700}) as context:
        page = context.new_page()
        page.goto(console.url)
        expect(page.locator(ROWS)).to_have_count(4)
        assert (page.locator("body.body--dark").count() == 1) == (scheme == "dark")
        for path in ("/", "/things/lamp_1"):
            page.goto(f"http://127.0.0.1:{console.port}{path}")
            expect(page.locator(ROWS).first).to_be_visible()
            wide = page.evaluate("document.scrollingElement.scrollWidth")
            assert wide <= 375, f"{path} is {wide} pixels wide"


@pytest.fixture
def user(account, thing, tmp_path):  # noqa: F811
    """Gives an IAM user that may do all, whose keys MiniStack checks, new keys in a file, as `aws configure` writes it,
    and takes the old ones away; -> (access key id, secret)."""
    iam, file = account.client("iam"), tmp_path / "credentials"
    iam.create_user(UserName="me")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="me", PolicyName="all", PolicyDocument=json.dumps(everything))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del thing.environment[name]
    thing.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(file)

    def take_away() -> None:
        for old in iam.list_access_keys(UserName="me")["AccessKeyMetadata"]:
            iam.delete_access_key(UserName="me", AccessKeyId=old["AccessKeyId"])

    def give() -> tuple:
        made = iam.create_access_key(UserName="me")["AccessKey"]
        keys = made["AccessKeyId"], made["SecretAccessKey"]
        file.write_text("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n".format(*keys))
        return keys

    give.take_away = take_away
    return give


def test_keys_that_end_are_told_and_it_goes_on_with_new_ones(user, account, request):
    """None of them is ever sent to a page."""
    secrets = [*user()]
    account.client("iot").create_thing(thingName="lamp")
    page = request.getfixturevalue("page")  # after the user has keys
    sent = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(str(frame))))
    page.reload()
    expect(page.locator(ROWS)).to_have_count(1)
    sent.append(page.content())
    user.take_away()
    page.get_by_role("button", name="read the list again").click()
    expect(page.get_by_text("AWS does not accept the credentials")).to_be_visible()
    secrets += user()
    account.client("iot").create_thing(thingName="fan")
    page.get_by_role("button", name="read the list again").click()
    expect(page.locator(ROWS)).to_have_count(2)
    expect(page.get_by_text("AWS does not accept the credentials")).to_have_count(0)
    assert "fan" in "".join(sent) and not [secret for secret in secrets if secret in "".join(sent)]


def test_ten_thousand_things(account, console, page):
    _many(account, 10_000)
    page.get_by_role("button", name="read the list again").click()
    expect(page.locator(ROWS)).to_have_count(50)
    page.get_by_label("search").fill("sensor_9")
    expect(page.locator(ROWS).first).to_contain_text("sensor_9")
    expect(page.get_by_text("reading the list")).to_be_visible()  # what is there can be used while the rest comes
    expect(page.get_by_text("choose all 1111 found")).to_be_visible(timeout=300_000)
    page.get_by_label("search").fill("")
    expect(page.get_by_text("choose all 10000 found")).to_be_visible(timeout=300_000)
    page.get_by_role("columnheader", name="thing").click()
    expect(page.locator(ROWS).first).to_contain_text("sensor_9999")
    seen_at_once(page.locator(ROWS).first, lambda text: report(account, "sensor_9999", {"version": text}))


def _many(account, count: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    iot = account.client("iot")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: iot.create_thing(thingName=f"sensor_{number}"), range(count)))
