# Text: reversing, joining, finding, stripping, partitioning, characters one by one.
LINE = "The quick brown fox jumps over the lazy dog"
total = 0
for i in range(6000):
    words = LINE.split(" ")
    back = " ".join(reversed(words))
    mirror = LINE[::-1]
    total += len(back) + mirror.count("o") + LINE.find("lazy")
    head, _, tail = LINE.partition(" fox ")
    total += len(head.title()) + len(tail.upper().strip("D"))
    vowels = 0
    for c in LINE:
        if c in "aeiou":
            vowels += 1
        elif c.isupper() or c == " ":
            vowels += ord(c)
    total += vowels
    caesar = "".join([chr((ord(c) - 97 + 3) % 26 + 97) if c.isalpha() else c for c in LINE.lower()])
    total += caesar.startswith("wkh") + len(caesar.replace("x", ""))
print("text_tools", total)
