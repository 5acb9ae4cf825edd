//! Values from the events of a document: at once where nothing calls user code, else one by one with hooks.
//!
//! Without hooks no user code runs and nothing is collected, so values wait on a plain stack. With hooks they wait in locals.
//! A hook that is the class itself (`parse_int=int`) is no hook.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::error::complain;
use super::reader::{Event, Mistake, Reader, Strictness};
use crate::runtime::dict::Dict;
use crate::runtime::list::List;
use crate::runtime::str::Str;
use crate::runtime::{Gc, Heap, Raised, Value};
use crate::stdlib::arg::checked;
use crate::stdlib::receiver::plain;
use crate::text::int_text::int_from_str;
use crate::vm::{Local, Vm};

/// What user code makes of parts of a document.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// Of each object, from a dict.
    pub object: Option<Local>,
    /// Of each object, from a list of pairs; goes before `object`.
    pub pairs: Option<Local>,
    /// Of each number with a point or exponent, from its text.
    pub float: Option<Local>,
    /// Of each integer, from its text.
    pub int: Option<Local>,
    /// Of `NaN`, `Infinity` and `-Infinity`.
    pub constant: Option<Local>,
    /// Whether strings may hold control characters.
    pub strictness: Strictness,
}

impl Hooks {
    /// Whether there are none.
    fn are_none(&self) -> bool {
        let hooks = [self.object, self.pairs, self.float, self.int, self.constant];
        hooks.iter().all(Option::is_none)
    }
}

/// Reads the value that begins at a byte offset of the text in a local: the value and where it ends.
pub fn read(vm: &mut Vm, doc: Local, at: usize, hooks: &Hooks) -> Result<(Local, usize), Raised> {
    let doc = plain(vm, doc);
    let Some(string) = vm.get_gc::<Str>(doc) else {
        let class = vm.heap.type_name(vm.get(doc));
        let message = format!("first argument must be a string, not {class}");
        return Err(vm.heap.type_error(message));
    };
    if hooks.are_none() {
        let mut reader = Reader::new(string.as_str(), at, hooks.strictness);
        let built = Builder::new(&vm.heap).build(&mut reader);
        let end = reader.at;
        return match built {
            Ok(value) => Ok((vm.local(value), end)),
            Err(Stop::Raised(raised)) => Err(raised),
            Err(Stop::Mistake(mistake)) => Err(complain(vm, mistake, doc)),
        };
    }
    let text = string.as_str().to_owned();
    let mut reader = Reader::new(&text, at, hooks.strictness);
    match build_with_hooks(vm, &mut reader, hooks) {
        Ok(value) => Ok((value, reader.at)),
        Err(Stop::Raised(raised)) => Err(raised),
        Err(Stop::Mistake(mistake)) => Err(complain(vm, mistake, doc)),
    }
}

/// Why building ended early.
enum Stop {
    Raised(Raised),
    Mistake(Mistake),
}

impl From<Raised> for Stop {
    fn from(raised: Raised) -> Stop {
        Stop::Raised(raised)
    }
}

impl From<Mistake> for Stop {
    fn from(mistake: Mistake) -> Stop {
        Stop::Mistake(mistake)
    }
}

/// What is open.
enum Open<'h> {
    Array(Gc<'h, List>),
    Object(Gc<'h, Dict>, Option<Gc<'h, Str>>),
}

struct Builder<'h, 't> {
    heap: &'h Heap,
    open: Vec<Open<'h>>,
    /// One string object for equal names.
    keys: FxHashMap<Cow<'t, str>, Gc<'h, Str>>,
}

impl<'h, 't> Builder<'h, 't> {
    fn new(heap: &'h Heap) -> Builder<'h, 't> {
        Builder {
            heap,
            open: Vec::new(),
            keys: FxHashMap::default(),
        }
    }

    fn build(&mut self, reader: &mut Reader<'t>) -> Result<Value<'h>, Stop> {
        let heap = self.heap;
        let mut complete = Value::NONE;
        while let Some(event) = reader.next()? {
            let value = match event {
                Event::Null => Value::NONE,
                Event::Bool(value) => Value::bool(value),
                Event::Int(text) => int(heap, text)?,
                Event::Float(text) => Value::float(text.parse().unwrap_or(f64::NAN)),
                Event::Constant(name) => constant(name),
                Event::Str(text) => heap.str_value(&text),
                Event::Key(text) => {
                    let key = self.key(text);
                    if let Some(Open::Object(_, pending)) = self.open.last_mut() {
                        *pending = Some(key);
                    }
                    continue;
                }
                Event::BeginArray => {
                    self.open.push(Open::Array(heap.list([])));
                    continue;
                }
                Event::BeginObject => {
                    self.open.push(Open::Object(heap.dict(), None));
                    continue;
                }
                Event::EndArray | Event::EndObject => match self.open.pop() {
                    Some(Open::Array(list)) => list.value(),
                    Some(Open::Object(dict, _)) => dict.value(),
                    None => break,
                },
            };
            match self.open.last_mut() {
                Some(Open::Array(list)) => list.push(heap, value)?,
                Some(Open::Object(dict, key)) => {
                    if let Some(key) = key.take() {
                        dict.set_str(heap, key, value);
                    }
                }
                None => complete = value,
            }
        }
        Ok(complete)
    }

    fn key(&mut self, text: Cow<'t, str>) -> Gc<'h, Str> {
        if let Some(known) = self.keys.get(&text) {
            return *known;
        }
        let key = self.heap.str(&text);
        self.keys.insert(text, key);
        key
    }
}

/// The value of an integer's text.
fn int<'h>(heap: &'h Heap, text: &str) -> Result<Value<'h>, Raised> {
    if text.len() < 19
        && let Ok(n) = text.parse::<i64>()
    {
        return Ok(heap.int(n));
    }
    let n = checked(heap, int_from_str(text, 10, heap.digit_limit.get()))?;
    Ok(heap.any_int(n))
}

fn constant<'h>(name: &str) -> Value<'h> {
    Value::float(match name {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => f64::NAN,
    })
}

/// What a hook makes of a text, or the plain value.
fn hooked(vm: &mut Vm, hook: Option<Local>, text: &str, value: Event<'_>) -> Result<Local, Raised> {
    match hook {
        Some(hook) => {
            let text = vm.local(vm.heap.str_value(text));
            vm.call(hook, &[text])
        }
        None => {
            let value = match value {
                Event::Int(text) => int(&vm.heap, text)?,
                Event::Float(text) => Value::float(text.parse().unwrap_or(f64::NAN)),
                _ => constant(text),
            };
            Ok(vm.local(value))
        }
    }
}

/// A container in the making: a list of items, or of names and values in turn.
struct Pending {
    items: Local,
    key: Option<Local>,
}

fn build_with_hooks(vm: &mut Vm, reader: &mut Reader<'_>, hooks: &Hooks) -> Result<Local, Stop> {
    let mut open: Vec<Pending> = Vec::new();
    let result = vm.none();
    while let Some(event) = reader.next()? {
        vm.native_safepoint()?;
        let mark = vm.mark();
        let value = match event {
            Event::Null => vm.none(),
            Event::Bool(value) => vm.local(Value::bool(value)),
            Event::Int(text) => hooked(vm, hooks.int, text, event)?,
            Event::Float(text) => hooked(vm, hooks.float, text, event)?,
            Event::Constant(name) => hooked(vm, hooks.constant, name, event)?,
            Event::Str(text) => vm.local(vm.heap.str_value(&text)),
            Event::Key(text) => {
                let key = vm.local(vm.heap.str_value(&text));
                if let Some(pending) = open.last_mut() {
                    pending.key = Some(key);
                }
                continue;
            }
            Event::BeginArray | Event::BeginObject => {
                let items = vm.local(vm.heap.list([]).value());
                open.push(Pending { items, key: None });
                continue;
            }
            Event::EndArray => match open.pop() {
                Some(pending) => pending.items,
                None => break,
            },
            Event::EndObject => match open.pop() {
                Some(pending) => object(vm, pending.items, hooks)?,
                None => break,
            },
        };
        add(vm, open.last_mut(), value, result)?;
        // The value is in a list by now; what is open, and its names, got their locals earlier.
        vm.release(mark);
    }
    Ok(result)
}

/// Adds a value to what is open, or makes it the result.
fn add(vm: &Vm, open: Option<&mut Pending>, value: Local, result: Local) -> Result<(), Raised> {
    let Some(pending) = open else {
        vm.set(result, vm.get(value));
        return Ok(());
    };
    let item = match pending.key.take() {
        Some(key) => vm.heap.tuple(&[vm.get(key), vm.get(value)]).value(),
        None => vm.get(value),
    };
    if let Some(list) = vm.get_gc::<List>(pending.items) {
        list.push(&vm.heap, item)?;
    }
    Ok(())
}

/// An object from the list of its pairs.
fn object(vm: &mut Vm, pairs: Local, hooks: &Hooks) -> Result<Local, Raised> {
    if let Some(hook) = hooks.pairs {
        return vm.call(hook, &[pairs]);
    }
    let dict = vm.local(vm.heap.dict().value());
    vm.dict_update(dict, pairs)?;
    match hooks.object {
        Some(hook) => vm.call(hook, &[dict]),
        None => Ok(dict),
    }
}
