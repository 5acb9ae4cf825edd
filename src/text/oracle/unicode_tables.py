"""Writes ../unicode_tables.rs and unicode.tsv from the Unicode database of the Python that runs it (CPython 3.13).

Run: python3 unicode_tables.py
"""
import pathlib
import sys
import unicodedata

HERE = pathlib.Path(__file__).parent
CHARS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def ranges(test):
    found = []
    for c in CHARS:
        if test(c):
            if found and found[-1][1] == ord(c) - 1:
                found[-1][1] = ord(c)
            else:
                found.append([ord(c), ord(c)])
    return found


def rust_text(text):
    return '"' + "".join(c if " " <= c <= "~" else f"\\u{{{ord(c):x}}}" for c in text) + '"'


def wrapped(items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 116:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return "\n".join([*lines, line])


def write_rust():
    zeros = [ord(c) for c in CHARS if unicodedata.decimal(c, None) == 0]
    for zero in zeros:
        assert [unicodedata.decimal(chr(zero + i), None) for i in range(10)] == list(range(10))
    assert len(zeros) * 10 == sum(c.isdecimal() for c in CHARS)
    pair = lambda r: f"({r[0]:#x}, {r[1]:#x})"
    char = lambda c, text: f"('\\u{{{ord(c):x}}}', {rust_text(text)})"
    parts = [f'''//! Unicode data that neither std nor a crate of ours has, taken from CPython 3.13 (Unicode {unicodedata.unidata_version}).
//!
//! Written by `oracle/unicode_tables.py`, sorted for binary search; never edited by hand.
//! What is as in std (the uppercase as titlecase, the lowercase as case folding) is left out.

/// The zero of each script's ten decimal digits, which follow one another.
#[rustfmt::skip]
pub const DECIMAL_ZEROS: &[u32] = &[
{wrapped(f"{z:#x}" for z in zeros)}
];
''']
    for name, doc, test in [
        ("DIGITS", "Digits that are not decimal: superscripts, circled figures.", lambda c: c.isdigit() and not c.isdecimal()),
        ("NUMERICS", "Numbers that are not digits: fractions, Roman and CJK numerals.", lambda c: c.isnumeric() and not c.isdigit()),
    ]:
        parts.append(f"/// {doc}\n#[rustfmt::skip]\npub const {name}: &[(u32, u32)] = &[\n{wrapped(map(pair, ranges(test)))}\n];\n")
    gaps = ranges(lambda c: unicodedata.category(c) == "Cn")
    parts.append("/// What is assigned to nothing in this version; std and crates may know a later one.\n#[rustfmt::skip]\n"
                 f"pub const UNASSIGNED: &[(u32, u32)] = &[\n{wrapped(map(pair, gaps))}\n];\n")
    for name, doc, mapped, usual in [
        ("TITLE", "Titlecase where it is not the uppercase.", str.title, str.upper),
        ("CASE_FOLD", "Case folding where it is not the lowercase.", str.casefold, str.lower),
    ]:
        items = [char(c, mapped(c)) for c in CHARS if mapped(c) != usual(c)]
        parts.append(f"/// {doc}\n#[rustfmt::skip]\npub const {name}: &[(char, &str)] = &[\n{wrapped(items)}\n];\n")
    (HERE / ".." / "unicode_tables.rs").write_text("\n".join(parts))


def write_expected():
    text = lambda rs: " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in rs)
    rows = [(name, getattr(str, name)) for name in
             "isprintable isspace isalpha isdecimal isdigit isnumeric islower isidentifier".split()]
    # isupper counts titlecase letters neither way; istitle of one character counts uppercase too.
    rows += [("isupper", str.isupper), ("istitle", lambda c: unicodedata.category(c) == "Lt")]
    (HERE / "unicode.tsv").write_text("".join(f"{name}\t{text(ranges(test))}\n" for name, test in rows))


write_rust()
write_expected()
