//! `cmp_to_key`: keys that are compared by a function of the program.
//!
//! What it returns makes such a key of an object when it is called.

use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::comparisons::comparisons;
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::protocol::compare::Comparison;
use crate::vm::{Local, Locals, Native, Vm};

struct Key {
    compare: Slot,
    /// Undef in what `cmp_to_key` returns.
    object: Slot,
}

traced!(Key { compare, object });

impl Payload for Key {}

/// The class.
pub const KEY: ModuleType = ModuleType {
    name: "functools.KeyWrapper",
    module: "functools",
    body: NativeType {
        is_final: true,
        methods: &[&CALL, &LT, &LE, &GT, &GE, &EQ, &NE, &HASH],
        getters: &[
            Getter::vm("obj", "Value wrapped by a key function.", |vm, args| {
                let object = vm.payload::<Key>(args.at(0)).object.get(&vm.heap);
                match object.defined() {
                    Some(object) => Ok(vm.local(object)),
                    None => Err(vm.heap.raise(Builtin::AttributeError, "object")),
                }
            })
            .with_set(|_, args| {
                crate::vm::payload_of::<Key>(args.get(0))
                    .object
                    .set(args.get(1));
                Ok(Value::NONE)
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "A key that a function compares.")
    },
};

/// The function.
pub const CMP_TO_KEY: Native = Native::vm(
    "cmp_to_key(mycmp)",
    "Make a key function of a comparison function.",
    |vm, args| {
        let class = class_of(vm, &KEY);
        let made = Key {
            compare: Slot::new(vm.get(args.at(0))),
            object: Slot::undef(),
        };
        Ok(vm.new_opaque(class, made))
    },
);

const CALL: Native = Native::vm(
    "__call__(self, /, obj)",
    "Call self as a function.",
    |vm, args| {
        let class = class_of(vm, &KEY);
        let compare = Slot::copy(&vm.payload::<Key>(args.at(0)).compare);
        let made = Key {
            compare,
            object: Slot::new(vm.get(args.at(1))),
        };
        Ok(vm.new_opaque(class, made))
    },
);

fn compare(vm: &mut Vm, args: Locals, comparison: Comparison) -> Result<Local, Raised> {
    let this = vm.payload::<Key>(args.at(0));
    let Some(other) = vm.find_payload::<Key>(args.at(1)) else {
        let message = "other argument must be K instance";
        return Err(vm.heap.type_error(message));
    };
    let heap = &vm.heap;
    let (Some(a), Some(b)) = (
        this.object.get(heap).defined(),
        other.object.get(heap).defined(),
    ) else {
        return Err(heap.raise(Builtin::AttributeError, "object"));
    };
    let parts = [vm.local(this.compare.get(heap)), vm.local(a), vm.local(b)];
    let result = vm.call(parts[0], &parts[1..])?;
    let zero = vm.local(vm.heap.int(0));
    vm.compare(comparison, result, zero)
}

comparisons!(vm, compare);

const HASH: Native = Native::leaf("__hash__(self, /)", "Raises TypeError.", |heap, args| {
    let name = heap.type_name(args.get(0));
    Err(heap.type_error(format!("unhashable type: '{name}'")))
});
