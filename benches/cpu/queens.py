# N queens with sets and with bit masks.
def place(n, row, columns, up, down):
    if row == n:
        return 1
    found = 0
    for c in range(n):
        if c in columns or row + c in up or row - c in down:
            continue
        columns.add(c)
        up.add(row + c)
        down.add(row - c)
        found += place(n, row + 1, columns, up, down)
        columns.remove(c)
        up.remove(row + c)
        down.remove(row - c)
    return found


def bits(all, columns, left, right):
    if columns == all:
        return 1
    found = 0
    free = all & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        found += bits(all, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return found


print("queens", place(9, 0, set(), set(), set()), bits(1023, 0, 0, 0))
