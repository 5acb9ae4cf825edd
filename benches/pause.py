# The collector's pause with many live objects: gaps of over 3 ms between readings of the clock, in a loop that makes garbage.
import time


class Node:
    def __init__(self, n):
        self.n = n
        self.next = None


def gaps(rounds):
    found = []
    last = time.perf_counter()
    for i in range(rounds):
        pair = (i, i)
        if i & 63 == 0:
            now = time.perf_counter()
            if now - last > 0.003:
                found.append(now - last)
            last = now
    return sorted(found)


for count in (0, 1_000_000):
    live = [Node(i) for i in range(count)]
    found = gaps(12_000_000)
    median = f"median {found[len(found) // 2] * 1000:.1f} ms" if found else "none"
    print(f"{count:>9,} live objects: {len(found)} gaps, {median}")
