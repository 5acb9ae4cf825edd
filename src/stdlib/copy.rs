//! `_copy`: deep copies of builtin containers, for the module `copy`, whose other work is done in apy.
//!
//! `deep` walks exact lists, dicts and tuples itself and hands every other object back to `copy.deepcopy`. The memo is that of the
//! module: from the ids of what was copied to the copies, and under its own id the list of what it keeps alive.

use super::registry::NativeModule;
use crate::runtime::dict::Dict;
use crate::runtime::heap::Kind;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::{Local, Native, Vm};

/// The module.
pub const COPY: NativeModule = NativeModule {
    functions: &[&DEEP],
    ..NativeModule::of("_copy", "The native part of copy.")
};

const DEEP: Native = Native::vm(
    "deep(x, memo, deepcopy, /)",
    "A deep copy of a list, dict or tuple; deepcopy(item, memo) copies what is something else.",
    |vm, args| {
        let copier = Copier {
            memo: args.at(1),
            deepcopy: args.at(2),
        };
        copier.copy(vm, args.at(0))
    },
);

/// One call of `deepcopy`.
#[derive(Clone, Copy)]
struct Copier {
    /// A dict.
    memo: Local,
    /// `copy.deepcopy`.
    deepcopy: Local,
}

impl Copier {
    /// A copy of anything, in a new local or in that of `x`.
    fn copy(self, vm: &mut Vm, x: Local) -> Result<Local, Raised> {
        let value = vm.get(x);
        if is_atom(value) {
            return Ok(x);
        }
        let Some(kind) = container(&vm.heap, value) else {
            return vm.call(self.deepcopy, &[x, self.memo]);
        };
        let key = vm.local(vm.heap.int(vm.heap.id_of(value)));
        if let Some(known) = vm.dict_get(self.memo, key)? {
            return Ok(known);
        }
        let made = vm.nested(|vm| match kind {
            Kind::List => self.copy_list(vm, x, key),
            Kind::Dict => self.copy_dict(vm, x, key),
            _ => self.copy_tuple(vm, x, key),
        })?;
        if !vm.get(made).is(vm.get(x)) {
            self.keep(vm, x)?;
        }
        Ok(made)
    }

    fn copy_list(self, vm: &mut Vm, x: Local, key: Local) -> Result<Local, Raised> {
        let made = vm.local(vm.heap.list([]).value());
        vm.dict_set(self.memo, key, made)?;
        let mut at = 0;
        while let Some(item) = list(vm, x).item(&vm.heap, at) {
            let mark = vm.mark();
            let item = vm.local(item);
            let copied = self.copy(vm, item)?;
            list(vm, made).push(&vm.heap, vm.get(copied))?;
            vm.release(mark);
            at += 1;
        }
        Ok(made)
    }

    fn copy_dict(self, vm: &mut Vm, x: Local, key: Local) -> Result<Local, Raised> {
        let made = vm.local(vm.heap.dict().value());
        vm.dict_set(self.memo, key, made)?;
        let size = dict(vm, x).table.len(&vm.heap);
        let mut position = 0;
        while let Some(at) = dict(vm, x).table.next_position(&vm.heap, position) {
            position = at + 1;
            let Some((name, item)) = dict(vm, x).table.entry(&vm.heap, at) else {
                break;
            };
            let mark = vm.mark();
            let (name, item) = (vm.local(name), vm.local(item));
            let name = self.copy(vm, name)?;
            let item = self.copy(vm, item)?;
            vm.dict_set(made, name, item)?;
            vm.release(mark);
            if dict(vm, x).table.len(&vm.heap) != size {
                let message = "dictionary changed size during iteration";
                return Err(vm.heap.raise(Builtin::RuntimeError, message));
            }
        }
        Ok(made)
    }

    /// A tuple whose items are all their own copies is its own copy, too.
    fn copy_tuple(self, vm: &mut Vm, x: Local, key: Local) -> Result<Local, Raised> {
        let parts = vm.local(vm.heap.list([]).value());
        let mut is_same = true;
        let mut at = 0;
        while let Some(item) = tuple(vm, x).at(&vm.heap, at) {
            let mark = vm.mark();
            let item = vm.local(item);
            let copied = self.copy(vm, item)?;
            is_same &= vm.get(copied).is(vm.get(item));
            list(vm, parts).push(&vm.heap, vm.get(copied))?;
            vm.release(mark);
            at += 1;
        }
        // A tuple that is part of itself, through a list, was copied meanwhile.
        if let Some(known) = vm.dict_get(self.memo, key)? {
            return Ok(known);
        }
        if is_same {
            return Ok(x);
        }
        let parts = list(vm, parts).to_vec(&vm.heap);
        let made = vm.local(vm.heap.tuple(&parts).value());
        vm.dict_set(self.memo, key, made)?;
        Ok(made)
    }

    /// Keeps `x` alive while the memo knows its id.
    fn keep(self, vm: &mut Vm, x: Local) -> Result<(), Raised> {
        let key = vm.local(vm.heap.int(vm.heap.id_of(vm.get(self.memo))));
        let known = vm.dict_get(self.memo, key)?;
        match known.and_then(|known| vm.get_gc::<List>(known)) {
            Some(kept) => kept.push(&vm.heap, vm.get(x)),
            None => {
                let kept = vm.local(vm.heap.list([vm.get(x)]).value());
                vm.dict_set(self.memo, key, kept)
            }
        }
    }
}

/// Whether a value is its own copy, whatever the program does.
fn is_atom(value: Value<'_>) -> bool {
    let Some(object) = value.as_object() else {
        return true;
    };
    use Kind::{Bytes, Class, Code, Complex, Function, Int, Native, Str};
    matches!(
        object.kind(),
        Bytes | Class | Code | Complex | Function | Int | Native | Str
    )
}

/// The kind of a value that is exactly a list, a dict or a tuple.
fn container(heap: &Heap, value: Value<'_>) -> Option<Kind> {
    let kind = value.as_object()?.kind();
    let builtin = match kind {
        Kind::List => Builtin::List,
        Kind::Dict => Builtin::Dict,
        Kind::Tuple => Builtin::Tuple,
        _ => return None,
    };
    heap.class_of(value).builtin_is(builtin).then_some(kind)
}

fn list(vm: &Vm, local: Local) -> Gc<'_, List> {
    vm.get_gc(local).expect("the kind was checked")
}

fn dict(vm: &Vm, local: Local) -> Gc<'_, Dict> {
    vm.get_gc(local).expect("the kind was checked")
}

fn tuple(vm: &Vm, local: Local) -> Gc<'_, Tuple> {
    vm.get_gc(local).expect("the kind was checked")
}
