//! The orders of classes as a program can influence them: `mro()` of metaclasses, and what a change of bases means for the classes below.
//!
//! A class has no order while it is being made, and says None for `__mro__` then. A `mro()` may assign `__bases__` itself: an order
//! that was set meanwhile stays, as in CPython, and an error restores only orders that nobody has replaced since.

use crate::runtime::class::Class;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::Vm;
use crate::vm::classes::bases::solid;
use crate::vm::classes::mro;
use crate::vm::local::Local;

/// A class with its new and its old order, both tuples.
pub(super) struct Renewed {
    class: Local,
    new: Local,
    old: Local,
}

/// What `type.mro` says: the order by the bases.
pub fn default_order<'h>(
    heap: &'h Heap,
    class: Gc<'h, Class>,
) -> Result<Vec<Gc<'h, Class>>, Raised> {
    if class.builtin.is_some() {
        return Ok(class.mro(heap).collect());
    }
    let bases: Vec<Gc<'h, Class>> = class
        .bases(heap)
        .iter(heap)
        .filter_map(Value::as_gc)
        .collect();
    if let Some(base) = bases.iter().find(|base| base.mro.is_empty()) {
        let name = base.name(heap).as_str();
        return Err(heap.type_error(format!("Cannot extend an incomplete type '{name}'")));
    }
    let mut order = vec![class];
    order.extend(mro::linearize(heap, &bases).map_err(|message| heap.type_error(message))?);
    Ok(order)
}

impl Vm {
    /// Gives a class the order that its metaclass says. The answer: the new order and the old one, or None where `mro()` led to
    /// another order meanwhile.
    pub(super) fn renew_order(&mut self, class: Local) -> Result<Option<(Local, Local)>, Raised> {
        let old = self.order_of(class);
        let new = match self.own_mro(class) {
            Some(method) => self.asked_order(class, method)?,
            None => {
                let order = default_order(&self.heap, self.ordered(class))?;
                let values: Vec<Value<'_>> = order.into_iter().map(Gc::value).collect();
                self.local(self.heap.tuple(&values).value())
            }
        };
        if !self.has_order(class, old) {
            return Ok(None);
        }
        self.set_order(class, new)?;
        Ok(Some((new, old)))
    }

    /// The same for a class and all below it.
    pub(super) fn renew_orders(
        &mut self,
        class: Local,
        done: &mut Vec<Renewed>,
    ) -> Result<(), Raised> {
        let Some((new, old)) = self.renew_order(class)? else {
            return Ok(());
        };
        done.push(Renewed { class, new, old });
        let below = self.ordered(class).subclasses.to_vec(&self.heap);
        let below: Vec<Local> = below.into_iter().map(|sub| self.local(sub)).collect();
        for sub in below {
            if !self.ordered(sub).mro.is_empty() {
                self.nested(|vm| vm.renew_orders(sub, done))?;
            }
        }
        Ok(())
    }

    /// Takes back new orders, the last first.
    pub(super) fn undo_orders(&mut self, done: &[Renewed]) -> Result<(), Raised> {
        for one in done.iter().rev() {
            if self.has_order(one.class, one.new) {
                self.set_order(one.class, one.old)?;
            }
        }
        Ok(())
    }

    fn ordered(&self, class: Local) -> Gc<'_, Class> {
        self.get_gc(class).expect("the caller has a class")
    }

    fn order_of(&self, class: Local) -> Local {
        let order: Vec<Value<'_>> = self.ordered(class).mro(&self.heap).map(Gc::value).collect();
        self.local(self.heap.tuple(&order).value())
    }

    fn has_order(&self, class: Local, order: Local) -> bool {
        let heap = &self.heap;
        let order = self.get_gc::<Tuple>(order).into_iter();
        let mut expected = order.flat_map(|tuple| tuple.iter(heap));
        let mut present = self.ordered(class).mro(heap);
        loop {
            match (expected.next(), present.next()) {
                (None, None) => return true,
                (Some(one), Some(other)) if one.is(other.value()) => {}
                _ => return false,
            }
        }
    }

    fn set_order(&self, class: Local, order: Local) -> Result<(), Raised> {
        let heap = &self.heap;
        let class = self.ordered(class);
        let values = self
            .get_gc::<Tuple>(order)
            .map_or_else(Vec::new, |tuple| tuple.to_vec(heap));
        let len = class.mro.len();
        class.mro.reserve(heap, values.len())?;
        class.mro.splice(0..len, &values);
        class.make_changeable();
        heap.class_changed();
        Ok(())
    }

    /// The metaclass's `mro`, where it is not `type`'s.
    fn own_mro(&self, class: Local) -> Option<Local> {
        let heap = &self.heap;
        let meta = heap.class_of(self.get(class));
        if meta.builtin_is(Builtin::Type) {
            return None;
        }
        let (owner, method) = meta.lookup_in(heap, heap.intern("mro"))?;
        (!owner.builtin_is(Builtin::Type)).then(|| self.local(method))
    }

    /// The order that `mro()` returns, a tuple of classes whose layouts fit.
    fn asked_order(&mut self, class: Local, method: Local) -> Result<Local, Raised> {
        let answer = self.call_found(method, class, &[])?;
        let list = self.to_list(answer)?;
        let heap = &self.heap;
        let items = self
            .get_gc::<crate::runtime::list::List>(list)
            .map_or_else(Vec::new, |list| list.to_vec(heap));
        if items.is_empty() {
            return Err(heap.type_error("type MRO must not be empty"));
        }
        let this = self.ordered(class);
        let base = solid(heap, this);
        for item in &items {
            let Some(ancestor) = item.as_gc::<Class>() else {
                let given = heap.type_name(*item);
                return Err(heap.type_error(format!("mro() returned a non-class ('{given}')")));
            };
            if ancestor != this && !base.is_subclass(heap, solid(heap, ancestor)) {
                let name = ancestor.name(heap).as_str();
                return Err(heap.type_error(format!(
                    "mro() returned base with unsuitable layout ('{name}')"
                )));
            }
        }
        Ok(self.local(heap.tuple(&items).value()))
    }
}
