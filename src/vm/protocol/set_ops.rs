//! The operators of sets, dicts and dict views: `| & - ^`, and the subset comparisons.
//!
//! Members keep the hash that their table stores, so only equality may call the program. Results have the left operand's
//! kind (set or frozenset); keys and items views make sets, and take any iterable on the other side. Order: the left
//! operand's members first; an intersection goes by the smaller operand.

use crate::runtime::dict::Dict;
use crate::runtime::set::Set;
use crate::runtime::table::{Found, Table};
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::compare::Comparison;

/// Which members of one set another operand leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Those that it has.
    Shared,
    /// Those that it has not.
    Own,
}

// Operators.
impl Vm {
    /// `a op b` of sets, dicts and views, a proxy standing for its mapping; None: not for these operands.
    pub(in crate::vm) fn set_operator(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        if !matches!(
            op,
            Operator::BitOr | Operator::BitAnd | Operator::Sub | Operator::BitXor
        ) {
            return Ok(None);
        }
        let (left, right) = (self.proxied(a), self.proxied(b));
        if left.is_some() || right.is_some() {
            return self
                .binary(op, left.unwrap_or(a), right.unwrap_or(b))
                .map(Some);
        }
        let (x, y) = (self.get(a), self.get(b));
        if x.is_gc::<Set>() && y.is_gc::<Set>() {
            return self.combine_sets(op, a, b).map(Some);
        }
        if is_set_view(x) || is_set_view(y) {
            let (a, b) = (self.set_of(a)?, self.set_of(b)?);
            return self.combine_sets(op, a, b).map(Some);
        }
        if op == Operator::BitOr && x.is_gc::<Dict>() && y.is_gc::<Dict>() {
            return self.union_dicts(a, b).map(Some);
        }
        Ok(None)
    }

    /// `a op b` of two sets.
    pub fn combine_sets(&mut self, op: Operator, a: Local, b: Local) -> Result<Local, Raised> {
        let target = match op {
            Operator::BitOr => self.copy_set(a)?,
            _ => self.empty_like(a),
        };
        match op {
            Operator::BitOr => self.merge_set(target, b)?,
            Operator::BitAnd if self.table(b).len(&self.heap) < self.table(a).len(&self.heap) => {
                self.filter_set(target, b, a, Keep::Shared)?
            }
            Operator::BitAnd => self.filter_set(target, a, b, Keep::Shared)?,
            Operator::Sub => self.filter_set(target, a, b, Keep::Own)?,
            _ => {
                self.filter_set(target, a, b, Keep::Own)?;
                self.filter_set(target, b, a, Keep::Own)?;
            }
        }
        Ok(target)
    }

    /// `a op= b` of a set or dict; false: not for these operands.
    pub(in crate::vm) fn inplace_set(
        &mut self,
        op: Operator,
        target: Local,
        b: Local,
    ) -> Result<bool, Raised> {
        if self.get(target).is_gc::<Dict>() {
            if op == Operator::BitOr {
                self.dict_update(target, b)?;
            }
            return Ok(op == Operator::BitOr);
        }
        let other = self.plain(b);
        if self.is_frozen(target) || !self.get(other).is_gc::<Set>() {
            return Ok(false);
        }
        match op {
            Operator::BitOr => self.merge_set(target, other)?,
            Operator::Sub if !self.get(target).is(self.get(other)) => {
                self.remove_members(target, other)?
            }
            Operator::Sub | Operator::BitAnd | Operator::BitXor => {
                let result = self.combine_sets(op, target, other)?;
                self.replace_members(target, result)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn union_dicts(&mut self, a: Local, b: Local) -> Result<Local, Raised> {
        let target = self.local(
            self.heap
                .alloc(Dict {
                    table: self.table(a).copy(&self.heap)?,
                })
                .value(),
        );
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, value)) = self.next_entry(b, &mut position) else {
                return Ok(target);
            };
            self.dict_set_hashed(target, hash, key, value)?;
            self.release(mark);
        }
    }
}

// Building blocks.
impl Vm {
    /// A new set with the members of anything iterable.
    pub fn set_of(&mut self, source: Local) -> Result<Local, Raised> {
        let plain = self.plain(source);
        if let Some(set) = self.get_gc::<Set>(plain) {
            return Ok(self.local(set.copy_mutable(&self.heap)?.value()));
        }
        let target = self.local(self.heap.set(Table::default()).value());
        self.add_all(target, source)?;
        Ok(target)
    }

    /// Adds the items of anything iterable to a set.
    pub fn add_all(&mut self, target: Local, source: Local) -> Result<(), Raised> {
        let plain = self.plain(source);
        if self.get(plain).is_gc::<Set>() {
            // Of a subclass, too: its `__iter__` is not asked.
            return self.merge_set(target, plain);
        }
        if self.get(source).is_gc::<Dict>() {
            return self.merge_set(target, source);
        }
        let iterator = self.iter(source)?;
        let item = self.none();
        loop {
            let mark = self.mark();
            if !self.next(iterator, item)? {
                return Ok(());
            }
            self.set_add(target, item)?;
            self.release(mark);
        }
    }

    /// Adds the members of a set (the keys of a dict) to a set.
    fn merge_set(&mut self, target: Local, source: Local) -> Result<(), Raised> {
        if self.get(target).is(self.get(source)) {
            return Ok(());
        }
        if let Some(source) = self.get_gc::<Set>(source) {
            source.settle(&self.heap);
        }
        if let Some(set) = self.get_gc::<Set>(target)
            && set.table.is_empty(&self.heap)
        {
            set.expect_members(self.table(source).len(&self.heap));
        }
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(source, &mut position) else {
                return Ok(());
            };
            self.set_add_hashed(target, hash, key)?;
            self.release(mark);
        }
    }

    /// Binds the members of a set, or the keys of a dict, in a dict to one value; no key is hashed again.
    pub fn bind_members(&mut self, dict: Local, source: Local, value: Local) -> Result<(), Raised> {
        if let Some(source) = self.get_gc::<Set>(source) {
            source.settle(&self.heap);
        }
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(source, &mut position) else {
                return Ok(());
            };
            self.dict_set_hashed(dict, hash, key, value)?;
            self.release(mark);
        }
    }

    /// Appends to `target`, which has none of them, the members of `source` that `keep` says.
    fn filter_set(
        &mut self,
        target: Local,
        source: Local,
        other: Local,
        keep: Keep,
    ) -> Result<(), Raised> {
        let mut position = 0;
        if let Some(set) = self.get_gc::<Set>(source) {
            set.settle(&self.heap);
        }
        loop {
            self.filter_leaves(target, (source, &mut position), other, keep)?;
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(source, &mut position) else {
                return Ok(());
            };
            let shared = self.find_key(other, hash, key)?.is_some();
            if shared == (keep == Keep::Shared) {
                self.table(target)
                    .push(&self.heap, hash, self.get(key), Value::UNDEF)?;
            }
            self.release(mark);
        }
    }

    /// The same as far as no program code can take part: up to a member that it has to be asked about.
    fn filter_leaves(
        &self,
        target: Local,
        (source, position): (Local, &mut usize),
        other: Local,
        keep: Keep,
    ) -> Result<(), Raised> {
        let heap = &self.heap;
        let (target, source, other) = (self.table(target), self.table(source), self.table(other));
        while let Some(at) = source.next_position(heap, *position) {
            let Some((key, _)) = source.entry(heap, at) else {
                return Ok(());
            };
            let hash = source.hash_at(heap, at);
            let shared = match other.find(heap, hash, key) {
                Found::At(_) => true,
                Found::Missing => false,
                Found::Ask(_) => return Ok(()),
            };
            if shared == (keep == Keep::Shared) {
                target.push(heap, hash, key, Value::UNDEF)?;
            }
            *position = at + 1;
        }
        Ok(())
    }

    fn remove_members(&mut self, target: Local, other: Local) -> Result<(), Raised> {
        let mut position = 0;
        loop {
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(other, &mut position) else {
                return Ok(());
            };
            self.set_discard_hashed(target, hash, key)?;
            self.release(mark);
        }
    }

    fn replace_members(&self, target: Local, result: Local) -> Result<(), Raised> {
        let (target, result) = (self.table(target), self.table(result));
        target.clear(&self.heap);
        let mut position = 0;
        while let Some(at) = result.next_position(&self.heap, position) {
            if let Some((key, value)) = result.entry(&self.heap, at) {
                target.push(&self.heap, result.hash_at(&self.heap, at), key, value)?;
            }
            position = at + 1;
        }
        Ok(())
    }

    /// A new set or frozenset, as `set` is one, with the same members.
    fn copy_set(&self, set: Local) -> Result<Local, Raised> {
        Ok(match self.get_gc::<Set>(set) {
            Some(this) => self.local(this.copy(&self.heap)?.value()),
            None => self.set_like(set, self.table(set).copy(&self.heap)?),
        })
    }

    fn empty_like(&self, set: Local) -> Local {
        self.set_like(set, Table::default())
    }

    fn set_like(&self, set: Local, table: Table) -> Local {
        let made = if self.is_frozen(set) {
            self.heap.frozenset(table)
        } else {
            self.heap.set(table)
        };
        self.local(made.value())
    }

    /// Whether it is a frozenset.
    fn is_frozen(&self, set: Local) -> bool {
        self.heap.is_instance(self.get(set), Builtin::FrozenSet)
    }
}

// Comparisons.
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

    fn set_size(&self, l: Local) -> usize {
        let source = self.set_source(l);
        self.table(source).len(&self.heap)
    }

    /// Whether all members of a set or view are in another one.
    pub fn is_subset(&mut self, a: Local, b: Local) -> Result<bool, Raised> {
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

/// Whether it is a view that behaves as a set.
pub(in crate::vm) fn is_set_view(value: Value<'_>) -> bool {
    value
        .as_gc::<View>()
        .is_some_and(|view| matches!(view.get().tag, ViewTag::Keys | ViewTag::Items))
}

/// Whether it is a set or a view that behaves as one.
fn is_set_like(value: Value<'_>) -> bool {
    value.is_gc::<Set>() || is_set_view(value)
}
