# Sieve by slice assignment, and slices read.
def sieve(n):
    flags = bytearray([1]) * (n + 1)
    flags[0:2] = b"\0\0"
    for i in range(2, int(n**0.5) + 1):
        if flags[i]:
            flags[i * i :: i] = bytes(len(range(i * i, n + 1, i)))
    return [i for i, prime in enumerate(flags) if prime]


def sieve_list(n):
    flags = [True] * (n + 1)
    for i in range(2, int(n**0.5) + 1):
        if flags[i]:
            flags[i * i :: i] = [False] * len(flags[i * i :: i])
    return sum(flags[2:])


primes = sieve(2000000)
total = 0
for i in range(0, len(primes), 50):
    total += sum(primes[i : i + 50 : 3])
print("slice_sieve", len(primes), total, sieve_list(1000000))
