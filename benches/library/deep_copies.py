# copy.deepcopy of nested dicts and lists, and of objects.
import copy
d = {"a": [1, 2, {"b": (1, 2, [3])}], "c": {i: [i, str(i)] for i in range(50)}}
class P:
    def __init__(self): self.x = 1; self.y = [1, 2]
o = [P() for _ in range(30)]
for _ in range(150):
    copy.deepcopy(d); copy.deepcopy(o)
print("ok")
