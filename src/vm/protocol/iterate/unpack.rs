//! Unpacking: `a, b = x` and `a, *b, c = x`.
//!
//! An iterator is asked for one item more than there are targets, no further. Registers change only when all items are at hand.

use crate::bytecode::{Instr, Op};
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Raised, Value};
use crate::vm::Vm;

impl Vm {
    /// `R[b], ..., R[b+d-1] := R[a]`, or a list of them in `R[b]`
    pub(in crate::vm) fn unpack_seq(&mut self, i: Instr) -> Result<(), Raised> {
        let wanted = i.d as usize;
        match self.short_items(self.reg(i.a), wanted) {
            Some(items) => self.store_unpacked(i, &items, wanted),
            None => self.unpack_iterator(i, wanted),
        }
    }

    /// The items of a list or tuple; of one that is too long, one more than wanted.
    fn short_items<'h>(&'h self, value: Value<'h>, wanted: usize) -> Option<Vec<Value<'h>>> {
        if let Some(list) = value.as_gc::<List>() {
            return Some(list.copy_range(&self.heap, 0..list.len(&self.heap).min(wanted + 1)));
        }
        let tuple = value.as_gc::<Tuple>()?;
        Some(tuple.iter(&self.heap).take(wanted + 1).collect())
    }

    fn store_unpacked(&self, i: Instr, items: &[Value<'_>], wanted: usize) -> Result<(), Raised> {
        if items.len() != wanted {
            return Err(self.wrong_count(items.len(), wanted));
        }
        self.store_items(i, items.iter().copied());
        Ok(())
    }

    /// Puts the items into registers in a row, or into one list.
    fn store_items<'h>(&'h self, i: Instr, items: impl Iterator<Item = Value<'h>>) {
        if matches!(i.op, Op::UnpackList | Op::UnpackListEx) {
            return self.set_reg(i.b, self.heap.list(items).value());
        }
        for (reg, item) in (i.b..).zip(items) {
            self.set_reg(reg, item);
        }
    }

    fn wrong_count(&self, got: usize, wanted: usize) -> Raised {
        self.heap.value_error(if got > wanted {
            format!("too many values to unpack (expected {wanted})")
        } else {
            format!("not enough values to unpack (expected {wanted}, got {got})")
        })
    }

    fn unpack_iterator(&mut self, i: Instr, wanted: usize) -> Result<(), Raised> {
        let mark = self.mark();
        let source = self.reg_local(i.a);
        let iter = self.iter_or(source, cannot_unpack)?;
        let mut items = Vec::with_capacity(wanted);
        loop {
            let item = self.none();
            if !self.next(iter, item)? {
                break;
            }
            items.push(item);
            if items.len() > wanted {
                break;
            }
        }
        let values: Vec<Value<'_>> = items.iter().map(|&item| self.get(item)).collect();
        self.store_unpacked(i, &values, wanted)?;
        self.release(mark);
        Ok(())
    }

    /// `R[b].. :=` `c` items, a list of the rest, `d` items from `R[a]`, or a list of all that in `R[b]`
    pub(in crate::vm) fn unpack_ex(&mut self, i: Instr) -> Result<(), Raised> {
        let (before, after) = (usize::from(i.c), i.d as usize);
        let mark = self.mark();
        let source = self.reg_local(i.a);
        let list = match self.asks_length(source) {
            // The list is made of the iterator: the length is not asked.
            true => {
                let iter = self.iter_or(source, cannot_unpack)?;
                self.to_list(iter)?
            }
            false => self.collect_or(source, cannot_unpack)?,
        };
        let items = self
            .get_gc::<List>(list)
            .map(|list| list.to_vec(&self.heap))
            .unwrap_or_default();
        if items.len() < before + after {
            let (least, got) = (before + after, items.len());
            let message =
                format!("not enough values to unpack (expected at least {least}, got {got})");
            return Err(self.heap.value_error(message));
        }
        let (head, rest) = items.split_at(before);
        let (middle, tail) = rest.split_at(rest.len() - after);
        let middle = self.heap.list(middle.iter().copied()).value();
        self.store_items(i, head.iter().chain([&middle]).chain(tail).copied());
        self.release(mark);
        Ok(())
    }
}

fn cannot_unpack(name: &str) -> String {
    format!("cannot unpack non-iterable {name} object")
}
