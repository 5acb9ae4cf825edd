//! Saving by reducers: what `__reduce_ex__`, `copyreg` or the program say an object is made of.
//!
//! A reducer returns a name, or a tuple of a function, its arguments, a state, iterators over items and pairs, and a function that sets
//! the state. `save_call` writes a call without the rest.

use super::opcode::{self as op, BATCH};
use super::pickler::{pickler, slot};
use super::save::{number, put, remember, save};
use super::{PICKLING_ERROR, save_global};
use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::receiver::{plain, spread};
use crate::stdlib::registry::raise_text;
use crate::vm::{Local, Vm};

type Done = Result<(), Raised>;

fn refuse(vm: &mut Vm, message: &str) -> Raised {
    raise_text(vm, &PICKLING_ERROR, message)
}

/// Saves an object by the reducer that is registered for its class, or by its own.
///
/// # Errors
/// PicklingError; what the program raises.
pub fn save_by_reducer(vm: &mut Vm, this: Local, object: Local) -> Done {
    let class = vm.heap.class_of(vm.get(object));
    if class.builtin_is(Builtin::Type) {
        return save_class(vm, this, object);
    }
    let meta = vm.heap.types.class(&vm.heap, Builtin::Type);
    let is_class = class.is_subclass(&vm.heap, meta);
    let class = vm.local(class.value());
    if let Some(reducer) = registered(vm, this, class)? {
        let reduced = vm.call(reducer, &[object])?;
        return save_reduced(vm, this, reduced, object);
    }
    if is_class {
        return save_global::save_global(vm, this, object, None);
    }
    let reduced = match vm.find_attr(object, "__reduce_ex__")? {
        Some(reduce) => {
            let protocol = vm.local(vm.heap.int(pickler(vm, this).protocol.get()));
            vm.call(reduce, &[protocol])?
        }
        None => match vm.find_attr(object, "__reduce__")? {
            Some(reduce) => vm.call(reduce, &[])?,
            None => {
                let text = vm.repr_text(object)?;
                let class = vm.heap.type_name(vm.get(object));
                let message = format!("can't pickle '{class}' object: {text}");
                return Err(refuse(vm, &message));
            }
        },
    };
    save_reduced(vm, this, reduced, object)
}

/// A class; those of the singletons have no name that would find them.
fn save_class(vm: &mut Vm, this: Local, class: Local) -> Done {
    let value = vm.get(class);
    let heap = &vm.heap;
    let singletons = [Value::NONE, Value::ELLIPSIS, Value::NOT_IMPLEMENTED];
    let Some(single) = singletons
        .into_iter()
        .find(|&single| heap.class_of(single).value().is(value))
    else {
        return save_global::save_global(vm, this, class, None);
    };
    let single = vm.local(single);
    let args = vm.tuple_of(&[single]);
    let meta = vm.local(vm.heap.types.class(&vm.heap, Builtin::Type).value());
    save_call(vm, this, meta, args, class)
}

/// The reducer that a table has for a class: the pickler's own table, or that of `copyreg`.
fn registered(vm: &mut Vm, this: Local, class: Local) -> Result<Option<Local>, Raised> {
    let state = pickler(vm, this);
    let own = !state.dispatch_table.is_undef();
    if !own && state.registered.is_undef() {
        let copyreg = vm.import_module("copyreg")?;
        let table = vm.get_attr_named(copyreg, "dispatch_table")?;
        let state = pickler(vm, this);
        state.registered.set(vm.get(table));
    }
    let state = pickler(vm, this);
    let table = match own {
        true => slot(vm, &state.dispatch_table),
        false => slot(vm, &state.registered),
    };
    if vm.get_gc::<Dict>(table).is_some() && vm.is_exactly(table, Builtin::Dict) {
        return vm.dict_get(table, class);
    }
    match vm.get_item(table, class) {
        Ok(reducer) => Ok(Some(reducer)),
        Err(raised) if vm.is_raised(&raised, Builtin::LookupError) => {
            vm.heap.take_raised(raised);
            Ok(None)
        }
        Err(raised) => Err(raised),
    }
}

/// Saves what a reducer returned for an object.
///
/// # Errors
/// PicklingError; what the program raises.
pub fn save_reduced(vm: &mut Vm, this: Local, reduced: Local, object: Local) -> Done {
    let inner = plain(vm, reduced);
    if vm.get_gc::<Str>(inner).is_some() {
        return save_global::save_global(vm, this, object, Some(inner));
    }
    if vm.get_gc::<Tuple>(inner).is_none() {
        return Err(refuse(vm, "__reduce__ must return a string or tuple"));
    }
    let parts = spread(vm, inner);
    if !(2..=6).contains(&parts.len()) {
        let message = "tuple returned by __reduce__ must contain 2 through 6 elements";
        return Err(refuse(vm, message));
    }
    let part = |vm: &Vm, i: usize| parts.get(i).copied().filter(|&p| !vm.get(p).is_none());
    let (function, args) = (parts[0], plain(vm, parts[1]));
    if !vm.is_callable(function) {
        let message = "first item of the tuple returned by __reduce__ must be callable";
        return Err(refuse(vm, message));
    }
    if vm.get_gc::<Tuple>(args).is_none() {
        let message = "second item of the tuple returned by __reduce__ must be a tuple";
        return Err(refuse(vm, message));
    }
    let (state, items, pairs, setter) = (part(vm, 2), part(vm, 3), part(vm, 4), part(vm, 5));
    check_iterator(vm, items, "fourth")?;
    check_iterator(vm, pairs, "fifth")?;
    if let Some(setter) = setter
        && !vm.is_callable(setter)
    {
        let class = vm.heap.type_name(vm.get(setter));
        let message = format!(
            "sixth element of the tuple returned by __reduce__ must be a function, not {class}"
        );
        return Err(refuse(vm, &message));
    }
    if !save_making(vm, this, function, args, object)? {
        return Ok(());
    }
    if let Some(items) = items {
        save_all(vm, this, items, save, [op::APPEND, op::APPENDS])?;
    }
    if let Some(pairs) = pairs {
        save_all(vm, this, pairs, save_pair, [op::SETITEM, op::SETITEMS])?;
    }
    match (state, setter) {
        (None, _) => Ok(()),
        (Some(state), None) => {
            save(vm, this, state)?;
            put(vm, this, &[op::BUILD])
        }
        (Some(state), Some(setter)) => {
            save(vm, this, setter)?;
            save(vm, this, object)?;
            save(vm, this, state)?;
            put(vm, this, &[op::TUPLE2, op::REDUCE, op::POP])
        }
    }
}

fn check_iterator(vm: &mut Vm, items: Option<Local>, which: &str) -> Done {
    let Some(items) = items.filter(|&items| !vm.is_iterator(vm.get(items))) else {
        return Ok(());
    };
    let class = vm.heap.type_name(vm.get(items));
    let message = format!(
        "{which} element of the tuple returned by __reduce__ must be an iterator, not {class}"
    );
    Err(refuse(vm, &message))
}

/// Saves an object as a call.
///
/// # Errors
/// As for `save_reduced`.
pub fn save_call(vm: &mut Vm, this: Local, function: Local, args: Local, object: Local) -> Done {
    save_making(vm, this, function, args, object).map(drop)
}

/// Saves the call that makes an object, and remembers the object; false: its arguments contain it, so it was saved meanwhile.
fn save_making(
    vm: &mut Vm,
    this: Local,
    function: Local,
    args: Local,
    object: Local,
) -> Result<bool, Raised> {
    let protocol = pickler(vm, this).protocol.get();
    match constructor(vm, protocol, function)? {
        Constructor::New => save_new(vm, this, args, object)?,
        Constructor::NewWithKeywords => save_new_ex(vm, this, args)?,
        Constructor::Other => {
            save(vm, this, function)?;
            save(vm, this, args)?;
            put(vm, this, &[op::REDUCE])?;
        }
    }
    if let Some(number) = number(vm, this, object) {
        put(vm, this, &[op::POP])?;
        pickler(vm, this).save_remembered(&vm.heap, number)?;
        return Ok(false);
    }
    remember(vm, this, object)?;
    Ok(true)
}

/// The kind of a reduction's function.
enum Constructor {
    /// `copyreg.__newobj__`
    New,
    /// `copyreg.__newobj_ex__`
    NewWithKeywords,
    Other,
}

fn constructor(vm: &mut Vm, protocol: i64, function: Local) -> Result<Constructor, Raised> {
    if protocol < 2 || vm.get_gc::<Class>(function).is_some() {
        return Ok(Constructor::Other);
    }
    let Some(name) = vm.find_attr(function, "__name__")? else {
        return Ok(Constructor::Other);
    };
    let name = vm.get_gc::<Str>(name).map(Gc::as_str);
    Ok(match name {
        Some("__newobj__") => Constructor::New,
        Some("__newobj_ex__") => Constructor::NewWithKeywords,
        _ => Constructor::Other,
    })
}

fn save_new(vm: &mut Vm, this: Local, args: Local, object: Local) -> Done {
    let parts = spread(vm, args);
    let Some((&class, rest)) = parts.split_first() else {
        return Err(refuse(vm, "__newobj__ arglist is empty"));
    };
    if vm.get_gc::<Class>(class).is_none() {
        return Err(refuse(vm, "args[0] from __newobj__ args is not a type"));
    }
    let actual = vm.get_attr_named(object, "__class__")?;
    if !vm.get(actual).is(vm.get(class)) {
        let message = "args[0] from __newobj__ args has the wrong class";
        return Err(refuse(vm, message));
    }
    save(vm, this, class)?;
    let rest = vm.tuple_of(rest);
    save(vm, this, rest)?;
    put(vm, this, &[op::NEWOBJ])
}

fn save_new_ex(vm: &mut Vm, this: Local, args: Local) -> Done {
    let parts = spread(vm, args);
    let [class, values, keywords] = parts[..] else {
        let message = format!(
            "length of the NEWOBJ_EX argument tuple must be exactly 3, not {}",
            parts.len()
        );
        return Err(refuse(vm, &message));
    };
    let kinds = [
        (vm.get_gc::<Class>(class).is_some(), class, "first", "class"),
        (
            vm.get_gc::<Tuple>(plain(vm, values)).is_some(),
            values,
            "second",
            "tuple",
        ),
        (
            vm.get_gc::<Dict>(plain(vm, keywords)).is_some(),
            keywords,
            "third",
            "dict",
        ),
    ];
    if let Some(&(_, wrong, which, wanted)) = kinds.iter().find(|(is_right, ..)| !is_right) {
        let class = vm.heap.type_name(vm.get(wrong));
        let message =
            format!("{which} item from NEWOBJ_EX argument tuple must be a {wanted}, not {class}");
        return Err(refuse(vm, &message));
    }
    if pickler(vm, this).protocol.get() >= 4 {
        for part in parts {
            save(vm, this, part)?;
        }
        return put(vm, this, &[op::NEWOBJ_EX]);
    }
    let functools = vm.import_module("functools")?;
    let partial = vm.get_attr_named(functools, "partial")?;
    let new = vm.get_attr_named(class, "__new__")?;
    let mut positional = vec![new, class];
    positional.extend(spread(vm, plain(vm, values)));
    let positional = vm.tuple_of(&positional);
    let made = vm.call_ex(partial, positional, Some(keywords))?;
    let none = vm.tuple_of(&[]);
    save(vm, this, made)?;
    save(vm, this, none)?;
    put(vm, this, &[op::REDUCE])
}

/// Saves what an iterator yields, many at a time; `codes` add one and many.
fn save_all(
    vm: &mut Vm,
    this: Local,
    source: Local,
    save_one: fn(&mut Vm, Local, Local) -> Done,
    codes: [u8; 2],
) -> Done {
    let [single, many] = codes;
    let (first, more) = (vm.none(), vm.none());
    if !pickler(vm, this).is_binary() {
        while advance(vm, source, first)? {
            save_one(vm, this, first)?;
            put(vm, this, &[single])?;
        }
        return Ok(());
    }
    while advance(vm, source, first)? {
        if !advance(vm, source, more)? {
            save_one(vm, this, first)?;
            return put(vm, this, &[single]);
        }
        put(vm, this, &[op::MARK])?;
        save_one(vm, this, first)?;
        let mut count = 1;
        loop {
            save_one(vm, this, more)?;
            count += 1;
            if count == BATCH || !advance(vm, source, more)? {
                break;
            }
        }
        put(vm, this, &[many])?;
        if count < BATCH {
            return Ok(());
        }
    }
    Ok(())
}

/// Puts the next item of an iterator into a local; false: there is none.
fn advance(vm: &mut Vm, source: Local, into: Local) -> Result<bool, Raised> {
    vm.set(into, Value::UNDEF);
    let mark = vm.mark();
    let found = vm.next(source, into)?;
    vm.release(mark);
    Ok(found)
}

fn save_pair(vm: &mut Vm, this: Local, pair: Local) -> Done {
    let mark = vm.mark();
    let inner = plain(vm, pair);
    let parts = match vm.get_gc::<Tuple>(inner).is_some() {
        true => spread(vm, inner),
        false => Vec::new(),
    };
    let [key, value] = parts[..] else {
        let message = "dict items iterator must return 2-tuples";
        return Err(vm.heap.type_error(message));
    };
    save(vm, this, key)?;
    save(vm, this, value)?;
    vm.release(mark);
    Ok(())
}
