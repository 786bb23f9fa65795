from . import config as config
from . import fota as fota
from . import jobs as jobs
from . import web as web
from . import zerynth as zerynth
from .config import load as load
from .errors import IotError as IotError
from .errors import LinkError as LinkError
from .errors import ProtocolError as ProtocolError
from .errors import Rejected as Rejected
from .errors import ResponseTimeout as ResponseTimeout
from .errors import StateError as StateError
from .mqtt import MQTTClient as MQTTClient
from .shadow import Shadow as Shadow
from .thing import Thing as Thing

__version__: str
