"""The Jobs service of tests/harness/jobs_service.py on Mosquitto, by an observer."""

import json

from tests.harness.jobs_service import JobsService


class MosquittoJobs(JobsService):
    def __init__(self, observer, thing: str, job: str, document) -> None:
        super().__init__(thing, job, document)
        self._observer = observer
        observer.serve([self.prefix + name for name in ("get", "start-next", "+/get", "+/update")], self.take)

    def say(self, topic: str, document: dict) -> None:
        self._observer.send(topic, json.dumps(document).encode(), 1)
