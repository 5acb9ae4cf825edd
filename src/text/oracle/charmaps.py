"""Write ../codec/charmaps.txt: the encodings of one byte a character, as CPython 3.13 decodes them."""

import codecs
import encodings
import pathlib
import pkgutil

HEAD = """\
# Encodings of one byte a character, from CPython 3.13 by oracle/charmaps.py: module, codec, the upper 128 characters (or all 256).
# ~XXXX is a code point in hexadecimal; ~FFFE is a byte without a character.
"""


def shown(c):
    code = ord(c)
    plain = 33 <= code < 0x7F or 0xA1 <= code < 0xFB00
    return c if plain and c != "~" and code != 0xAD and c.isprintable() else f"~{code:04X}"


def table(module):
    """The character of each byte; None for codecs of another kind."""
    decoding = getattr(module, "decoding_table", None)
    if isinstance(decoding, str):
        return decoding.ljust(256, "\ufffe")
    decoding = getattr(module, "decoding_map", None)
    if decoding is None:
        return None
    codes = (decoding.get(byte) for byte in range(256))
    return "".join("\ufffe" if code is None else chr(code) for code in codes)


def main():
    lines = [HEAD]
    for name in sorted(found.name for found in pkgutil.iter_modules(encodings.__path__)):
        if name in ("mbcs", "oem", "rot_13"):
            continue
        chars = table(__import__(f"encodings.{name}", fromlist=["x"]))
        if chars is None:
            continue
        ascii_below = all(chars[byte] == chr(byte) for byte in range(128))
        body = "".join(map(shown, chars[128:] if ascii_below else chars))
        lines.append(f"{name} {codecs.lookup(name).name} {body}\n")
    target = pathlib.Path(__file__).parent.parent / "codec" / "charmaps.txt"
    target.write_text("".join(lines), encoding="utf-8")


main()
