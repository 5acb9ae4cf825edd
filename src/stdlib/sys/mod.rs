//! The `sys` module: what a program can ask about itself and about the interpreter.
//!
//! The standard streams are made by `io/standard.rs`. What the interpreter was started with (`argv`, the
//! program's folder) is an extension of the VM. What few programs ask for is written in apy: `seldom`. To add a function that many do: a
//! `Native` and a word in `SYS`; a constant: a line in `init`.

mod frames;
pub mod hooks;
mod seldom;
mod tracing;

use super::arg;
use super::builtins::functions::program::exit;
use super::importlib;
use super::io::IoState;
use super::io::standard::{self, Standard};
use super::registry::{NativeModule, bind};
use crate::runtime::heap::traced;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::scheduler;
use crate::vm::{Extension, Layer, LayerPlace, Local, Native, Vm};

/// The module.
pub const SYS: NativeModule = NativeModule {
    functions: &[
        &EXIT,
        &frames::EXCEPTION,
        &frames::EXC_INFO,
        &frames::GET_FRAME,
        &frames::GET_FRAME_MODULE_NAME,
        &frames::CURRENT_FRAMES,
        &frames::CURRENT_EXCEPTIONS,
        &hooks::SET_ASYNCGEN_HOOKS,
        &hooks::SET_MAX_DIGITS,
        &hooks::GET_MAX_DIGITS,
        &hooks::MODULE_NAMES,
        &hooks::MARK_STATIC,
        &hooks::BYTECODE,
        &hooks::WARN_OPTIONS,
        &seldom::GET_ATTR,
        &seldom::DIR,
        &tracing::SET_TRACE,
        &tracing::GET_TRACE,
        &tracing::SET_PROFILE,
        &tracing::GET_PROFILE,
        &tracing::CALL_TRACING,
        &tracing::SET_ORIGIN_DEPTH,
        &tracing::GET_ORIGIN_DEPTH,
        &GET_LIMIT,
        &SET_LIMIT,
        &INTERN,
        &GET_SWITCH_INTERVAL,
        &SET_SWITCH_INTERVAL,
    ],
    constants: &CONSTANTS,
    init,
    ..NativeModule::of("sys", "The interpreter and the program that it runs.")
};

/// What `init` binds.
const BOUND: &[(&str, &str)] = &[
    ("argv", "The program's name and its arguments."),
    (
        "path",
        "Where imports look for modules: a list with the program's folder.",
    ),
    ("meta_path", "The finders that `import` asks."),
    ("path_hooks", "Empty: finders for single folders."),
    ("path_importer_cache", "Empty: finders by folder."),
    ("modules", "The modules that were imported, by name."),
    ("platform", "The operating system, such as 'linux'."),
    (
        "byteorder",
        "'little' or 'big': in which order the machine keeps the bytes of a number.",
    ),
    ("maxsize", "The largest index: 2**63 - 1."),
    ("maxunicode", "The largest code point: 0x10ffff."),
    (
        "version",
        "The version of Python that programs are written for, and that of apy.",
    ),
    ("stdin", "The standard input, a text stream."),
    ("stdout", "The standard output, a text stream."),
    ("stderr", "The standard error output, a text stream."),
    ("__stdin__", "The standard input as it was at the start."),
    ("__stdout__", "The standard output as it was at the start."),
    (
        "__stderr__",
        "The standard error output as it was at the start.",
    ),
];

/// These, and what is bound later.
const CONSTANTS: [(&str, &str); BOUND.len() + seldom::NAMES.len()] = {
    let mut all = [("", ""); BOUND.len() + seldom::NAMES.len()];
    let mut i = 0;
    while i < all.len() {
        all[i] = if i < BOUND.len() {
            BOUND[i]
        } else {
            seldom::NAMES[i - BOUND.len()]
        };
        i += 1;
    }
    all
};

/// What the interpreter was started with.
pub struct Program {
    args: Vec<String>,
    path: Vec<String>,
    /// The options -W.
    warn_options: Vec<String>,
    bytecode: Bytecode,
}

/// Whether and where the code of imported files is stored.
#[derive(Default)]
pub struct Bytecode {
    /// Whether it is stored for the next run.
    pub is_written: bool,
    /// The folder for all of it, if it is not beside the sources.
    pub prefix: Option<String>,
}

impl Program {
    /// `args`: `sys.argv`; `path`: `sys.path`.
    #[must_use]
    pub fn new(args: Vec<String>, path: Vec<String>) -> Program {
        Program {
            args,
            path,
            warn_options: Vec::new(),
            bytecode: Bytecode::default(),
        }
    }

    /// The same where the code of imported files is stored.
    #[must_use]
    pub fn with_bytecode(self, bytecode: Bytecode) -> Program {
        Program { bytecode, ..self }
    }

    /// The same with options -W.
    #[must_use]
    pub fn with_warn_options(self, warn_options: Vec<String>) -> Program {
        Program {
            warn_options,
            ..self
        }
    }
}

impl Layer for Program {
    const PLACE: LayerPlace = LayerPlace::Program;
}

traced!(Program {} plain { args, path, warn_options, bytecode });

impl Extension for Program {}

const GET_SWITCH_INTERVAL: Native = Native::vm(
    "getswitchinterval() -> float",
    "What setswitchinterval() was given; 0.005 at first.",
    |vm, _| Ok(vm.local(Value::float(scheduler(vm).switch_interval.get()))),
);
const SET_SWITCH_INTERVAL: Native = Native::vm(
    "setswitchinterval(interval, /)",
    "Keep a number of seconds for getswitchinterval(). The time slice of a thread is a number of calls and loops, the same in each run. Raises ValueError unless it is positive.",
    |vm, args| {
        let seconds = vm.to_float(args.at(0))?;
        if seconds.is_nan() || seconds <= 0.0 {
            let message = "switch interval must be strictly positive";
            return Err(vm.heap.value_error(message));
        }
        scheduler(vm).switch_interval.set(seconds);
        Ok(vm.none())
    },
);

/// What `import` asks; see `importlib`.
fn bind_finders(vm: &mut Vm, module: Local) {
    let finders = importlib::default_finders(vm);
    let finders = vm.heap.list(finders.map(|finder| vm.get(finder))).value();
    bind(vm, module, "meta_path", finders);
    bind(vm, module, "path_hooks", vm.heap.list([]).value());
    bind(vm, module, "path_importer_cache", vm.heap.dict().value());
}

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    let Program { args, path, .. } = vm.extension();
    let heap = &vm.heap;
    let argv = heap
        .list(args.iter().map(|arg| heap.str_value(arg)))
        .value();
    bind(vm, module, "argv", argv);
    bind(
        vm,
        module,
        "path",
        heap.list(path.iter().map(|folder| heap.str_value(folder)))
            .value(),
    );
    bind(vm, module, "modules", vm.modules().value());
    bind(vm, module, "platform", heap.str_value(std::env::consts::OS));
    bind(
        vm,
        module,
        "byteorder",
        heap.str_value(if cfg!(target_endian = "little") {
            "little"
        } else {
            "big"
        }),
    );
    bind(vm, module, "maxsize", heap.int(i64::MAX));
    bind(vm, module, "maxunicode", heap.int(0x0010_FFFF));
    bind(
        vm,
        module,
        "version",
        heap.str_value(concat!(
            "3.13.0 (apy ",
            env!("CARGO_PKG_VERSION"),
            ") [Rust]"
        )),
    );
    standard::make(vm)?;
    for (standard, names) in Standard::ALL.into_iter().zip([
        ["stdin", "__stdin__"],
        ["stdout", "__stdout__"],
        ["stderr", "__stderr__"],
    ]) {
        for name in names {
            let slot = &vm.extension::<IoState>().standard[standard as usize];
            bind(vm, module, name, slot.get(&vm.heap));
        }
    }
    vm.extension::<IoState>().sys.set(vm.get(module));
    bind_finders(vm, module);
    Ok(())
}

const EXIT: Native = Native::vm(
    "exit(status=None, /)",
    "Exit the interpreter by raising SystemExit(status).",
    |vm, args| match vm.get_gc::<Tuple>(args.at(0)) {
        // As the arguments of the exception.
        Some(parts) => {
            let parts = parts.to_vec(&vm.heap);
            Err(vm.heap.raise_with(Builtin::SystemExit, &parts))
        }
        None if vm.get(args.at(0)).is_none() => Err(vm.heap.raise_with(Builtin::SystemExit, &[])),
        None => exit(vm, args),
    },
);
const GET_LIMIT: Native = Native::vm(
    "getrecursionlimit() -> int",
    "How many calls may be nested.",
    |vm, _| {
        let limit = vm.recursion_limit();
        Ok(vm.local(vm.heap.usize(limit)))
    },
);
const SET_LIMIT: Native = Native::vm(
    "setrecursionlimit(limit, /)",
    "Set how many calls may be nested. Raises ValueError if the limit is below 1.",
    |vm, args| {
        let limit = vm.index(args.at(0))?;
        match usize::try_from(limit) {
            Ok(limit) if limit > 0 => vm.set_recursion_limit(limit),
            _ => {
                return Err(vm
                    .heap
                    .value_error("recursion limit must be greater or equal than 1"));
            }
        }
        Ok(vm.none())
    },
);
const INTERN: Native = Native::leaf(
    "intern(string, /)",
    "The one string object with this text.",
    |heap, args| {
        Ok(heap
            .intern(arg::text(heap, args.get(0), "intern() argument")?)
            .value())
    },
);
