# The three ways to format, on ints, floats and strings.
total = 0
for i in range(60000):
    x = i / 7
    a = f"{i:>8d}|{x:10.3f}|{i:x}"
    b = "%5d %-8s %.2f" % (i, "ab", x)
    c = "{} and {:,} {!r}".format(i, i * 1000, "s")
    total += len(a) + len(b) + len(c) + len(str(x)) + len(repr(i))
print("formatting", total)
