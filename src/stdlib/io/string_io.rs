//! `io.StringIO`: a stream of text in memory.
//!
//! Positions are in characters; the byte where the position stands is kept beside it, so that appending and reading on are fast. A position
//! beyond the end is filled with NUL characters by a write.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use super::base::TEXT_IO_BASE;
use super::stream_state::{position_part, set_attributes, state_parts};
use super::text_codec::{Newline, Translator};
use super::{opaque, payload, raw_closed_error, size_arg};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Heap, Raised, Value};
use crate::stdlib::arg::{as_str, vm_index_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Args, Local, Locals, Native, Vm};

/// `io.StringIO`.
pub const STRING_IO: ModuleType = ModuleType {
    name: "_io.StringIO",
    module: "_io",
    body: NativeType {
        base: Some(&TEXT_IO_BASE),
        new: Some(&NEW),
        methods: &[
            &INIT, &READ, &READLINE, &NEXT, &WRITE, &SEEK, &TELL, &TRUNCATE, &GETVALUE, &CLOSE,
            &SEEKABLE, &READABLE, &WRITABLE, &GETSTATE, &SETSTATE,
        ],
        getters: &[
            Getter::vm("closed", "Whether the stream was closed.", |vm, args| {
                let closed = payload::<StringState>(vm, args.at(0))?.closed.get();
                Ok(vm.local(Value::bool(closed)))
            }),
            Getter::vm(
                "newlines",
                "The ends of lines that were met.",
                |vm, args| {
                    let state = open_state(vm, args)?;
                    Ok(vm.local(state.lines.borrow().newlines(&vm.heap)))
                },
            ),
            Getter::vm("line_buffering", "False.", |vm, args| {
                open_state(vm, args)?;
                Ok(vm.local(Value::FALSE))
            }),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "Text I/O implementation using an in-memory buffer.",
        )
    },
};

#[derive(Default)]
struct StringState {
    text: RefCell<String>,
    /// Characters in the text.
    chars: Cell<usize>,
    /// The position in characters.
    at: Cell<usize>,
    /// The same in bytes, at most the length.
    byte: Cell<usize>,
    lines: RefCell<Translator>,
    closed: Cell<bool>,
    exact: bool,
}

traced!(StringState {} plain { text, chars, at, byte, lines, closed, exact } owns |this| this.text.borrow().capacity());

impl Payload for StringState {}

/// Where character `n` begins; the length if there are fewer.
fn byte_of(text: &str, n: usize) -> usize {
    text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
}

impl StringState {
    fn is_ascii(&self) -> bool {
        self.chars.get() == self.text.borrow().len()
    }

    fn move_to(&self, at: usize) {
        let text = self.text.borrow();
        let byte = match self.is_ascii() {
            true => at.min(text.len()),
            false => byte_of(&text, at),
        };
        self.at.set(at);
        self.byte.set(byte);
    }

    /// Takes what ends after `len` bytes from the position on.
    fn take(&self, len: usize) -> String {
        let text = self.text.borrow();
        let (start, end) = (self.byte.get(), self.byte.get() + len);
        let taken = text[start..end].to_owned();
        let count = match self.is_ascii() {
            true => len,
            false => taken.chars().count(),
        };
        self.at.set(self.at.get() + count);
        self.byte.set(end);
        taken
    }

    /// How many bytes the next line has, of at most `limit` characters.
    fn line_len(&self, limit: Option<usize>) -> usize {
        let text = self.text.borrow();
        let rest = &text[self.byte.get()..];
        let newline = self.lines.borrow().newline;
        let end = newline.line_end(rest).unwrap_or(rest.len());
        limit.map_or(end, |limit| end.min(byte_of(rest, limit)))
    }

    fn write(&self, vm: &Vm, written: &str) -> Result<(), Raised> {
        vm.heap.room_for(written.len())?;
        let newline = self.lines.borrow().newline;
        let translated;
        let written = match newline {
            Newline::Universal | Newline::Any => {
                let mut lines = self.lines.borrow_mut();
                translated = Cow::Owned(lines.translate(written.to_owned(), true));
                &*translated
            }
            _ => {
                translated = newline.write(written);
                &*translated
            }
        };
        let mut text = self.text.borrow_mut();
        let count = written.chars().count();
        let gap = self.at.get().saturating_sub(self.chars.get());
        if written.is_empty() {
            return Ok(());
        }
        let more = gap.saturating_add(written.len());
        if text.len().saturating_add(more) > u32::MAX as usize {
            return Err(vm.heap.memory_error());
        }
        vm.heap.grow_text(&mut text, more)?;
        vm.heap.charge(written.len());
        text.extend(std::iter::repeat_n('\0', gap));
        self.chars.set(self.chars.get() + gap);
        let start = if gap > 0 { text.len() } else { self.byte.get() };
        if start == text.len() {
            text.push_str(written);
            self.chars.set(self.chars.get() + count);
        } else {
            let end = start + byte_of(&text[start..], count);
            let replaced = text[start..end].chars().count();
            text.replace_range(start..end, written);
            self.chars.set(self.chars.get() + count - replaced);
        }
        self.at.set(self.at.get() + count);
        self.byte.set(start + written.len());
        Ok(())
    }
}

fn open_state(vm: &Vm, args: Locals) -> Result<&StringState, Raised> {
    let state = payload::<StringState>(vm, args.at(0))?;
    if state.closed.get() {
        return Err(raw_closed_error(vm));
    }
    Ok(state)
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| {
        let class: crate::runtime::Gc<'_, crate::runtime::class::Class> =
            vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        let exact = class.name(&vm.heap).as_str() == STRING_IO.name;
        let state = StringState {
            exact,
            ..StringState::default()
        };
        opaque(vm, args.at(0), state)
    },
);
const INIT: Native = Native::vm(
    "__init__(self, initial_value='', newline='\\n')",
    "Begin with this text, at position 0.",
    init,
);
const READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read up to size characters, or all that are left if size is negative or None.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let state = open_state(vm, args)?;
        let rest = state.text.borrow().len() - state.byte.get();
        let len = match usize::try_from(size) {
            Ok(size) if state.is_ascii() => size.min(rest),
            Ok(size) => byte_of(&state.text.borrow()[state.byte.get()..], size),
            Err(_) => rest,
        };
        let text = state.take(len);
        Ok(vm.local(vm.heap.str_value(&text)))
    },
);
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Read a line, of at most size characters unless that is negative; empty at the end.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let state = open_state(vm, args)?;
        let line = state.take(state.line_len(usize::try_from(size).ok()));
        Ok(vm.local(vm.heap.str_value(&line)))
    },
);
const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let state = open_state(vm, args)?;
    let line = if state.exact {
        let line = state.take(state.line_len(None));
        vm.local(vm.heap.str_value(&line))
    } else {
        vm.call_method(args.at(0), "readline", &[])?
    };
    if !vm.truth(line)? {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    Ok(line)
})
.quick(quick_next);
const WRITE: Native = Native::vm(
    "write(self, text, /)",
    "Write a string at the position; the number of its characters.",
    |vm, args| {
        let Some(text) = as_str(&vm.heap, vm.get(args.at(1))) else {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("string argument expected, got '{class}'");
            return Err(vm.heap.type_error(message));
        };
        let state = open_state(vm, args)?;
        state.write(vm, text.as_str())?;
        Ok(vm.local(vm.heap.usize(text.char_len())))
    },
)
.quick(quick_write);
const SEEK: Native = Native::vm(
    "seek(self, pos, whence=0, /)",
    "Move the position: to pos, or (pos being 0) to here (1) or to the end (2).",
    seek,
);
const TELL: Native = Native::vm("tell(self, /)", "The position.", |vm, args| {
    let at = open_state(vm, args)?.at.get();
    Ok(vm.local(vm.heap.usize(at)))
});
const TRUNCATE: Native = Native::vm(
    "truncate(self, pos=None, /)",
    "Cut the text off, by default at the position.",
    |vm, args| {
        open_state(vm, args)?;
        let value = vm.get(args.at(1));
        let size = match value.is_undef() || value.is_none() {
            true => open_state(vm, args)?.at.get() as i64,
            false => vm.index(args.at(1))?,
        };
        let Ok(len) = usize::try_from(size) else {
            let message = format!("Negative size value {size}");
            return Err(vm.heap.value_error(message));
        };
        let state = open_state(vm, args)?;
        if len < state.chars.get() {
            let mut text = state.text.borrow_mut();
            let end = byte_of(&text, len);
            text.truncate(end);
            state.chars.set(len);
            state.byte.set(state.byte.get().min(end));
        }
        Ok(vm.local(vm.heap.int(size)))
    },
);
const GETVALUE: Native = Native::vm(
    "getvalue(self, /)",
    "All of the text, wherever the position is.",
    |vm, args| {
        let state = open_state(vm, args)?;
        let text = state.text.borrow();
        Ok(vm.local(vm.heap.try_str(&text)?))
    },
);
const CLOSE: Native = Native::vm("close(self, /)", "Forget the text.", |vm, args| {
    let state = payload::<StringState>(vm, args.at(0))?;
    state.closed.set(true);
    Ok(vm.none())
});
const GETSTATE: Native = Native::vm(
    "__getstate__(self, /)",
    "The text, what newline was, the position, and the attributes or None.",
    |vm, args| {
        let value = vm.call_method(args.at(0), "getvalue", &[])?;
        let state = open_state(vm, args)?;
        let (at, newline) = (state.at.get(), state.lines.borrow().newline.name());
        let newline = newline.map_or(Value::NONE, |newline| vm.heap.str_value(newline));
        let (newline, at) = (vm.local(newline), vm.local(vm.heap.usize(at)));
        let attributes = crate::stdlib::reduce::state(vm, args.at(0))?;
        Ok(vm.tuple_of(&[value, newline, at, attributes]))
    },
);
const SETSTATE: Native = Native::vm(
    "__setstate__(self, state, /)",
    "Become what __getstate__ returned.",
    |vm, args| {
        let parts = state_parts(vm, args, 4)?;
        let text = match as_str(&vm.heap, vm.get(parts[0])) {
            Some(text) => text.as_str().to_owned(),
            None if vm.get(parts[0]).is_none() => String::new(),
            None => {
                let class = vm.heap.type_name(vm.get(parts[0]));
                let message = format!("initial_value must be str or None, not {class}");
                return Err(vm.heap.type_error(message));
            }
        };
        let nothing = vm.local(vm.heap.str_value(""));
        // Not by the `__init__` of a subclass, whose arguments are others.
        let class = class_of(vm, &STRING_IO);
        vm.call_method(class, "__init__", &[args.at(0), nothing, parts[1]])?;
        let at = position_part(vm, parts[2], "third item of state must be an integer, got")?;
        let state = payload::<StringState>(vm, args.at(0))?;
        vm.heap.charge(text.len());
        state.chars.set(text.chars().count());
        *state.text.borrow_mut() = text;
        state.move_to(at);
        set_attributes(vm, args.at(0), parts[3], "fourth")
    },
);
const SEEKABLE: Native = Native::vm("seekable(self, /)", "True while it is open.", yes);
const READABLE: Native = Native::vm("readable(self, /)", "True while it is open.", yes);
const WRITABLE: Native = Native::vm("writable(self, /)", "True while it is open.", yes);

fn yes(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    open_state(vm, args)?;
    Ok(vm.local(Value::TRUE))
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let value = vm.get(args.at(1));
    let newline = match vm.get(args.at(2)).is_undef() {
        true => Newline::Lf,
        false => Newline::of(&vm.heap, vm.get(args.at(2)), "newline")?,
    };
    let initial = match as_str(&vm.heap, value) {
        Some(text) => text.as_str().to_owned(),
        None if value.is_undef() || value.is_none() => String::new(),
        None => {
            let class = vm.heap.type_name(value);
            let message = format!("initial_value must be str or None, not {class}");
            return Err(vm.heap.type_error(message));
        }
    };
    let state = payload::<StringState>(vm, args.at(0))?;
    state.text.borrow_mut().clear();
    state.chars.set(0);
    state.closed.set(false);
    *state.lines.borrow_mut() = Translator {
        newline,
        ..Translator::default()
    };
    state.move_to(0);
    state.write(vm, &initial)?;
    state.move_to(0);
    Ok(vm.none())
}

/// `next` where the class is the native one.
fn quick_next<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let state = args.get(0).as_gc::<Opaque>()?.payload::<StringState>()?;
    if !state.exact || state.closed.get() {
        return None;
    }
    let len = state.line_len(None);
    if len == 0 {
        return None;
    }
    Some(heap.str_value(&state.take(len)))
}

/// Longer texts grow where that may fail.
const SHORT: usize = 1 << 16;

/// `write` at the end of text without translation.
fn quick_write<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let state = args.get(0).as_gc::<Opaque>()?.payload::<StringState>()?;
    let written = args.get(1).as_gc::<Str>()?;
    let mut text = state.text.try_borrow_mut().ok()?;
    let plain = args.len() == 2
        && !state.closed.get()
        && state.lines.borrow().newline == Newline::Lf
        && state.at.get() == state.chars.get()
        && text.len() + written.byte_len() < u32::MAX as usize;
    if !plain {
        return None;
    }
    if text.capacity() - text.len() < written.byte_len() {
        if text.len() + written.byte_len() > SHORT {
            return None;
        }
        heap.charge(text.len() + written.byte_len());
    }
    text.push_str(written.as_str());
    let count = written.char_len();
    state.chars.set(state.chars.get() + count);
    state.at.set(state.chars.get());
    state.byte.set(text.len());
    Some(heap.usize(count))
}

fn seek(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let offset = vm.index(args.at(1))?;
    let whence = vm_index_or(vm, args.at(2), 0)?;
    let state = open_state(vm, args)?;
    if !(0..=2).contains(&whence) {
        let message = format!("Invalid whence ({whence}, should be 0, 1 or 2)");
        return Err(vm.heap.value_error(message));
    }
    if whence == 0 && offset < 0 {
        let message = format!("Negative seek position {offset}");
        return Err(vm.heap.value_error(message));
    }
    if whence != 0 && offset != 0 {
        return Err(vm
            .heap
            .raise(Builtin::OSError, "Can't do nonzero cur-relative seeks"));
    }
    let at = match whence {
        0 => offset as usize,
        1 => state.at.get(),
        _ => state.chars.get(),
    };
    state.move_to(at);
    Ok(vm.local(vm.heap.usize(at)))
}
