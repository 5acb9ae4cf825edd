# Many small writes into a StringIO, and slices of a memoryview.
import io
s = io.StringIO()
for i in range(200000):
    s.write("abc")
    s.write("\n")
print(len(s.getvalue()))
b = bytearray(1000000)
m = memoryview(b)
n = 0
for i in range(100000):
    n += len(m[i:i+10])
print(n)
