//! The `sys` module: what a program can ask about itself and about the interpreter.
//!
//! The standard streams are objects that write and read through the host. What the interpreter was started with (`argv`, the
//! program's folder) is an extension of the VM. To add a function: a `Native` and a word in `SYS`; a constant: a line in `init`.

use super::arg;
use super::builtins::functions::output::check_written;
use super::builtins::functions::program::exit;
use super::registry::{Getter, ModuleType, NativeModule, NativeType, bind, class_of};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::sched::slow_step;
use crate::vm::{Extension, Layer, Local, Locals, Native, Vm};

/// The module.
pub const SYS: NativeModule = NativeModule {
    functions: &[
        &EXIT, &EXCEPTION, &EXC_INFO, &GET_LIMIT, &SET_LIMIT, &INTERN,
    ],
    types: &[&STREAM],
    constants: &[
        ("argv", "The program's name and its arguments."),
        (
            "path",
            "Where imports look for modules: a list with the program's folder.",
        ),
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
        ("version_info", "The version of Python as a tuple."),
        ("stdin", "The standard input, a text stream."),
        ("stdout", "The standard output, a text stream."),
        ("stderr", "The standard error output, a text stream."),
    ],
    init,
    ..NativeModule::of("sys", "The interpreter and the program that it runs.")
};

/// What the interpreter was started with.
pub struct Program {
    args: Vec<String>,
    folder: String,
}

impl Program {
    /// `args`: `sys.argv`; `folder`: the first of `sys.path`.
    #[must_use]
    pub fn new(args: Vec<String>, folder: String) -> Program {
        Program { args, folder }
    }
}

impl Layer for Program {
    const PLACE: usize = 3;
}

traced!(Program {} plain { args, folder });

impl Extension for Program {}

const STREAM: ModuleType = ModuleType {
    name: "TextIOWrapper",
    module: "_io",
    body: NativeType {
        methods: &[
            &WRITE, &FLUSH, &READLINE, &READ, &ISATTY, &FILENO, &ITER, &NEXT,
        ],
        getters: &[
            Getter::leaf("name", "What the stream is called.", |heap, args| {
                let names = ["<stdin>", "<stdout>", "<stderr>"];
                Ok(heap.str_value(names[stream(args.get(0)) as usize]))
            }),
            Getter::leaf("encoding", "How text becomes bytes.", |heap, _| {
                Ok(heap.str_value("utf-8"))
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "A standard stream.")
    },
};

/// Which of the standard streams; the number is its file descriptor.
#[derive(Clone, Copy, PartialEq)]
enum Stream {
    In,
    Out,
    Err,
}

traced!(plain Stream);

impl Payload for Stream {}

fn stream(value: Value<'_>) -> Stream {
    *value
        .as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn init(vm: &mut Vm, module: Local) -> Result<(), Raised> {
    let Program { args, folder } = vm.extension();
    let heap = &vm.heap;
    let argv = heap
        .list(args.iter().map(|arg| heap.str_value(arg)))
        .value();
    bind(vm, module, "argv", argv);
    bind(
        vm,
        module,
        "path",
        heap.list([heap.str_value(folder)]).value(),
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
        heap.str_value(concat!("3.13.0 (apy ", env!("CARGO_PKG_VERSION"), ")")),
    );
    let version = [
        heap.int(3),
        heap.int(13),
        heap.int(0),
        heap.str_value("final"),
        heap.int(0),
    ];
    bind(vm, module, "version_info", heap.tuple(&version).value());
    let class = class_of(vm, &STREAM);
    for (name, stream) in [
        ("stdin", Stream::In),
        ("stdout", Stream::Out),
        ("stderr", Stream::Err),
    ] {
        let class = vm.get_gc(class).expect("class_of gives a class");
        bind(vm, module, name, vm.heap.opaque(class, stream).value());
    }
    Ok(())
}

const EXIT: Native = Native::vm(
    "exit(status=None, /)",
    "Exit the interpreter by raising SystemExit(status).",
    exit,
);
const EXCEPTION: Native = Native::vm(
    "exception()",
    "The exception that is being handled, or None.",
    |vm, _| Ok(vm.local(vm.handled().map_or(Value::NONE, Gc::value))),
);
const EXC_INFO: Native = Native::vm(
    "exc_info()",
    "(type, value, traceback) of the exception that is being handled.",
    |vm, _| {
        let Some(exception) = vm.handled() else {
            return Ok(vm.local(vm.heap.tuple(&[Value::NONE; 3]).value()));
        };
        let value = exception.value();
        let class = vm.heap.class_of(value).value();
        Ok(vm.local(vm.heap.tuple(&[class, value, Value::NONE]).value()))
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

const WRITE: Native = Native::vm(
    "write(self, text, /) -> int",
    "Write a string; the number of its characters.",
    write,
);
const FLUSH: Native = Native::vm("flush(self, /)", "Hand on what is buffered.", |vm, _| {
    let flushed = vm.host.flush();
    check_written(vm, flushed)?;
    Ok(vm.none())
});
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /) -> str",
    "Read a line with its end; empty at the end of the input.",
    |vm, args| {
        let line = read_line(vm, args.at(0))?;
        Ok(vm.local(vm.heap.str_value(&line)))
    },
);
const READ: Native = Native::vm(
    "read(self, size=-1, /) -> str",
    "Read to the end of the input.",
    |vm, args| {
        let mut text = String::new();
        loop {
            let line = read_line(vm, args.at(0))?;
            if line.is_empty() {
                return Ok(vm.local(vm.heap.str_value(&text)));
            }
            text.push_str(&line);
        }
    },
);
const ISATTY: Native = Native::leaf(
    "isatty(self, /) -> bool",
    "Whether it is a terminal; never said to be.",
    |_, _| Ok(Value::FALSE),
);
const FILENO: Native = Native::leaf(
    "fileno(self, /) -> int",
    "The file descriptor.",
    |heap, args| Ok(heap.int(stream(args.get(0)) as i64)),
);
const ITER: Native = Native::leaf("__iter__(self, /)", "The lines.", |_, args| Ok(args.get(0)));
const NEXT: Native = Native::vm("__next__(self, /) -> str", "The next line.", |vm, args| {
    let line = read_line(vm, args.at(0))?;
    if line.is_empty() {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    Ok(vm.local(vm.heap.str_value(&line)))
});

fn write(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let text = arg::text(&vm.heap, vm.get(args.at(1)), "write() argument")?.to_owned();
    let written = match stream(vm.get(args.at(0))) {
        Stream::Out => vm.host.print(&text),
        Stream::Err => vm.host.print_error(&text),
        Stream::In => return Err(vm.heap.raise(Builtin::OSError, "not writable")),
    };
    check_written(vm, written)?;
    Ok(vm.local(vm.heap.usize(text.chars().count())))
}

fn read_line(vm: &mut Vm, this: Local) -> Result<String, Raised> {
    if stream(vm.get(this)) != Stream::In {
        return Err(vm.heap.raise(Builtin::OSError, "not readable"));
    }
    slow_step::pulse(vm);
    let line = vm.host.read_line();
    slow_step::pulse(vm);
    check_written(vm, line)
}
