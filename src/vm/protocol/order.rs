//! How builtin objects compare with each other: sequences item by item, sets by inclusion, dicts and ranges by content.
//!
//! `builtin_compare` is what `list.__lt__` and its like answer. Contract: None means NotImplemented; the program's `__eq__` may
//! change the very lists that are compared, so positions are looked up again after each call.

use crate::runtime::builtin_eq::{self, numbers_equal};
use crate::runtime::function::BoundMethod;
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::range::Range;
use crate::runtime::slice::Slice;
use crate::runtime::tuple::Tuple;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::local::Local;
use crate::vm::protocol::compare::{Comparison, scalar_order};

/// Where two sequences begin to differ.
enum Difference {
    /// Nowhere, as far as both go.
    None,
    /// At this position.
    At(usize),
}

impl Vm {
    /// `a c b` by the builtin types' own rules, whatever the program's classes override; None: NotImplemented.
    pub fn builtin_compare(
        &mut self,
        c: Comparison,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        let (left, right) = (self.plain(a), self.plain(b));
        let (x, y) = (self.get(left), self.get(right));
        if let Some(order) = scalar_order(x, y) {
            return Ok(Some(self.local(Value::bool(c.holds(order)))));
        }
        let kinds = (x.as_object().map(Gc::kind), y.as_object().map(Gc::kind));
        match kinds {
            (Some(Kind::List), Some(Kind::List)) | (Some(Kind::Tuple), Some(Kind::Tuple)) => self
                .nested_comparison(|vm| vm.compare_sequences(c, left, right))
                .map(Some),
            (Some(Kind::Slice), Some(Kind::Slice)) => {
                let (left, right) = (self.slice_parts(left), self.slice_parts(right));
                self.nested_comparison(|vm| vm.compare_sequences(c, left, right))
                    .map(Some)
            }
            (Some(Kind::Set | Kind::View), Some(Kind::Set | Kind::View)) => {
                self.compare_views(c, left, right)
            }
            (Some(Kind::View), _) if self.proxied(left).is_some() => {
                self.compare_views(c, left, right)
            }
            _ => self.compare_equality_only(c, left, right),
        }
    }

    /// Compares what may contain itself.
    fn nested_comparison<T>(
        &mut self,
        body: impl FnOnce(&mut Vm) -> Result<T, Raised>,
    ) -> Result<T, Raised> {
        self.nested_for(" in comparison", body)
    }

    /// Sets and set-like views among themselves; a proxy compares as its mapping.
    fn compare_views(
        &mut self,
        c: Comparison,
        left: Local,
        right: Local,
    ) -> Result<Option<Local>, Raised> {
        if let Some(mapping) = self.proxied(left) {
            let right = self.proxied(right).unwrap_or(right);
            return self.compare(c, mapping, right).map(Some);
        }
        let outcome = self.nested_comparison(|vm| vm.compare_sets(c, left, right))?;
        Ok(outcome.map(|outcome| self.local(Value::bool(outcome))))
    }

    /// What a mapping proxy shows.
    pub(in crate::vm) fn proxied(&self, l: Local) -> Option<Local> {
        let view = self
            .get_gc::<View>(l)
            .filter(|view| view.get().tag == ViewTag::Proxy)?;
        Some(self.local(view.get().source.get(&self.heap)))
    }

    /// Kinds that know `==` and `!=` only.
    fn compare_equality_only(
        &mut self,
        c: Comparison,
        a: Local,
        b: Local,
    ) -> Result<Option<Local>, Raised> {
        let wanted = match c {
            Comparison::Eq => true,
            Comparison::Ne => false,
            _ => return Ok(None),
        };
        let Some(equal) = self.contents_equal(a, b)? else {
            return Ok(None);
        };
        Ok(Some(self.local(Value::bool(equal == wanted))))
    }

    fn contents_equal(&mut self, a: Local, b: Local) -> Result<Option<bool>, Raised> {
        let (x, y) = (self.get(a), self.get(b));
        if let (Some(x), Some(y)) = (x.as_number(), y.as_number()) {
            return Ok(Some(numbers_equal(x, y)));
        }
        if let (Some(x), Some(y)) = (x.as_gc::<Range>(), y.as_gc::<Range>()) {
            return Ok(Some(ranges_equal(*x.get(), *y.get())));
        }
        if let (Some(x), Some(y)) = (x.as_gc::<BoundMethod>(), y.as_gc::<BoundMethod>()) {
            let (x, y) = (x.get(), y.get());
            let part = |slot: &crate::runtime::Slot, other: &crate::runtime::Slot| {
                slot.get(&self.heap).is(other.get(&self.heap))
            };
            return Ok(Some(
                part(&x.receiver, &y.receiver) && part(&x.function, &y.function),
            ));
        }
        let kinds = (x.as_object().map(Gc::kind), y.as_object().map(Gc::kind));
        if let (Some(Kind::Dict), Some(Kind::Dict)) = kinds {
            return self.nested_comparison(|vm| vm.dicts_equal(a, b)).map(Some);
        }
        Ok(None)
    }

    /// The bounds of a slice as a tuple, which is how slices compare.
    fn slice_parts(&self, slice: Local) -> Local {
        let Some(slice) = self.get_gc::<Slice>(slice) else {
            return slice;
        };
        let parts = [&slice.get().start, &slice.get().stop, &slice.get().step]
            .map(|slot| slot.get(&self.heap));
        self.local(self.heap.tuple(&parts).value())
    }
}

// Sequences.
impl Vm {
    /// `a c b` of two lists or two tuples.
    fn compare_sequences(&mut self, c: Comparison, a: Local, b: Local) -> Result<Local, Raised> {
        let lengths = |vm: &Vm| (length(&vm.heap, vm.get(a)), length(&vm.heap, vm.get(b)));
        let (m, n) = lengths(self);
        if m != n && matches!(c, Comparison::Eq | Comparison::Ne) {
            return Ok(self.local(Value::bool(c == Comparison::Ne)));
        }
        match self.first_difference(a, b)? {
            Difference::None => {
                let (m, n) = lengths(self);
                Ok(self.local(Value::bool(c.holds(Some(m.cmp(&n))))))
            }
            Difference::At(_) if matches!(c, Comparison::Eq | Comparison::Ne) => {
                Ok(self.local(Value::bool(c == Comparison::Ne)))
            }
            Difference::At(i) => {
                let (x, y) = (self.item_local(a, i), self.item_local(b, i));
                self.compare(c, x, y)
            }
        }
    }

    fn first_difference(&mut self, a: Local, b: Local) -> Result<Difference, Raised> {
        let mut i = 0;
        loop {
            match leaf_run(&self.heap, self.get(a), self.get(b), &mut i) {
                Some(difference) => return Ok(difference),
                None => {
                    let mark = self.mark();
                    let (x, y) = (self.item_local(a, i), self.item_local(b, i));
                    let equal = self.compare_truth(Comparison::Eq, x, y)?;
                    self.release(mark);
                    if !equal {
                        return Ok(Difference::At(i));
                    }
                    i += 1;
                }
            }
        }
    }

    fn item_local(&self, sequence: Local, i: usize) -> Local {
        self.local(item(&self.heap, self.get(sequence), i).unwrap_or(Value::NONE))
    }
}

/// Goes on from `i` as long as the runtime can compare the items; None: the program has to compare those at `i`.
fn leaf_run(heap: &Heap, a: Value<'_>, b: Value<'_>, i: &mut usize) -> Option<Difference> {
    loop {
        let (Some(x), Some(y)) = (item(heap, a, *i), item(heap, b, *i)) else {
            return Some(Difference::None);
        };
        if !x.is(y) && !builtin_eq::equal(heap, x, y)? {
            return Some(Difference::At(*i));
        }
        *i += 1;
    }
}

/// The item of a list or tuple.
fn item<'h>(heap: &'h Heap, sequence: Value<'h>, i: usize) -> Option<Value<'h>> {
    match sequence.as_gc::<List>() {
        Some(list) => list.get().item(heap, i),
        None => sequence.as_gc::<Tuple>()?.at(heap, i),
    }
}

fn length(heap: &Heap, sequence: Value<'_>) -> usize {
    match sequence.as_gc::<List>() {
        Some(list) => list.get().len(heap),
        None => sequence.as_gc::<Tuple>().map_or(0, Gc::len),
    }
}

/// Ranges are equal when they give the same items.
fn ranges_equal(a: Range, b: Range) -> bool {
    let same_items = || a.start == b.start && (a.len() == 1 || a.step == b.step);
    a.len() == b.len() && (a.is_empty() || same_items())
}
