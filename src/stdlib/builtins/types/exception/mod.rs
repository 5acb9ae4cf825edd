//! The exceptions: what all have (this file), the attributes of some (`field.rs`), and the families with more to say.
//!
//! An exception keeps `args`, cause, context and traceback in fields, all other attributes in a dict. Texts come from
//! `vm/protocol/text/exception.rs`, which knows the classes.

pub mod doc;
mod field;
mod group;
pub mod init;
pub mod os_error;

use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::traceback::Traceback;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::receiver::this;
use crate::stdlib::reduce::{EXCEPTION_REDUCE, EXCEPTION_SETSTATE};
use crate::stdlib::registry::{Getter, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// The types of this file.
pub const TYPES: &[NativeType] = &[NativeType {
    new: Some(&NEW),
    methods: &[
        &INIT,
        &STR,
        &REPR,
        &ADD_NOTE,
        &WITH_TRACEBACK,
        &EXCEPTION_REDUCE,
        &EXCEPTION_SETSTATE,
    ],
    getters: &[
        Getter::leaf("args", "the arguments", args).with_vm_set(set_args),
        Getter::leaf("__cause__", "exception cause", cause).with_set(set_cause),
        Getter::leaf("__context__", "exception context", context).with_set(set_context),
        Getter::leaf(
            "__suppress_context__",
            "whether the context is not shown",
            suppress,
        )
        .as_member()
        .with_set(set_suppress),
        Getter::leaf("__traceback__", "where it was raised", traceback).with_set(set_traceback),
    ],
    ..NativeType::of(
        Builtin::BaseException,
        "Common base class for all exceptions.",
    )
}];

/// The tables of this folder.
pub const FAMILIES: &[&[NativeType]] = &[TYPES, field::TYPES, os_error::TYPES, group::TYPES];

/// The exceptions that are builtin names.
pub fn named() -> impl Iterator<Item = Builtin> {
    let elsewhere = |class: &Builtin| {
        super::MODULES
            .iter()
            .any(|(_, classes)| classes.contains(class))
    };
    Builtin::all()
        .filter(move |class| class.derives_from(Builtin::BaseException) && !elsewhere(class))
}

const NEW: Native = Native::leaf(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    new,
);
const INIT: Native = Native::leaf(
    "__init__(self, /, *args, **kwargs)",
    "Initialize self.",
    init::init,
);
const STR: Native = Native::vm("__str__(self, /)", "Return str(self).", |vm, args| {
    vm.builtin_str(args.at(0))
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    vm.builtin_repr(args.at(0))
});
const ADD_NOTE: Native = Native::leaf(
    "add_note(self, note, /)",
    "Exception.add_note(note) --\nadd a note to the exception",
    add_note,
);
const WITH_TRACEBACK: Native = Native::leaf(
    "with_traceback(self, tb, /)",
    "Exception.with_traceback(tb) --\nset self.__traceback__ to tb and return self.",
    with_traceback,
);

fn new<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let class = exception_class(heap, args.get(0))?;
    let items = args
        .get(1)
        .as_gc::<Tuple>()
        .map_or_else(Vec::new, |items| items.to_vec(heap));
    Ok(heap.exception(class, &items).value())
}

/// The first argument of `__new__`, which must be an exception class.
fn exception_class<'h>(heap: &'h Heap, value: Value<'h>) -> Result<Gc<'h, Class>, Raised> {
    let base = heap.types.class(heap, Builtin::BaseException);
    match value.as_gc::<Class>() {
        Some(class) if class.is_subclass(heap, base) => Ok(class),
        Some(class) => {
            let name = class.name(heap).as_str();
            Err(heap.type_error(format!(
                "BaseException.__new__({name}): {name} is not a subtype of BaseException"
            )))
        }
        None => {
            let given = heap.type_name(value);
            Err(heap.type_error(format!(
                "BaseException.__new__(X): X is not a type object ({given})"
            )))
        }
    }
}

fn add_note<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (exception, note) = (this::<Exception>(heap, args)?, args.get(1));
    if as_str(heap, note).is_none() {
        return Err(heap.type_error(format!(
            "note must be a str, not '{}'",
            heap.type_name(note)
        )));
    }
    let (attrs, name) = (exception.attrs(heap), heap.sym(Sym::Notes));
    match attrs.get_str(heap, name) {
        None => attrs.set_str(heap, name, heap.list([note]).value()),
        Some(notes) => match notes.as_gc::<List>() {
            Some(notes) => notes.push(heap, note)?,
            None => return Err(heap.type_error("Cannot add note: __notes__ is not a list")),
        },
    }
    Ok(Value::NONE)
}

fn args<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Exception>(heap, args)?.args(heap).value())
}

fn set_args(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    if vm.get(args.at(1)).is_undef() {
        return Err(vm.heap.type_error("args may not be deleted"));
    }
    let list = vm.to_list(args.at(1))?;
    let items = vm
        .get_gc::<List>(list)
        .map_or_else(Vec::new, |list| list.to_vec(&vm.heap));
    if let Some(exception) = vm.get_gc::<Exception>(args.at(0)) {
        exception.args.set(vm.heap.tuple(&items).value());
    }
    Ok(vm.none())
}

fn cause<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Exception>(heap, args)?
        .cause
        .get(heap)
        .or(Value::NONE))
}

fn set_cause<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let exception = this::<Exception>(heap, args)?;
    exception.cause.set(linked(heap, args.get(1), "cause")?);
    exception.suppress_context.set(true);
    Ok(Value::NONE)
}

fn context<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Exception>(heap, args)?
        .context
        .get(heap)
        .or(Value::NONE))
}

fn set_context<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    this::<Exception>(heap, args)?
        .context
        .set(linked(heap, args.get(1), "context")?);
    Ok(Value::NONE)
}

/// An exception that another is to be linked to; Undef for None.
fn linked<'h>(heap: &'h Heap, value: Value<'h>, link: &str) -> Result<Value<'h>, Raised> {
    if value.is_undef() {
        return Err(heap.type_error(format!("__{link}__ may not be deleted")));
    }
    if value.is_none() {
        return Ok(Value::UNDEF);
    }
    match value.as_gc::<Exception>() {
        Some(exception) => Ok(exception.value()),
        None => Err(heap.type_error(format!(
            "exception {link} must be None or derive from BaseException"
        ))),
    }
}

fn suppress<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(Value::bool(
        this::<Exception>(heap, args)?.suppress_context.get(),
    ))
}

fn set_suppress<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    match args.get(1).as_bool() {
        Some(on) => this::<Exception>(heap, args)?.suppress_context.set(on),
        None if args.get(1).is_undef() => {
            return Err(heap.type_error("can't delete numeric/char attribute"));
        }
        None => return Err(heap.type_error("attribute value type must be bool")),
    }
    Ok(Value::NONE)
}

fn traceback<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    Ok(this::<Exception>(heap, args)?.traceback(heap))
}

fn set_traceback<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    let (exception, given) = (this::<Exception>(heap, args)?, args.get(1));
    if given.is_undef() {
        return Err(heap.type_error("__traceback__ may not be deleted"));
    }
    if !given.is_none() && !given.is_gc::<Traceback>() {
        return Err(heap.type_error("__traceback__ must be a traceback or None"));
    }
    exception.set_traceback(given);
    Ok(Value::NONE)
}

fn with_traceback<'h>(heap: &'h Heap, args: Args<'h>) -> Result<Value<'h>, Raised> {
    set_traceback(heap, args)?;
    Ok(args.get(0))
}

/// Whether keyword arguments were given.
fn has_keywords(heap: &Heap, kwargs: Value<'_>) -> bool {
    kwargs
        .as_gc::<Dict>()
        .is_some_and(|kwargs| !kwargs.table.is_empty(heap))
}
