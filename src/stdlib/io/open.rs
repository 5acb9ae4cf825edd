//! `open`: puts the layers of a file together.
//!
//! A `FileIO`, over it a buffer for the direction, over that a `TextIOWrapper` unless the mode says bytes. If an upper layer fails, the
//! file is closed again.

use std::path::Path;

use super::buffered::{BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_WRITER};
use super::file_io::FILE_IO;
use super::sink::IoState;
use super::text_io::{TEXT_IO_WRAPPER, optional_text};
use super::{DEFAULT_BUFFER_SIZE, prepare};
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::{as_int, as_str, vm_index_or};
use crate::stdlib::path::path_arg;
use crate::stdlib::registry::{ModuleType, class_of};
use crate::text::str_repr::str_repr;
use crate::vm::files::Links;
use crate::vm::{Local, Locals, Native, Vm};

/// `open(...)`, also a builtin.
pub const OPEN: Native = Native::vm(
    "open(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None)",
    "Open file and return a stream.  Raise OSError upon failure.\n\n\
     mode\n  'r' to read (the default), 'w' to write, emptying the file first, 'x' to make a new file, 'a' to append;\n  \
     '+' for both directions; 't' for text (the default), 'b' for bytes.\n\
     buffering\n  0 for none (bytes only), 1 for lines (text only), else the size of the buffer.\n\
     encoding, errors\n  How text becomes bytes, by default UTF-8, and what becomes of what has no place in it.\n\
     newline\n  How lines end: None, '', '\\n', '\\r' or '\\r\\n'.",
    open,
);
/// `open_code(path)`
pub const OPEN_CODE: Native = Native::vm(
    "open_code(path)",
    "Open a file for reading as bytes.",
    |vm, args| {
        let open = vm.builtins().globals.get(&vm.heap, vm.heap.intern("open"));
        let open = vm.local(open.unwrap_or(Value::NONE));
        let mode = vm.local(vm.heap.str_value("rb"));
        vm.call(open, &[args.at(0), mode])
    },
);
/// `text_encoding(encoding, stacklevel=2)`
pub const TEXT_ENCODING: Native = Native::vm(
    "text_encoding(encoding, stacklevel=2, /)",
    "The encoding for open: 'locale' for None.",
    |vm, args| {
        if vm.get(args.at(0)).is_none() {
            return Ok(vm.local(vm.heap.str_value("locale")));
        }
        Ok(args.at(0))
    },
);

/// What a mode says.
struct Mode {
    /// For `FileIO`.
    raw: String,
    reading: bool,
    updating: bool,
    binary: bool,
}

fn parse_mode(vm: &Vm, mode: &str) -> Result<Mode, Raised> {
    let fail = |message: &str| Err(vm.heap.value_error(message));
    let count = |wanted: char| mode.chars().filter(|&c| c == wanted).count();
    if mode.chars().any(|c| !"rwxabt+".contains(c) || count(c) > 1) {
        return fail(&format!("invalid mode: {}", str_repr(mode)));
    }
    let has = |c: char| mode.contains(c);
    if has('t') && has('b') {
        return fail("can't have text and binary mode at once");
    }
    let directions = "rwxa".chars().filter(|&c| has(c)).count();
    if directions > 1 {
        return fail("must have exactly one of create/read/write/append mode");
    }
    if directions == 0 {
        return fail("Must have exactly one of create/read/write/append mode and at most one plus");
    }
    let raw = "xrwa+".chars().filter(|&c| has(c)).collect();
    Ok(Mode {
        raw,
        reading: has('r'),
        updating: has('+'),
        binary: has('b'),
    })
}

fn open(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let file = args.at(0);
    let mode = match as_str(&vm.heap, vm.get(args.at(1))) {
        Some(mode) => mode.as_str().to_owned(),
        None if vm.get(args.at(1)).is_undef() => "r".to_owned(),
        None => {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("open() argument 'mode' must be str, not {class}");
            return Err(vm.heap.type_error(message));
        }
    };
    let buffering = vm_index_or(vm, args.at(2), -1)?;
    for (at, name) in [(3, "encoding"), (4, "errors"), (5, "newline")] {
        optional_text(vm, args.at(at), &format!("open() argument '{name}'"))?;
    }
    prepare(vm)?;
    let text_mode = mode.clone();
    let mode = parse_mode(vm, &mode)?;
    check_text_arguments(vm, args, &mode)?;
    if mode.binary && buffering == 1 {
        let message = "line buffering (buffering=1) isn't supported in binary mode, the default buffer size will be used";
        vm.warn(Builtin::RuntimeWarning, message)?;
    }
    if mode.reading {
        settle_forgotten(vm, file)?;
    }
    let raw = open_raw(vm, args, &mode)?;
    match layers(vm, args, &mode, raw, buffering, &text_mode) {
        Ok(stream) => Ok(stream),
        Err(raised) => {
            let exception = vm.heap.take_raised(raised).value();
            let exception = vm.local(exception);
            vm.call_method(raw, "close", &[])?;
            Err(vm.raise_local(exception))
        }
    }
}

/// Arguments that only text files take.
fn check_text_arguments(vm: &Vm, args: Locals, mode: &Mode) -> Result<(), Raised> {
    let given = |at: usize| {
        let value = vm.get(args.at(at));
        !value.is_undef() && !value.is_none()
    };
    if mode.binary {
        for (at, words) in [(3, "an encoding"), (4, "an errors"), (5, "a newline")] {
            if given(at) {
                let message = format!("binary mode doesn't take {words} argument");
                return Err(vm.heap.value_error(message));
            }
        }
    }
    Ok(())
}

/// `settle` for a path that the program gave.
fn settle_forgotten(vm: &mut Vm, file: Local) -> Result<(), Raised> {
    if as_int(&vm.heap, vm.get(file)).is_some() || !vm.extension::<IoState>().has_writers() {
        return Ok(());
    }
    let mark = vm.mark();
    let path = path_arg(vm, file)?;
    settle(vm, &path.path);
    vm.release(mark);
    Ok(())
}

/// A program that forgot a file object finds in the file what it wrote: if text for this file is still held, the collector
/// finishes the objects that nobody can reach. Whether it had to.
pub fn settle(vm: &mut Vm, path: &Path) -> bool {
    if !vm.extension::<IoState>().has_writers() {
        return false;
    }
    let Ok(stat) = vm.host.files().stat(path, Links::Follow) else {
        return false;
    };
    let held = vm
        .extension::<IoState>()
        .holds_bytes_for(stat.device, stat.inode);
    if held {
        vm.collect();
    }
    held
}

/// The same for all files, where another program may read them.
pub fn settle_all(vm: &mut Vm) {
    let io = vm.extension::<IoState>();
    if io.has_writers() && io.holds_bytes_for_any() {
        vm.collect();
    }
}

fn open_raw(vm: &mut Vm, args: Locals, mode: &Mode) -> Result<Local, Raised> {
    let class = class_of(vm, &FILE_IO);
    let raw_mode = vm.local(vm.heap.str_value(&mode.raw));
    let or = |vm: &Vm, at: usize, default: Value<'_>| match vm.get(args.at(at)).is_undef() {
        true => vm.local(default),
        false => args.at(at),
    };
    let closefd = or(vm, 6, Value::TRUE);
    let opener = or(vm, 7, Value::NONE);
    vm.call(class, &[args.at(0), raw_mode, closefd, opener])
}

fn layers(
    vm: &mut Vm,
    args: Locals,
    mode: &Mode,
    raw: Local,
    buffering: i64,
    text_mode: &str,
) -> Result<Local, Raised> {
    if buffering == 0 {
        if mode.binary {
            return Ok(raw);
        }
        return Err(vm.heap.value_error("can't have unbuffered text I/O"));
    }
    let is_terminal = vm.call_method(raw, "isatty", &[])?;
    let by_line = buffering == 1 || buffering < 0 && vm.truth(is_terminal)?;
    let size = if buffering > 1 {
        buffering
    } else {
        DEFAULT_BUFFER_SIZE as i64
    };
    let class: &'static ModuleType = match (mode.updating, mode.reading) {
        (true, _) => &BUFFERED_RANDOM,
        (_, true) => &BUFFERED_READER,
        _ => &BUFFERED_WRITER,
    };
    let class = class_of(vm, class);
    let size = vm.local(vm.heap.int(size));
    let buffer = vm.call(class, &[raw, size])?;
    if mode.binary {
        return Ok(buffer);
    }
    let class = class_of(vm, &TEXT_IO_WRAPPER);
    let or_none = |vm: &Vm, at: usize| match vm.get(args.at(at)).is_undef() {
        true => vm.none(),
        false => args.at(at),
    };
    let (encoding, errors, newline) = (or_none(vm, 3), or_none(vm, 4), or_none(vm, 5));
    let by_line = vm.local(Value::bool(by_line));
    let text = vm.call(class, &[buffer, encoding, errors, newline, by_line])?;
    let mode = vm.local(vm.heap.str_value(text_mode));
    vm.set_attr_named(text, "mode", mode)?;
    Ok(text)
}
