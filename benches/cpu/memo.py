# Dynamic programming in a dict keyed by ints and by tuples; exceptions as control flow.
def grid(n, m, seen):
    if n == 0 or m == 0:
        return 1
    try:
        return seen[n, m]
    except KeyError:
        pass
    seen[n, m] = result = (grid(n - 1, m, seen) + grid(n, m - 1, seen)) % 1000000007
    return result


def collatz(limit):
    known = {1: 0}
    for start in range(2, limit):
        n, path = start, []
        while n not in known:
            path.append(n)
            n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps = known[n]
        for p in reversed(path):
            steps += 1
            known[p] = steps
    return max(known[n] for n in range(1, limit))


print("memo", grid(200, 300, {}), collatz(60000))
