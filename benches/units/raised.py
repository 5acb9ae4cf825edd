# Exceptions raised through 500 frames.
import sys


def down(depth):
    if depth == 0:
        raise ValueError("bottom")
    try:
        down(depth - 1)
    except KeyError:
        pass


caught = 0
for _ in range(int(sys.argv[1])):
    try:
        down(500)
    except ValueError:
        caught += 1
print(caught)
