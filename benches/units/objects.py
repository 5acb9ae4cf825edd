# Objects alive at once, in a linked list, each with a list of its own.
import sys


class Link:
    def __init__(self, next):
        self.next = next
        self.values = [1, 2]


head = None
for _ in range(int(sys.argv[1])):
    head = Link(head)
count = 0
while head is not None:
    count += len(head.values)
    head = head.next
print(count)
