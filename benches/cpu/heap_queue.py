# A binary heap written out on a list of tuples.
def push(heap, item):
    heap.append(item)
    at = len(heap) - 1
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= item:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = item


def pop(heap):
    last = heap.pop()
    if not heap:
        return last
    first = heap[0]
    at, end = 0, len(heap)
    child = 1
    while child < end:
        if child + 1 < end and heap[child + 1] < heap[child]:
            child += 1
        if not heap[child] < last:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = last
    return first


heap = []
x = 1
for i in range(30000):
    x = x * 16807 % 2147483647
    push(heap, (x % 1000, i))
total = 0
while heap:
    key, i = pop(heap)
    total = (total * 31 + key + i) % 1000003
print("heap_queue", total)
