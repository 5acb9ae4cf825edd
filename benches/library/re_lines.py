# Regular expressions: match with groups on log lines, findall, sub, split, finditer.
import re
text = "\n".join(f"2024-01-{i%28+1:02d} 12:{i%60:02d}:00 host{i} INFO user={i} path=/a/b/{i} took {i*3}ms" for i in range(3000))
p = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) (\w+) (\w+) user=(\d+) path=(\S+) took (\d+)ms")
n = 0
for line in text.split("\n"):
    m = p.match(line)
    n += int(m.group(11))
print(n, len(re.findall(r"\w+", text)), len(re.sub(r"\d+", "N", text)), len(re.split(r"[\s=]+", text)))
q = re.compile(r"[a-z]+\d+")
print(sum(1 for _ in q.finditer(text)))
