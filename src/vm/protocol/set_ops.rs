//! The operators of sets and dicts: `| & - ^` (of views: `set_views.rs`; comparisons: `set_compare.rs`).
//!
//! Members keep the hash that their table stores, so only equality may call the program. Results have the left operand's
//! kind (set or frozenset); keys and items views make sets, and take any iterable on the other side. Each goes through the members
//! in the order in which CPython does, so that results come in its order, too. What no program code takes part in is done in one
//! stretch (`walk_leaves`).

use crate::runtime::dict::Dict;
use crate::runtime::iter::Iter;
use crate::runtime::members::Members;
use crate::runtime::set::Set;
use crate::runtime::table::Found;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Raised, Value, builtin_eq};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::dict_lookup::Keys;
use crate::vm::protocol::iterate::{Advance, leaf_next};

/// After so many items of an iterable, interrupts and limits are looked at.
const STRETCH: usize = 1 << 10;

/// Which members of one set another operand leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Those that it has.
    Shared,
    /// Those that it has not.
    Own,
}

/// Where going through an iterable without program code ended.
enum Leaves {
    /// At its end.
    Ended,
    /// After many items.
    Many,
    /// At an item that the program has to be asked about.
    Undecided,
    /// Before a step that the program takes.
    Program,
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
            return self.combine_views(op, a, b).map(Some);
        }
        if op == Operator::BitOr && x.is_gc::<Dict>() && y.is_gc::<Dict>() {
            return self.union_dicts(a, b).map(Some);
        }
        Ok(None)
    }

    /// `a op b` of two sets.
    pub fn combine_sets(&mut self, op: Operator, a: Local, b: Local) -> Result<Local, Raised> {
        match op {
            Operator::BitOr => {
                let target = self.copy_set(a)?;
                if !self.get(a).is(self.get(b)) {
                    self.merge_set(target, b)?;
                }
                Ok(target)
            }
            Operator::BitAnd => self.intersection(a, b),
            Operator::Sub => self.difference(a, b),
            _ => self.symmetric_difference(a, b),
        }
    }

    /// A new set with the members that two sets share: those of the smaller one, of the second where they are as large.
    fn intersection(&mut self, a: Local, b: Local) -> Result<Local, Raised> {
        if self.get(a).is(self.get(b)) {
            return self.copy_set(a);
        }
        let target = self.empty_like(a);
        let swap = self.members(b).len(&self.heap) > self.members(a).len(&self.heap);
        let (source, other) = if swap { (a, b) } else { (b, a) };
        self.filter_set(target, source, other, Keep::Shared)?;
        Ok(target)
    }

    /// A new set with the members of a set that another one, or a dict, has not. Where the other is much smaller, its own are
    /// taken from a copy.
    fn difference(&mut self, a: Local, b: Local) -> Result<Local, Raised> {
        if self.members(a).len(&self.heap) / 4 > self.keys(b).len(&self.heap) {
            let target = self.copy_set(a)?;
            self.remove_members(target, b)?;
            return Ok(target);
        }
        let target = self.empty_like(a);
        self.filter_set(target, a, b, Keep::Own)?;
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
            Operator::Sub => self.remove_members(target, other)?,
            Operator::BitXor => self.toggle_members(target, other)?,
            Operator::BitAnd => {
                let result = self.intersection(target, other)?;
                self.take_members(target, result)?;
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
            self.heap.poll(1)?;
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
        let target = self.local(self.heap.set(Members::default()).value());
        self.add_all(target, source)?;
        Ok(target)
    }

    /// A set or a dict itself; of anything else that is iterable a new set.
    pub fn keys_of(&mut self, source: Local) -> Result<Local, Raised> {
        let plain = self.plain(source);
        if self.get(plain).is_gc::<Set>() {
            return Ok(plain);
        }
        match self.get(source).is_gc::<Dict>() {
            true => Ok(source),
            false => self.set_of(source),
        }
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
        self.each_item(
            source,
            |vm, item| vm.set_add(target, item).map(drop),
            |vm, hash, item| {
                let members = vm.members(target);
                match members.find(&vm.heap, hash, item) {
                    Found::At(_) => Ok(true),
                    Found::Missing => members.push(&vm.heap, hash, item).map(|()| true),
                    Found::Ask(_) => Ok(false),
                }
            },
        )
    }

    /// Removes the items of anything iterable from a set.
    pub fn remove_all(&mut self, target: Local, source: Local) -> Result<(), Raised> {
        let plain = self.plain(source);
        if self.get(plain).is_gc::<Set>() {
            return self.remove_members(target, plain);
        }
        let discard = |vm: &mut Vm, item| vm.set_discard(target, item).map(drop);
        self.each_item(source, discard, |vm, hash, item| {
            Ok(vm.discard_leaf(target, hash, item))
        })?;
        self.members(target).close_gaps(&self.heap)
    }

    /// A new set with the members of a set that anything iterable has.
    pub fn intersect_all(&mut self, set: Local, source: Local) -> Result<Local, Raised> {
        let plain = self.plain(source);
        if self.get(plain).is_gc::<Set>() {
            return self.intersection(set, plain);
        }
        let target = self.empty_like(set);
        self.add_if(target, source, |vm, item| {
            let hash = vm.hash(item)?;
            Ok(vm.find_key(set, hash, item)?.is_some())
        })?;
        Ok(target)
    }

    /// A new set with the members of a set that anything iterable has not.
    pub fn subtract_all(&mut self, set: Local, source: Local) -> Result<Local, Raised> {
        let plain = self.plain(source);
        if self.get(plain).is_gc::<Set>() {
            return self.difference(set, plain);
        }
        if self.get(source).is_gc::<Dict>() {
            return self.difference(set, source);
        }
        let target = self.copy_set(set)?;
        self.remove_all(target, source)?;
        Ok(target)
    }

    /// A new set with what either a set or anything iterable has, but not both.
    pub fn symmetric_difference(&mut self, set: Local, source: Local) -> Result<Local, Raised> {
        let target = self.empty_like(set);
        self.add_all(target, source)?;
        self.toggle_members(target, set)?;
        Ok(target)
    }

    /// Adds the items of an iterable that `wanted` says.
    pub(super) fn add_if(
        &mut self,
        target: Local,
        source: Local,
        mut wanted: impl FnMut(&mut Vm, Local) -> Result<bool, Raised>,
    ) -> Result<(), Raised> {
        let each = |vm: &mut Vm, item| {
            if wanted(vm, item)? {
                vm.set_add(target, item)?;
            }
            Ok(())
        };
        self.each_item(source, each, |_, _, _| Ok(false))
    }

    /// Does something with each item of anything iterable. `leaf` gets those whose hash takes no program code, and answers false
    /// where something else does; then, and for all others, `full` is asked.
    fn each_item(
        &mut self,
        source: Local,
        mut full: impl FnMut(&mut Vm, Local) -> Result<(), Raised>,
        leaf: impl Fn(&Vm, u64, Value<'_>) -> Result<bool, Raised>,
    ) -> Result<(), Raised> {
        let iterator = self.iter(source)?;
        let item = self.none();
        loop {
            let mark = self.mark();
            match self.leaf_items(iterator, item, &leaf)? {
                Leaves::Ended => return Ok(()),
                Leaves::Many => {}
                Leaves::Undecided => full(self, item)?,
                Leaves::Program if self.next(iterator, item)? => full(self, item)?,
                Leaves::Program => return Ok(()),
            }
            self.native_safepoint()?;
            self.release(mark);
        }
    }

    /// Goes on through an iterator as long as neither a step nor `leaf` takes program code; the item that does is put into `item`.
    fn leaf_items(
        &self,
        iterator: Local,
        item: Local,
        leaf: impl Fn(&Vm, u64, Value<'_>) -> Result<bool, Raised>,
    ) -> Result<Leaves, Raised> {
        let heap = &self.heap;
        let Some(iter) = self.get_gc::<Iter>(iterator) else {
            return Ok(Leaves::Program);
        };
        for _ in 0..STRETCH {
            let next = match leaf_next(heap, iter)? {
                Advance::Item(next) => next,
                Advance::End => return Ok(Leaves::Ended),
                Advance::Program => return Ok(Leaves::Program),
            };
            let done = match builtin_eq::hash(heap, next) {
                Some(hash) => leaf(self, hash, next)?,
                None => false,
            };
            if !done {
                self.set(item, next);
                return Ok(Leaves::Undecided);
            }
        }
        Ok(Leaves::Many)
    }

    /// Adds the members of a set (the keys of a dict) to a set.
    fn merge_set(&mut self, target: Local, source: Local) -> Result<(), Raised> {
        let len = self.keys(source).len(&self.heap);
        if self.get(target).is(self.get(source)) || len == 0 {
            return Ok(());
        }
        let members = self.members(target);
        members.make_room(&self.heap, len)?;
        if members.is_unused(&self.heap)
            && let Keys::Set(source) = self.keys(source)
        {
            return members.fill(&self.heap, source);
        }
        let mut position = 0;
        loop {
            self.walk_leaves(source, &mut position, |hash, key| {
                let members = self.members(target);
                match members.find(&self.heap, hash, key) {
                    Found::At(_) => Ok(true),
                    Found::Missing => members.push(&self.heap, hash, key).map(|()| true),
                    Found::Ask(_) => Ok(false),
                }
            })?;
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

    /// Adds to `target`, which has none of them, the members of `source` that `keep` says.
    fn filter_set(
        &mut self,
        target: Local,
        source: Local,
        other: Local,
        keep: Keep,
    ) -> Result<(), Raised> {
        let mut position = 0;
        loop {
            let (members, others) = (self.members(target), self.keys(other));
            self.walk_leaves(source, &mut position, |hash, key| {
                let shared = match others.find(&self.heap, hash, key) {
                    Found::At(_) => true,
                    Found::Missing => false,
                    Found::Ask(_) => return Ok(false),
                };
                if shared == (keep == Keep::Shared) {
                    members.push(&self.heap, hash, key)?;
                }
                Ok(true)
            })?;
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(source, &mut position) else {
                return Ok(());
            };
            let shared = self.find_key(other, hash, key)?.is_some();
            if shared == (keep == Keep::Shared) {
                self.set_add_hashed(target, hash, key)?;
            }
            self.release(mark);
        }
    }

    /// Removes the members of another set, or the keys of a dict, from a set.
    fn remove_members(&mut self, target: Local, other: Local) -> Result<(), Raised> {
        if self.get(target).is(self.get(other)) {
            self.members(target).clear(&self.heap);
            return Ok(());
        }
        let mut other = other;
        let (few, many) = (self.members(target), self.keys(other));
        if matches!(many, Keys::Set(_)) && many.len(&self.heap) / 8 > few.len(&self.heap) {
            other = self.intersection(target, other)?;
        }
        let mut position = 0;
        loop {
            self.walk_leaves(other, &mut position, |hash, key| {
                Ok(self.discard_leaf(target, hash, key))
            })?;
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(other, &mut position) else {
                return self.members(target).close_gaps(&self.heap);
            };
            self.set_discard_hashed(target, hash, key)?;
            self.release(mark);
        }
    }

    /// Removes from a set those members of another one, or keys of a dict, that it has, and adds the others.
    pub fn toggle_members(&mut self, target: Local, other: Local) -> Result<(), Raised> {
        if self.get(target).is(self.get(other)) {
            self.members(target).clear(&self.heap);
            return Ok(());
        }
        let mut position = 0;
        loop {
            self.walk_leaves(other, &mut position, |hash, key| {
                let members = self.members(target);
                match members.find(&self.heap, hash, key) {
                    Found::At(at) => drop(members.remove(&self.heap, at)),
                    Found::Missing => members.push(&self.heap, hash, key)?,
                    Found::Ask(_) => return Ok(false),
                }
                Ok(true)
            })?;
            let mark = self.mark();
            let Some((hash, key, _)) = self.next_entry(other, &mut position) else {
                return Ok(());
            };
            if !self.set_discard_hashed(target, hash, key)? {
                self.set_add_hashed(target, hash, key)?;
            }
            self.release(mark);
        }
    }

    /// Gives a set the members of another one, which is used no more.
    pub fn take_members(&self, target: Local, result: Local) -> Result<(), Raised> {
        let (target, result) = (self.members(target), self.members(result));
        target.take(&self.heap, result)
    }

    /// Goes on through the keys of a set or dict as long as `step` answers true: where the program has a say it answers false.
    fn walk_leaves(
        &self,
        source: Local,
        position: &mut usize,
        step: impl Fn(u64, Value<'_>) -> Result<bool, Raised>,
    ) -> Result<(), Raised> {
        let keys = self.keys(source);
        while let Some(next) = keys.next(&self.heap, *position) {
            self.heap.poll(1)?;
            if !step(next.hash, next.key)? {
                return Ok(());
            }
            *position = next.position + 1;
        }
        Ok(())
    }

    /// Removes a key from a set if it is a member; false: the program has to be asked.
    fn discard_leaf(&self, set: Local, hash: u64, key: Value<'_>) -> bool {
        let members = self.members(set);
        match members.find(&self.heap, hash, key) {
            Found::At(at) => drop(members.remove(&self.heap, at)),
            Found::Missing => {}
            Found::Ask(_) => return false,
        }
        true
    }

    /// A new set or frozenset, as `set` is one, with the same members.
    pub fn copy_set(&self, set: Local) -> Result<Local, Raised> {
        Ok(self.set_like(set, self.members(set).copy(&self.heap)?))
    }

    fn empty_like(&self, set: Local) -> Local {
        self.set_like(set, Members::default())
    }

    fn set_like(&self, set: Local, members: Members) -> Local {
        let made = if self.is_frozen(set) {
            self.heap.frozenset(members)
        } else {
            self.heap.set(members)
        };
        self.local(made.value())
    }

    /// Whether it is a frozenset.
    fn is_frozen(&self, set: Local) -> bool {
        self.heap.is_instance(self.get(set), Builtin::FrozenSet)
    }
}

/// Whether it is a view that behaves as a set.
pub(in crate::vm) fn is_set_view(value: Value<'_>) -> bool {
    value
        .as_gc::<View>()
        .is_some_and(|view| matches!(view.get().tag, ViewTag::Keys | ViewTag::Items))
}
