# decimal: sums of quotients with 28 digits, products that are quantised.
from decimal import Decimal, getcontext
s = Decimal(0)
for i in range(1, 4000):
    s += Decimal(1) / Decimal(i)
print(s)
t = Decimal("1.10")
for i in range(4000):
    t = (t * Decimal("1.0001")).quantize(Decimal("0.0001"))
print(t)
