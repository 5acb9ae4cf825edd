# Matrix product on lists of lists, by index and by comprehension.
N = 110


def product(a, b):
    n = len(a)
    c = [[0] * n for _ in range(n)]
    for i in range(n):
        row = a[i]
        for j in range(n):
            s = 0
            for k in range(n):
                s += row[k] * b[k][j]
            c[i][j] = s
    return c


def by_zip(a, b):
    columns = list(zip(*b))
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


a = [[(i * j) % 7 for j in range(N)] for i in range(N)]
b = [[(i + j) % 5 / 2 for j in range(N)] for i in range(N)]
c, d = product(a, b), by_zip(a, b)
print("matrix", sum(map(sum, c)), c == d)
