"""Programs for Zerynth's AWS IoT library run with no change but that of the line which imports it.

The seed's are the code of its reference page, placeholders filled in; the others make the calls of Zerynth's examples
(lib-aws-iot: Controlled_publish_period, Cloud15Lines, FOTA_aws) in their order.
"""

import json

import pytest

from tests.harness import program
from tests.harness.observer import Observer
from tests.harness.relay import Relay

from .conftest import desire, document, ministack_site, mosquitto_site, reported

_RUN = program("system", "zerynth/run")
_IMPORT = "import iot  # was: from aws.iot import iot\n"

# The code of the seed's page, block by block. "..." is the page's own, and Python's.
_THING = """
my_thing = iot.Thing('my_ep_id.iot.my_region.amazonaws.com', 'my_thing_id', clicert, pkey)
my_thing.mqtt.connect()
...
my_thing.mqtt.loop()
"""
_REPORT = """
my_thing.update_shadow({'publish_period': 1000})
"""
_REQUEST = """
def shadow_callback(requested):
    print('requested publish period:', requested['publish_period'])

my_thing.on_shadow_request(shadow_callback)
"""
_CREDENTIALS = """
import helpers
pkey, clicert = helpers.load_key_cert('private.pem.key', 'certificate.pem.crt')
"""
_WAIT = """
while True:
    sleep(100)
"""

pytestmark = pytest.mark.runtimes("cpython", "mp32")


@pytest.fixture
def start(launch, name):
    """Starts a program's text in the folder of a thing; it ends with the test."""

    def run(configuration, text: str):
        script = configuration.with_name("main.py")
        text = text.replace("my_ep_id.iot.my_region.amazonaws.com", "localhost").replace("my_thing_id", name)
        script.write_text(text)
        return launch(_RUN, script, heap="112k", extra_paths=(_RUN.parent,), cwd=configuration.parent)

    return run


def prints(process, text: str) -> None:
    process.expect("print", text=text)


def test_the_seeds_code_reports_and_hears_what_is_requested(ministack, start, cloud, name, tmp_path):
    configuration = ministack_site(ministack).project(tmp_path, name)
    process = start(configuration, _IMPORT + _CREDENTIALS + _THING + _REPORT + _REQUEST + _WAIT)
    reported(cloud, name, {"publish_period": 1000})
    desire(cloud, name, {"publish_period": 250})
    prints(process, "requested publish period: 250")
    # The page's callback returns nothing, so nothing is reported for it.
    desire(cloud, name, {"publish_period": 350})
    prints(process, "requested publish period: 350")
    assert document(cloud, name)["state"]["reported"] == {"publish_period": 1000}


def test_the_seeds_callback_may_be_set_before_connecting(ministack, start, cloud, name, tmp_path):
    thing, connect = _THING.split("my_thing.mqtt.connect()")
    program = _IMPORT + _CREDENTIALS + thing + _REQUEST + "my_thing.mqtt.connect()" + connect + _REPORT + _WAIT
    process = start(ministack_site(ministack).project(tmp_path, name), program)
    reported(cloud, name, {"publish_period": 1000})
    desire(cloud, name, {"publish_period": 250})
    prints(process, "requested publish period: 250")


_CONTROLLED = """
import streams
import json
from wireless import wifi
from espressif.esp32net import esp32wifi as wifi_driver
import helpers

new_resource('private.pem.key')
new_resource('certificate.pem.crt')
new_resource('thing.conf.json')

period = 1000

def on_request(wanted):
    global period
    period = wanted['publish_period']
    print('period:', period)
    return {'publish_period': period}

streams.serial()
wifi_driver.auto_init()
wifi.link('SSID', wifi.WIFI_WPA2, 'PSW')
pkey, clicert = helpers.load_key_cert('private.pem.key', 'certificate.pem.crt')
conf = helpers.load_thing_conf()
thing = iot.Thing(conf['endpoint'], conf['mqttid'], clicert, pkey, thingname=conf['thingname'])
thing.mqtt.connect()
thing.on_shadow_request(on_request)
thing.mqtt.loop()
thing.update_shadow({'publish_period': period})
while True:
    thing.mqtt.publish('dt/' + conf['mqttid'] + '/sample', json.dumps({'asample': random(0, 10)}))
    print('sample')
    sleep(period)
"""


def test_the_calls_of_its_controlled_publish_period(ministack, start, cloud, name, tmp_path):
    process = start(ministack_site(ministack).project(tmp_path, name), _IMPORT + _CONTROLLED)
    reported(cloud, name, {"publish_period": 1000})
    prints(process, "sample")
    desire(cloud, name, {"publish_period": 100})
    prints(process, "period: 100")
    reported(cloud, name, {"publish_period": 100})
    for _ in range(5):
        prints(process, "sample")


_FIFTEEN_LINES = """
from aws_iot import config as default_credentials  # was: from aws.iot import default_credentials

endpoint, mqttid, clicert, pkey = default_credentials.load()
thing = iot.Thing(endpoint, mqttid, clicert, pkey)
thing.mqtt.connect()
thing.mqtt.loop()
while True:
    thing.mqtt.publish('sensors/' + mqttid, {'temp': 21.5})
    sleep(100)
"""


def test_the_calls_of_its_cloud_in_fifteen_lines(mosquitto_tls12, start, name, tmp_path):
    configuration = mosquitto_site(mosquitto_tls12).project(tmp_path, name)
    with Observer(mosquitto_tls12.plain_port, "sensors/" + name, client_id=name + "-o") as observer:
        start(configuration, _IMPORT + _FIFTEEN_LINES)
        for _ in range(3):
            assert json.loads(observer.expect("sensors/" + name).payload) == {"temp": 21.5}


_JOBS = """
from aws_iot import jobs  # was: from aws.iot import jobs
import helpers

pkey, clicert = helpers.load_key_cert('private.pem.key', 'certificate.pem.crt')
conf = helpers.load_thing_conf()
thing = iot.Thing(conf['endpoint'], conf['mqttid'], clicert, pkey, thingname=conf['thingname'])
thing.mqtt.connect()
thing.mqtt.loop()
myjobs = jobs.Jobs(thing)
started = False
while not myjobs.changed():
    sleep(50)
running, queued = myjobs.list()
for job in queued:
    print(job, job.describe(), job.status, job.document['operation'])
    print(job.update(jobs.Job.IN_PROGRESS, {'step': 'one'}))
running, queued = myjobs.list()
for job in running:
    print(job, job.describe(), job.status)
    print(job.update(jobs.Job.SUCCEEDED))
"""


def test_its_jobs_are_listed_described_and_updated_beside_the_loop(ministack, start, name, tmp_path):
    configuration = ministack_site(ministack).project(tmp_path, name)
    iot = ministack.client("iot")
    arn = iot.describe_thing(thingName=name)["thingArn"]
    iot.create_job(jobId=name, targets=[arn], document=json.dumps({"operation": "blink"}))
    process = start(configuration, _IMPORT + _JOBS)
    for line in (f"{name}@{name} True QUEUED blink", "True", f"{name}@{name} True IN_PROGRESS", "True"):
        prints(process, line)
    assert process.wait() == 0
    execution = iot.describe_job_execution(jobId=name, thingName=name)["execution"]
    assert execution["status"] == "SUCCEEDED"


# What the MQTT client of Zerynth has besides, as its reference describes it: thing.mqtt is such a client.
_CLIENT = """
from aws_iot import zerynth as mqtt  # was: from mqtt import mqtt
import helpers

pkey, clicert = helpers.load_key_cert('private.pem.key', 'certificate.pem.crt')
conf = helpers.load_thing_conf()
name = conf['mqttid']
thing = iot.Thing(conf['endpoint'], conf['mqttid'], clicert, pkey, thingname=conf['thingname'])

def is_command(data):
    if 'message' in data:
        return data['message'].topic == name + '/commands'
    return False

def on_command(client, data):
    message = data['message']
    print('command', message.topic, message.payload, message.qos)
    client.publish(name + '/answers', message.payload)

def on_other(client, data):
    if 'message' in data:
        print('other', data['message'].payload)

def after(client):
    print('after connect')

def before(client):
    print('before reconnect')
"""
_HEARING = """
thing.mqtt.connect()
thing.mqtt.on(mqtt.PUBLISH, on_command, is_command)
thing.mqtt.on(mqtt.PUBLISH, on_other)
thing.mqtt.subscribe([[name + '/commands', 1], [name + '/others', 0]])
thing.mqtt.loop()
print('ready')
sleep(100)
"""
_GIVING_BACK = """
thing.mqtt.connect()
thing.mqtt.subscribe([(name + '/commands', 1), (name + '/others', 0)])
thing.mqtt.loop(on_other)
thing.mqtt.unsubscribe([name + '/commands'])
print('ready')
"""
_RECONNECTING = """
thing.mqtt.set_will(name + '/will', 'gone', 1, False)
thing.mqtt.connect(port=conf['port'], sock_keepalive=[1, 5, 5], aconnect_cb=after, breconnect_cb=before)
thing.mqtt.loop()
"""


@pytest.fixture
def site(mosquitto_tls12):
    return mosquitto_site(mosquitto_tls12)


@pytest.fixture
def observer(mosquitto_tls12, name):
    with Observer(mosquitto_tls12.plain_port, name + "/#", client_id=name + "-o") as observer:
        yield observer


def test_on_calls_the_function_whose_condition_holds_and_else_the_general_one(site, observer, start, name, tmp_path):
    process = start(site.project(tmp_path, name), _IMPORT + _CLIENT + _HEARING + _WAIT)
    prints(process, "ready")
    observer.publish(name + "/commands", "go")
    prints(process, f"command {name}/commands go 1")
    assert observer.expect(name + "/answers").payload == b"go"
    observer.publish(name + "/others", "stop")
    prints(process, "other stop")


def test_loop_takes_a_general_function_and_topics_are_given_back_in_a_list(site, observer, start, name, tmp_path):
    process = start(site.project(tmp_path, name), _IMPORT + _CLIENT + _GIVING_BACK + _WAIT)
    prints(process, "ready")
    observer.publish(name + "/commands", "not any more")
    observer.publish(name + "/others", "stop")
    prints(process, "other stop")
    assert not [event for event in process.events if event.get("text") == "other not any more"]


def test_connect_takes_port_and_callbacks_and_the_will_is_set(site, observer, start, name, tmp_path):
    with Relay(site.port) as link:
        site.port = link.port
        process = start(site.project(tmp_path, name), _IMPORT + _CLIENT + _RECONNECTING + _WAIT)
        prints(process, "after connect")
        link.cut()
        assert observer.expect(name + "/will").payload == b"gone"
        link.restore()
        prints(process, "before reconnect")
        prints(process, "after connect")
