//! Host functions inside a VM: the names that programs see, and the calls.
//!
//! Each function is a stub in apy (`function.rs`) in the module it belongs to, or among the builtin names. Stubs call three natives:
//! `_call` runs the closure on the spot; `_start` runs it on a thread, and `_take` fetches what it returned.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::border::{to_data, to_object};
use super::data::Data;
use super::function::{Failed, HostError, Registered};
use crate::embed::{Mode, loader};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::module::Module;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised};
#[cfg(feature = "net")]
use crate::sched::reactor::reactor;
use crate::vm::native::NativeRole;
use crate::vm::{Extension, Layer, LayerPlace, Local, Locals, Native, Vm};

/// The functions of an engine.
pub(super) type Functions = Arc<[Registered]>;

/// The functions as the VM keeps them.
pub(super) struct HostFunctions {
    functions: Functions,
}

traced!(HostFunctions {} plain { functions });

impl Extension for HostFunctions {}

impl Layer for HostFunctions {
    const PLACE: LayerPlace = LayerPlace::HostFunctions;
}

const CALL: Native = Native::vm(
    "_call(number, /, *arguments)",
    "Call a function of the embedding program.",
    call,
);

#[cfg(feature = "net")]
const START: Native = Native::vm(
    "_start(number, /, *arguments)",
    "Call a function of the embedding program on a thread: the number of the call, and the future that ends with it.",
    start,
);

#[cfg(feature = "net")]
const TAKE: Native = Native::vm(
    "_take(number, job, /)",
    "Return what a call on a thread returned, or raise what it raised.",
    take,
);

/// Makes the functions known to a VM: each module that has some, and the builtin names.
///
/// # Errors
/// What the default of a parameter raises.
pub(super) fn install(vm: &mut Vm, functions: &Functions) -> Result<(), Raised> {
    vm.extend(HostFunctions {
        functions: Arc::clone(functions),
    });
    let mut texts: BTreeMap<Option<&str>, String> = BTreeMap::new();
    for (number, function) in functions.iter().enumerate() {
        let text = texts.entry(function.module.as_deref()).or_default();
        text.push_str(&function.stub(number));
    }
    for (name, text) in &texts {
        let mark = vm.mark();
        let module = define(vm, name.unwrap_or("builtins"), text)?;
        match name {
            Some(name) => vm.add_module(name, module),
            None => make_builtin(vm, module, functions),
        }
        vm.release(mark);
    }
    Ok(())
}

/// A module in which a text has run that defines stubs.
fn define(vm: &mut Vm, name: &str, text: &str) -> Result<Local, Raised> {
    let module = vm.local(vm.heap.module(name).value());
    let shown = vm.local(vm.heap.str_value(name));
    bind(vm, module, "__name__", shown);
    let natives = [
        const { &CALL },
        #[cfg(feature = "net")]
        const {
            &START
        },
        #[cfg(feature = "net")]
        const {
            &TAKE
        },
    ];
    for native in natives {
        let function = vm.native_function(native, NativeRole::Free);
        bind(vm, module, native.name(), function);
    }
    let unit = loader::read(vm, "<apy>/host", text.as_bytes());
    let unit = unit
        .map_err(|_| ())
        .and_then(|unit| loader::link(vm, &unit, module, Mode::Script).map_err(|_| ()));
    let Ok((function, _)) = unit else {
        let message = format!(
            "the functions of '{name}' do not go together: the compiler refuses their signatures"
        );
        return Err(vm.heap.raise(Builtin::SyntaxError, message));
    };
    vm.call(function, &[])?;
    Ok(module)
}

fn bind(vm: &Vm, module: Local, name: &str, value: Local) {
    if let Some(module) = vm.get_gc::<Module>(module) {
        module.set(&vm.heap, name, vm.get(value));
    }
}

/// Binds the functions without a module as builtin names.
fn make_builtin(vm: &Vm, module: Local, functions: &Functions) {
    let heap = &vm.heap;
    let free = functions
        .iter()
        .filter(|function| function.module.is_none());
    for function in free {
        let made = vm.get_gc::<Module>(module);
        let made = made.and_then(|module| module.globals.get(heap, heap.intern(&function.name)));
        if let Some(made) = made {
            vm.builtins().set(heap, &function.name, made);
        }
    }
}

/// The function of this number, and the arguments as data.
fn prepare(vm: &Vm, args: Locals) -> Result<(usize, Vec<Data>), Raised> {
    let arguments = vm
        .get_gc::<Tuple>(args.at(1))
        .map(|all| all.to_vec(&vm.heap));
    let count = vm.extension::<HostFunctions>().functions.len();
    let number = vm.get(args.at(0)).as_int().unwrap_or(-1);
    let Some(number) = usize::try_from(number)
        .ok()
        .filter(|&number| number < count)
    else {
        let message = "there is no host function of this number";
        return Err(vm.heap.raise(Builtin::ValueError, message));
    };
    let mark = vm.mark();
    let mut data = Vec::new();
    for argument in arguments.unwrap_or_default() {
        let argument = vm.local(argument);
        data.push(to_data(vm, argument)?);
        vm.release(mark);
    }
    Ok((number, data))
}

fn call(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (number, arguments) = prepare(vm, args)?;
    let function = vm.extension::<HostFunctions>().functions[number].clone();
    answer(vm, number, function.run(arguments))
}

/// What a function returned as an object.
fn answer(vm: &mut Vm, number: usize, result: Result<Data, Failed>) -> Result<Local, Raised> {
    match result {
        Ok(data) => to_object(vm, &data),
        Err(Failed::Raised(error)) => Err(raise(vm, error)),
        Err(Failed::Argument(at, wrong)) => {
            let function = &vm.extension::<HostFunctions>().functions[number];
            let parameter = function.parameters.get(at).map_or("?", String::as_str);
            let message = format!("{}() argument '{parameter}' {wrong}", function.name);
            Err(vm.heap.raise(Builtin::TypeError, message))
        }
    }
}

/// An error as an exception of the class that it names, if that is one.
fn raise(vm: &mut Vm, error: HostError) -> Raised {
    let heap = &vm.heap;
    let class = vm.builtins().globals.get(heap, heap.intern(&error.class));
    let base = heap.types.class(heap, Builtin::BaseException);
    let class = class.filter(|class| {
        let class = class.as_gc::<Class>();
        class.is_some_and(|class| class.is_subclass(heap, base))
    });
    let Some(class) = class.map(|class| vm.local(class)) else {
        return vm.heap.raise(Builtin::RuntimeError, error.message);
    };
    let message = vm.local(vm.heap.str_value(&error.message));
    match vm.call(class, &[message]) {
        Ok(exception) => vm.raise_local(exception),
        Err(raised) => raised,
    }
}

#[cfg(feature = "net")]
fn start(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let (number, arguments) = prepare(vm, args)?;
    let function = vm.extension::<HostFunctions>().functions[number].clone();
    let started = reactor(vm)?.pool.start(vm, move || function.run(arguments));
    let (job, waiter) = match started {
        Ok(started) => started,
        Err(error) => {
            let message = format!("no thread for the function: {error}");
            return Err(vm.heap.raise(Builtin::RuntimeError, message));
        }
    };
    let job = vm.local(vm.heap.int(job as i64));
    Ok(vm.tuple_of(&[job, waiter]))
}

#[cfg(feature = "net")]
fn take(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let number = vm.get(args.at(0)).as_int().unwrap_or_default() as usize;
    let job = vm.get(args.at(1)).as_int().unwrap_or(-1) as u64;
    match reactor(vm)?.pool.take::<Result<Data, Failed>>(job) {
        Some(result) => answer(vm, number, result),
        None => Err(vm.heap.raise(Builtin::ValueError, "there is no such call")),
    }
}
