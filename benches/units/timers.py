# Timers pending at once, due in another order than they were set.
import asyncio
import sys


async def main(n):
    await asyncio.gather(*[asyncio.sleep(0.001 + i * 7919 % n * 1e-7) for i in range(n)])
    print(n)


asyncio.run(main(int(sys.argv[1])))
