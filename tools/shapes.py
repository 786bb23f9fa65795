"""Types that several wings share."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

Json = dict[str, Any]  # a JSON object, a configuration, or an answer of AWS
Client = Any  # boto3 makes its clients when it runs, from descriptions of each service
Advance = Callable[[], object]  # called once for each piece of work that is done
Progress = Callable[[int], AbstractContextManager[Advance]]  # called with how many pieces there are
Say = Callable[[str], object]
Executions = dict[str, tuple[str, Json]]  # of a job: {thing: (status, details)}
