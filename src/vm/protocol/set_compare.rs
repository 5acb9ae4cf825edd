//! Comparisons of sets, and of keys and items views, which behave as sets; whether dicts are equal.
//!
//! A set is at most another one where it is a subset. Members keep the hash that their table stores; of items views the pairs are asked
//! for, as no table has them.

use crate::runtime::set::Set;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::compare::Comparison;
use crate::vm::protocol::set_ops::is_set_view;

impl Vm {
    /// `a c b` where both are sets, or one is and the other is a keys or items view; None: not for these operands.
    pub(in crate::vm) fn compare_sets(
        &mut self,
        c: Comparison,
        a: Local,
        b: Local,
    ) -> Result<Option<bool>, Raised> {
        let (x, y) = (self.get(a), self.get(b));
        if !is_set_like(x) || !is_set_like(y) {
            return Ok(None);
        }
        let (m, n) = (self.set_size(a), self.set_size(b));
        Ok(Some(match c {
            Comparison::Eq => m == n && self.is_subset(a, b)?,
            Comparison::Ne => m != n || !self.is_subset(a, b)?,
            Comparison::Le => m <= n && self.is_subset(a, b)?,
            Comparison::Lt => m < n && self.is_subset(a, b)?,
            Comparison::Ge => n <= m && self.is_subset(b, a)?,
            Comparison::Gt => n < m && self.is_subset(b, a)?,
        }))
    }

    /// The set, or the dict that the view shows.
    fn set_source(&self, l: Local) -> Local {
        match self.get_gc::<View>(l) {
            Some(view) => self.local(view.get().source.get(&self.heap)),
            None => l,
        }
    }

    pub(super) fn set_size(&self, l: Local) -> usize {
        let source = self.set_source(l);
        self.keys(source).len(&self.heap)
    }

    /// Whether all members of a set or view are in another one.
    pub fn is_subset(&mut self, a: Local, b: Local) -> Result<bool, Raised> {
        self.heap.poll(self.set_size(a))?;
        if let (Some(x), Some(y)) = (self.get_gc::<Set>(a), self.get_gc::<Set>(b))
            && let Some(answer) = x.get().members.is_subset(&self.heap, &y.get().members)
        {
            return Ok(answer);
        }
        let (source, other) = (self.set_source(a), self.set_source(b));
        let pairs = self
            .get_gc::<View>(a)
            .is_some_and(|view| view.get().tag == ViewTag::Items);
        let by_hash = !pairs
            && !self
                .get_gc::<View>(b)
                .is_some_and(|view| view.get().tag == ViewTag::Items);
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, value)) = self.next_entry(source, &mut position) else {
                return Ok(true);
            };
            self.heap.poll(1)?;
            let member = if pairs {
                let pair = self.heap.tuple(&[self.get(key), self.get(value)]).value();
                self.local(pair)
            } else {
                key
            };
            let found = if by_hash {
                self.find_key(other, hash, key)?.is_some()
            } else {
                self.contains(b, member)?
            };
            self.release(mark);
            if !found {
                return Ok(false);
            }
        }
    }

    /// Whether two dicts have the same keys with equal values.
    pub(in crate::vm) fn dicts_equal(&mut self, a: Local, b: Local) -> Result<bool, Raised> {
        if self.table(a).len(&self.heap) != self.table(b).len(&self.heap) {
            return Ok(false);
        }
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, value)) = self.next_entry(a, &mut position) else {
                return Ok(true);
            };
            self.heap.poll(1)?;
            let Some(at) = self.find_key(b, hash, key)? else {
                return Ok(false);
            };
            let other = self.local(self.table(b).value_at(&self.heap, at));
            let equal = self.equal(value, other)?;
            self.release(mark);
            if !equal {
                return Ok(false);
            }
        }
    }
}

/// Whether it is a set or a view that behaves as one.
fn is_set_like(value: Value<'_>) -> bool {
    value.is_gc::<Set>() || is_set_view(value)
}
