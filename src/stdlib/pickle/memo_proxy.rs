//! The attribute `memo` of picklers and unpicklers: a view of what they remember, which can be copied, cleared and set.
//!
//! A pickler's is a dict from ids to pairs of a number and an object; an unpickler's is a dict from numbers to values.

use super::pickler::pickler;
use super::unpickler::unpickler;
use crate::runtime::dict::Dict;
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

struct Proxy {
    owner: Slot,
}

traced!(Proxy { owner });

impl Payload for Proxy {}

/// Of a pickler.
pub const PICKLER_MEMO: ModuleType = ModuleType {
    name: "_pickle.PicklerMemoProxy",
    module: "_pickle",
    body: NativeType {
        methods: &[&SAVED_CLEAR, &SAVED_COPY, &SAVED_REDUCE],
        ..NativeType::of(Builtin::Opaque, "What a pickler remembers.")
    },
};

/// Of an unpickler.
pub const UNPICKLER_MEMO: ModuleType = ModuleType {
    name: "_pickle.UnpicklerMemoProxy",
    module: "_pickle",
    body: NativeType {
        methods: &[&LOADED_CLEAR, &LOADED_COPY, &LOADED_REDUCE],
        ..NativeType::of(Builtin::Opaque, "What an unpickler remembers.")
    },
};

fn proxy(vm: &mut Vm, class: &'static ModuleType, owner: Local) -> Local {
    let class = class_of(vm, class);
    let owner = Slot::new(vm.get(owner));
    vm.new_opaque(class, Proxy { owner })
}

/// The memo of a pickler.
pub fn of_pickler(vm: &mut Vm, owner: Local) -> Local {
    proxy(vm, &PICKLER_MEMO, owner)
}

/// The memo of an unpickler.
pub fn of_unpickler(vm: &mut Vm, owner: Local) -> Local {
    proxy(vm, &UNPICKLER_MEMO, owner)
}

fn owner(vm: &Vm, args: Locals) -> Local {
    let proxy: &Proxy = vm.payload(args.at(0));
    vm.local(proxy.owner.get(&vm.heap))
}

fn saved(vm: &mut Vm, owner: Local) -> Result<Local, Raised> {
    let made = vm.local(vm.heap.dict().value());
    let objects = pickler(vm, owner).memo.objects(&vm.heap);
    for (number, object) in objects.into_iter().enumerate() {
        let heap = &vm.heap;
        let pair = heap.tuple(&[heap.usize(number), object]).value();
        let dict = vm.get_gc::<Dict>(made).expect("made above");
        dict.set_leaf(heap, heap.int(heap.id_of(object)), pair);
    }
    Ok(made)
}

fn loaded(vm: &mut Vm, owner: Local) -> Result<Local, Raised> {
    let made = vm.local(vm.heap.dict().value());
    for (number, value) in unpickler(vm, owner).memo.entries(&vm.heap) {
        let dict = vm.get_gc::<Dict>(made).expect("made above");
        dict.set_leaf(&vm.heap, number, value);
    }
    Ok(made)
}

/// As a pickle: a dict.
fn as_dict(vm: &mut Vm, contents: Local) -> Local {
    let class = vm.local(vm.heap.types.class(&vm.heap, Builtin::Dict).value());
    let args = vm.tuple_of(&[contents]);
    vm.tuple_of(&[class, args])
}

const SAVED_CLEAR: Native = Native::vm("clear(self, /)", "Forget everything.", |vm, args| {
    let owner = owner(vm, args);
    pickler(vm, owner).memo.clear();
    Ok(vm.none())
});
const SAVED_COPY: Native = Native::vm("copy(self, /)", "As a dict.", |vm, args| {
    let owner = owner(vm, args);
    saved(vm, owner)
});
const SAVED_REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let owner = owner(vm, args);
    let contents = saved(vm, owner)?;
    Ok(as_dict(vm, contents))
});
const LOADED_CLEAR: Native = Native::vm("clear(self, /)", "Forget everything.", |vm, args| {
    let owner = owner(vm, args);
    unpickler(vm, owner).memo.clear();
    Ok(vm.none())
});
const LOADED_COPY: Native = Native::vm("copy(self, /)", "As a dict.", |vm, args| {
    let owner = owner(vm, args);
    loaded(vm, owner)
});
const LOADED_REDUCE: Native =
    Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
        let owner = owner(vm, args);
        let contents = loaded(vm, owner)?;
        Ok(as_dict(vm, contents))
    });

/// The dict that a program sets as a memo: that of a proxy, or its own.
fn given_dict(vm: &mut Vm, value: Local, class: &'static ModuleType) -> Result<Local, Raised> {
    let wanted = class_of(vm, class);
    let is_proxy = vm.heap.class_of(vm.get(value)).value().is(vm.get(wanted));
    if is_proxy {
        return vm.call_method(value, "copy", &[]);
    }
    if vm.get_gc::<Dict>(value).is_some() {
        return Ok(value);
    }
    let name = vm.heap.type_name(vm.get(value));
    let message = format!(
        "'memo' attribute must be a {} object or dict, not {name}",
        class.name
    );
    Err(vm.heap.type_error(message))
}

/// `pickler.memo = value`
///
/// # Errors
/// TypeError.
pub fn set_of_pickler(vm: &mut Vm, owner: Local, value: Local) -> Result<(), Raised> {
    let contents = given_dict(vm, value, &PICKLER_MEMO)?;
    let mut objects = Vec::new();
    let entries = vm
        .get_gc::<Dict>(contents)
        .map(|dict| dict.table.entries(&vm.heap));
    for (_, pair) in entries.unwrap_or_default() {
        let pair = pair.as_gc::<Tuple>().filter(|pair| pair.len() == 2);
        let parts = pair.and_then(|p| Some((p.at(&vm.heap, 0)?.as_i64()?, p.at(&vm.heap, 1)?)));
        let Some((number, object)) = parts else {
            let message = "'memo' values must be 2-item tuples";
            return Err(vm.heap.type_error(message));
        };
        objects.push((number, object));
    }
    objects.sort_by_key(|&(number, _)| number);
    let memo = &pickler(vm, owner).memo;
    memo.clear();
    for (_, object) in objects {
        memo.add(&vm.heap, object)?;
    }
    Ok(())
}

/// `unpickler.memo = value`
///
/// # Errors
/// TypeError.
pub fn set_of_unpickler(vm: &mut Vm, owner: Local, value: Local) -> Result<(), Raised> {
    let contents = given_dict(vm, value, &UNPICKLER_MEMO)?;
    let memo = &unpickler(vm, owner).memo;
    memo.clear();
    let entries = vm
        .get_gc::<Dict>(contents)
        .map(|dict| dict.table.entries(&vm.heap));
    for (number, value) in entries.unwrap_or_default() {
        let Some(number) = number.as_i64() else {
            return Err(vm.heap.type_error("memo key must be integers"));
        };
        let Ok(number) = usize::try_from(number) else {
            return Err(vm.heap.value_error("memo key must be positive integers."));
        };
        memo.set(&vm.heap, number, value)?;
    }
    Ok(())
}
