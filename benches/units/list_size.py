# A list that grows, is read by index, and shrinks.
import sys

n = int(sys.argv[1])
items = []
for i in range(n):
    items.append(i)
total = 0
for i in range(n):
    total += items[i]
while items:
    items.pop()
print(total)
