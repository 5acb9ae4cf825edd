# Records as tuples: sort by several keys, group, aggregate, unpack.
x = 7
people = []
for i in range(30000):
    x = x * 48271 % 2147483647
    people.append((f"name{x % 5000}", x % 90, x / 2147483647))
total = 0
for _ in range(3):
    by_age = sorted(people, key=lambda p: (p[1], p[0]))
    by_score = sorted(people, key=lambda p: p[2], reverse=True)
    plain = sorted(people)
    groups = {}
    for name, age, score in by_age:
        groups.setdefault(age, []).append(score)
    means = {age: sum(scores) / len(scores) for age, scores in groups.items()}
    best = max(people, key=lambda p: p[2])
    total += len(means) + len(plain[0][0]) + best[1] + len(by_score)
print("records", total, round(sum(means.values()), 6))
