//! `super`: the search for an attribute goes on after a class. Calls without arguments get theirs from the compiler.
//!
//! The search itself is in `vm/protocol/attribute.rs`. Here are construction, the checks that CPython makes, and the attributes of the
//! object.

use crate::runtime::class::Class;
use crate::runtime::descriptor::Super;
use crate::runtime::intern::Sym;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::receiver::{given as if_given, spread, this, this_of};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[&INIT, &REPR, &GET, &GETATTRIBUTE],
    getters: &[
        Getter::leaf(
            "__thisclass__",
            "the class invoking super()",
            |heap, args| Ok(this::<Super>(heap, args)?.class.get(heap).or(Value::NONE)),
        )
        .as_member(),
        Getter::leaf(
            "__self__",
            "the instance invoking super(); may be None",
            |heap, args| Ok(this::<Super>(heap, args)?.object.get(heap).or(Value::NONE)),
        )
        .as_member(),
        Getter::leaf(
            "__self_class__",
            "the type of the instance invoking super(); may be None",
            |heap, args| {
                Ok(this::<Super>(heap, args)?
                    .object_class
                    .get(heap)
                    .or(Value::NONE))
            },
        )
        .as_member(),
    ],
    ..NativeType::of(
        Builtin::Super,
        "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\n\
         super(type, obj) -> bound super object; requires isinstance(obj, type)\n\
         super(type, type2) -> bound super object; requires issubclass(type2, type)",
    )
}];

const NEW: Native = Native::vm(
    "__new__(cls, type=None, obj=None, /)",
    "Create and return a new object.",
    new,
);
const INIT: Native = Native::vm("__init__(self, /, *args)", "Initialize self.", init);
const GET: Native = Native::vm(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    get,
);
const GETATTRIBUTE: Native = Native::vm(
    "__getattribute__(self, name, /)",
    "Return getattr(self, name).",
    |vm, args| {
        if !vm.get(args.at(1)).is_gc::<Str>() {
            let given = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("attribute name must be string, not '{given}'");
            return Err(vm.heap.type_error(message));
        }
        match vm.lookup_attr(args.at(0), args.at(1))? {
            Some(value) => Ok(value),
            None => Err(vm.attribute_error(args.at(0), args.at(1))),
        }
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});

/// A super object; that of a subclass is filled by `__init__`, which the subclass may call with other arguments.
fn new(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let empty = Super {
        class: Slot::undef(),
        object: Slot::undef(),
        object_class: Slot::undef(),
        attrs: Slot::undef(),
    };
    let class: Gc<'_, Class> = vm.get_gc(args.at(0)).expect("`__new__` takes a class");
    let shape = class.root_shape();
    let is_plain = class.builtin_is(Builtin::Super);
    let made = vm.local(vm.heap.alloc_shaped(empty, shape).value());
    if is_plain {
        fill(vm, made, if_given(vm, args.at(1)), if_given(vm, args.at(2)))?;
    }
    Ok(made)
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let given = spread(vm, args.at(1));
    let this = this_of::<Super>(vm, args)?;
    let same = |slot: &Slot, n: usize| {
        given
            .get(n)
            .is_some_and(|&v| slot.get(&vm.heap).is(vm.get(v)))
    };
    let is_done = same(&this.class, 0) && (given.len() < 2 || same(&this.object, 1));
    if is_done {
        return Ok(vm.none());
    }
    if given.len() > 2 {
        let message = format!("super() expected at most 2 arguments, got {}", given.len());
        return Err(vm.heap.type_error(message));
    }
    fill(
        vm,
        args.at(0),
        given.first().copied(),
        given.get(1).copied(),
    )?;
    Ok(vm.none())
}

/// Sets the class and the object that a super object stands for.
fn fill(
    vm: &mut Vm,
    this: Local,
    class: Option<Local>,
    object: Option<Local>,
) -> Result<(), Raised> {
    let heap = &vm.heap;
    let Some(class) = class else {
        return Err(heap.raise(Builtin::RuntimeError, "super(): no arguments"));
    };
    let start = vm.get(class);
    if !start.is_gc::<Class>() {
        let given = heap.type_name(start);
        return Err(heap.type_error(format!("super() argument 1 must be a type, not {given}")));
    }
    let object = object.filter(|&object| !vm.get(object).is_none());
    let object_class = match object {
        Some(object) => Some(searched_class(vm, class, object)?),
        None => None,
    };
    let value = |local: Option<Local>| local.map_or(Value::UNDEF, |local| vm.get(local));
    let this: Gc<'_, Super> = vm.get_gc(this).expect("the caller has a super object");
    this.class.set(vm.get(class));
    this.object.set(value(object));
    this.object_class.set(value(object_class));
    Ok(())
}

/// An unbound super object in a class binds to the instances.
fn get(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = this_of::<Super>(vm, args)?;
    if !this.object.is_undef() || vm.get(args.at(1)).is_none() {
        return Ok(args.at(0));
    }
    let class = vm.local(this.class.get(&vm.heap).or(Value::NONE));
    let maker = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    vm.call(maker, &[class, args.at(1)])
}

/// The class whose order is searched: the object itself if it is a subclass, else its class.
fn searched_class(vm: &mut Vm, class: Local, object: Local) -> Result<Local, Raised> {
    let heap = &vm.heap;
    let start: Gc<'_, Class> = vm.get_gc(class).expect("the caller checked the kind");
    let value = vm.get(object);
    let itself = value
        .as_gc::<Class>()
        .filter(|c| c.is_subclass(heap, start));
    let found =
        itself.or_else(|| Some(heap.class_of(value)).filter(|c| c.is_subclass(heap, start)));
    if let Some(found) = found {
        return Ok(vm.local(found.value()));
    }
    let claimed = vm.find_attr(object, Sym::Class.text())?;
    let heap = &vm.heap;
    let start: Gc<'_, Class> = vm.get_gc(class).expect("the caller checked the kind");
    if let Some(claimed) = claimed.filter(|&c| {
        vm.get_gc::<Class>(c)
            .is_some_and(|c| c.is_subclass(heap, start))
    }) {
        return Ok(claimed);
    }
    let what = match vm.get_gc::<Class>(object) {
        Some(class) => format!("type {}", class.name(heap).as_str()),
        None => format!("instance of {}", heap.type_name(vm.get(object))),
    };
    let name = start.name(heap).as_str();
    Err(heap.type_error(format!(
        "super(type, obj): obj ({what}) is not an instance or subtype of type ({name})."
    )))
}
