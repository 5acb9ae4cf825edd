//! The rarer methods of `TextIOWrapper`: positions, `detach`, `reconfigure`, questions to the buffer.
//!
//! A standard stream of the host that is asked for something only a file knows becomes an ordinary one first (`standard.rs`).

use super::standard::{self, Standard};
use super::text_codec::{Newline, TextDecoder};
use super::text_io::{
    buffer, encoding_of, flush, hand_on, open_state, optional_text, state, without_mark,
};
use super::unsupported;
use crate::runtime::{Builtin, Raised, Value};
use crate::stdlib::arg::vm_index_or;
use crate::vm::{Local, Locals, Native, Vm};

/// `seek(cookie, whence=0, /)`
pub const SEEK: Native = Native::vm(
    "seek(self, cookie, whence=0, /)",
    "Move to a position that tell returned, to the start, or to the end (whence 2).",
    seek,
);
/// `tell()`
pub const TELL: Native = Native::vm(
    "tell(self, /)",
    "A number for the position, for seek.",
    |vm, args| {
        let at = tell(vm, args.at(0))?;
        Ok(vm.local(vm.heap.int(at)))
    },
);
/// `truncate(pos=None, /)`
pub const TRUNCATE: Native = Native::vm(
    "truncate(self, pos=None, /)",
    "Set the length of the buffer, by default to its position.",
    |vm, args| {
        flush(vm, args.at(0))?;
        let buffer = buffer(vm, args.at(0))?;
        match vm.get(args.at(1)).is_undef() {
            true => vm.call_method(buffer, "truncate", &[]),
            false => vm.call_method(buffer, "truncate", &[args.at(1)]),
        }
    },
);
/// `detach()`
pub const DETACH: Native = Native::vm(
    "detach(self, /)",
    "Separate the buffer from the text layer and return it.",
    |vm, args| {
        let buffer = buffer(vm, args.at(0))?;
        vm.call_method(args.at(0), "flush", &[])?;
        let state = state(vm, args.at(0))?;
        state.buffer.set(Value::NONE);
        state.sink.below.take();
        Ok(buffer)
    },
);
/// `reconfigure(...)`
pub const RECONFIGURE: Native = Native::vm(
    "reconfigure(self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)",
    "Change how text is read and written from here on.",
    reconfigure,
);
/// `seekable()`
pub const SEEKABLE: Native = Native::vm(
    "seekable(self, /)",
    "Whether the position can be moved.",
    |vm, args| ask(vm, args, "seekable"),
);
/// `readable()`
pub const READABLE: Native = Native::vm(
    "readable(self, /)",
    "Whether it can be read.",
    |vm, args| match state(vm, args.at(0))?.standard.get() {
        Some(standard) => Ok(vm.local(Value::bool(standard == Standard::Input))),
        None => ask(vm, args, "readable"),
    },
);
/// `writable()`
pub const WRITABLE: Native = Native::vm(
    "writable(self, /)",
    "Whether it can be written.",
    |vm, args| match state(vm, args.at(0))?.standard.get() {
        Some(standard) => Ok(vm.local(Value::bool(standard != Standard::Input))),
        None => ask(vm, args, "writable"),
    },
);
/// `fileno()`
pub const FILENO: Native =
    Native::vm(
        "fileno(self, /)",
        "The file descriptor.",
        |vm, args| match state(vm, args.at(0))?.standard.get() {
            Some(standard) => Ok(vm.local(vm.heap.int(standard as i64))),
            None => ask(vm, args, "fileno"),
        },
    );
/// `isatty()`
pub const ISATTY: Native = Native::vm(
    "isatty(self, /)",
    "Whether it is a terminal.",
    |vm, args| match state(vm, args.at(0))?.standard.get() {
        Some(standard) => {
            let is_terminal = standard::is_terminal(vm, standard);
            Ok(vm.local(Value::bool(is_terminal)))
        }
        None => ask(vm, args, "isatty"),
    },
);

fn ask(vm: &mut Vm, args: Locals, method: &str) -> Result<Local, Raised> {
    let buffer = buffer(vm, args.at(0))?;
    vm.call_method(buffer, method, &[])
}

fn check_seekable(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    buffer(vm, this)?;
    if state(vm, this)?.seekable.get() {
        Ok(())
    } else {
        Err(unsupported(vm, "underlying stream is not seekable"))
    }
}

fn tell(vm: &mut Vm, this: Local) -> Result<i64, Raised> {
    let state = open_state(vm, this)?;
    check_seekable(vm, this)?;
    if !state.telling.get() {
        let message = "telling position disabled by next() call";
        return Err(vm.heap.raise(Builtin::OSError, message));
    }
    hand_on(vm, this, &state)?;
    let buffer = buffer(vm, this)?;
    if !state.sink.pending.borrow().is_empty() || state.snapshot.borrow().bytes.is_empty() {
        vm.call_method(buffer, "flush", &[])?;
    }
    let at = vm.call_method(buffer, "tell", &[])?;
    let at = vm.index(at)?;
    let snapshot = state.snapshot.borrow();
    let text = state.text.borrow();
    let consumed = snapshot.bytes_of(&text, state.at.get(), &state.decoder.borrow());
    Ok(at - (snapshot.bytes.len() - consumed) as i64)
}

fn seek(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let state = open_state(vm, this)?;
    check_seekable(vm, this)?;
    let whence = vm_index_or(vm, args.at(2), 0)?;
    let mut cookie = vm.index(args.at(1))?;
    match whence {
        0 => {}
        1 if cookie != 0 => {
            return Err(unsupported(vm, "can't do nonzero cur-relative seeks"));
        }
        1 => {
            state.telling.set(true);
            cookie = tell(vm, this)?;
        }
        2 if cookie != 0 => {
            return Err(unsupported(vm, "can't do nonzero end-relative seeks"));
        }
        2 => return seek_end(vm, this),
        _ => {
            let message = format!("invalid whence ({whence}, should be 0, 1 or 2)");
            return Err(vm.heap.value_error(message));
        }
    }
    if cookie < 0 {
        let message = format!("negative seek position {cookie}");
        return Err(vm.heap.value_error(message));
    }
    vm.call_method(this, "flush", &[])?;
    let buffer = buffer(vm, this)?;
    let at = vm.local(vm.heap.int(cookie));
    vm.call_method(buffer, "seek", &[at])?;
    state.forget_ahead();
    let mut decoder = state.decoder.borrow_mut();
    decoder.lines.holds_cr = false;
    if cookie == 0 {
        decoder.codec.reset();
        let name = state.encoding_name.borrow().clone();
        let start = encoding_of(vm, &name)?;
        state.encoding.set(start);
    } else {
        decoder.codec.reset_inside();
        state.encoding.set(without_mark(state.encoding.get()));
    }
    Ok(at)
}

fn seek_end(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    vm.call_method(this, "flush", &[])?;
    let state = state(vm, this)?;
    let buffer = buffer(vm, this)?;
    let (zero, two) = (vm.local(Value::small_int(0)), vm.local(Value::small_int(2)));
    let at = vm.call_method(buffer, "seek", &[zero, two])?;
    state.forget_ahead();
    let mut decoder = state.decoder.borrow_mut();
    decoder.lines.holds_cr = false;
    decoder.codec.reset_inside();
    if vm.get(at).as_i64() != Some(0) {
        state.encoding.set(without_mark(state.encoding.get()));
    }
    Ok(at)
}

/// Whether an argument was given and is not None.
fn is_given(vm: &Vm, argument: Local) -> bool {
    let value = vm.get(argument);
    !value.is_undef() && !value.is_none()
}

fn reconfigure(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let state = state(vm, this)?;
    let encoding = optional_text(vm, args.at(1), "reconfigure() argument 'encoding'")?;
    let errors = optional_text(vm, args.at(2), "reconfigure() argument 'errors'")?;
    // None is another newline than none.
    let newline = match !vm.get(args.at(3)).is_undef() {
        true => Some(Newline::of(
            &vm.heap,
            vm.get(args.at(3)),
            "reconfigure() argument 'newline'",
        )?),
        false => None,
    };
    let changes_text = encoding.is_some() || errors.is_some() || newline.is_some();
    if !state.text.borrow().is_empty() && changes_text {
        let message =
            "It is not possible to set the encoding or newline of stream after the first read";
        return Err(unsupported(vm, message));
    }
    buffer(vm, this)?;
    vm.call_method(this, "flush", &[])?;
    if let Some(name) = &encoding {
        state.encoding.set(encoding_of(vm, name)?);
        name.clone_into(&mut state.encoding_name.borrow_mut());
        if state.seekable.get() && state.writable.get() {
            let buffer = buffer(vm, this)?;
            let at = vm.call_method(buffer, "tell", &[])?;
            if vm.index(at)? != 0 {
                state.encoding.set(without_mark(state.encoding.get()));
            }
        }
    }
    if let Some(errors) = errors {
        *state.errors.borrow_mut() = errors;
    } else if encoding.is_some() {
        "strict".clone_into(&mut state.errors.borrow_mut());
    }
    if let Some(newline) = newline {
        state.newline.set(newline);
    }
    if changes_text {
        *state.decoder.borrow_mut() = TextDecoder::new(state.encoding.get(), state.newline.get());
    }
    if is_given(vm, args.at(4)) {
        let on = vm.truth(args.at(4))?;
        state.line_buffering.set(on);
    }
    if is_given(vm, args.at(5)) {
        let on = vm.truth(args.at(5))?;
        state.write_through.set(on);
    }
    Ok(vm.none())
}
