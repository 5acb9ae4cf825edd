# Coroutines that await one another, n deep, with ten switches at the bottom.
import asyncio
import sys

sys.setrecursionlimit(20000)


async def down(n):
    if n == 0:
        for _ in range(10):
            await asyncio.sleep(0)
        return 0
    return 1 + await down(n - 1)


print(asyncio.run(down(int(sys.argv[1]))))
