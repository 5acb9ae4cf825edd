//! The functions that a program puts into `sys` to hear of exceptions, and what `_sys.apy` needs of the interpreter.
//!
//! The names are looked up in `sys` when something happens; as long as nobody asked for them they are not even bound (`seldom`).

use crate::runtime::class::{Class, class_flag};
use crate::runtime::exception::Exception;
use crate::runtime::module::Module;
use crate::runtime::{Gc, Raised, Slot, Value};
use crate::stdlib::io::standard::{self, Standard};
use crate::text::int_text::DigitLimit;
use crate::vm::{Local, Native, Vm};

pub(super) const SET_ASYNCGEN_HOOKS: Native = Native::vm(
    "_set_asyncgen_hooks(firstiter, finalizer, /)",
    "Set what is called when an asynchronous generator begins, and when it is abandoned.",
    |vm, args| {
        let set = |slot: &Slot, value: Value<'_>| {
            slot.set(if value.is_none() { Value::UNDEF } else { value });
        };
        set(&vm.finalisation().first_iteration, vm.get(args.at(0)));
        set(&vm.finalisation().finaliser, vm.get(args.at(1)));
        Ok(vm.none())
    },
);
pub(super) const SET_MAX_DIGITS: Native = Native::vm(
    "_set_max_digits(digits, /)",
    "Set how many digits are converted.",
    |vm, args| {
        let digits = vm.index(args.at(0))?;
        let limit = DigitLimit(usize::try_from(digits).unwrap_or(usize::MAX));
        vm.heap.digit_limit.set(limit);
        Ok(vm.none())
    },
);
pub(super) const GET_MAX_DIGITS: Native = Native::vm(
    "_get_max_digits()",
    "How many digits are converted.",
    |vm, _| Ok(vm.local(vm.heap.usize(vm.heap.digit_limit.get().0))),
);
pub(super) const MODULE_NAMES: Native = Native::vm(
    "_module_names()",
    "The names of the modules written in Rust, and of all that need no file.",
    |vm, _| {
        let heap = &vm.heap;
        let list = |names: Vec<&str>| heap.list(names.into_iter().map(|name| heap.str_value(name)));
        let native = list(crate::stdlib::module_names().collect()).value();
        let all = list(vm.importable_modules()).value();
        Ok(vm.local(heap.tuple(&[native, all]).value()))
    },
);
pub(super) const MARK_STATIC: Native = Native::vm(
    "_mark_static(cls, name, /)",
    "Say that a class stands for one that CPython has in C: messages use this full name, and programs cannot change the class.",
    |vm, args| {
        let name = vm.text_of(args.at(1))?;
        let name = vm.heap.intern(&name);
        if let Some(class) = vm.get_gc::<Class>(args.at(0)) {
            class.name.set(name.value());
            class.add_flags(class_flag::STATIC);
        }
        Ok(vm.none())
    },
);
pub(super) const WARN_OPTIONS: Native = Native::vm(
    "_warn_options()",
    "The options -W and those of PYTHONWARNINGS.",
    |vm, _| {
        let environment = vm.host.environment();
        let found = environment
            .into_iter()
            .find(|(name, _)| name == "PYTHONWARNINGS");
        let given = found.map_or(String::new(), |(_, value)| {
            value.to_string_lossy().into_owned()
        });
        let parts = given.split(',').filter(|part| !part.is_empty());
        let heap = &vm.heap;
        let options = &vm.extension::<super::Program>().warn_options;
        let all = parts.chain(options.iter().map(String::as_str));
        Ok(vm.local(heap.list(all.map(|part| heap.str_value(part))).value()))
    },
);

pub(super) const BYTECODE: Native = Native::vm(
    "_bytecode()",
    "Whether the code of imported files is not written, and the folder for it or None.",
    |vm, _| {
        let (heap, bytecode) = (&vm.heap, &vm.extension::<super::Program>().bytecode);
        let prefix = bytecode.prefix.as_deref();
        let prefix = prefix.map_or(Value::NONE, |prefix| heap.str_value(prefix));
        let pair = [Value::bool(!bytecode.is_written), prefix];
        Ok(vm.local(heap.tuple(&pair).value()))
    },
);

/// Calls `sys.excepthook` with the exception that ends the program, if the program has set one or `sys.stderr`. Whether it did.
///
/// # Errors
/// What the function raises.
pub fn call_excepthook(vm: &mut Vm, exception: Local) -> Result<bool, Raised> {
    let Some(hook) = changed_hook(vm, "excepthook", "__excepthook__")? else {
        return Ok(false);
    };
    let [class, traceback] = parts(vm, exception);
    vm.call(hook, &[class, exception, traceback])?;
    Ok(true)
}

/// Calls `sys.unraisablehook`, if the program has set one or `sys.stderr`; whether it did. `object`: what the exception came from.
pub fn call_unraisablehook(vm: &mut Vm, exception: Local, object: Option<Local>) -> bool {
    match try_unraisablehook(vm, exception, object) {
        Ok(called) => called,
        Err(raised) => {
            vm.heap.take_raised(raised);
            false
        }
    }
}

fn try_unraisablehook(
    vm: &mut Vm,
    exception: Local,
    object: Option<Local>,
) -> Result<bool, Raised> {
    let Some(hook) = changed_hook(vm, "unraisablehook", "__unraisablehook__")? else {
        return Ok(false);
    };
    let [class, traceback] = parts(vm, exception);
    let none = vm.none();
    let row = [class, exception, traceback, none, object.unwrap_or(none)];
    let row = vm.heap.tuple(&row.map(|part| vm.get(part))).value();
    let row = vm.local(row);
    let seldom = vm.import_module("_sys")?;
    let args = vm.call_method(seldom, "UnraisableHookArgs", &[row])?;
    vm.call(hook, &[args])?;
    Ok(true)
}

/// Writes the text that `sys.exit(text)` leaves behind to a `sys.stderr` of the program; whether there is one.
///
/// # Errors
/// What its `write` raises.
pub fn tell_exit(vm: &mut Vm, text: &str) -> Result<bool, Raised> {
    let stream = standard::current(vm, Standard::Error);
    if stream.is_none() || stream.is_undef() || !standard::redirects_errors(vm) {
        return Ok(false);
    }
    let stream = vm.local(stream);
    for part in [text, "\n"] {
        let part = vm.local(vm.heap.str_value(part));
        vm.call_method(stream, "write", &[part])?;
    }
    Ok(true)
}

/// A hook of `sys` that the program has to say in: it is not as it was at the start, or its stream is not.
fn changed_hook(vm: &mut Vm, name: &str, original: &str) -> Result<Option<Local>, Raised> {
    let Some(own) = vm.loaded_module("sys") else {
        return Ok(None);
    };
    if standard::redirects_errors(vm) {
        // Made now: `sys` has no such name before somebody asks for it.
        let own = vm.get_attr_named(own, name)?;
        return Ok((!vm.get(own).is_none()).then_some(own));
    }
    let heap = &vm.heap;
    let own: Option<Gc<'_, Module>> = vm.get_gc(own);
    let Some(hook) = own.and_then(|own| own.globals.get(heap, heap.intern(name))) else {
        return Ok(None);
    };
    let hook = vm.local(hook);
    let seldom = vm.import_module("_sys")?;
    let original = vm.get_attr_named(seldom, original)?;
    let changed = !vm.get(hook).is(vm.get(original)) && !vm.get(hook).is_none();
    Ok(changed.then_some(hook))
}

/// Class and traceback of an exception.
fn parts(vm: &Vm, exception: Local) -> [Local; 2] {
    let heap = &vm.heap;
    let class = heap.class_of(vm.get(exception)).value();
    let traceback = vm.get_gc::<Exception>(exception);
    let traceback = traceback.map_or(Value::NONE, |e| e.traceback(heap));
    [vm.local(class), vm.local(traceback)]
}
