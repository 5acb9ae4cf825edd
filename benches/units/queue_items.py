# Items that wait in a queue at once, then are taken out.
import asyncio
import sys


async def main(n):
    queue = asyncio.Queue()
    for i in range(n):
        await queue.put(i)
    total = 0
    for _ in range(n):
        total += await queue.get()
    print(total)


asyncio.run(main(int(sys.argv[1])))
