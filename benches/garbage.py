# Objects with a list, a dict and a reference cycle each, made and dropped: peak memory must not depend on how many (the argument).
import sys
class Node:
    def __init__(self, n):
        self.items = [n, n + 1]
        self.names = {"n": n}
        self.me = self
def main(n):
    last = None
    for i in range(n):
        last = Node(i)
main(int(sys.argv[1]))
