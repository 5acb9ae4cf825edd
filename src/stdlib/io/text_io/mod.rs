//! `io.TextIOWrapper`: text over a buffered binary stream.
//!
//! Reading: a piece of the buffer is decoded into `text`, of which lines are cut. Writing: encoded text waits in a sink until there is much
//! of it, a line ends (`line_buffering`) or `flush` is called. The standard streams are objects of this class whose text goes to
//! the host, until the program asks for their buffer (`standard.rs`). How positions are found: `text_position.rs`.

mod reading;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use self::reading::read_line;
use self::reading::{next, quick_next, read};
use super::base::TEXT_IO_BASE;
use super::buffered;
use super::sink::{IoState, TextSink};
use super::standard::{self, Standard};
use super::text_codec::{Newline, TextDecoder};
use super::text_position::Snapshot;
use super::{
    after, class_prefix, closed_error, opaque, payload, shown_attr, size_arg, text_methods,
    unsupported,
};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Heap, Raised, Slot, Value};
use crate::stdlib::arg::{as_str, codec_error, truth_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::text::codec::{Encoding, encode};
use crate::text::surrogate;
use crate::vm::{Args, Local, Locals, Native, Vm};

/// How much is read at once.
const CHUNK: usize = 8192;

/// `io.TextIOWrapper`.
pub const TEXT_IO_WRAPPER: ModuleType = ModuleType {
    name: "_io.TextIOWrapper",
    module: "_io",
    body: NativeType {
        base: Some(&TEXT_IO_BASE),
        new: Some(&NEW),
        methods: &[
            &INIT,
            &WRITE,
            &READ,
            &READLINE,
            &NEXT,
            &FLUSH,
            &CLOSE,
            &REPR,
            &text_methods::SEEK,
            &text_methods::TELL,
            &text_methods::TRUNCATE,
            &text_methods::DETACH,
            &text_methods::RECONFIGURE,
            &text_methods::SEEKABLE,
            &text_methods::READABLE,
            &text_methods::WRITABLE,
            &text_methods::FILENO,
            &text_methods::ISATTY,
        ],
        getters: GETTERS,
        ..NativeType::of(
            Builtin::Opaque,
            "Character and line based layer over a BufferedIOBase object.",
        )
    },
};

const GETTERS: &[Getter] = &[
    Getter::vm("buffer", "The binary stream below.", |vm, args| {
        buffer(vm, args.at(0))
    })
    .as_member(),
    Getter::vm("encoding", "The name of the encoding.", |vm, args| {
        let state = state(vm, args.at(0))?;
        Ok(vm.local(vm.heap.str_value(&state.encoding_name.borrow())))
    })
    .as_member(),
    Getter::vm("errors", "The name of the error handler.", |vm, args| {
        let state = state(vm, args.at(0))?;
        Ok(vm.local(vm.heap.str_value(&state.errors.borrow())))
    }),
    Getter::vm(
        "newlines",
        "The ends of lines that were read.",
        |vm, args| {
            let state = state(vm, args.at(0))?;
            let decoder = state.decoder.borrow();
            Ok(vm.local(decoder.lines.newlines(&vm.heap)))
        },
    ),
    Getter::vm(
        "line_buffering",
        "Whether each line is flushed.",
        |vm, args| {
            let on = state(vm, args.at(0))?.line_buffering.get();
            Ok(vm.local(Value::bool(on)))
        },
    )
    .as_member(),
    Getter::vm(
        "write_through",
        "Whether each write is handed on.",
        |vm, args| {
            let on = state(vm, args.at(0))?.write_through.get();
            Ok(vm.local(Value::bool(on)))
        },
    )
    .as_member(),
    Getter::vm("closed", "Whether the stream is closed.", |vm, args| {
        let closed = is_closed(vm, args.at(0))?;
        Ok(vm.local(Value::bool(closed)))
    }),
    Getter::vm("name", "The name of the stream below.", |vm, args| {
        if let Some(standard) = state(vm, args.at(0))?.standard.get() {
            return Ok(vm.local(vm.heap.str_value(standard.name())));
        }
        let buffer = buffer(vm, args.at(0))?;
        vm.get_attr_named(buffer, "name")
    }),
    Getter::vm("mode", "How the file was opened.", |vm, args| {
        let mode = state(vm, args.at(0))?.mode.get(&vm.heap);
        if mode.is_undef() {
            let class = vm.heap.type_name(vm.get(args.at(0)));
            let message = format!("'{class}' object has no attribute 'mode'");
            return Err(vm.heap.raise(Builtin::AttributeError, message));
        }
        Ok(vm.local(mode))
    })
    .with_vm_set(|vm, args| {
        state(vm, args.at(0))?.mode.set(vm.get(args.at(1)));
        Ok(vm.none())
    }),
];

/// What a text stream holds.
pub struct TextState {
    /// The binary stream; Undef before `__init__` and for standard streams of the host, None once detached.
    pub buffer: Slot,
    /// The attribute `mode`, which `open` sets.
    pub mode: Slot,
    /// The encoding as it was named.
    pub encoding_name: RefCell<String>,
    /// The encoding of what is written next.
    pub encoding: Cell<Encoding>,
    /// The error handler.
    pub errors: RefCell<String>,
    /// How lines end.
    pub newline: Cell<Newline>,
    /// Whether a line that ends is flushed.
    pub line_buffering: Cell<bool>,
    /// Whether each write is handed on.
    pub write_through: Cell<bool>,
    /// Whether the buffer can be read.
    pub readable: Cell<bool>,
    /// Whether the buffer can be written.
    pub writable: Cell<bool>,
    /// Whether the position can be moved.
    pub seekable: Cell<bool>,
    /// Whether `tell` works: not within an iteration.
    pub telling: Cell<bool>,
    /// From bytes to text.
    pub decoder: RefCell<TextDecoder>,
    /// Decoded; what is before `at` (a byte offset) was read by the program.
    pub text: RefCell<String>,
    /// See `text`.
    pub at: Cell<usize>,
    /// The bytes that `text` came from.
    pub snapshot: RefCell<Snapshot>,
    /// Encoded text that waits.
    pub sink: Rc<TextSink>,
    /// Whether the host takes the text.
    pub standard: Cell<Option<Standard>>,
    /// Whether `close` was called.
    pub closed: Cell<bool>,
    /// Whether the class is exactly the native one.
    pub exact: bool,
    has_read1: Cell<bool>,
}

impl TextState {
    fn new(exact: bool) -> TextState {
        TextState {
            buffer: Slot::undef(),
            mode: Slot::undef(),
            encoding_name: RefCell::default(),
            encoding: Cell::new(Encoding::Utf8),
            errors: RefCell::new("strict".to_owned()),
            newline: Cell::default(),
            line_buffering: Cell::default(),
            write_through: Cell::default(),
            readable: Cell::default(),
            writable: Cell::default(),
            seekable: Cell::default(),
            telling: Cell::default(),
            decoder: RefCell::new(TextDecoder::new(Encoding::Utf8, Newline::Universal)),
            text: RefCell::default(),
            at: Cell::default(),
            snapshot: RefCell::default(),
            sink: Rc::default(),
            standard: Cell::default(),
            closed: Cell::default(),
            exact,
            has_read1: Cell::default(),
        }
    }

    /// Forgets what was read ahead.
    pub fn forget_ahead(&self) {
        self.text.borrow_mut().clear();
        self.at.set(0);
        *self.snapshot.borrow_mut() = Snapshot::default();
    }

    /// The buffer has `read1`.
    pub fn set_reads_pieces(&self) {
        self.has_read1.set(true);
    }

    /// Takes the next line, if it is complete.
    fn line<'h>(&self, heap: &'h Heap) -> Option<Value<'h>> {
        let text = self.text.borrow();
        let rest = &text[self.at.get()..];
        let end = self.newline.get().line_end(rest)?;
        self.at.set(self.at.get() + end);
        Some(heap.str_value(&rest[..end]))
    }

    /// Takes everything decoded.
    fn take_rest(&self) -> String {
        let text = self.text.borrow();
        text[self.at.replace(text.len())..].to_owned()
    }
}

/// The payload of a text stream.
pub struct TextPayload(pub Rc<TextState>);

traced!(TextState { buffer, mode, sink } plain {
    encoding_name, encoding, errors, newline, line_buffering, write_through, readable, writable, seekable, telling, decoder, text,
    at, snapshot, standard, closed, exact, has_read1,
} owns |this| this.text.borrow().capacity());
traced!(TextPayload { 0 });

impl Payload for TextPayload {}

/// The state of a text stream.
pub fn state(vm: &Vm, this: Local) -> Result<Rc<TextState>, Raised> {
    payload::<TextPayload>(vm, this).map(|text| Rc::clone(&text.0))
}

/// The binary stream below; a standard stream of the host gets one now.
pub fn buffer(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let state = state(vm, this)?;
    if state.standard.get().is_some() {
        standard::leave_host(vm, this)?;
    }
    let buffer = state.buffer.get(&vm.heap);
    if buffer.is_undef() {
        return Err(vm.heap.value_error("I/O operation on uninitialized object"));
    }
    if buffer.is_none() {
        return Err(vm.heap.value_error("underlying buffer has been detached"));
    }
    Ok(vm.local(buffer))
}

/// Whether the stream is closed, or the buffer below it.
pub fn is_closed(vm: &mut Vm, this: Local) -> Result<bool, Raised> {
    let state = state(vm, this)?;
    if state.closed.get() || state.standard.get().is_some() {
        return Ok(state.closed.get());
    }
    let buffer = buffer(vm, this)?;
    crate::stdlib::io::base::is_closed(vm, buffer)
}

/// The state of a stream that is open.
pub fn open_state(vm: &mut Vm, this: Local) -> Result<Rc<TextState>, Raised> {
    if is_closed(vm, this)? {
        return Err(closed_error(vm));
    }
    state(vm, this)
}

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Create and return a new object.",
    |vm, args| {
        let class: crate::runtime::Gc<'_, crate::runtime::class::Class> =
            vm.get_gc(args.at(0)).expect("`__new__` gets the class");
        let exact = class.name(&vm.heap).as_str() == TEXT_IO_WRAPPER.name;
        opaque(vm, args.at(0), TextPayload(Rc::new(TextState::new(exact))))
    },
);
const INIT: Native = Native::vm(
    "__init__(self, buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    "Read and write text over a binary stream.",
    init,
);
const WRITE: Native = Native::vm(
    "write(self, text, /)",
    "Write a string; the number of its characters.",
    |vm, args| {
        let Some(text) = as_str(&vm.heap, vm.get(args.at(1))) else {
            let class = vm.heap.type_name(vm.get(args.at(1)));
            let message = format!("write() argument must be str, not {class}");
            return Err(vm.heap.type_error(message));
        };
        let count = text.char_len();
        write(vm, args.at(0), args.at(1))?;
        Ok(vm.local(vm.heap.usize(count)))
    },
)
.quick(quick_write);
const READ: Native = Native::vm(
    "read(self, size=-1, /)",
    "Read size characters, fewer only at the end; all that is left if size is negative or None.",
    read,
);
const READLINE: Native = Native::vm(
    "readline(self, size=-1, /)",
    "Read a line, of at most size characters unless that is negative; empty at the end.",
    |vm, args| {
        let size = size_arg(vm, args.at(1))?;
        let state = open_state(vm, args.at(0))?;
        read_line(vm, args.at(0), &state, usize::try_from(size).ok())
    },
);
const NEXT: Native =
    Native::vm("__next__(self, /)", "Implement next(self).", next).quick(quick_next);
const FLUSH: Native = Native::vm(
    "flush(self, /)",
    "Hand what was written to the buffer, and flush that.",
    |vm, args| {
        flush(vm, args.at(0))?;
        Ok(vm.none())
    },
);
const CLOSE: Native = Native::vm("close(self, /)", "Flush and close the stream.", close);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let prefix = class_prefix(vm, args.at(0));
    let name = shown_attr(vm, args.at(0), "name")?;
    let mode = shown_attr(vm, args.at(0), "mode")?;
    let state = state(vm, args.at(0))?;
    let encoding = state.encoding_name.borrow();
    let text = format!("<{prefix}{name}{mode} encoding='{encoding}'>");
    Ok(vm.local(vm.heap.str_value(&text)))
});

/// The text of an argument that may be None.
pub fn optional_text(vm: &Vm, value: Local, what: &str) -> Result<Option<String>, Raised> {
    let value = vm.get(value);
    if value.is_undef() || value.is_none() {
        return Ok(None);
    }
    match as_str(&vm.heap, value) {
        Some(text) => Ok(Some(text.as_str().to_owned())),
        None => {
            let class = vm.heap.type_name(value);
            let message = format!("{what} must be str or None, not {class}");
            Err(vm.heap.type_error(message))
        }
    }
}

/// The encoding of a name; LookupError if there is none.
pub fn encoding_of(vm: &mut Vm, name: &str) -> Result<Encoding, Raised> {
    let name = if name == "locale" { "utf-8" } else { name };
    let unknown = match Encoding::named(name) {
        Ok(encoding) => return Ok(encoding),
        Err(unknown) => unknown,
    };
    if name.contains('\0') {
        return Err(vm.heap.value_error("embedded null character"));
    }
    if let Err(error) = encode(name, Encoding::Utf8, "strict") {
        let name = vm.local(vm.heap.str_value(name));
        return Err(codec_error(&vm.heap, error, vm.get(name)));
    }
    if is_other_codec(vm, name) {
        let message = format!(
            "'{name}' is not a text encoding; use codecs.open() to handle arbitrary codecs"
        );
        return Err(vm.heap.raise(Builtin::LookupError, message));
    }
    Err(codec_error(&vm.heap, unknown, Value::NONE))
}

/// Whether a codec has this name that is not one between text and bytes.
fn is_other_codec(vm: &mut Vm, name: &str) -> bool {
    let mut is_text = || {
        let codecs = vm.import_module("codecs")?;
        let name = vm.local(vm.heap.str_value(name));
        let codec = vm.call_method(codecs, "lookup", &[name])?;
        let is_text = vm.get_attr_named(codec, "_is_text_encoding")?;
        vm.truth(is_text)
    };
    match is_text() {
        Ok(is_text) => !is_text,
        Err(raised) => {
            vm.heap.take_raised(raised);
            false
        }
    }
}

fn init(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let encoding = optional_text(vm, args.at(2), "TextIOWrapper() argument 'encoding'")?;
    let errors = optional_text(vm, args.at(3), "TextIOWrapper() argument 'errors'")?;
    let newline = Newline::of(
        &vm.heap,
        vm.get(args.at(4)),
        "TextIOWrapper() argument 'newline'",
    )?;
    let line_buffering = truth_or(vm, args.at(5), false)?;
    let write_through = truth_or(vm, args.at(6), false)?;
    let name = match encoding.as_deref() {
        None | Some("locale") => "UTF-8".to_owned(),
        Some(name) => name.to_owned(),
    };
    let encoding = encoding_of(vm, &name)?;
    let able = |vm: &mut Vm, method: &str| {
        let able = vm.call_method(args.at(1), method, &[])?;
        vm.truth(able)
    };
    let (readable, writable) = (able(vm, "readable")?, able(vm, "writable")?);
    let seekable = able(vm, "seekable")?;
    let has_read1 = vm.find_attr(args.at(1), "read1")?.is_some();
    let state = state(vm, this)?;
    state.buffer.set(vm.get(args.at(1)));
    *state.encoding_name.borrow_mut() = name;
    *state.errors.borrow_mut() = errors.unwrap_or_else(|| "strict".to_owned());
    state.encoding.set(encoding);
    state.newline.set(newline);
    state.line_buffering.set(line_buffering);
    state.write_through.set(write_through);
    state.readable.set(readable);
    state.writable.set(writable);
    state.seekable.set(seekable);
    state.telling.set(seekable);
    state.has_read1.set(has_read1);
    *state.decoder.borrow_mut() = TextDecoder::new(encoding, newline);
    state.forget_ahead();
    if let Some(below) = buffered::try_state(vm, args.at(1)) {
        *state.sink.below.borrow_mut() = Some(Rc::clone(&below.sink));
        vm.extension::<IoState>().watch_text(&state.sink);
    }
    if seekable && writable {
        let at = vm.call_method(args.at(1), "tell", &[])?;
        if vm.index(at)? != 0 {
            state.encoding.set(without_mark(encoding));
        }
    }
    Ok(vm.none())
}

/// The encoding of text that does not begin a file.
pub fn without_mark(encoding: Encoding) -> Encoding {
    use crate::text::num::bytes::ByteOrder;
    match encoding {
        Encoding::Utf8Sig => Encoding::Utf8,
        Encoding::Utf16(None) => Encoding::Utf16(Some(ByteOrder::Little)),
        Encoding::Utf32(None) => Encoding::Utf32(Some(ByteOrder::Little)),
        other => other,
    }
}

/// Writes a string, which the caller checked to be one.
pub fn write(vm: &mut Vm, this: Local, text: Local) -> Result<(), Raised> {
    let state = open_state(vm, this)?;
    if let Some(standard) = state.standard.get() {
        return standard::write(vm, standard, text);
    }
    if !state.writable.get() {
        return Err(unsupported(vm, "not writable"));
    }
    let ends_line = {
        let string = as_str(&vm.heap, vm.get(text)).map_or("", |text| text.as_str());
        vm.heap.room_for(string.len().saturating_mul(2))?;
        let shown = state.newline.get().write(string);
        vm.heap.room_for(state.encoding.get().most_bytes(&shown))?;
        let encoded = encode(&shown, state.encoding.get(), &state.errors.borrow());
        let encoded = encoded.map_err(|error| codec_error(&vm.heap, error, vm.get(text)))?;
        state.encoding.set(without_mark(state.encoding.get()));
        vm.heap
            .append_bytes(&mut state.sink.pending.borrow_mut(), &encoded)?;
        state.line_buffering.get() && string.contains(['\n', '\r'])
    };
    if !state.text.borrow().is_empty() {
        state.forget_ahead();
        state.decoder.borrow_mut().codec.reset_inside();
    }
    let full = state.sink.pending.borrow().len() > CHUNK;
    if full || ends_line || state.write_through.get() {
        hand_on(vm, this, &state)?;
    }
    if ends_line {
        let buffer = buffer(vm, this)?;
        vm.call_method(buffer, "flush", &[])?;
    }
    Ok(())
}

/// `write` where the text only has to be kept.
fn quick_write<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let object = args.get(0).as_gc::<Opaque>()?;
    let state = &object.payload::<TextPayload>()?.0;
    let text = args.get(1).as_gc::<crate::runtime::str::Str>()?;
    let plain = args.len() == 2
        && state.encoding.get() == Encoding::Utf8
        && state.writable.get()
        && !state.closed.get()
        && !state.line_buffering.get()
        && !state.write_through.get()
        && state.standard.get().is_none()
        && matches!(
            state.newline.get(),
            Newline::Universal | Newline::Lf | Newline::Any
        )
        && state.text.borrow().is_empty();
    let mut pending = state.sink.pending.try_borrow_mut().ok()?;
    let has_room = !pending.is_empty() && pending.len() + text.byte_len() <= CHUNK;
    if !plain || !has_room || surrogate::find(text.as_str()).is_some() {
        return None;
    }
    pending.extend_from_slice(text.as_str().as_bytes());
    Some(heap.usize(text.char_len()))
}

/// Hands what is encoded to the buffer.
pub fn hand_on(vm: &mut Vm, this: Local, state: &TextState) -> Result<(), Raised> {
    if state.sink.pending.borrow().is_empty() {
        return Ok(());
    }
    let buffer = buffer(vm, this)?;
    let pending = state.sink.pending.take();
    let pending = vm.local(vm.heap.bytes(pending).value());
    vm.call_method(buffer, "write", &[pending])?;
    Ok(())
}

/// `flush`
pub fn flush(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let state = open_state(vm, this)?;
    if state.standard.get().is_some() {
        return standard::flush(vm);
    }
    state.telling.set(state.seekable.get());
    hand_on(vm, this, &state)?;
    let buffer = buffer(vm, this)?;
    vm.call_method(buffer, "flush", &[])?;
    Ok(())
}

fn close(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let state = state(vm, this)?;
    if state.standard.get().is_some() {
        standard::flush(vm)?;
        state.closed.set(true);
        return Ok(vm.none());
    }
    let buffer = buffer(vm, this)?;
    if crate::stdlib::io::base::is_closed(vm, buffer)? {
        return Ok(vm.none());
    }
    let flushed = vm.call_method(this, "flush", &[]);
    after(vm, flushed, |vm| {
        let closed = vm.call_method(buffer, "close", &[]);
        state.closed.set(closed.is_ok());
        state.sink.pending.take();
        closed
    })
}
