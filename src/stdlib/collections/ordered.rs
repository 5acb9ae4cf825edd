//! The views of an `OrderedDict`: those of a dict, with classes of their own.
//!
//! Only the names in their texts differ; the items are those of the dict. `collections.OrderedDict` calls these natives from its own
//! `keys`, `values` and `items`.

use crate::runtime::class::Class;
use crate::runtime::view::{View, ViewTag};
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::arg::plain;
use crate::stdlib::registry::{ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

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
