//! Attributes of functions and methods that are written in Rust: names, documentation, parameters, owners.
//!
//! They come from the declaration (`Native`), so a function in Rust has them without a dict. To add one: a `Getter` in
//! `NATIVE_GETTERS`.

use crate::runtime::class::Class;
use crate::runtime::function::BoundMethod;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Slot, Value};
use crate::stdlib::registry::Getter;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The attributes of builtin functions: those of methods, and the module.
pub(super) const FUNCTION_GETTERS: [Getter; 7] = {
    let [name, qualname, doc, text, class, receiver] = NATIVE_GETTERS;
    [name, qualname, doc, text, class, receiver, NATIVE_MODULE]
};

const NATIVE_MODULE: Getter = Getter::leaf(
    "__module__",
    "The name of the module that it was made in.",
    |heap, args| native_slot(heap, args, |f| &f.module),
)
.as_member();

/// The attributes of methods of builtin types.
pub(super) const NATIVE_GETTERS: [Getter; 6] = [
    Getter::vm("__name__", "The name of the function.", |vm, args| {
        let name = native_name(vm, args.at(0))?;
        Ok(vm.local(vm.heap.intern(name).value()))
    }),
    Getter::vm(
        "__qualname__",
        "The name with those of the classes and functions around it.",
        native_qualname,
    ),
    Getter::vm("__doc__", "The documentation, or None.", |vm, args| {
        let doc = native_of(vm, args.at(0))?.doc;
        Ok(if doc.is_empty() {
            vm.none()
        } else {
            vm.local(vm.heap.str_value(doc))
        })
    }),
    Getter::vm(
        "__text_signature__",
        "The parameters as text.",
        |vm, args| {
            let signature = native_of(vm, args.at(0))?.signature;
            let params = signature.find('(').map_or("", |at| &signature[at + 1..]);
            let params = params.split(" ->").next().unwrap_or(params);
            let function = native_function(&vm.heap, vm.get(args.at(0)))?;
            // As CPython marks the parameter that a bound function has already.
            let text = match (function.module.is_undef(), params) {
                (true, _) if function.owner.is_undef() => format!("({params}"),
                (true, _) => format!("(${params}"),
                (false, ")") => "($module)".to_owned(),
                (false, _) => format!("($module, {params}"),
            };
            Ok(vm.local(vm.heap.str_value(&text)))
        },
    ),
    Getter::leaf(
        "__objclass__",
        "The class that it is a method of.",
        |heap, args| native_slot(heap, args, |f| &f.owner),
    )
    .as_member(),
    Getter::vm(
        "__self__",
        "The module or object that it is bound to.",
        native_self,
    ),
];

fn native_self(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    if let Some(method) = vm.get_gc::<BoundMethod>(args.at(0)) {
        return Ok(vm.local(method.receiver.get(heap)));
    }
    let function = native_function(heap, vm.get(args.at(0)))?;
    if function.is_new {
        return Ok(vm.local(function.get().owner.get(heap)));
    }
    let module = function.module.get(heap).as_gc::<Str>();
    let module = module.and_then(|name| vm.loaded_module(name.as_str()));
    Ok(module.unwrap_or_else(|| vm.none()))
}

/// The native function that a value is, or binds.
fn native_function<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Gc<'h, NativeFunction>, Raised> {
    let inner = value
        .as_gc::<BoundMethod>()
        .map_or(value, |method| method.function.get(heap));
    inner
        .as_gc()
        .ok_or_else(|| heap.type_error("a builtin function was expected"))
}

fn native_of(vm: &Vm, function: Local) -> Result<&'static Native, Raised> {
    Ok(vm.native(native_function(&vm.heap, vm.get(function))?.id))
}

fn native_slot<'h>(
    heap: &'h Heap,
    args: Args<'h>,
    which: fn(&NativeFunction) -> &Slot,
) -> Result<Value<'h>, Raised> {
    Ok(which(native_function(heap, args.get(0))?.get())
        .get(heap)
        .or(Value::NONE))
}

/// The name of a native; those that make objects are all called `__new__`.
fn native_name(vm: &Vm, function: Local) -> Result<&'static str, Raised> {
    let name = native_of(vm, function)?.name();
    let makes = native_function(&vm.heap, vm.get(function))?.is_new;
    Ok(if makes { "__new__" } else { name })
}

fn native_qualname(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = native_name(vm, args.at(0))?;
    let heap = &vm.heap;
    let owner = match vm.get_gc::<BoundMethod>(args.at(0)) {
        Some(method) => {
            let receiver = method.receiver.get(heap);
            Some(receiver.as_gc().unwrap_or_else(|| heap.class_of(receiver)))
        }
        None => native_function(heap, vm.get(args.at(0)))?
            .get()
            .owner
            .get(heap)
            .as_gc::<Class>(),
    };
    let text = match owner {
        Some(owner) => format!("{}.{}", owner.qualname(heap).as_str(), name),
        None => name.to_owned(),
    };
    Ok(vm.local(heap.str_value(&text)))
}
