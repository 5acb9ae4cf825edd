//! Functions of the program, builtin functions, bound methods: what can be asked of them. Code objects are in `code.rs`.
//!
//! Attributes that the program may set are kept in the function's dict; the others are getters here. To add one: a `Getter`
//! and a word in the table of its type.

use super::function_new::{self, set_code};
use super::native_getters::{FUNCTION_GETTERS, NATIVE_GETTERS};
use super::object::{names_in_classes, sorted_names};
use super::special::Special;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::function::{BoundMethod, Function};
use crate::runtime::heap::Object;
use crate::runtime::intern::Sym;
use crate::runtime::native::NativeFunction;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::arg::{as_str, plain_value};
use crate::stdlib::receiver::this;
use crate::stdlib::reduce::FUNCTION_REDUCE;
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[
    NativeType {
        new: Some(&function_new::NEW),
        methods: &[&Special::<Function>::REPR, &FUNCTION_GET, &CALL],
        getters: &[
            Getter::leaf("__name__", "The name of the function.", |heap, args| {
                slot(heap, args, |f: &Function| &f.name)
            })
            .with_set(set_name),
            Getter::leaf(
                "__qualname__",
                "The name with those of the classes and functions around it.",
                |heap, args| slot(heap, args, |f: &Function| &f.qualname),
            )
            .with_set(set_qualname),
            Getter::leaf("__doc__", "The documentation, or None.", |heap, args| {
                Ok(this::<Function>(heap, args)?.doc(heap))
            })
            .with_set(set_doc)
            .as_member(),
            Getter::leaf(
                "__module__",
                "The name of the module that it was made in.",
                function_module,
            )
            .as_member()
            .with_set(set_function_module),
            Getter::vm(
                "__builtins__",
                "The dict of the builtin names that its code sees.",
                function_builtins,
            )
            .as_member(),
            Getter::leaf(
                "__defaults__",
                "The defaults of positional parameters, a tuple, or None.",
                |heap, args| slot(heap, args, |f: &Function| &f.defaults),
            )
            .with_set(set_defaults),
            Getter::leaf(
                "__kwdefaults__",
                "The defaults of keyword-only parameters, a dict, or None.",
                |heap, args| slot(heap, args, |f: &Function| &f.kwdefaults),
            )
            .with_set(set_kwdefaults),
            Getter::leaf(
                "__annotations__",
                "The annotations of parameters and result, a dict.",
                annotations,
            )
            .with_set(set_annotations),
            Getter::leaf("__code__", "The code object.", |heap, args| {
                Ok(this::<Function>(heap, args)?.code(heap).value())
            })
            .with_vm_set(set_code),
            Getter::leaf(
                "__closure__",
                "The cells of the free variables, a tuple, or None.",
                closure,
            )
            .as_member(),
            Getter::leaf(
                "__globals__",
                "The global variables of its module, a live dict.",
                globals,
            )
            .as_member(),
            Getter::leaf(
                "__type_params__",
                "The type parameters of a generic function, a tuple.",
                function_type_params,
            )
            .with_set(set_function_type_params),
        ],
        ..NativeType::of(Builtin::Function, "Create a function object.")
    },
    NativeType {
        new: Some(&METHOD_NEW),
        methods: &[
            &Special::<BoundMethod>::REPR,
            &METHOD_GETATTR,
            &METHOD_GET,
            &METHOD_EQ,
            &METHOD_HASH,
            &METHOD_DIR,
            &CALL,
            &FUNCTION_REDUCE,
        ],
        getters: &[
            Getter::leaf(
                "__func__",
                "the function implementing a method",
                |heap, args| slot(heap, args, |m: &BoundMethod| &m.function),
            )
            .as_member(),
            Getter::leaf(
                "__self__",
                "the instance to which a method is bound",
                |heap, args| slot(heap, args, |m: &BoundMethod| &m.receiver),
            )
            .as_member(),
            Getter::vm("__doc__", "The documentation, or None.", |vm, args| {
                of_function(vm, args.at(0), "__doc__")
            }),
            Getter::vm(
                "__module__",
                "The name of the module that it was made in.",
                |vm, args| of_function(vm, args.at(0), "__module__"),
            ),
        ],
        ..NativeType::of(Builtin::Method, "Create a bound instance method object.")
    },
    NativeType {
        methods: &[
            &Special::<NativeFunction>::REPR,
            &CALL,
            &METHOD_EQ,
            &METHOD_HASH,
            &FUNCTION_REDUCE,
        ],
        getters: &FUNCTION_GETTERS,
        ..NativeType::of(Builtin::BuiltinFunction, "A function written in Rust.")
    },
    NativeType {
        methods: &[&CALL, &METHOD_EQ, &METHOD_HASH, &FUNCTION_REDUCE],
        getters: &NATIVE_GETTERS,
        ..NativeType::of(
            Builtin::MethodWrapper,
            "An operator of a builtin type, bound to an object.",
        )
    },
    NativeType {
        methods: &[&CALL, &NATIVE_GET, &DESCRIPTOR_REDUCE],
        getters: &NATIVE_GETTERS,
        ..NativeType::of(Builtin::MethodDescriptor, "A method of a builtin type.")
    },
    NativeType {
        methods: &[&CALL, &NATIVE_GET, &DESCRIPTOR_REDUCE],
        getters: &NATIVE_GETTERS,
        ..NativeType::of(Builtin::WrapperDescriptor, "An operator of a builtin type.")
    },
];

const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    |vm, args| vm.call_ex(args.at(0), args.at(1), Some(args.at(2))),
);
const DESCRIPTOR_REDUCE: Native =
    Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
        let owner = vm.get_attr_named(args.at(0), "__objclass__")?;
        let name = vm.get_attr_named(args.at(0), "__name__")?;
        let builtins = vm.import_module("builtins")?;
        let getattr = vm.get_attr_named(builtins, "getattr")?;
        let args = vm.tuple_of(&[owner, name]);
        Ok(vm.tuple_of(&[getattr, args]))
    });
const FUNCTION_GET: Native = Native::leaf(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    bind,
);
const NATIVE_GET: Native = Native::leaf(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    bind,
);
const METHOD_NEW: Native = Native::vm(
    "__new__(cls, function, instance, /)",
    "Create and return a new object.",
    method_new,
);
const METHOD_GETATTR: Native = Native::vm(
    "__getattr__(self, name, /)",
    "An attribute of the function.",
    method_getattr,
);
const METHOD_GET: Native = Native::leaf(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    |_, args| Ok(args.get(0)),
);
const METHOD_EQ: Native = Native::vm("__eq__(self, value, /)", "Return self==value.", method_eq);
const METHOD_HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", method_hash);

/// What a slot of the receiver holds.
fn slot<'h, T: Object>(
    heap: &'h Heap,
    args: Args<'h>,
    which: fn(&T) -> &Slot,
) -> Result<Value<'h>, Raised> {
    Ok(which(this::<T>(heap, args)?.get())
        .get(heap)
        .or(Value::NONE))
}

// Functions.

fn set_name<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    if as_str(heap, args.get(1)).is_none() {
        return Err(heap.type_error("__name__ must be set to a string object"));
    }
    function.name.set(plain_value(heap, args.get(1)));
    Ok(Value::NONE)
}

fn set_qualname<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    if as_str(heap, args.get(1)).is_none() {
        return Err(heap.type_error("__qualname__ must be set to a string object"));
    }
    function.qualname.set(plain_value(heap, args.get(1)));
    Ok(Value::NONE)
}

fn set_doc<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    this::<Function>(heap, args)?
        .doc
        .set(args.get(1).or(Value::NONE));
    Ok(Value::NONE)
}

fn set_defaults<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    let value = plain_value(heap, args.get(1).or(Value::NONE));
    if !value.is_none() && !value.is_gc::<Tuple>() {
        return Err(heap.type_error("__defaults__ must be set to a tuple object"));
    }
    function
        .defaults
        .set(if value.is_none() { Value::UNDEF } else { value });
    Ok(Value::NONE)
}

fn set_kwdefaults<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    function
        .kwdefaults
        .set(dict_or_undef(heap, args.get(1), "__kwdefaults__")?);
    Ok(Value::NONE)
}

fn set_annotations<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    function
        .annotations
        .set(dict_or_undef(heap, args.get(1), "__annotations__")?);
    Ok(Value::NONE)
}

fn dict_or_undef<'h>(heap: &'h Heap, value: Value<'h>, name: &str) -> Result<Value<'h>, Raised> {
    if value.is_undef() || value.is_none() {
        return Ok(Value::UNDEF);
    }
    match value.as_gc::<Dict>() {
        Some(dict) => Ok(dict.value()),
        None => Err(heap.type_error(format!("{name} must be set to a dict object"))),
    }
}

fn annotations<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    if function.annotations.is_undef() {
        function.annotations.set(heap.dict().value());
    }
    Ok(function.get().annotations.get(heap))
}

/// An attribute of a function that is not among its fields.
fn extra<'h>(heap: &'h Heap, function: Gc<'h, Function>, name: Sym) -> Option<Value<'h>> {
    function
        .get()
        .attrs
        .get(heap)
        .as_gc::<Dict>()?
        .get_str(heap, heap.sym(name))
}

fn set_extra<'h>(heap: &'h Heap, function: Gc<'h, Function>, name: Sym, value: Value<'h>) {
    let attrs = &function.get().attrs;
    if attrs.is_undef() {
        attrs.set(heap.dict().value());
    }
    attrs
        .expect::<Dict>(heap)
        .set_str(heap, heap.sym(name), value);
}

fn function_builtins(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let function = crate::stdlib::receiver::this_of::<Function>(vm, args)?;
    let own = function
        .code(heap)
        .module(heap)
        .builtins
        .get(heap)
        .defined();
    Ok(vm.local(own.unwrap_or_else(|| vm.builtins().dict(heap).value())))
}

fn function_module<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let function = this::<Function>(heap, args)?;
    if let Some(module) = extra(heap, function, Sym::Module) {
        return Ok(module);
    }
    Ok(function
        .code(heap)
        .module(heap)
        .globals
        .get(heap, heap.sym(Sym::Name))
        .unwrap_or(Value::NONE))
}

fn set_function_module<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    set_extra(
        heap,
        this::<Function>(heap, args)?,
        Sym::Module,
        args.get(1).or(Value::NONE),
    );
    Ok(Value::NONE)
}

fn function_type_params<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let found = extra(heap, this::<Function>(heap, args)?, Sym::TypeParams);
    Ok(found.unwrap_or_else(|| heap.tuple(&[]).value()))
}

fn set_function_type_params<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    if !args.get(1).is_gc::<Tuple>() {
        return Err(heap.type_error("__type_params__ must be set to a tuple"));
    }
    set_extra(
        heap,
        this::<Function>(heap, args)?,
        Sym::TypeParams,
        args.get(1),
    );
    Ok(Value::NONE)
}

fn closure<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let cells: Vec<Value<'h>> = this::<Function>(heap, args)?
        .tail()
        .iter()
        .map(|cell| cell.get(heap))
        .collect();
    Ok(if cells.is_empty() {
        Value::NONE
    } else {
        heap.tuple(&cells).value()
    })
}

fn globals<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let module = this::<Function>(heap, args)?.code(heap).module(heap);
    Ok(module.dict(heap).value())
}

fn bind<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (function, instance, owner) = (args.get(0), args.get(1), args.get(2));
    if !instance.is_none() {
        return Ok(heap.bound_method(function, instance).value());
    }
    if owner.is_undef() || owner.is_none() {
        return Err(heap.type_error("__get__(None, None) is invalid"));
    }
    Ok(function)
}

// Bound methods.

fn method_new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (function, receiver) = (vm.get(args.at(1)), vm.get(args.at(2)));
    let callable = function.is_gc::<Function>()
        || function.is_gc::<NativeFunction>()
        || function.is_gc::<Class>();
    if !callable && vm.special(function, Sym::Call).is_none() {
        return Err(vm.heap.type_error("first argument must be callable"));
    }
    if receiver.is_none() {
        return Err(vm.heap.type_error("instance must not be None"));
    }
    Ok(vm.local(vm.heap.bound_method(function, receiver).value()))
}

/// What a method does not have, its function may have.
fn method_getattr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let Some(name) = vm.get_gc::<Str>(args.at(1)) else {
        return Err(vm.heap.type_error("attribute name must be string"));
    };
    let name = name.as_str().to_owned();
    match find_in_function(vm, args.at(0), &name)? {
        Some(value) => Ok(value),
        None => Err(vm.attribute_error(args.at(0), args.at(1))),
    }
}

fn of_function(vm: &mut Vm, method: Local, name: &str) -> Result<Local, Raised> {
    let found = find_in_function(vm, method, name)?;
    Ok(found.unwrap_or_else(|| vm.none()))
}

fn find_in_function(vm: &mut Vm, method: Local, name: &str) -> Result<Option<Local>, Raised> {
    let Some(method) = vm.get_gc::<BoundMethod>(method) else {
        return Ok(None);
    };
    let function = vm.local(method.function.get(&vm.heap));
    vm.nested(|vm| vm.find_attr(function, name))
}

fn method_eq(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let (Some(a), Some(b)) = (
        vm.get_gc::<BoundMethod>(args.at(0)),
        vm.get_gc::<BoundMethod>(args.at(1)),
    ) else {
        return Ok(vm.local(Value::NOT_IMPLEMENTED));
    };
    let same = a.receiver.get(heap).is(b.receiver.get(heap));
    let (a, b) = (
        vm.local(a.function.get(heap)),
        vm.local(b.function.get(heap)),
    );
    let equal = same && vm.equal(a, b)?;
    Ok(vm.bool_local(equal))
}

const METHOD_DIR: Native = Native::vm(
    "__dir__(self, /)",
    "The names of its attributes, and of those that its function was given.",
    |vm, args| {
        let class = vm.heap.class_of(vm.get(args.at(0)));
        let mut names: Vec<Value<'_>> = names_in_classes(&vm.heap, class).collect();
        if let Some(method) = vm.get_gc::<BoundMethod>(args.at(0))
            && let Some(given) = vm.attr_dict(method.function.get(&vm.heap))
        {
            names.extend(given.table.keys(&vm.heap));
        }
        Ok(vm.local(sorted_names(&vm.heap, names)))
    },
);

fn method_hash(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let Some(method) = vm.get_gc::<BoundMethod>(args.at(0)) else {
        return Ok(vm.local(heap.int(heap.id_of(vm.get(args.at(0))))));
    };
    let receiver = heap.id_of(method.receiver.get(heap));
    let function = vm.local(method.function.get(heap));
    let hash = vm.hash(function)? as i64 ^ receiver.rotate_left(4);
    Ok(vm.local(vm.heap.int(hash)))
}
