# dataclass, namedtuple and enum: instances, members, comparing, and making the classes.
from dataclasses import dataclass, field
from collections import namedtuple
import enum
@dataclass
class A:
    x: int
    y: int = 2
    z: list = field(default_factory=list)
@dataclass(frozen=True, order=True)
class B:
    a: int
    b: str
N = namedtuple("N", "p q r")
class C(enum.Enum):
    R = 1; G = 2; B = 3
n = 0
for i in range(30000):
    a = A(i); n += a.x + a.y
    t = N(i, 2, 3); n += t.q + t[0]
    n += C.R.value + C(2).value
s = sorted(B(i % 7, str(i)) for i in range(5000))
print(n, len({B(i, "x") for i in range(5000)}), s[0], A(1) == A(1))
for i in range(60):
    @dataclass
    class D:
        x: int
        y: str = "a"
    M = namedtuple("M", "a b c")
    class E(enum.Enum):
        X = 1; Y = 2
