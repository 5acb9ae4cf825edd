# Sets: building, the operators, comprehensions, membership.
total = 0
for r in range(30):
    a = set(range(0, 6000, 2))
    b = {n * 3 for n in range(2000)}
    total += len(a & b) + len(a | b) + len(a - b) + len(a ^ b)
    for n in range(6000):
        if n in a and n not in b:
            total += 1
    a.update(b)
    a.discard(r)
    words = {str(n % 500) for n in range(3000)}
    total += len(a) + len(words)
print("set_ops", total)
