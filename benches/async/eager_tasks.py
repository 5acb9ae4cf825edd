"""Eager tasks that need not wait: create_task under eager_task_factory."""
import asyncio

COUNT = 400_000


async def add(n):
    return n + 1


async def main():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    total = 0
    for n in range(COUNT):
        total += loop.create_task(add(n)).result()
    print(total)


asyncio.run(main())
