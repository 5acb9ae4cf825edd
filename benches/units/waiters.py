# Tasks that wait for one event and one lock, cancelled from the last to the first and in no order.
import asyncio
import random
import sys


async def wait(primitive):
    if isinstance(primitive, asyncio.Event):
        await primitive.wait()
    else:
        await primitive.acquire()


async def main(count):
    random.seed(1)
    for primitive in asyncio.Event(), asyncio.Lock():
        if isinstance(primitive, asyncio.Lock):
            await primitive.acquire()
        tasks = [asyncio.create_task(wait(primitive)) for _ in range(count // 2)]
        await asyncio.sleep(0)
        half = len(tasks) // 2
        last, rest = tasks[half:], tasks[:half]
        last.reverse()
        random.shuffle(rest)
        for task in last + rest:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


asyncio.run(main(int(sys.argv[1])))
