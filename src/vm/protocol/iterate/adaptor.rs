//! Steps of iterators that call the program: adaptors (`enumerate`, `zip`, `map`, `filter`), `iter(call, sentinel)`, and sequences
//! known only by `__getitem__`.
//!
//! Contract: a step puts its item into `into` and returns true, or returns false at the end; locals it makes are released. An
//! exception leaves the iterator usable, as in CPython.

use smallvec::SmallVec;

use crate::runtime::iter::{Iter, IterTag};
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Operator;

impl Vm {
    /// One step of an iterator for which `leaf_next` answered `Program`.
    pub(super) fn step_by_program(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        self.native_safepoint()?;
        let mark = self.mark();
        let more = match self.walker(iter).tag {
            IterTag::Sequence => self.step_sequence(iter, into, 1),
            IterTag::SequenceReverse => self.step_sequence(iter, into, -1),
            IterTag::Call => self.step_call(iter, into),
            IterTag::Enumerate => self.step_enumerate(iter, into),
            IterTag::Zip => self.step_zip(iter, into),
            IterTag::Map => self.step_map(iter, into),
            IterTag::Filter => self.step_filter(iter, into),
            tag => unreachable!("{tag:?} takes no program code"),
        }?;
        self.release(mark);
        Ok(more)
    }

    fn walker(&self, iter: Local) -> Gc<'_, Iter> {
        self.get_gc(iter)
            .expect("only iterators of this kind come here")
    }

    /// What it walks over, unless it is exhausted.
    fn source(&self, iter: Local) -> Option<Local> {
        self.walker(iter)
            .get()
            .source
            .get(&self.heap)
            .defined()
            .map(|source| self.local(source))
    }

    fn extra(&self, iter: Local) -> Local {
        self.local(self.walker(iter).get().extra.get(&self.heap))
    }

    /// The end, for good.
    fn exhaust(&self, iter: Local) -> Result<bool, Raised> {
        self.walker(iter).get().source.clear();
        Ok(false)
    }

    /// IndexError and StopIteration from `__getitem__` end it.
    fn step_sequence(&mut self, iter: Local, into: Local, stride: i64) -> Result<bool, Raised> {
        let Some(source) = self.source(iter) else {
            return Ok(false);
        };
        let n = self.walker(iter).pos.get();
        if n < 0 {
            return self.exhaust(iter);
        }
        let key = self.local(self.heap.int(n));
        match self.get_item(source, key) {
            Ok(item) => {
                self.walker(iter).pos.set(n + stride);
                self.set(into, self.get(item));
                Ok(true)
            }
            Err(raised) if self.is_raised(&raised, Builtin::StopIteration) => {
                self.heap.take_raised(raised);
                self.exhaust(iter)
            }
            Err(raised) => {
                self.take_if(raised, Builtin::IndexError)?;
                self.exhaust(iter)
            }
        }
    }

    fn step_call(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let Some(source) = self.source(iter) else {
            return Ok(false);
        };
        let item = match self.call(source, &[]) {
            Ok(item) => item,
            Err(raised) => {
                self.take_if(raised, Builtin::StopIteration)?;
                return self.exhaust(iter);
            }
        };
        let sentinel = self.extra(iter);
        if self.equal(sentinel, item)? {
            return self.exhaust(iter);
        }
        self.set(into, self.get(item));
        Ok(true)
    }

    fn step_enumerate(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let Some(source) = self.source(iter) else {
            return Ok(false);
        };
        if !self.next(source, into)? {
            return Ok(false);
        }
        let count = self.extra(iter);
        let next = match Value::add_ints(self.get(count), Value::small_int(1)) {
            Some(next) => self.local(next),
            None => {
                let one = self.local(Value::small_int(1));
                self.binary(Operator::Add, count, one)?
            }
        };
        self.walker(iter).get().extra.set(self.get(next));
        let pair = self.heap.tuple(&[self.get(count), self.get(into)]);
        self.set(into, pair.value());
        Ok(true)
    }

    /// The iterators that a `zip` or `map` draws from.
    fn sources(&self, iter: Local) -> SmallVec<[Local; 4]> {
        let sources = self
            .walker(iter)
            .get()
            .source
            .get(&self.heap)
            .as_gc::<Tuple>();
        sources
            .map(|tuple| {
                tuple
                    .iter(&self.heap)
                    .map(|source| self.local(source))
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The one at a position among them.
    fn source_at(&self, iter: Local, n: usize) -> Option<Local> {
        let sources = self.walker(iter).get().source.get(&self.heap);
        let source = sources.as_gc::<Tuple>()?.at(&self.heap, n)?;
        Some(self.local(source))
    }

    fn step_zip(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let sources = self.sources(iter);
        if sources.is_empty() {
            return Ok(false);
        }
        let mut items: SmallVec<[Local; 4]> = SmallVec::new();
        for &source in &sources {
            let item = self.none();
            if !self.next(source, item)? {
                return self.end_zip(iter, &sources, items.len());
            }
            items.push(item);
        }
        let tuple = self.tuple_of(&items);
        self.set(into, self.get(tuple));
        Ok(true)
    }

    /// The iterator at `ended` has no more: a strict `zip` demands the same of the others.
    fn end_zip(&mut self, iter: Local, sources: &[Local], ended: usize) -> Result<bool, Raised> {
        if self.walker(iter).pos.get() == 0 {
            return Ok(false);
        }
        if ended > 0 {
            return Err(self.uneven_zip(ended, "shorter"));
        }
        for (n, &source) in sources.iter().enumerate().skip(1) {
            let item = self.none();
            if self.next(source, item)? {
                return Err(self.uneven_zip(n, "longer"));
            }
        }
        Ok(false)
    }

    fn uneven_zip(&self, n: usize, how: &str) -> Raised {
        let others = if n == 1 {
            " 1".to_owned()
        } else {
            format!("s 1-{n}")
        };
        self.heap.value_error(format!(
            "zip() argument {} is {how} than argument{others}",
            n + 1
        ))
    }

    fn step_map(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let mut args: SmallVec<[Local; 4]> = SmallVec::new();
        let mut n = 0;
        while let Some(source) = self.source_at(iter, n) {
            let arg = self.none();
            if !self.next(source, arg)? {
                return Ok(false);
            }
            args.push(arg);
            n += 1;
        }
        let function = self.extra(iter);
        let item = self.call(function, &args)?;
        self.set(into, self.get(item));
        Ok(true)
    }

    fn step_filter(&mut self, iter: Local, into: Local) -> Result<bool, Raised> {
        let Some(source) = self.source(iter) else {
            return Ok(false);
        };
        let predicate = self.extra(iter);
        let mark = self.mark();
        while self.next(source, into)? {
            let verdict = if self.get(predicate).is_none() {
                into
            } else {
                self.call(predicate, &[into])?
            };
            if self.truth(verdict)? {
                return Ok(true);
            }
            self.release(mark);
            self.native_safepoint()?;
        }
        Ok(false)
    }
}
