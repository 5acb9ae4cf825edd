"""Random patterns on random texts: matches, groups, lastindex, splits, substitutions, and the messages about bad patterns."""

DRIVER = r'''
import re


def show(m):
    return m and (m.span(), m.groups(), m.lastindex, m.lastgroup, m.regs)


for pattern, flags, text, template in CASES:
    try:
        p = re.compile(pattern, flags)
    except re.error as e:
        print("error", e.msg, e.pos, e.lineno, e.colno, e)
        continue
    except Exception as e:
        print(type(e).__name__, e)
        continue
    out = [p.groups, dict(p.groupindex), p.flags]
    calls = [
        lambda: show(p.match(text)), lambda: show(p.search(text)), lambda: show(p.fullmatch(text)),
        lambda: p.findall(text), lambda: p.split(text, 3), lambda: [show(m) for m in p.finditer(text)],
        lambda: p.subn(template, text, 2), lambda: show(p.search(text, 1, 4)), lambda: p.sub(lambda m: m[0] * 2, text),
    ]
    for call in calls:
        try:
            out.append(call())
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    print(ascii(out))
'''

ATOMS = [
    "a", "b", "c", "ab", "B", ".", r"\d", r"\w", r"\s", r"\W", "[ab]", "[^a]", "[a-c]", r"[\d_]", "^", "$", r"\b", r"\B",
    r"\A", r"\Z", "é", "ß", "K", "1", "_", " ", r"\n", r"\x41", r"\.", "[^\\W\\d]", "i", "I", "ſ", "İ", "[s-t]", "\n",
]
TEXTS = ["a", "b", "c", "A", "B", "ab", "1", "_", " ", "\n", "é", "É", "ß", "k", "K", "i", "I", "ı", "İ", "ſ", "s", "aa", "abc", "."]
BROKEN = [
    "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "\\", "(?", "(?P", "(?P<", "(?P<n>", "(?P=n)", "(?(1)", "(?<", "(?<=", "(?#", "-",
    "a{2", "a{2,1}", "{,3}", r"\1", r"\9", r"\q", r"\x1", r"\u12", r"\N{DASH}", r"\400", "[z-a]", r"[\d-z]", "(?i", "(?-", "(?z)", "(?i-i:",
    "(?a)", "(?L)", "(?au)", "(?x)", "(?s-m:", "(?P<1>", "(?(n)", "(?(0)", "**", "a++", "a?+", "a+*", "[[", "[]", "[^]", "#", ",",
]


def pattern(r, depth, groups):
    kind = r.randrange(24 if depth else 8)
    inner = lambda: pattern(r, depth - 1, groups)
    if kind < 8:
        return r.choice(ATOMS)
    if kind < 12:
        return inner() + inner()
    if kind < 14:
        return f"(?:{inner()}|{inner()})"
    if kind < 17:
        groups[0] += 1
        name = f"?P<g{groups[0]}>" if r.random() < 0.2 else ""
        return f"({name}{inner()})"
    if kind < 21:
        body = inner()
        body = body if len(body) == 1 and body not in "^$" else f"(?:{body})"
        return body + r.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}"]) + r.choice(["", "", "", "?", "+"])
    if kind == 21:
        return f"(?{r.choice(['=', '!', '<=', '<!', '>', 'i:', '-i:', 's:', 'm:'])}{inner()})"
    if kind == 22 and groups[0]:
        number = r.randint(1, groups[0])
        return r.choice([f"\\{number}", f"(?({number}){inner()}|{inner()})"])
    return f"{inner()}|{inner()}"


def case(r):
    if r.random() < 0.25:
        made = "".join(r.choice(BROKEN + ATOMS) for _ in range(r.randint(1, 5)))
    else:
        made = pattern(r, r.randint(1, 4), [0])
    flags = sum(flag for flag in (2, 8, 16, 64, 256) if r.random() < 0.15)
    text = "".join(r.choice(TEXTS) for _ in range(r.randint(0, 8)))
    template = "".join(r.choice(["x", r"\1", r"\g<0>", r"\g<g1>", "-", r"\n", r"\2", r"\g<1", r"\q"][: r.choice([3, 5, 9])]) for _ in range(2))
    if r.random() < 0.2:
        return made.encode("latin-1", "replace"), flags, text.encode("latin-1", "replace"), template.encode()
    return made, flags, text, template
