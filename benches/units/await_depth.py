# Coroutines that await one another, n deep, with ten switches at the bottom; fifty times, as one chain is too quick to be measured.
import asyncio
import sys

sys.setrecursionlimit(20000)


async def down(n):
    if n == 0:
        for _ in range(10):
            await asyncio.sleep(0)
        return 0
    return 1 + await down(n - 1)


async def main(n):
    total = 0
    for _ in range(50):
        total += await down(n)
    return total


print(asyncio.run(main(int(sys.argv[1]))))
