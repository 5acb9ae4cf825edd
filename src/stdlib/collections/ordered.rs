//! The views of an `OrderedDict`: those of a dict, with classes of their own.
//!
//! Only the names in their texts differ; the items are those of the dict. `collections.OrderedDict` calls these natives from its own
//! `keys`, `values` and `items`.

use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::arg::plain;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{DictEnd, Local, Locals, Native, Vm};

const KEYS: ModuleType = view("odict_keys", Builtin::DictKeys);
const VALUES: ModuleType = view("odict_values", Builtin::DictValues);
const ITEMS: ModuleType = view("odict_items", Builtin::DictItems);

const fn view(name: &'static str, class: Builtin) -> ModuleType {
    ModuleType {
        name,
        module: "builtins",
        body: NativeType::of(class, "A view of an OrderedDict."),
    }
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
