# json.loads of a list of records.
import json
d = [{"id": i, "name": f"user {i}", "tags": ["a", "b", "c"], "score": i * 1.5, "ok": True, "none": None} for i in range(2000)]
s = json.dumps(d)
for _ in range(15):
    r = json.loads(s)
print(len(r))
