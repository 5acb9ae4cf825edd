"""Writes the tables of unicodedata from CPython's own database, of the Unicode version that CPython 3.13 has.

    python3.13 src/stdlib/unicodedata/generate.py

`runs.bin`: the first code point of each run of characters that share a record, and the record's number (21 and 11 bits).
`records.txt`: 16 bytes a record. `numbers.bin`: code point, kind (1 numeric, 3 digit, 7 decimal), value. `decompositions.bin`: number of
entries, code points, where their texts begin, texts. `pairs.bin`: two characters and what they compose to, sorted.
"""

import pathlib
import struct
import sys
import unicodedata as u

FOLDER = pathlib.Path(__file__).parent


def is_hangul(code):
    return 0xAC00 <= code <= 0xD7A3


def main():
    records, runs, previous = {}, [], None
    numbers, decompositions, pairs = [], [], []
    for code in range(sys.maxunicode + 1):
        c = chr(code)
        line = f"{u.category(c):2} {u.bidirectional(c):3} {u.combining(c):3} {u.east_asian_width(c):2} {u.mirrored(c)}\n"
        line = line.rjust(16)
        assert len(line) == 16
        record = records.setdefault(line, len(records))
        if record != previous:
            runs.append(code << 11 | record)
            previous = record
        value = u.numeric(c, None)
        if value is not None:
            kind = 1 + 2 * (u.digit(c, None) is not None) + 4 * (u.decimal(c, None) is not None)
            numbers.append((code, kind, value))
        text = u.decomposition(c)
        if text and not is_hangul(code):
            decompositions.append((code, text))
            parts = text.split()
            if len(parts) == 2 and text[0] != "<" and u.normalize("NFC", c) == c:
                pairs.append((int(parts[0], 16), int(parts[1], 16), code))
    assert len(records) < 2048
    write("runs.bin", b"".join(struct.pack("<I", run) for run in runs))
    write("records.txt", "".join(records).encode())
    write("numbers.bin", b"".join(struct.pack("<IId", *row) for row in numbers))
    texts, starts = "", []
    for _, text in decompositions:
        starts.append(len(texts))
        texts += text
    starts.append(len(texts))
    codes = [code for code, _ in decompositions]
    numbers = [len(codes), *codes, *starts]
    write("decompositions.bin", struct.pack(f"<{len(numbers)}I", *numbers) + texts.encode())
    write("pairs.bin", b"".join(struct.pack("<III", *row) for row in sorted(pairs)))


def write(name, data):
    (FOLDER / name).write_bytes(data)
    print(name, len(data))


main()
