# Tasks started at once, all awaited.
import asyncio
import sys


async def one(i):
    await asyncio.sleep(0)
    return i


async def main(n):
    tasks = [asyncio.create_task(one(i)) for i in range(n)]
    print(sum(await asyncio.gather(*tasks)))


asyncio.run(main(int(sys.argv[1])))
