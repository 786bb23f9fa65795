from . import health as health
from . import log as log
