//! `module`, the type of what `import` returns (`types.ModuleType`).
//!
//! The names of a module are its slots (`runtime/module.rs`); `__dict__` is their live view. Programs may derive from the type and
//! may give a module another class that derives from it. To add a method: a `Native`, its function, a word in the table.

use super::object::sorted_names;
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::receiver::{plain, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The type of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[&DIR, &INIT, &REPR],
    getters: &[
        Getter::leaf(
            "__dict__",
            "The global variables of the module, a live dict.",
            |heap, args| Ok(this::<Module>(heap, args)?.dict(heap).value()),
        ),
        Getter::leaf(
            "__annotations__",
            "The annotations of the module's variables, a dict.",
            annotations,
        )
        .with_set(set_annotations),
    ],
    ..NativeType::of(
        Builtin::Module,
        "Create a module object.\n\nThe name must be a string; the optional docstring can have any type.",
    )
}];

const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});
const NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |heap, args| Ok(heap.module_of(args.get(0), heap.intern("?")).value()),
);
const INIT: Native = Native::leaf(
    "__init__(self, name, doc=None)",
    "Initialize self.  See help(type(self)) for accurate signature.",
    init,
);
const DIR: Native = Native::vm(
    "__dir__(self, /)",
    "__dir__() -> list\nspecialized dir() implementation",
    names,
);

fn init<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let module = this::<Module>(heap, args)?;
    let Some(name) = args.get(1).as_gc::<Str>() else {
        let given = heap.argument_name(args.get(1));
        return Err(heap.type_error(format!("module() argument 'name' must be str, not {given}")));
    };
    module.name.set(name.value());
    module.bind(heap, heap.sym(Sym::Name), name.value());
    module.bind(heap, heap.sym(Sym::Doc), args.get(2).or(Value::NONE));
    for unknown in [Sym::Package, Sym::Loader, Sym::Spec] {
        module.bind(heap, heap.sym(unknown), Value::NONE);
    }
    Ok(Value::NONE)
}

/// What the module's own `__dir__` returns, or the names that it binds.
fn names(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let module = this_of::<Module>(vm, args)?;
    if heap.class_of(module.value()).builtin.is_none() {
        let dict = vm.get_attr_named(args.at(0), Sym::Dict.text())?;
        if vm.get_gc::<Dict>(plain(vm, dict)).is_none() {
            let message = "<module>.__dict__ is not a dictionary";
            return Err(vm.heap.type_error(message));
        }
    }
    let heap = &vm.heap;
    let module = this_of::<Module>(vm, args)?;
    if let Some(own) = module.globals.get(heap, heap.sym(Sym::Dir)) {
        let own = vm.local(own);
        return vm.call(own, &[]);
    }
    let names = module.entries(heap).into_iter();
    let mut names: Vec<_> = names.map(|(name, _)| name.value()).collect();
    names.extend(made_on_demand(heap, module));
    Ok(vm.local(sorted_names(heap, names)))
}

/// What a module of the library makes when it is asked for it: of its `__all__` everything is there in CPython.
fn made_on_demand<'h>(heap: &'h Heap, module: Gc<'h, Module>) -> Vec<Value<'h>> {
    let bound = |name: &str| module.globals.get(heap, heap.intern(name));
    if bound("__getattr__").is_none() || bound("__file__").is_some() {
        return Vec::new();
    }
    let all = bound("__all__").and_then(|all| all.as_gc::<List>());
    all.map_or_else(Vec::new, |all| all.to_vec(heap))
}

/// The dict of annotations: an empty one is made for a module that has none.
fn annotations<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let module = this::<Module>(heap, args)?;
    let name = heap.sym(Sym::Annotations);
    if let Some(own) = module.globals.get(heap, name) {
        return Ok(own);
    }
    let made = heap.dict();
    module.bind(heap, name, made.value());
    Ok(made.value())
}

fn set_annotations<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let module = this::<Module>(heap, args)?;
    let name = heap.sym(Sym::Annotations);
    if args.get(1).is_undef() {
        if module.unbind(heap, name) {
            return Ok(Value::NONE);
        }
        return Err(heap.raise(Builtin::AttributeError, "__annotations__"));
    }
    module.bind(heap, name, args.get(1));
    Ok(Value::NONE)
}

/// `module.__class__ = C`, where C derives from the module type; false: it does not.
pub fn set_class(heap: &Heap, module: Value<'_>, class: Value<'_>) -> bool {
    let (Some(module), Some(to)) = (module.as_gc::<Module>(), class.as_gc::<Class>()) else {
        return false;
    };
    if !to.is_subclass(heap, heap.types.class(heap, Builtin::Module)) {
        return false;
    }
    module.set_class(heap, class);
    true
}
