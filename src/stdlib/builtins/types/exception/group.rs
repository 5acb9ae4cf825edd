//! BaseExceptionGroup and ExceptionGroup: construction and the methods; the algorithm is in `vm/exec/exception_group.rs`.
//!
//! A group of nothing but `Exception`s is an `ExceptionGroup`, whatever was asked for. To add a method: a `Native` and a word
//! in the table.

use super::exception_class;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::receiver::this;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&NEW),
        methods: &[&DERIVE, &SPLIT, &SUBGROUP],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::leaf("message", "exception message", |heap, args| {
                part(heap, args, "message")
            })
            .as_member(),
            Getter::leaf("exceptions", "nested exceptions", |heap, args| {
                part(heap, args, "exceptions")
            })
            .as_member(),
        ],
        ..NativeType::of(
            Builtin::BaseExceptionGroup,
            "A combination of multiple unrelated exceptions.",
        )
    },
    NativeType::of(
        Builtin::ExceptionGroup,
        "A combination of multiple unrelated exceptions.",
    ),
];

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);
const DERIVE: Native = Native::vm(
    "derive(self, excs, /)",
    "A group of these exceptions with the same message.",
    derive,
);
const SPLIT: Native = Native::vm(
    "split(self, condition, /)",
    "The group of the exceptions that match, and the group of the others.",
    split,
);
const SUBGROUP: Native = Native::vm(
    "subgroup(self, condition, /)",
    "The group of the exceptions that match.",
    subgroup,
);
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    exception_class(heap, vm.get(args.at(0)))?;
    let items: Gc<'_, Tuple> = vm.get_gc(args.at(1)).expect("*args is a tuple");
    let (Some(message), Some(members), 2) = (items.at(heap, 0), items.at(heap, 1), items.len())
    else {
        let given = items.len();
        return Err(heap.type_error(format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({given} given)"
        )));
    };
    if as_str(heap, message).is_none() {
        let given = heap.argument_name(message);
        return Err(heap.type_error(format!(
            "BaseExceptionGroup.__new__() argument 1 must be str, not {given}"
        )));
    }
    let (message, members) = (vm.local(message), vm.local(members));
    let tuple = members_tuple(vm, members)?;
    let heap = &vm.heap;
    let parts = vm
        .get_gc::<Tuple>(tuple)
        .map_or_else(Vec::new, |t| t.to_vec(heap));
    let class = group_class(heap, exception_class(heap, vm.get(args.at(0)))?, &parts)?;
    let group = heap.exception(class, &[vm.get(message), vm.get(members)]);
    let attrs = group.fields(heap);
    attrs.set_str(heap, heap.intern("message"), vm.get(message));
    attrs.set_str(heap, heap.intern("exceptions"), vm.get(tuple));
    Ok(vm.local(group.value()))
}

/// What a group is made of: its attribute dict has it, under a name that instances cannot set.
fn part<'h>(heap: &'h Heap, args: Args<'h>, name: &str) -> Result<Value<'h>, Raised> {
    let group = this::<Exception>(heap, args)?;
    let found = group.fields(heap).get_str(heap, heap.intern(name));
    Ok(found.unwrap_or(Value::NONE))
}

/// The exceptions of a new group, checked.
fn members_tuple(vm: &mut Vm, members: Local) -> Result<Local, Raised> {
    let value = vm.get(members);
    let indexed = !value.is_gc::<Dict>() && vm.special(value, Sym::GetItem).is_some();
    if !value.is_gc::<List>() && !value.is_gc::<Tuple>() && !indexed {
        return Err(vm
            .heap
            .type_error("second argument (exceptions) must be a sequence"));
    }
    let list = vm.to_list(members)?;
    let heap = &vm.heap;
    let items = vm
        .get_gc::<List>(list)
        .map_or_else(Vec::new, |list| list.to_vec(heap));
    if items.is_empty() {
        return Err(heap.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    if let Some(i) = items.iter().position(|item| !item.is_gc::<Exception>()) {
        return Err(heap.value_error(format!(
            "Item {i} of second argument (exceptions) is not an exception"
        )));
    }
    Ok(vm.local(heap.tuple(&items).value()))
}

/// The class of a new group: ExceptionGroup where BaseExceptionGroup was asked for and only `Exception`s are in it.
fn group_class<'h>(
    heap: &'h Heap,
    class: Gc<'h, Class>,
    members: &[Value<'h>],
) -> Result<Gc<'h, Class>, Raised> {
    let all_plain = members
        .iter()
        .all(|&member| heap.is_instance(member, Builtin::Exception));
    if class.builtin_is(Builtin::BaseExceptionGroup) {
        return Ok(if all_plain {
            heap.types.class(heap, Builtin::ExceptionGroup)
        } else {
            class
        });
    }
    if all_plain || !class.is_subclass(heap, heap.types.class(heap, Builtin::Exception)) {
        return Ok(class);
    }
    if class.builtin_is(Builtin::ExceptionGroup) {
        return Err(heap.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
    }
    Err(heap.type_error(format!(
        "Cannot nest BaseExceptions in '{}'",
        class.name(heap).as_str()
    )))
}

fn derive(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let message = vm.get_attr_named(args.at(0), "message")?;
    let class = vm.local(
        vm.heap
            .types
            .class(&vm.heap, Builtin::BaseExceptionGroup)
            .value(),
    );
    vm.call(class, &[message, args.at(1)])
}

fn split(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let split = vm.split_group(args.at(0), args.at(1))?;
    Ok(vm.tuple_of(&[split.matched, split.rest]))
}

fn subgroup(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    Ok(vm.split_group(args.at(0), args.at(1))?.matched)
}
