"""A device whose tasks publish and subscribe at once beside run(): packets must not get into one another.

Parameters besides Session's: each, how many publishes (of `size` bytes) or filters each task has.
"""

from base import main
from session import Session


class Tasks(Session):
    async def talk(self, name):
        from asyncio import sleep

        for index in range(self.params["each"]):
            self.publish("%s-%d" % (name, index))
            await sleep(0.001 * (index % 3))

    async def listen(self, name):
        from asyncio import sleep

        for index in range(self.params["each"]):
            self.attempt("subscribe", self.client.subscribe, "%s/%d" % (name, index), 1, self.got)
            await sleep(0.002)
            if index % 2:
                self.attempt("unsubscribe", self.client.unsubscribe, "%s/%d" % (name, index - 1))

    async def run_async(self):
        import asyncio

        works = [self.talk("one"), self.talk("two"), self.listen("f"), self.listen("g")]
        tasks = [asyncio.create_task(work) for work in works]
        await super().run_async()
        for task in tasks:
            await task


if __name__ == "__main__":
    main(Tasks)
