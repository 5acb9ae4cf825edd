//! Test: how long each native takes to hear Ctrl-C.
//!
//! A row is one call on something long. Ctrl-C is pressed after some milliseconds of it; the time until it ends, measured as processor
//! time of the thread, must be short, however long the call would take. A native that goes through something that a program may make
//! long gets a row in `CALLS`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::{Interpreter, Mode, Options, Outcome};
use crate::runtime::heap::Outside;
use crate::vm::{Host, NoHost, Report};

/// When Ctrl-C is pressed.
const PRESSED: Duration = Duration::from_millis(if cfg!(debug_assertions) { 60 } else { 10 });
/// How long a call may go on after that: builds without optimisation are about ten times as slow.
const LATEST: Duration = Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 50 });

/// What the calls work on.
const SETUP: &str = "
import sys, math, re, json, itertools, zlib, hashlib, binascii, functools
from collections import deque, Counter
sys.set_int_max_str_digits(0)
s = 'ab cd, e\\n' * 2000000
u = 'Abc, dé ' * 2000000
b = s.encode()
l = list(range(300000))
o = [1] * 3000000
n = (1 << 3000000) - 12345
m = (1 << 3000000) // 7
t = ['abc'] * 1000000
f = [0.5] * 1000000
d = deque(l) * 3
class A: pass
w = tuple(type('B', (), {}) for i in range(1000))
";

/// The calls.
const CALLS: &str = "
s.upper()
u.upper()
u.lower()
u.title()
u.swapcase()
u.casefold()
u.capitalize()
s.replace('a', 'xyz')
u.replace('', '-')
s.split()
s.split(',')
s.rsplit()
s.rsplit('cd')
s.splitlines()
s.translate({97: 'xx'})
s.translate({})
s.expandtabs()
s.center(900000000)
s.zfill(900000000)
u.encode('latin-1')
u.encode('utf-16')
u.encode('cp1252')
u.encode('ascii', 'replace')
b.decode('ascii', 'replace') + (b'a\\xff' * 3000000).decode('utf-8', 'replace')
s * 50
b * 50
','.join(t * 10)
b','.join([b] * 50)
b.replace(b'a', b'xyz')
b.split()
b.center(900000000)
b.splitlines()
f'{1:>90000000}'
'%090000000d' % 5
'{:^90000000}'.format(s)
";

/// A host on which Ctrl-C is pressed some time after a call began.
struct Pressing(Rc<Keys>);

#[derive(Default)]
struct Keys {
    began: Cell<Duration>,
    is_pressed: Cell<bool>,
}

impl Keys {
    fn now() -> Duration {
        let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
        Duration::from(time.expect("each thread has a clock"))
    }

    fn begin(&self) {
        self.began.set(Keys::now());
        self.is_pressed.set(false);
    }

    /// Whether Ctrl-C was pressed since this was asked last.
    fn take(&self) -> bool {
        Keys::now() - self.began.get() > PRESSED && !self.is_pressed.replace(true)
    }
}

impl Outside for Pressing {
    fn take_interrupt(&self) -> bool {
        self.0.take()
    }
}

impl Host for Pressing {
    fn report(&mut self, _: Report) {}

    fn print(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn print_error(&mut self, _: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn read_line(&mut self) -> std::io::Result<String> {
        NoHost.read_line()
    }

    fn interrupted(&mut self) -> bool {
        self.0.take()
    }

    fn outside(&self) -> Rc<dyn Outside> {
        Rc::new(Pressing(Rc::clone(&self.0)))
    }
}

fn interpreter(keys: &Rc<Keys>) -> Interpreter {
    Interpreter::new(Options::repeatable(Pressing(Rc::clone(keys))))
}

#[test]
fn natives_hear_an_interrupt_soon() {
    let keys = Rc::new(Keys::default());
    let mut interpreter = interpreter(&keys);
    keys.is_pressed.set(true);
    let outcome = interpreter.run("setup", SETUP.as_bytes(), Mode::Script);
    assert!(matches!(outcome, Outcome::Done));
    let mut late = Vec::new();
    for call in CALLS.trim().lines() {
        let program = format!("try: {call}\nexcept KeyboardInterrupt: pass\n");
        keys.begin();
        let outcome = interpreter.run("call", program.as_bytes(), Mode::Script);
        let took = (Keys::now() - keys.began.get()).saturating_sub(PRESSED);
        keys.is_pressed.set(true);
        assert!(matches!(outcome, Outcome::Done), "{call}");
        if took > LATEST {
            late.push(format!("{took:?}: {call}"));
        }
        interpreter.collect();
    }
    assert!(late.is_empty(), "too late:\n{}", late.join("\n"));
}
