//! `sys.stdin`, `sys.stdout`, `sys.stderr`: text streams that begin as streams of the host.
//!
//! What is printed goes straight to the host, which keeps it back and shows it in order. As soon as a program asks for what only a file
//! has (`buffer`, `detach`, `reconfigure`, reading), the stream becomes an ordinary `TextIOWrapper` over the file with the
//! descriptor; text that the host still keeps moves along, so that the order of bytes is CPython's.

use std::rc::Rc;

use super::buffered::{BUFFERED_READER, BUFFERED_WRITER};
use super::file_io::FILE_IO;
use super::sink::IoState;
use super::text_codec::{Newline, TextDecoder};
use super::text_io::{self, TEXT_IO_WRAPPER, state};
use super::{buffered, prepare};
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::as_str;
use crate::stdlib::arg::codec_error;
use crate::stdlib::registry::class_of;
use crate::text::codec::{self, Encoding};
use crate::text::surrogate;
use crate::vm::{Local, Vm};

/// A standard stream; the number is its descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// `sys.stdin`
    Input,
    /// `sys.stdout`
    Output,
    /// `sys.stderr`
    Error,
}

impl Standard {
    /// All three, by descriptor.
    pub const ALL: [Standard; 3] = [Standard::Input, Standard::Output, Standard::Error];

    /// The attribute `name`.
    pub fn name(self) -> &'static str {
        ["<stdin>", "<stdout>", "<stderr>"][self as usize]
    }
}

/// Makes the three streams; they are kept as `sys.__stdin__` and so on.
pub fn make(vm: &mut Vm) -> Result<(), Raised> {
    prepare(vm)?;
    for standard in Standard::ALL {
        let mark = vm.mark();
        let class = class_of(vm, &TEXT_IO_WRAPPER);
        let stream = vm.call_method(class, "__new__", &[class])?;
        let state = state(vm, stream)?;
        state.standard.set(Some(standard));
        "utf-8".clone_into(&mut state.encoding_name.borrow_mut());
        let mode = if standard == Standard::Input {
            "r"
        } else {
            "w"
        };
        state.mode.set(vm.heap.str_value(mode));
        state.writable.set(standard != Standard::Input);
        state.readable.set(standard == Standard::Input);
        let by_line = standard == Standard::Error || is_terminal(vm, standard);
        state.line_buffering.set(by_line);
        let errors = match standard {
            Standard::Error => "backslashreplace",
            _ if is_plain_locale() => "surrogateescape",
            _ => "strict",
        };
        errors.clone_into(&mut state.errors.borrow_mut());
        let slot = &vm.extension::<IoState>().standard[standard as usize];
        slot.set(vm.get(stream));
        vm.release(mark);
    }
    Ok(())
}

/// Whether the locale says nothing about the bytes of text: other bytes than UTF-8's then pass through as surrogates.
fn is_plain_locale() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let chosen = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let plain = ["C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"];
    chosen.is_none_or(|name| plain.contains(&&*name))
}

/// Whether a standard stream leads to a terminal.
pub fn is_terminal(vm: &Vm, standard: Standard) -> bool {
    let file = vm.host.files().by_number(standard as i64);
    file.is_ok_and(|file| file.is_terminal())
}

/// Writes a string to the host.
pub fn write(vm: &mut Vm, standard: Standard, text: Local) -> Result<(), Raised> {
    let text = as_str(&vm.heap, vm.get(text)).map_or("", |text| text.as_str());
    let text = text.to_owned();
    let written = match standard {
        Standard::Output => return print(vm, &text),
        Standard::Error => {
            let bytes = codec::encode(&text, Encoding::Utf8, "backslashreplace");
            let shown = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
            vm.print_error(&shown.unwrap_or(text))
        }
        Standard::Input => return Err(super::unsupported(vm, "not writable")),
    };
    check_written(vm, written)
}

/// Prints a text by the host. One with surrogates goes to the file below, if its errors handler may know their bytes.
pub fn print(vm: &mut Vm, text: &str) -> Result<(), Raised> {
    if surrogate::find(text).is_some() {
        let mark = vm.mark();
        // The streams are made with the module.
        vm.import_module("sys")?;
        let slot = Slot::copy(&vm.extension::<IoState>().standard[Standard::Output as usize]);
        let stream = vm.local(slot.get(&vm.heap));
        if *state(vm, stream)?.errors.borrow() != "strict" {
            leave_host(vm, stream)?;
            let text = vm.local(vm.heap.str_value(text));
            text_io::write(vm, stream, text)?;
            vm.release(mark);
            return Ok(());
        }
        vm.release(mark);
        check_encodable(vm, text)?;
    }
    let written = vm.print(text);
    check_written(vm, written)
}

/// Shows what the host keeps back.
pub fn flush(vm: &mut Vm) -> Result<(), Raised> {
    let flushed = vm.host.flush();
    check_written(vm, flushed)
}

/// Puts the stream on the file with its descriptor.
pub fn leave_host(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let stream = state(vm, this)?;
    let Some(standard) = stream.standard.get() else {
        return Ok(());
    };
    let mark = vm.mark();
    let class = class_of(vm, &FILE_IO);
    let number = vm.local(Value::small_int(standard as i64));
    let mode = if standard == Standard::Input {
        "rb"
    } else {
        "wb"
    };
    let mode = vm.local(vm.heap.str_value(mode));
    let stays_open = vm.local(Value::FALSE);
    let raw = vm.call(class, &[number, mode, stays_open])?;
    let name = vm.local(vm.heap.str_value(standard.name()));
    vm.set_attr_named(raw, "name", name)?;
    let class = match standard {
        Standard::Input => class_of(vm, &BUFFERED_READER),
        _ => class_of(vm, &BUFFERED_WRITER),
    };
    let buffer = vm.call(class, &[raw])?;
    stream.standard.set(None);
    stream.buffer.set(vm.get(buffer));
    stream.encoding.set(Encoding::Utf8);
    stream.newline.set(Newline::Lf);
    *stream.decoder.borrow_mut() = TextDecoder::new(Encoding::Utf8, Newline::Lf);
    stream.set_reads_pieces();
    if let Some(below) = buffered::try_state(vm, buffer) {
        *stream.sink.below.borrow_mut() = Some(Rc::clone(&below.sink));
        vm.extension::<IoState>().watch_text(&stream.sink);
    }
    if standard == Standard::Output {
        *stream.sink.pending.borrow_mut() = vm.host.take_kept();
    }
    vm.release(mark);
    Ok(())
}

/// The stream that a name of `sys` is bound to now: Undef if the program deleted it.
pub fn current(vm: &Vm, standard: Standard) -> Value<'_> {
    let state = vm.extension::<IoState>();
    let names = ["stdin", "stdout", "stderr"];
    let module = state.sys.get(&vm.heap);
    match module.as_gc::<crate::runtime::module::Module>() {
        Some(sys) => {
            let name = vm.heap.intern(names[standard as usize]);
            sys.globals.get(&vm.heap, name).unwrap_or(Value::UNDEF)
        }
        None => Slot::copy(&state.standard[standard as usize]).get(&vm.heap),
    }
}

/// Whether text for this stream goes straight to the host: the program has not replaced it, nor asked for its buffer.
pub fn is_plain(vm: &Vm, standard: Standard) -> bool {
    let state = vm.extension::<IoState>();
    if state.sys.is_undef() {
        return true;
    }
    let current = current(vm, standard);
    let original = state.standard[standard as usize].get(&vm.heap);
    current.is(original)
        && current
            .as_gc::<crate::runtime::opaque::Opaque>()
            .and_then(|stream| stream.payload::<text_io::TextPayload>())
            .is_some_and(|stream| stream.0.standard.get().is_some() && !stream.0.closed.get())
}

/// Whether the program has put something of its own into `sys.stderr`: reports are then texts for it, in CPython's form. Tests keep
/// reports apart from what a test captures.
pub fn redirects_errors(vm: &Vm) -> bool {
    let current = current(vm, Standard::Error);
    let original = vm.extension::<IoState>().standard[Standard::Error as usize].get(&vm.heap);
    !original.is_undef() && !current.is(original) && !vm.host.keeps_reports()
}

/// Refuses text that UTF-8, the encoding of the standard streams, cannot hold: surrogates.
fn check_encodable(vm: &Vm, text: &str) -> Result<(), Raised> {
    if surrogate::find(text).is_none() {
        return Ok(());
    }
    match codec::encode(text, Encoding::Utf8, "strict") {
        Ok(_) => Ok(()),
        Err(error) => Err(codec_error(&vm.heap, error, vm.heap.str_value(text))),
    }
}

/// What the host could not do as an OSError of the program.
pub fn check_written<T>(vm: &Vm, outcome: std::io::Result<T>) -> Result<T, Raised> {
    let error = match outcome {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let class = if error.kind() == std::io::ErrorKind::BrokenPipe {
        Builtin::BrokenPipeError
    } else {
        Builtin::OSError
    };
    let heap = &vm.heap;
    // The system's text without Rust's "(os error 32)" after it.
    let message = error.to_string();
    let message = message.split(" (os error").next().unwrap_or_default();
    Err(match error.raw_os_error() {
        Some(number) => heap.raise_with(
            class,
            &[heap.int(i64::from(number)), heap.str_value(message)],
        ),
        None => heap.raise(class, message),
    })
}
