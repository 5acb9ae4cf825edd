//! The operators `| & - ^` where one operand is the keys or items view of a dict: the result is a set.
//!
//! The other operand may be anything iterable. Which of the two is gone through, and how the set grows meanwhile, is as in CPython, so
//! that the result comes in its order.

use crate::runtime::members::Members;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Raised};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::arith::Operator;
use crate::vm::protocol::set_ops::is_set_view;

impl Vm {
    /// `a op b` where one is a view that behaves as a set; the other may be anything iterable.
    pub(super) fn combine_views(
        &mut self,
        op: Operator,
        a: Local,
        b: Local,
    ) -> Result<Local, Raised> {
        let items = |vm: &Vm, l: Local| {
            let view = vm.get_gc::<View>(l);
            view.is_some_and(|view| view.get().tag == ViewTag::Items)
        };
        if op == Operator::BitAnd {
            return self.shared_with_view(a, b);
        }
        if op == Operator::BitXor && items(self, a) && items(self, b) {
            return self.items_of_one(a, b);
        }
        let keys = self.get_gc::<View>(a).filter(|_| !items(self, a));
        let left = keys.map_or(a, |view| self.local(view.get().source.get(&self.heap)));
        let target = self.set_of(left)?;
        match op {
            Operator::BitOr => self.add_all(target, b)?,
            Operator::Sub => self.remove_all(target, b)?,
            _ => {
                let other = self.keys_of(b)?;
                self.toggle_members(target, other)?;
            }
        }
        Ok(target)
    }

    /// What a view, one of the two, shares with the other operand: it goes through the smaller one where both tell their size.
    fn shared_with_view(&mut self, a: Local, b: Local) -> Result<Local, Raised> {
        let is_view = |vm: &Vm, l: Local| is_set_view(vm.get(l));
        let (mut view, mut other) = if is_view(self, a) { (a, b) } else { (b, a) };
        let size = self.set_size(view);
        let is_set = self.heap.class_of(self.get(other)).builtin_is(Builtin::Set);
        if is_set && size <= self.set_size(other) {
            return self.intersect_all(other, view);
        }
        if is_view(self, other) && self.set_size(other) > size {
            (view, other) = (other, view);
        }
        let target = self.local(self.heap.set(Members::default()).value());
        self.add_if(target, other, |vm, item| vm.builtin_contains(view, item))?;
        Ok(target)
    }

    /// The items that only one of two items views has: first those of the second one.
    fn items_of_one(&mut self, a: Local, b: Local) -> Result<Local, Raised> {
        let target = self.local(self.heap.set(Members::default()).value());
        for (source, other) in [(b, a), (a, b)] {
            self.add_if(target, source, |vm, item| {
                Ok(!vm.builtin_contains(other, item)?)
            })?;
        }
        Ok(target)
    }
}
