# Edit distance: string indexing, min of three, lists of lists and rows.
def distance(a, b):
    row = list(range(len(b) + 1))
    for i in range(1, len(a) + 1):
        previous, row[0] = row[0], i
        for j in range(1, len(b) + 1):
            if a[i - 1] == b[j - 1]:
                cost = previous
            else:
                cost = 1 + min(previous, row[j], row[j - 1])
            previous, row[j] = row[j], cost
    return row[-1]


a, b = "intention of the kitten" * 14, "execution by the sitting" * 14
print("levenshtein", distance(a, b), distance(b, a))
