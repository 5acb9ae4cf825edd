# Float arithmetic mixed with ints: sums, means, integration, math functions.
import math


def integrate(n):
    s = 0.0
    h = 1 / n
    for i in range(n):
        x = (i + 0.5) * h
        s += 4 / (1 + x * x)
    return s * h


def spread(values):
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))


values = [math.sin(i) * 10 - -i / 3 for i in range(150000)]
low = 0
for v in values:
    if v < 100 and -v < 5 and abs(v) > 1:
        low += 1
print("floats", round(integrate(400000), 9), round(spread(values), 6), low, round(max(values), 6))
