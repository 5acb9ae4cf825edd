"""Random characters and texts: all properties, all normal forms."""

DRIVER = r'''
import unicodedata as u

for chars, text in CASES:
    out = []
    for c in chars:
        out.append((u.category(c), u.bidirectional(c), u.combining(c), u.east_asian_width(c), u.mirrored(c), u.decomposition(c),
                    u.name(c, None), u.decimal(c, None), u.digit(c, None), u.numeric(c, None)))
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        out.append((u.normalize(form, text), u.is_normalized(form, text)))
    print(ascii(out))
'''

BLOCKS = [(0, 0x250), (0x250, 0x3000), (0x300, 0x370), (0x1100, 0x1200), (0xAC00, 0xD7A4), (0x3000, 0xA000), (0xE000, 0x10000), (0x10000, 0x1F000), (0x1F000, 0x110000)]


def character(r):
    while True:
        c = r.randrange(*r.choice(BLOCKS))
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def case(r):
    return [character(r) for _ in range(8)], "".join(character(r) for _ in range(r.randrange(8)))
