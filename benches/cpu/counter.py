# Dict loops: counting pairs, inverting, merging, comprehensions.
x = 1
counts = {}
for i in range(300000):
    x = x * 16807 % 2147483647
    key = (x % 50, x // 50 % 20)
    if key not in counts:
        counts[key] = 0
    counts[key] += 1
inverse = {}
for key, n in counts.items():
    inverse.setdefault(n, []).append(key)
merged = {}
for r in range(60):
    merged.update({k: v + r for k, v in counts.items() if v % 2})
    for k in list(merged):
        if merged[k] % 5 == 0:
            del merged[k]
print("counter", len(counts), max(counts.values()), len(inverse), len(merged))
