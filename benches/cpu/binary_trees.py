# Allocation: binary trees as tuples and as objects.
class Node:
    def __init__(self, left, right):
        self.left = left
        self.right = right


def tuples(depth):
    if depth == 0:
        return (None, None)
    return (tuples(depth - 1), tuples(depth - 1))


def check(tree):
    left, right = tree
    return 1 if left is None else 1 + check(left) + check(right)


def objects(depth):
    if depth == 0:
        return Node(None, None)
    return Node(objects(depth - 1), objects(depth - 1))


def count(node):
    return 1 if node.left is None else 1 + count(node.left) + count(node.right)


total = 0
keep = objects(14)
for _ in range(8):
    total += check(tuples(13)) + count(objects(13))
print("binary_trees", total, count(keep))
