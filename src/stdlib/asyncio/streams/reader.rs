//! `asyncio.StreamReader`: what came and was not read yet, and the one task that waits for more.
//!
//! Data that arrives wakes the waiter, which goes on in the next turn. More than twice the limit stops reading from the socket, so
//! that the other end has to wait; reading down to the limit, or waiting for more, goes on with it.
//! Each way to read is a native coroutine that looks at the buffer, and awaits the waiter while that does not do.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::super::super::arg::{self, Buffer};
use super::super::super::registry::{ModuleType, NativeType, class_of};
use super::super::{general, register};
use super::errors::{INCOMPLETE_READ_ERROR, LIMIT_OVERRUN_ERROR};
use super::separators::Separators;
use super::transport::Transport;
use crate::runtime::bytes::ByteArray;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::sched::future::{self, future, new_future};
use crate::stdlib::registry;
use crate::vm::{Input, Local, Native, NativeCoroutine, Step, Vm};

/// `asyncio.StreamReader`.
pub const STREAM_READER: ModuleType = ModuleType {
    name: "StreamReader",
    module: "asyncio.streams",
    body: NativeType {
        new: Some(&NEW),
        general: Some((general::STREAMS, "StreamReaderMethods")),
        methods: &[
            &READ,
            &READEXACTLY,
            &READLINE,
            &READUNTIL,
            &AT_EOF,
            &FEED_DATA,
            &FEED_EOF,
            &EXCEPTION,
            &SET_EXCEPTION,
            &AITER,
            &ANEXT,
            &REPR,
        ],
        ..NativeType::of(Builtin::Opaque, "What comes in on a connection.")
    },
};

/// What a reader holds; shared by its object and the transport.
pub struct Reader {
    data: RefCell<Unread>,
    limit: usize,
    /// Whether nothing more will come.
    ended: Cell<bool>,
    /// Whether the transport was asked to read no more.
    paused: Cell<bool>,
    /// The future of the task that waits for data, or Undef.
    waiter: Slot,
    /// What ended the connection, or Undef.
    exception: Slot,
    transport: RefCell<Weak<Transport>>,
}

/// Bytes, the first of which were read already.
#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    start: usize,
}

impl Unread {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn skip(&mut self, count: usize) {
        self.start += count;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 {
            // Moves each byte at most once on average.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

struct Object(Rc<Reader>);

traced!(Object { 0 });

impl Payload for Object {}

traced!(
    Reader { waiter, exception, transport }
    plain { data, limit, ended, paused }
    owns |this| this.data.borrow().bytes.capacity()
);

impl Reader {
    /// An empty reader.
    pub fn new(limit: usize) -> Rc<Reader> {
        Rc::new(Reader {
            data: RefCell::default(),
            limit,
            ended: Cell::new(false),
            paused: Cell::new(false),
            waiter: Slot::undef(),
            exception: Slot::undef(),
            transport: RefCell::default(),
        })
    }

    /// The object for programs.
    pub fn object(self: &Rc<Reader>, vm: &mut Vm) -> Local {
        let class = class_of(vm, &STREAM_READER);
        let class = vm.get_gc(class).expect("a class");
        let object = vm.heap.opaque(class, Object(Rc::clone(self)));
        vm.local(object.value())
    }

    /// Says where the data comes from.
    pub fn set_transport(&self, transport: &Rc<Transport>) {
        *self.transport.borrow_mut() = Rc::downgrade(transport);
    }

    /// Data came.
    pub fn feed(&self, vm: &Vm, data: &[u8]) {
        self.data.borrow_mut().bytes.extend_from_slice(data);
        self.wake(vm);
        if !self.paused.get()
            && self.len() > 2 * self.limit
            && let Some(transport) = self.transport.borrow().upgrade()
        {
            transport.pause_reading();
            self.paused.set(true);
        }
    }

    /// Nothing more will come.
    pub fn end(&self, vm: &Vm) {
        self.ended.set(true);
        self.wake(vm);
    }

    /// The connection broke.
    pub fn fail(&self, vm: &Vm, exception: Local) {
        self.exception.set(vm.get(exception));
        if let Some(waiter) = self.take_waiter(vm)
            && future::set_exception(vm, waiter, exception).is_err()
        {
            unreachable!("the waiter was found pending");
        }
    }

    /// What ended the connection.
    pub fn exception(&self, vm: &Vm) -> Option<Local> {
        let exception = self.exception.get(&vm.heap).defined();
        exception.map(|exception| vm.local(exception))
    }

    fn len(&self) -> usize {
        self.data.borrow().rest().len()
    }

    fn wake(&self, vm: &Vm) {
        if let Some(waiter) = self.take_waiter(vm) {
            let none = vm.none();
            if future::set_result(vm, waiter, none).is_err() {
                unreachable!("the waiter was found pending");
            }
        }
    }

    /// The waiter, unless it was cancelled; nobody waits after that.
    fn take_waiter(&self, vm: &Vm) -> Option<Local> {
        let waiter = vm.local(self.waiter.get(&vm.heap).defined()?);
        self.waiter.clear();
        (!future(vm, waiter).is_done(&vm.heap)).then_some(waiter)
    }

    /// Takes the first bytes out.
    fn take(&self, vm: &Vm, count: usize) -> Local {
        let taken = vm.local(vm.heap.bytes(&self.data.borrow().rest()[..count]).value());
        self.skip(vm, count);
        taken
    }

    fn skip(&self, vm: &Vm, count: usize) {
        self.data.borrow_mut().skip(count);
        if self.paused.get() && self.len() <= self.limit {
            self.resume(vm);
        }
    }

    fn resume(&self, vm: &Vm) {
        self.paused.set(false);
        if let Some(transport) = self.transport.borrow().upgrade() {
            transport.resume_reading(vm);
        }
    }
}

const NEW: Native = Native::vm(
    "StreamReader(cls, /, *args, **kwargs)",
    "A reader that is fed by hand, or by a StreamReaderProtocol: of a class written in apy.",
    |vm, args| {
        let class = super::general_class(vm, args.at(0), &STREAM_READER, "StreamReader")?;
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        Ok(vm.local(vm.heap.opaque(class, super::ByProtocol).value()))
    },
);
const READ: Native = Native::vm(
    "read(self, n=-1) -> coroutine",
    "At most n bytes, as soon as there are some; all until the end if n is negative. b'' at the end.",
    |vm, args| {
        let collected = vm.none();
        Ok(vm.native_coroutine(&READING, &[args.at(0), args.at(1), collected]))
    },
);
const READEXACTLY: Native = Native::vm(
    "readexactly(self, n) -> coroutine",
    "Exactly n bytes; IncompleteReadError if the end comes first.",
    |vm, args| Ok(vm.native_coroutine(&READING_EXACTLY, &[args.at(0), args.at(1)])),
);
const READLINE: Native = Native::vm(
    "readline(self, /) -> coroutine",
    "A line with its end; what there is at the end of the stream. Raises ValueError if the line is longer than the limit.",
    |vm, args| {
        let (separator, offset) = (vm.none(), vm.local(Value::small_int(0)));
        Ok(vm.native_coroutine(&READING_LINE, &[args.at(0), separator, offset]))
    },
);
const READUNTIL: Native = Native::vm(
    "readuntil(self, separator=b'\\n') -> coroutine",
    "Bytes up to and with a separator, or the first of several (a tuple). Raises IncompleteReadError if the end comes first, LimitOverrunError if the limit does.",
    |vm, args| {
        if vm.get(args.at(1)).is_undef() {
            vm.set(args.at(1), Value::NONE);
        }
        let offset = vm.local(Value::small_int(0));
        Ok(vm.native_coroutine(&READING_UNTIL, &[args.at(0), args.at(1), offset]))
    },
);
const AT_EOF: Native = Native::vm(
    "at_eof(self, /) -> bool",
    "Whether all was read and nothing more will come.",
    |vm, args| {
        let reader = reader(vm, args.at(0));
        let at_end = reader.ended.get() && reader.len() == 0;
        Ok(vm.local(Value::bool(at_end)))
    },
);
const FEED_DATA: Native = Native::vm(
    "feed_data(self, data, /)",
    "Add data, as if it had come.",
    |vm, args| {
        let reader = Rc::clone(reader(vm, args.at(0)));
        if reader.ended.get() {
            let message = "feed_data after feed_eof";
            return Err(vm.heap.raise(Builtin::AssertionError, message));
        }
        let data = Buffer::arg(&vm.heap, vm.get(args.at(1)))?;
        if !data.is_empty() {
            reader.feed(vm, &data);
        }
        Ok(vm.none())
    },
);
const FEED_EOF: Native = Native::vm(
    "feed_eof(self, /)",
    "Nothing more will come.",
    |vm, args| {
        reader(vm, args.at(0)).end(vm);
        Ok(vm.none())
    },
);
const EXCEPTION: Native = Native::vm(
    "exception(self, /)",
    "What broke the connection, or None.",
    |vm, args| {
        let exception = reader(vm, args.at(0)).exception.get(&vm.heap);
        Ok(vm.local(exception.or(Value::NONE)))
    },
);
const SET_EXCEPTION: Native = Native::vm(
    "set_exception(self, exc, /)",
    "Have who reads get an exception.",
    |vm, args| {
        let exception = vm.get(args.at(1));
        if !vm.heap.is_instance(exception, Builtin::BaseException) {
            return Err(vm
                .heap
                .type_error("exceptions must derive from BaseException"));
        }
        reader(vm, args.at(0)).fail(vm, args.at(1));
        Ok(vm.none())
    },
);
const AITER: Native = Native::vm("__aiter__(self, /)", "Itself.", |_, args| Ok(args.at(0)));
const ANEXT: Native = Native::vm(
    "__anext__(self, /) -> coroutine",
    "The next line; StopAsyncIteration at the end.",
    |vm, args| {
        let (separator, offset) = (vm.none(), vm.local(Value::small_int(0)));
        Ok(vm.native_coroutine(&NEXT_LINE, &[args.at(0), separator, offset]))
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let reader = reader(vm, args.at(0));
    let mut text = "<StreamReader".to_owned();
    if reader.len() > 0 {
        text += &format!(" {} bytes", reader.len());
    }
    if reader.ended.get() {
        text += " eof";
    }
    if reader.limit as i64 != super::DEFAULT_LIMIT {
        text += &format!(" limit={}", reader.limit);
    }
    if reader.paused.get() {
        text += " paused";
    }
    Ok(vm.local(vm.heap.str_value(&(text + ">"))))
});

static READING: NativeCoroutine = NativeCoroutine::new("StreamReader.read", step_read);
static READING_EXACTLY: NativeCoroutine =
    NativeCoroutine::new("StreamReader.readexactly", step_exactly);
static READING_LINE: NativeCoroutine =
    NativeCoroutine::new("StreamReader.readline", |vm, this, input| {
        step_line(vm, this, input).map(step_of)
    });
static READING_UNTIL: NativeCoroutine = NativeCoroutine::new(
    "StreamReader.readuntil",
    |vm, this, input| match step_until(vm, this, input)? {
        Until::Waits(waiter) => Ok(Step::Await(waiter)),
        Until::Found(bytes) => Ok(Step::Return(bytes)),
        Until::Ended => Err(incomplete(vm, this, None)),
        Until::Over(over) => Err(over.raise(vm)),
    },
);
static NEXT_LINE: NativeCoroutine = NativeCoroutine::new(
    "StreamReader.__anext__",
    |vm, this, input| match step_line(vm, this, input)? {
        Line::Waits(waiter) => Ok(Step::Await(waiter)),
        Line::Read(line) if is_empty(vm, line) => {
            Err(vm.heap.raise_with(Builtin::StopAsyncIteration, &[]))
        }
        Line::Read(line) => Ok(Step::Return(line)),
    },
);

// Registers: the reader, then what was asked for, then how far it is.
const OWNER: usize = 0;
const WANTED: usize = 1;
const SO_FAR: usize = 2;

fn reader(vm: &Vm, this: Local) -> &Rc<Reader> {
    let object: Option<&Object> = vm.get_gc::<Opaque>(this).and_then(|o| o.payload());
    &object
        .expect("methods are called on instances of their class")
        .0
}

fn is_empty(vm: &Vm, bytes: Local) -> bool {
    Buffer::of(&vm.heap, vm.get(bytes)).is_some_and(|bytes| bytes.is_empty())
}

/// Begins or goes on: the reader, once its waiter has done its part.
fn enter(vm: &Vm, this: Local, input: Input) -> Result<Rc<Reader>, Raised> {
    let owner = register(vm, this, OWNER);
    let reader = Rc::clone(reader(vm, owner));
    if vm.step_state(this) != 0 {
        reader.waiter.clear();
    }
    match input {
        Input::Send(_) => Ok(reader),
        Input::Throw(exception) => Err(vm.raise_local(exception)),
    }
}

/// Raises what broke the connection.
fn check(vm: &Vm, reader: &Reader) -> Result<(), Raised> {
    match reader.exception(vm) {
        None => Ok(()),
        Some(exception) => Err(vm.raise_local(exception)),
    }
}

/// The future to await for more data; `method` names the call that waits.
fn wait(vm: &Vm, this: Local, reader: &Reader, method: &str) -> Result<Local, Raised> {
    if !reader.waiter.is_undef() {
        let message = format!(
            "{method}() called while another coroutine is already waiting for incoming data"
        );
        return Err(vm.heap.raise(Builtin::RuntimeError, message));
    }
    if reader.paused.get() {
        // More is wanted than the limit: it would never come.
        reader.resume(vm);
    }
    let waiter = new_future(vm);
    reader.waiter.set(vm.get(waiter));
    vm.set_step_state(this, 1);
    Ok(waiter)
}

fn step_read(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let begins = vm.step_state(this) == 0;
    let reader = enter(vm, this, input)?;
    if begins {
        check(vm, &reader)?;
    }
    let wanted = register(vm, this, WANTED);
    let count = arg::vm_index_or(vm, wanted, -1)?;
    if let Ok(count) = usize::try_from(count) {
        if count > 0 && reader.len() == 0 && !reader.ended.get() {
            return wait(vm, this, &reader, "read").map(Step::Await);
        }
        return Ok(Step::Return(reader.take(vm, count.min(reader.len()))));
    }
    read_all(vm, this, &reader)
}

/// Blocks of the limit's size, until there is none.
fn read_all(vm: &mut Vm, this: Local, reader: &Reader) -> Result<Step, Raised> {
    if vm.step_slot(this, SO_FAR).get(&vm.heap).is_none() {
        let collected = vm.heap.bytearray(Vec::new()).value();
        vm.step_slot(this, SO_FAR).set(collected);
    }
    loop {
        if reader.len() == 0 && !reader.ended.get() {
            return wait(vm, this, reader, "read").map(Step::Await);
        }
        let count = reader.len().min(reader.limit);
        let collected = register(vm, this, SO_FAR);
        let collected = vm.get_gc::<ByteArray>(collected).expect("made above");
        if count == 0 {
            let all = collected.take(&vm.heap);
            return Ok(Step::Return(vm.local(vm.heap.bytes(all).value())));
        }
        let block = &reader.data.borrow().rest()[..count].to_vec();
        collected.extend(&vm.heap, block)?;
        reader.skip(vm, count);
        check(vm, reader)?;
    }
}

fn step_exactly(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    let begins = vm.step_state(this) == 0;
    let reader = enter(vm, this, input)?;
    let wanted = register(vm, this, WANTED);
    let wanted = vm.index(wanted)?;
    let Ok(count) = usize::try_from(wanted) else {
        let message = "readexactly size can not be less than zero";
        return Err(vm.heap.value_error(message));
    };
    if begins {
        check(vm, &reader)?;
    }
    if reader.len() >= count {
        return Ok(Step::Return(reader.take(vm, count)));
    }
    if reader.ended.get() {
        return Err(incomplete(vm, this, Some(wanted)));
    }
    wait(vm, this, &reader, "readexactly").map(Step::Await)
}

/// The end came too early: what there is goes with the exception.
fn incomplete(vm: &mut Vm, this: Local, expected: Option<i64>) -> Raised {
    let owner = register(vm, this, OWNER);
    let reader = Rc::clone(reader(vm, owner));
    let partial = reader.take(vm, reader.len());
    let expected = expected.map_or(Value::NONE, |count| vm.heap.int(count));
    let expected = vm.local(expected);
    registry::raise(vm, &INCOMPLETE_READ_ERROR, &[partial, expected])
}

/// What a line came to.
enum Line {
    Waits(Local),
    Read(Local),
}

fn step_of(line: Line) -> Step {
    match line {
        Line::Waits(waiter) => Step::Await(waiter),
        Line::Read(bytes) => Step::Return(bytes),
    }
}

fn step_line(vm: &mut Vm, this: Local, input: Input) -> Result<Line, Raised> {
    match step_until(vm, this, input)? {
        Until::Waits(waiter) => Ok(Line::Waits(waiter)),
        Until::Found(line) => Ok(Line::Read(line)),
        Until::Ended => {
            let owner = register(vm, this, OWNER);
            let reader = reader(vm, owner);
            let rest = reader.take(vm, reader.len());
            Ok(Line::Read(rest))
        }
        Until::Over(over) => {
            let owner = register(vm, this, OWNER);
            let reader = Rc::clone(reader(vm, owner));
            let found = reader.data.borrow().rest()[over.consumed..].starts_with(b"\n");
            let dropped = if found {
                over.consumed + 1
            } else {
                reader.len()
            };
            reader.skip(vm, dropped);
            Err(vm.heap.value_error(over.message))
        }
    }
}

/// What looking for a separator came to.
enum Until {
    Waits(Local),
    Found(Local),
    /// The stream ended before one.
    Ended,
    Over(Over),
}

/// More bytes before the separator than the limit allows.
struct Over {
    message: &'static str,
    consumed: usize,
}

impl Over {
    fn raise(self, vm: &mut Vm) -> Raised {
        let message = vm.local(vm.heap.str_value(self.message));
        let consumed = vm.local(vm.heap.usize(self.consumed));
        registry::raise(vm, &LIMIT_OVERRUN_ERROR, &[message, consumed])
    }
}

fn step_until(vm: &mut Vm, this: Local, input: Input) -> Result<Until, Raised> {
    let begins = vm.step_state(this) == 0;
    let reader = enter(vm, this, input)?;
    let wanted = register(vm, this, WANTED);
    let separators = Separators::of(vm, wanted)?;
    if begins {
        check(vm, &reader)?;
    }
    let offset = vm.step_slot(this, SO_FAR).get(&vm.heap).as_int();
    let mut offset = offset.unwrap_or_default() as usize;
    let len = reader.len();
    if len.saturating_sub(offset) < separators.shortest {
        return more(vm, this, &reader, offset);
    }
    let found = separators.first_in(&reader.data.borrow().rest()[offset..]);
    if let Some((start, end)) = found {
        if offset + start <= reader.limit {
            return Ok(Until::Found(reader.take(vm, offset + end)));
        }
        return Ok(Until::Over(Over {
            message: "Separator is found, but chunk is longer than limit",
            consumed: offset + start,
        }));
    }
    // A separator may have begun to come.
    offset = (len + 1).saturating_sub(separators.longest);
    if offset > reader.limit {
        return Ok(Until::Over(Over {
            message: "Separator is not found, and chunk exceed the limit",
            consumed: offset,
        }));
    }
    more(vm, this, &reader, offset)
}

/// No separator before `offset`: waits for more, if more can come.
fn more(vm: &Vm, this: Local, reader: &Reader, offset: usize) -> Result<Until, Raised> {
    if reader.ended.get() {
        return Ok(Until::Ended);
    }
    let so_far = Value::small_int(offset as i64);
    vm.step_slot(this, SO_FAR).set(so_far);
    wait(vm, this, reader, "readuntil").map(Until::Waits)
}
