# Writing a text file and reading it line by line.
import tempfile, os
p = os.path.join(tempfile.gettempdir(), f"lines{os.getpid()}.txt")
with open(p, "w") as f:
    for i in range(100000):
        f.write(f"line number {i} of the file\n")
n = 0
for _ in range(3):
    with open(p) as f:
        for line in f:
            n += len(line.rstrip())
os.remove(p)
print(n)
