# datetime: ISO texts there and back, sums with a timedelta, strftime and strptime.
from datetime import datetime, timedelta, date
t = datetime(2024, 1, 1)
n = 0
for i in range(20000):
    s = t.isoformat()
    u = datetime.fromisoformat(s)
    n += u.minute
    t = u + timedelta(minutes=7)
print(n)
k = 0
for i in range(3000):
    k += len(t.strftime("%Y-%m-%d %H:%M:%S"))
    k += datetime.strptime("2024-05-06 07:08:09", "%Y-%m-%d %H:%M:%S").second
print(k)
