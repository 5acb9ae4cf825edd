"""Random documents, whole and broken, and random values with random options."""

DRIVER = r'''
import json

for text, value, options in CASES:
    out = []
    calls = [
        lambda: json.loads(text), lambda: json.loads(text, parse_float=str, object_pairs_hook=list),
        lambda: json.JSONDecoder(strict=False, object_hook=lambda d: sorted(d)).raw_decode(text, len(text) // 3),
        lambda: json.dumps(value, **options), lambda: json.loads(json.dumps(value, skipkeys=True)),
    ]
    for call in calls:
        try:
            out.append(call())
        except json.JSONDecodeError as e:
            out.append((str(e), e.pos, e.lineno, e.colno))
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    print(ascii(out))
'''

WORDS = ["null", "true", "false", "NaN", "Infinity", "-Infinity", "0", "-1", "12", "1.5", "-0.0", "1e5", "2E-3", "1.", "01", "-", "nul",
         '"a"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\n\\"\\\\"', '"é"', '"\t"', '"\\x"', '"\\u12"', '"', "1234567890123456789012345"]


def document(r, depth):
    kind = r.randrange(9 if depth else 6)
    space = lambda: r.choice(["", "", "", " ", "\n", "\t "])
    if kind < 6:
        return r.choice(WORDS[:12] + WORDS[17:22] if r.random() < 0.9 else WORDS)
    if kind < 8:
        items = [document(r, depth - 1) for _ in range(r.randrange(4))]
        return "[" + space() + ("," + space()).join(items) + space() + "]"
    items = [f'{r.choice(WORDS[17:22])}{space()}:{space()}{document(r, depth - 1)}' for _ in range(r.randrange(4))]
    return "{" + space() + ",".join(items) + space() + "}"


def value(r, depth):
    kind = r.randrange(12 if depth else 9)
    if kind < 9:
        return r.choice([None, True, False, 0, -5, 10**25, 1.5, 1e300, 1e-7, "", "a", "é\u2028", "\x00\"\\\n\x7f", "😀", -0.0, 123456789.0])
    if kind < 11:
        return [value(r, depth - 1) for _ in range(r.randrange(4))] if kind == 9 else tuple(value(r, depth - 1) for _ in range(r.randrange(3)))
    keys = ["a", "b", "é", 1, 2.5, None, True, (1,), "z"]
    return {r.choice(keys): value(r, depth - 1) for _ in range(r.randrange(4))}


def case(r):
    text = document(r, 3)
    if r.random() < 0.4 and text:
        at = r.randrange(len(text))
        text = r.choice([text[:at], text[:at] + r.choice(",:[]{}\"\\ x1") + text[at:], text[:at] + text[at + 1:]])
    options = {}
    for name, choices in {"indent": [0, 2, "\t", None], "separators": [(",", ":"), (";", "=")], "sort_keys": [True], "skipkeys": [True],
                          "ensure_ascii": [False], "allow_nan": [False], "check_circular": [False]}.items():
        if r.random() < 0.25:
            options[name] = r.choice(choices)
    return text, value(r, 3), options
