//! The exceptions of streams, with the attributes that their constructors set.
//!
//! To add one: a `ModuleType` here, and its word in the table of `asyncio/mod.rs`.

use crate::runtime::{Builtin, Raised};
use crate::stdlib::builtins::types::exception::init::with_fields;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Native, Vm};

/// The stream ended too early.
pub const INCOMPLETE_READ_ERROR: ModuleType = ModuleType {
    name: "IncompleteReadError",
    module: "asyncio.exceptions",
    body: NativeType {
        methods: &[&INCOMPLETE_READ, &REDUCE_INCOMPLETE],
        ..NativeType::of(
            Builtin::EOFError,
            "The stream ended before all was read: partial has what came, expected says how much was wanted.",
        )
    },
};
/// No separator within the limit.
pub const LIMIT_OVERRUN_ERROR: ModuleType = ModuleType {
    name: "LimitOverrunError",
    module: "asyncio.exceptions",
    body: NativeType {
        methods: &[&LIMIT_OVERRUN, &REDUCE_OVERRUN],
        ..NativeType::of(
            Builtin::Exception,
            "The limit was reached before a separator was found; consumed says after how many bytes.",
        )
    },
};

const INCOMPLETE_READ: Native = Native::vm(
    "__init__(self, partial, expected)",
    "Initialize self.",
    |vm, args| {
        let expected = if vm.get(args.at(2)).is_none() {
            "undefined".to_owned()
        } else {
            vm.repr_text(args.at(2))?
        };
        let count = vm.len(args.at(1))?;
        let message = format!("{count} bytes read on a total of {expected} expected bytes");
        let message = vm.local(vm.heap.str_value(&message));
        let fields = [("partial", args.at(1)), ("expected", args.at(2))];
        Ok(with_fields(vm, args.at(0), message, &fields))
    },
);
const LIMIT_OVERRUN: Native = Native::vm(
    "__init__(self, message, consumed)",
    "Initialize self.",
    |vm, args| {
        let fields = [("consumed", args.at(2))];
        Ok(with_fields(vm, args.at(0), args.at(1), &fields))
    },
);
const REDUCE_INCOMPLETE: Native =
    Native::vm("__reduce__(self, /)", "How it is pickled.", |vm, args| {
        let partial = vm.get_attr_named(args.at(0), "partial")?;
        let expected = vm.get_attr_named(args.at(0), "expected")?;
        reduced(vm, args.at(0), [partial, expected])
    });
const REDUCE_OVERRUN: Native =
    Native::vm("__reduce__(self, /)", "How it is pickled.", |vm, args| {
        let given = vm.get_attr_named(args.at(0), "args")?;
        let first = vm.local(crate::runtime::Value::small_int(0));
        let message = vm.get_item(given, first)?;
        let consumed = vm.get_attr_named(args.at(0), "consumed")?;
        reduced(vm, args.at(0), [message, consumed])
    });

/// The class, and what it is called with.
fn reduced(vm: &mut Vm, this: Local, given: [Local; 2]) -> Result<Local, Raised> {
    let class = vm.get_attr_named(this, "__class__")?;
    let given = vm.tuple_of(&given);
    Ok(vm.tuple_of(&[class, given]))
}
