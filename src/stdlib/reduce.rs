//! `__reduce_ex__`, `__reduce__`, `__getstate__` and `__sizeof__` of `object`, and the reductions of exceptions and sets.
//!
//! What is made is a function and its arguments that make an equal object, its state, and iterators over items: `pickle` and `copy` work
//! from it. Protocols 0 and 1, and `__newobj__`, are in `library/copyreg.apy`; iterators are in `iterator_state.rs`.

use crate::runtime::class::Class;
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::instance::Instance;
use crate::runtime::intern::Sym;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::stdlib::receiver::plain;
use crate::vm::{Local, Locals, Native, Vm};

/// `object.__reduce_ex__`
pub const REDUCE_EX: Native = Native::vm(
    "__reduce_ex__(self, protocol, /)",
    "Helper for pickle.",
    |vm, args| {
        let protocol = vm.index(args.at(1))?;
        let class = vm.heap.class_of(vm.get(args.at(0)));
        let reduce = class.lookup_in(&vm.heap, vm.heap.intern("__reduce__"));
        if reduce.is_some_and(|(owner, _)| !owner.builtin_is(Builtin::Object)) {
            return vm.call_method(args.at(0), "__reduce__", &[]);
        }
        reduce_object(vm, args.at(0), protocol)
    },
);

/// `object.__reduce__`
pub const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    reduce_object(vm, args.at(0), 0)
});

/// `object.__getstate__`
pub const GETSTATE: Native =
    Native::vm("__getstate__(self, /)", "Helper for pickle.", |vm, args| {
        state(vm, args.at(0))
    });

/// `object.__sizeof__`
pub const SIZEOF: Native = Native::vm(
    "__sizeof__(self, /) -> int",
    "Size of object in memory, in bytes: about.",
    |vm, args| {
        let items = crate::vm::leaf_len(&vm.heap, vm.get(args.at(0))).unwrap_or(0);
        Ok(vm.local(vm.heap.usize(16 + 8 * items)))
    },
);

fn reduce_object(vm: &mut Vm, object: Local, protocol: i64) -> Result<Local, Raised> {
    let copyreg = vm.import_module("copyreg")?;
    if protocol < 2 {
        let protocol = vm.local(vm.heap.int(protocol));
        return vm.call_method(copyreg, "_reduce_ex", &[object, protocol]);
    }
    let class = vm.local(vm.heap.class_of(vm.get(object)).value());
    let arguments = new_arguments(vm, object)?;
    let inner = plain(vm, object);
    let (is_list, is_dict) = (vm.get(inner).is_gc::<List>(), vm.get(inner).is_gc::<Dict>());
    if arguments.is_none() && !is_list && !is_dict {
        check_plain(vm, object)?;
    }
    let (function, values) = match arguments {
        Some((args, Some(keywords))) => ("__newobj_ex__", vec![class, args, keywords]),
        Some((args, None)) => {
            let mut values = vec![class];
            values.extend(items(vm, args));
            ("__newobj__", values)
        }
        None => ("__newobj__", vec![class]),
    };
    let function = vm.get_attr_named(copyreg, function)?;
    let values = vm.tuple_of(&values);
    let state = vm.call_method(object, "__getstate__", &[])?;
    let list_items = match is_list {
        true => vm.iter(object)?,
        false => vm.none(),
    };
    let dict_items = match is_dict {
        true => {
            let pairs = vm.call_method(object, "items", &[])?;
            vm.iter(pairs)?
        }
        false => vm.none(),
    };
    Ok(vm.tuple_of(&[function, values, state, list_items, dict_items]))
}

/// The items of a tuple.
fn items(vm: &Vm, tuple: Local) -> Vec<Local> {
    let tuple = vm.get_gc::<Tuple>(plain(vm, tuple));
    tuple.map_or_else(Vec::new, |tuple| {
        tuple.iter(&vm.heap).map(|item| vm.local(item)).collect()
    })
}

/// What `__getnewargs_ex__` or `__getnewargs__` says: arguments, and keywords if there are any.
fn new_arguments(vm: &mut Vm, object: Local) -> Result<Option<(Local, Option<Local>)>, Raised> {
    if let Some(pair) = vm.call_special(object, Sym::GetNewArgsEx, &[])? {
        let parts = items(vm, pair);
        if !vm.get(plain(vm, pair)).is_gc::<Tuple>() {
            return Err(should_return(vm, "__getnewargs_ex__", "tuple", pair));
        }
        let [args, keywords] = parts[..] else {
            let len = parts.len();
            let message = format!("__getnewargs_ex__ should return a tuple of length 2, not {len}");
            return Err(vm.heap.value_error(message));
        };
        if !vm.get(plain(vm, args)).is_gc::<Tuple>() {
            let what = "first item of the tuple returned by __getnewargs_ex__ must be a tuple";
            return Err(wrong_part(vm, what, args));
        }
        let Some(dict) = vm.get_gc::<Dict>(plain(vm, keywords)) else {
            let what = "second item of the tuple returned by __getnewargs_ex__ must be a dict";
            return Err(wrong_part(vm, what, keywords));
        };
        let keywords = (!dict.table.is_empty(&vm.heap)).then_some(keywords);
        return Ok(Some((args, keywords)));
    }
    let Some(args) = vm.call_special(object, Sym::GetNewArgs, &[])? else {
        return Ok(None);
    };
    match vm.get(plain(vm, args)).is_gc::<Tuple>() {
        true => Ok(Some((args, None))),
        false => Err(should_return(vm, "__getnewargs__", "tuple", args)),
    }
}

fn should_return(vm: &Vm, method: &str, class: &str, given: Local) -> Raised {
    let given = vm.heap.type_name(vm.get(given));
    vm.heap
        .type_error(format!("{method} should return a {class}, not '{given}'"))
}

fn wrong_part(vm: &Vm, what: &str, given: Local) -> Raised {
    let given = vm.heap.type_name(vm.get(given));
    vm.heap.type_error(format!("{what}, not '{given}'"))
}

/// Refuses objects that hold more than attributes: nothing says how to make an equal one.
fn check_plain(vm: &Vm, object: Local) -> Result<(), Raised> {
    let value = vm.get(object);
    let instance = value.as_gc::<Instance>();
    if !value.is_object() || instance.is_some_and(|instance| !instance.has_payload()) {
        return Ok(());
    }
    let class = vm.heap.class_of(value);
    let own = class.lookup_in(&vm.heap, vm.heap.intern("__getstate__"));
    if own.is_some_and(|(owner, _)| !owner.builtin_is(Builtin::Object)) {
        return Ok(());
    }
    let name = vm.heap.type_name(value);
    Err(vm.heap.type_error(format!("cannot pickle '{name}' object")))
}

/// The attributes of an object: its dict or None, with a dict of its slots beside it where it has any.
pub fn state(vm: &mut Vm, object: Local) -> Result<Local, Raised> {
    let dict = vm.find_attr(object, "__dict__")?;
    let dict = dict.filter(|&dict| {
        vm.get_gc::<Dict>(dict)
            .is_none_or(|dict| !dict.table.is_empty(&vm.heap))
    });
    let state = dict.unwrap_or_else(|| vm.none());
    if !has_slots(vm, object) {
        return Ok(state);
    }
    let copyreg = vm.import_module("copyreg")?;
    let class = vm.local(vm.heap.class_of(vm.get(object)).value());
    let names = vm.call_method(copyreg, "_slotnames", &[class])?;
    let names: Vec<Local> = match vm.get_gc::<List>(names) {
        Some(names) => {
            let names = names.to_vec(&vm.heap).into_iter();
            names.map(|name| vm.local(name)).collect()
        }
        None => Vec::new(),
    };
    let slots = vm.local(vm.heap.dict().value());
    let mut found = false;
    for name in names {
        if let Some(value) = vm.find_attr_local(object, name)? {
            vm.set_item(slots, name, value)?;
            found = true;
        }
    }
    match found {
        true => Ok(vm.tuple_of(&[state, slots])),
        false => Ok(state),
    }
}

/// Whether a class of the object declares `__slots__`.
fn has_slots(vm: &Vm, object: Local) -> bool {
    let heap = &vm.heap;
    let slots = heap.sym(Sym::Slots);
    let class: Gc<'_, Class> = heap.class_of(vm.get(object));
    class
        .mro(heap)
        .any(|class| class.attrs.get(heap, slots).is_some())
}

/// `BaseException.__reduce__`
pub const EXCEPTION_REDUCE: Native =
    Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
        let heap = &vm.heap;
        let Some(exception) = vm.get_gc::<Exception>(args.at(0)) else {
            return Err(heap.type_error("an exception was expected"));
        };
        let class = heap.class_of(exception.value()).value();
        let mut given = exception.args(heap).to_vec(heap);
        let field = |name: &str| exception.fields(heap).get_str(heap, heap.intern(name));
        // An OSError gave its files away, and an ImportError what the keywords said.
        if heap.is_instance(exception.value(), Builtin::OSError)
            && let (2, Some(file)) = (given.len(), field("filename"))
        {
            given.push(file);
            if let Some(second) = field("filename2") {
                given.extend([Value::NONE, second]);
            }
        }
        let own = exception.attrs.get(heap).as_gc::<Dict>();
        let own = own.filter(|own| !own.table.is_empty(heap));
        let mut state = own.map(Gc::value);
        if heap.is_instance(exception.value(), Builtin::ImportError) {
            let all = heap.dict();
            for (name, value) in own.map_or_else(Vec::new, |own| own.table.entries(heap)) {
                all.set_leaf(heap, name, value);
            }
            for name in ["name", "path", "name_from"] {
                if let Some(value) = field(name).filter(|value| !value.is_none()) {
                    all.set_str(heap, heap.intern(name), value);
                }
            }
            state = (!all.table.is_empty(heap)).then(|| all.value());
        }
        let mut parts = vec![class, heap.tuple(&given).value()];
        parts.extend(state);
        Ok(vm.local(heap.tuple(&parts).value()))
    });

/// `BaseException.__setstate__`
pub const EXCEPTION_SETSTATE: Native = Native::vm(
    "__setstate__(self, state, /)",
    "Set the attributes that __reduce__ returned.",
    |vm, args| {
        if vm.get(args.at(1)).is_none() {
            return Ok(vm.none());
        }
        let Some(dict) = vm.get_gc::<Dict>(plain(vm, args.at(1))) else {
            return Err(vm.heap.type_error("state is not a dictionary"));
        };
        let entries = dict.table.entries(&vm.heap).into_iter();
        let entries: Vec<(Local, Local)> = entries
            .map(|(name, value)| (vm.local(name), vm.local(value)))
            .collect();
        for (name, value) in entries {
            if !vm.get(name).is_gc::<Str>() {
                let given = vm.heap.type_name(vm.get(name));
                let message = format!("attribute name must be string, not '{given}'");
                return Err(vm.heap.type_error(message));
            }
            vm.set_attr(args.at(0), name, value)?;
        }
        Ok(vm.none())
    },
);

/// `set.__reduce__`
pub const SET_REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    |vm, args| {
        let list = vm.to_list(args.at(0))?;
        rebuild(vm, args, list)
    },
)
.on_instance();

/// `bytearray.__reduce__`
pub const BYTEARRAY_REDUCE: Native = Native::vm(
    "__reduce__(self, /)",
    "Return state information for pickling.",
    bytearray_reduce,
)
.on_instance();

/// `bytearray.__reduce_ex__`
pub const BYTEARRAY_REDUCE_EX: Native = Native::vm(
    "__reduce_ex__(self, proto=0, /)",
    "Return state information for pickling.",
    bytearray_reduce,
)
.on_instance();

fn bytearray_reduce(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let bytes = vm.local(vm.heap.types.class(&vm.heap, Builtin::Bytes).value());
    let inner = plain(vm, args.at(0));
    let value = vm.call(bytes, &[inner])?;
    rebuild(vm, args, value)
}

/// The class, one argument, and the attributes of an instance of a subclass.
fn rebuild(vm: &mut Vm, args: Locals, argument: Local) -> Result<Local, Raised> {
    let class = vm.local(vm.heap.class_of(vm.get(args.at(0))).value());
    let state = vm.call_method(args.at(0), "__getstate__", &[])?;
    let given = vm.tuple_of(&[argument]);
    Ok(vm.tuple_of(&[class, given, state]))
}

/// The name of a builtin function; `getattr` and the object of a bound method.
pub const FUNCTION_REDUCE: Native =
    Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
        let name = vm.get_attr_named(args.at(0), "__name__")?;
        let owner = vm.get_attr_named(args.at(0), "__self__")?;
        let of_module = vm.get(owner).is_gc::<crate::runtime::module::Module>();
        if vm.get(owner).is_none() || of_module {
            return Ok(name);
        }
        let builtins = vm.import_module("builtins")?;
        let getattr = vm.get_attr_named(builtins, "getattr")?;
        let args = vm.tuple_of(&[owner, name]);
        Ok(vm.tuple_of(&[getattr, args]))
    });
