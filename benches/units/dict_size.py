# A dict that grows, is read by key, and shrinks.
import sys

n = int(sys.argv[1])
table = {}
for i in range(n):
    table[i * 7919 % 1000003, i] = i
for i in range(n):
    table[i * 7919 % 1000003, i] += 1
for key in list(table):
    del table[key]
print(len(table))
