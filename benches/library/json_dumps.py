# json.dumps of a list of records.
import json
d = [{"id": i, "name": f"user {i}", "tags": ["a", "b", "c"], "score": i * 1.5, "ok": True, "none": None} for i in range(2000)]
for _ in range(10):
    s = json.dumps(d)
print(len(s))
