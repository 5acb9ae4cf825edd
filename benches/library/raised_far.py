# Exceptions that pass several frames before they are caught.
def f(n):
    if n == 0:
        raise ValueError("x")
    return f(n - 1)
k = 0
for i in range(20000):
    try:
        f(6)
    except ValueError as e:
        k += 1
print(k)
