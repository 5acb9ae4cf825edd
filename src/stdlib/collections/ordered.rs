//! The views of an `OrderedDict`: those of a dict, with classes of their own.
//!
//! Only the names in their texts differ; the items are those of the dict. `collections.OrderedDict` calls these natives from its own
//! `keys`, `values` and `items`.

use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::arg::plain;
use crate::stdlib::receiver::this_of;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::protocol::iterate::{Walk, ordered_iter};
use crate::vm::{DictEnd, Local, Locals, Native, Vm};

const KEYS: ModuleType = view("odict_keys", Builtin::DictKeys);
const VALUES: ModuleType = view("odict_values", Builtin::DictValues);
const ITEMS: ModuleType = view("odict_items", Builtin::DictItems);

const ITERATOR: ModuleType = ModuleType {
    name: "odict_iterator",
    module: "builtins",
    body: NativeType::of(Builtin::DictKeyIterator, "An iterator over an OrderedDict."),
};

const fn view(name: &'static str, class: Builtin) -> ModuleType {
    ModuleType {
        name,
        module: "builtins",
        body: NativeType {
            methods: &[&VIEW_ITER, &VIEW_REVERSED],
            ..NativeType::of(class, "A view of an OrderedDict.")
        },
    }
}

const VIEW_ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |vm, args| {
    iterator_of_view(vm, args, false)
});

const VIEW_REVERSED: Native = Native::vm(
    "__reversed__(self, /)",
    "Return a reverse iterator over the view.",
    |vm, args| iterator_of_view(vm, args, true),
);

fn iterator_of_view(vm: &mut Vm, args: Locals, is_reverse: bool) -> Result<Local, Raised> {
    let view = this_of::<View>(vm, args)?;
    let (gives, dict) = (view.tag, vm.local(view.get().source.get(&vm.heap)));
    iterator(vm, dict, Walk { gives, is_reverse })
}

pub const ORDERED_ITER: Native = Native::vm(
    "ordered_iter(mapping, is_reverse, /)",
    "An iterator over the keys of an OrderedDict.",
    |vm, args| {
        let walk = Walk {
            gives: ViewTag::Keys,
            is_reverse: vm.truth(args.at(1))?,
        };
        let dict = plain(vm, args.at(0));
        iterator(vm, dict, walk)
    },
);

fn iterator(vm: &mut Vm, dict: Local, walk: Walk) -> Result<Local, Raised> {
    let class = class_of(vm, &ITERATOR);
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let Some(dict) = vm.get_gc::<Dict>(dict) else {
        let name = vm.heap.type_name(vm.get(dict));
        let message = format!("descriptor '__iter__' requires a dict, not '{name}'");
        return Err(vm.heap.type_error(message));
    };
    Ok(vm.local(ordered_iter(&vm.heap, class, dict, walk)))
}

pub const ORDERED_KEYS: Native = Native::vm(
    "ordered_keys(mapping, /)",
    "The keys of an OrderedDict.",
    |vm, args| make(vm, args, &KEYS, ViewTag::Keys),
);
pub const ORDERED_VALUES: Native = Native::vm(
    "ordered_values(mapping, /)",
    "The values of an OrderedDict.",
    |vm, args| make(vm, args, &VALUES, ViewTag::Values),
);
pub const ORDERED_ITEMS: Native = Native::vm(
    "ordered_items(mapping, /)",
    "The pairs of an OrderedDict.",
    |vm, args| make(vm, args, &ITEMS, ViewTag::Items),
);

/// `OrderedDict.move_to_end`, without the error.
pub const MOVE_TO_END: Native = Native::vm(
    "move_to_end(mapping, key, last, /) -> bool",
    "Move a key of a dict to its end, or to its beginning; whether the dict has it.",
    |vm, args| {
        let mapping = plain(vm, args.at(0));
        if !vm.get(mapping).is_gc::<Dict>() {
            let name = vm.heap.type_name(vm.get(mapping));
            let message = format!("descriptor 'move_to_end' requires a dict, not '{name}'");
            return Err(vm.heap.type_error(message));
        }
        let end = match vm.truth(args.at(2))? {
            true => DictEnd::Last,
            false => DictEnd::First,
        };
        let found = vm.dict_move(mapping, args.at(1), end)?;
        Ok(vm.local(Value::bool(found)))
    },
);

fn make(
    vm: &mut Vm,
    args: Locals,
    class: &'static ModuleType,
    tag: ViewTag,
) -> Result<Local, Raised> {
    let class = class_of(vm, class);
    let mapping = plain(vm, args.at(0));
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let made = View {
        tag,
        source: Slot::new(vm.get(mapping)),
    };
    Ok(vm.local(vm.heap.alloc_shaped(made, class.root_shape()).value()))
}
