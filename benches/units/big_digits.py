# A product of many numbers, kept small by a modulus, and its digits.
import sys

n = int(sys.argv[1])
x = 1
modulus = 10**40 + 7
for i in range(n):
    x = x * (i + 3) % modulus
print(str(x)[:5])
