# A linked list of objects, and one of dicts.
class Link:
    def __init__(self, value, next):
        self.value = value
        self.next = next


def build(n):
    head = None
    for i in range(n):
        head = Link(i, head)
    return head


def reverse(head):
    last = None
    while head is not None:
        head.next, last, head = last, head, head.next
    return last


def dicts(n):
    head = None
    for i in range(n):
        head = {"value": i, "next": head}
    return head


total = 0
for _ in range(5):
    node = reverse(build(60000))
    while node:
        total += node.value
        node = node.next
    entry = dicts(30000)
    while entry is not None:
        total += entry["value"]
        entry = entry["next"]
print("linked_list", total)
