# Writing JSON-like text: f-strings, join, isinstance, escapes, recursion.
def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def dump(value):
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quote(k)}: {dump(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join([dump(v) for v in value]) + "]"


size = 0
for i in range(6000):
    record = {"id": i, "name": f"item {i:05d}", "price": i / 8, "tags": ["a", 'b"c', None], "ok": i % 2 == 0}
    size += len(dump(record))
print("json_text", size)
