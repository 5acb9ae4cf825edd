//! Each rule of `apy check` about objects, calls and values: programs that it is about, and programs that look alike and are right.
//!
//! To add a row: the code, a program in which it is found exactly once and nothing else is, and programs in which nothing is found.

use apy::embed::Surroundings;
use apy_front::compile::{Subject, lint};
use apy_front::diagnostics::Diagnostic;
use apy_front::syntax::parser::parse_module;

/// The code, programs that have the mistake, programs that do not.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const CLASS: &str =
    "class C:\n    def __init__(self): self.a = 1\n    def m(self): return self.a\n";

const OBJECTS: &[Row] = &[
    (
        "E0420",
        &[
            "[].apend(1)\n",
            "'a'.uper()\n",
            "x = {}\nx.push(1)\n",
            "from pathlib import Path\nPath('x').exist()\n",
            "CLASS\nprint(C().b)\n",
            "CLASS\nclass D(C): pass\nprint(D().b)\n",
            "class A:\n    def f(self): return self.nme\nA().f()\n",
            "import threading\nclass T(threading.Thread): pass\nT().strat()\n",
            "import asyncio\nasync def g(): pass\nasync def main():\n    t = asyncio.create_task(g())\n    await t\n    print(t.results())\n",
            "CLASS\nprint(C.b)\n",
            "CLASS\nclass D(C):\n    def __init__(self): self.z = 1\nprint(D().a)\n",
            "CLASS\nclass D(C):\n    def __init__(self): self.z = 1\n    def f(self): return self.a\nD().f()\n",
            "from enum import Enum\nclass E(Enum):\n    RED = 1\nprint(E.GREEN)\n",
            "from enum import IntEnum\nclass E(IntEnum):\n    RED = 1\nprint(E['GREEN'])\n",
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\nprint(P(1).y)\n",
            "with open('x') as f: f.readlin()\n",
            "import asyncio\nasyncio.Lock().aquire()\n",
            "from collections import deque\ndeque().push(1)\n",
        ],
        &[
            "CLASS\nprint(C().a, C().m(), C.m)\n",
            "CLASS\nc = C()\nc.b = 1\nprint(c.b)\n",
            "CLASS\nif hasattr(C(), 'b'): print(C().b)\n",
            "CLASS\ntry: print(C().b)\nexcept AttributeError: pass\n",
            "class A:\n    def __getattr__(self, name): return name\nprint(A().b)\n",
            "from elsewhere import Base  # noqa\nclass A(Base): pass\nprint(A().b)\n",
            "class A:\n    def f(self): return self.b\nclass B(A):\n    b = 1\nB().f()\n",
            "class A:\n    def f(self): return self.b\n",
            "class A:\n    def __init__(self, **options):\n        for name in options: setattr(self, name, 1)\nprint(A(b=1).b)\n",
            "from types import SimpleNamespace\nprint(SimpleNamespace(b=1).b)\n",
            "from enum import Enum\nclass E(Enum):\n    A = 1\nprint(E.A.name, E.A.value)\n",
            "CLASS\nclass D(C):\n    def __init__(self): super().__init__()\nprint(D().a)\n",
            "CLASS\nclass D(C):\n    def __init__(self): C.__init__(self)\nprint(D().a)\n",
            "CLASS\nclass D(C):\n    def __init__(self): self.a = 2\nprint(D().a)\n",
            "CLASS\nclass D(C):\n    a = 2\n    def __init__(self): self.z = 1\nprint(D().a)\n",
            "CLASS\nclass D(C):\n    def __init__(self): self.z = 1\nd = D()\nd.a = 1\nprint(d.a)\n",
            "from enum import Enum, Flag\nclass E(str, Enum):\n    A = 'a'\n    def f(self): return self.A\nprint(E.A, E.f, E['A'], E.mro, E.__members__, E.upper)\nclass F(Flag):\n    B = 1\nprint(F.B.name, F.B | F.B)\n",
            "from enum import Enum\nclass E(Enum):\n    for n in 'AB': locals()[n] = n\nprint(E.A)\n",
            "from enum import Enum\nclass E(Enum): A = 1\ntry: E['B']\nexcept KeyError: pass\ntry: E.B\nexcept AttributeError: pass\n",
            "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    def m(self): return self.x\np = P(1)\nprint(p.x, p.count(1), p._asdict(), p._replace(x=2), P._fields, p.m(), p[0], len(p), [*p])\n",
            "with open('x') as f: print(f.name, f.mode, f.encoding, f.buffer, f.readline())\n",
            "import asyncio\nlock = asyncio.Lock()\nlock.owner = 1\nprint(lock.owner)\n",
            "import threading\nown = threading.local()\nprint(own.name)\n",
            "import asyncio, json\nprint(json.JSONDecodeError('a', 'b', 1).colno, asyncio.IncompleteReadError(b'', 1).partial)\n",
            "import re\ntry: re.compile('(')\nexcept re.error as e: print(e.pos)\nprint(re.error('x').pos)\n",
        ],
    ),
    (
        "E0421",
        &[
            "class A:\n    def f(): pass\n    def g(self): pass\n",
            "class A:\n    def f(): pass\nA().f\n",
        ],
        &[
            "class A:\n    @staticmethod\n    def f(): pass\n    def g(self): pass\n",
            "class A:\n    def f(): pass\n    x = f()\n    def g(self): pass\n",
            "class A:\n    def f(): pass\n    def g(self): pass\nA.f()\n",
            "class A:\n    def f(*args): pass\n    def g(self): pass\n",
            "import unittest\nclass A(unittest.TestCase):\n    def setUpClass(): pass\n    def test(self): pass\n",
        ],
    ),
    (
        "E0422",
        &[
            "a, b = 1, 2, 3\n",
            "def f(): return 1, 2\na, b, c = f()\n",
            "for k, v in {'name': 1}: print(k, v)\n",
            "for a, b, c in enumerate('x'): print(a, b, c)\n",
            "a, b, c = divmod(1, 2)\n",
            "print([a for a, b in [(1, 2, 3)]])\n",
        ],
        &[
            "a, *b = 1, 2, 3\n",
            "a, b = 'xy'\n",
            "for k, v in {'name': 1}.items(): print(k, v)\n",
            "def f(x):\n    if x: return 1, 2\n    return 3\na, b, c = f(1)\n",
            "try: a, b = 1, 2, 3\nexcept ValueError: pass\n",
            "def f(x): return (*x, 1)\na, b, c = f('x')\n",
        ],
    ),
    (
        "E0425",
        &[
            "def f(): return 1\ndef f(): return 2\n",
            "class A:\n    def f(self): return 1\n    def g(self): return 3\n    def f(self): return 2\n",
        ],
        &[
            "def f(): return 1\nold = f\ndef f(): return old()\n",
            "class A:\n    @property\n    def f(self): return 1\n    @f.setter\n    def f(self, to): print(to)\n",
            "try:\n    def f(): return 1\nexcept ValueError:\n    def f(): return 2\n",
            "def f(): ...\ndef f(): return 2\n",
            "def _(): return 1\ndef _(): return 2\n",
        ],
    ),
];

const CALLS: &[Row] = &[
    (
        "E0409",
        &[
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    y: int\nprint(P(1))\n",
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 0\nprint(P(z=1))\n",
            "CLASS\nprint(C().m(1))\n",
            "'a,b'.split(',', maxsplt=1)\n",
            "class A:\n    def __init__(self, n): print(n)\nclass B(A): pass\nB()\n",
        ],
        &[
            "from dataclasses import dataclass, field, KW_ONLY\n@dataclass\nclass P:\n    x: int\n    y: list = field(default_factory=list)\n    _: KW_ONLY\n    z: int = 1\nprint(P(1), P(1, [2], z=3))\n",
            "from dataclasses import dataclass\n@dataclass(init=False)\nclass P:\n    x: int\nprint(P())\n",
            "class M(type):\n    def __call__(cls): return 1\nclass A(metaclass=M):\n    def __init__(self, n): print(n)\nA()\n",
            "import traceback\ntraceback.StackSummary.extract([], limit=1)\n",
            "from urllib.parse import SplitResult\nprint(SplitResult('a', 'b', 'c', 'd', 'e'))\n",
            "def f(a): return a\nf.__defaults__ = (1,)\nf()\n",
            "class A:\n    def __new__(cls, n): return n\nclass B(A): pass\nB(1)\n",
        ],
    ),
    (
        "E0426",
        &[
            "import threading\ndef f(): print(1)\nthreading.Thread(target=f()).start()\n",
            "import asyncio\nasync def f(): pass\nasync def main(): asyncio.get_running_loop().call_soon(f)\n",
            "import threading\nasync def f(): pass\nthreading.Thread(target=f).start()\n",
        ],
        &[
            "import threading\ndef f(): pass\nthreading.Thread(target=f).start()\n",
            "import threading\ndef make(): return print\nthreading.Thread(target=make()).start()\n",
            "async def f(n): return n\nprint(list(map(f, [])))\n",
        ],
    ),
    (
        "E0427",
        &[
            "import asyncio\nasync def f(): pass\nasync def main(): await asyncio.gather([f()])\n",
            "import asyncio\nasync def f(): pass\nasync def main():\n    fs = [f() for _ in range(3)]\n    await asyncio.gather(fs)\n",
        ],
        &[
            "import asyncio\nasync def f(): pass\nasync def main(): await asyncio.gather(*[f()], f())\n",
            "import asyncio\nasync def main(fs): await asyncio.gather(fs)\n",
        ],
    ),
    (
        "E0432",
        &[
            "async def main():\n    async for x in [1]: print(x)\n",
            "async def main():\n    async with open('x') as f: print(f)\n",
            "import threading\nlock = threading.Lock()\nasync def main():\n    async with lock: print(1)\n",
        ],
        &[
            "async def main(xs):\n    async for x in xs: print(x)\n",
            "import asyncio\nlock = asyncio.Lock()\nasync def main():\n    async with lock: print(1)\n",
        ],
    ),
    (
        "E0433",
        &["import asyncio\nasync def f(): pass\nasync def main(): asyncio.run(f())\n"],
        &[
            "import asyncio\nasync def f(): pass\nasync def main():\n    def inner(): asyncio.run(f())\n    await asyncio.to_thread(inner)\n",
            "import asyncio\nasync def f(): pass\nasync def main():\n    try: asyncio.run(f())\n    except RuntimeError: pass\n",
        ],
    ),
    (
        "E0401",
        &["def f(): return 1\nasync def main(): print(await f())\n"],
        &["async def f(): return 1\ndef g(): return f()\nasync def main(): print(await g())\n"],
    ),
    (
        "E0412",
        &[
            "import asyncio\nasync def f(): pass\nasync def main():\n    async with asyncio.TaskGroup() as tg: tg.create_task(f)\n",
        ],
        &[
            "import asyncio\nasync def f(): pass\nasync def main():\n    async with asyncio.TaskGroup() as tg: tg.create_task(f())\n",
        ],
    ),
    (
        "E0406",
        &["total = 0\nfor n in [1]: totl += n\nprint(total)\n"],
        &["total = 0\nfor n in [1]: total += n\nprint(total)\n"],
    ),
    (
        "E0418",
        &["from dataclasses import dataclass\n@dataclass\nclass A:\n    xs: list = []\n"],
        &[
            "from dataclasses import dataclass, field\nfrom typing import ClassVar\n@dataclass\nclass A:\n    xs: list = field(default_factory=list)\n    ys: ClassVar[list] = []\n",
            "from dataclasses import dataclass\ntry:\n    @dataclass\n    class A:\n        xs: list = []\nexcept ValueError: pass\n",
        ],
    ),
];

const VALUES: &[Row] = &[
    (
        "E0423",
        &[
            "print('%s %s' % (1,))\n",
            "print('%d' % (1, 2))\n",
            "print('%(a)s' % {'b': 1})\n",
            "print('{} {}'.format(1))\n",
            "print('{name}'.format(nme=1))\n",
        ],
        &[
            "print('%s %%' % (1,))\n",
            "def f(x): print('%s %s' % x)\n",
            "print('{0} {0} {1}'.format(1, 2), '{{}}'.format())\n",
            "print('%s' % {'a': 1}, '%*d' % (1, 2))\n",
            "def f(*a, **k): print('{} {n}'.format(*a, **k))\n",
        ],
    ),
    (
        "E0424",
        &[
            "print({'a': 1, 'b': 2, 'a': 3})\n",
            "print({1: 'a', 1: 'b'})\n",
        ],
        &[
            "print({'a': 1, b'a': 2, 1: 3, '1': 4})\n",
            "print({'a': 1, 'a': 1})\n",
            "def f(d): print({'a': 1, **d, 'a': 2})\n",
        ],
    ),
    (
        "E0428",
        &[
            "def f(): return 1\nif f: print(1)\n",
            "CLASS\nc = C()\nif c.m: print(1)\n",
            "def f(): return 1\nprint(f + 1)\n",
            "def f(): return 1\nprint(f == 1)\n",
        ],
        &[
            "def f(): return 1\nif f(): print(1)\n",
            "f = None\ndef f(): return 1\nif f: print(1)\n",
            "def f(): return 1\ndef g(): return 2\nprint(f == g)\n",
            "try:\n    from os import fork\nexcept ImportError:\n    fork = None\nif fork: print(1)\n",
        ],
    ),
    (
        "E0429",
        &[
            "x = 1\nx == 2\n",
            "f = open('x')\nf.close\n",
            "def f(): pass\nf\n",
        ],
        &[
            "try: 1 < 'a'\nexcept TypeError: pass\n",
            "class A:\n    def __eq__(self, other): print(other)\nA() == 1\n",
            "...\n'text'\n",
            "x = [1]\nx\n",
        ],
    ),
    (
        "E0430",
        &[
            "try: print(1)\nexcept Exception: pass\nexcept ValueError: pass\n",
            "class E(ValueError): pass\ntry: print(1)\nexcept ValueError: pass\nexcept E: pass\n",
            "import socket\ntry: print(1)\nexcept OSError: pass\nexcept socket.gaierror: pass\n",
        ],
        &[
            "try: print(1)\nexcept ValueError: pass\nexcept Exception: pass\n",
            "try: print(1)\nexcept KeyError: pass\nexcept (KeyError, ValueError): pass\n",
        ],
    ),
    (
        "E0431",
        &[
            "fs = []\nfor n in range(3): fs.append(lambda: n)\n",
            "fs = [lambda: n for n in range(3)]\n",
            "fs = {}\nfor n in range(3): fs[n] = lambda x: x + n\n",
        ],
        &[
            "fs = []\nfor n in range(3): fs.append(lambda n=n: n)\n",
            "for n in range(3): print(sorted([1], key=lambda x: x * n))\n",
            "for n in range(3):\n    fs = []\n    fs.append(lambda: n)\n    print(fs[0]())\n",
        ],
    ),
    (
        "E0434",
        &[
            "age = 5\nprint('age: ' + age)\n",
            "n = input()\nprint(n + 1)\n",
            "n = input()\nprint(n > 10)\n",
            "for i in 5: print(i)\n",
            "s = 'abc'\ns[0] = 'x'\n",
            "n = 5\nprint(n[0])\n",
            "for i in range([1]): print(i)\n",
            "xs = ['a']\nprint(xs['0'])\n",
            "print({[1], (2,)})\n",
            "d = {}\nd[[1]] = 2\n",
            "raise 'boom'\n",
            "try: print(1)\nexcept 'ValueError': pass\n",
            "def f(): return 'a'\nprint(f() + 1)\n",
            "print([1] + (2,))\n",
        ],
        &[
            "n = int(input())\nprint(n + 1, 'a' * 3, [1] * 2, 1 + 2.0, True + 1)\n",
            "try: 'a' + 1\nexcept TypeError: pass\n",
            "x = 'a'\nx = 5\nprint(x + 1)\n",
            "xs = ['a']\nd = {'a': xs}\nprint(xs[0], xs[-1:], d['a'], d[(1, 2)], {(1,), 'a'})\n",
            "def f(x):\n    if x: return 'a'\nprint(f(1) + 1)\n",
            "def f(x):\n    if x: return 'a'\n    return 1\nprint(f(1) + 1)\n",
            "def f(n): return f(n - 1) + 'a' if n else 'b'\nprint(f(1) + 'c')\n",
            "def f(x=1): return x + 'a'\n",
            "print({1} - {2}, {1} | {2}, {} | {}, b'%d' % 1)\n",
        ],
    ),
    (
        "E0435",
        &[
            "def f(): print(1)\nprint(f() + 1)\n",
            "def f(): print(1)\nprint(f().x)\n",
            "async def f(): print(1)\nasync def main(): print((await f()).x)\n",
            "def f(): print(1)\nprint(int(f()))\n",
            "xs = [2, 1]\nxs = xs.sort()\n",
            "for x in print(1): pass\n",
        ],
        &[
            "def f(): print(1)\nprint(f())\n",
            "class A:\n    def f(self): print(1)\n    def g(self): return self.f().x\n",
            "def f(): raise NotImplementedError\nprint(f() + 1)\n",
            "xs = [2, 1]\nxs.sort()\nxs = sorted(xs)\n",
            "class A:\n    async def f(self): pass\n    async def g(self): return (await self.f()).x\n",
            "def f():\n    yield\nprint(f().send)\n",
        ],
    ),
    (
        "E0437",
        &[
            "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): pass\nA()\n",
            "import abc\nclass A(metaclass=abc.ABCMeta):\n    @property\n    @abc.abstractmethod\n    def f(self): pass\nclass B(A):\n    def g(self): pass\nprint(B())\n",
        ],
        &[
            "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): pass\nclass B(A):\n    def f(self): pass\nB()\n",
            "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): pass\nclass M:\n    def f(self): pass\nclass B(M, A): pass\nB()\n",
            "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def f(self): pass\nclass B(A):\n    f = None\nB()\ntry: A()\nexcept TypeError: pass\n",
            "from abc import abstractmethod\nclass A:\n    @abstractmethod\n    def f(self): pass\nA()\n",
        ],
    ),
    (
        "E0438",
        &[
            "try: print(1)\nexcept ValueError or KeyError: pass\n",
            "class E(Exception): pass\ntry: print(1)\nexcept (E and OSError): pass\n",
        ],
        &[
            "try: print(1)\nexcept (ValueError, KeyError): pass\n",
            "kinds = None\ntry: print(1)\nexcept kinds or KeyError: pass\n",
        ],
    ),
    (
        "E0436",
        &["name = 'x'\nprint('hi {name}')\n"],
        &[
            "name = 'x'\nprint(f'hi {name}')\n",
            "print('hi {name}')\n",
            "name = 'x'\nprint('hi {name}'.format(name=name))\n",
            "name = 'x'\nprint('{name} is {}')\n",
        ],
    ),
];

#[test]
fn rules_about_objects() {
    hold(OBJECTS);
}

#[test]
fn rules_about_calls() {
    hold(CALLS);
}

#[test]
fn rules_about_values() {
    hold(VALUES);
}

fn hold(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (code, found, silent) in rows {
        for program in *found {
            let told = told(program);
            if told != [*code] {
                wrong.push(format!("{code} expected, found {told:?}:\n{program}"));
            }
        }
        for program in *silent {
            let told = told(program);
            if told.iter().any(|it| it == code) {
                wrong.push(format!("{code} is false here:\n{program}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The codes of what is found in a program, but for imports and variables that nothing uses.
fn told(program: &str) -> Vec<String> {
    let text = program.replace("CLASS\n", CLASS);
    let module = parse_module(&text).module.expect("it parses");
    let subject = Subject {
        module: &module,
        text: &text,
        name: "page.apy",
    };
    let found: Vec<Diagnostic> = lint(&subject, &Surroundings::new());
    let codes = found.iter().map(|it| it.code.id().to_string());
    codes
        .filter(|code| !matches!(&**code, "E0407" | "E0410" | "E0411"))
        .collect()
}
