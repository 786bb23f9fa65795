from . import http as http
from . import key as key
from . import own as own
from . import provider as provider
from . import s3 as s3
