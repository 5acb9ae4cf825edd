//! `_xml.Scanner`: makes elements of the text of a document, piece by piece.
//!
//! It is a parser and a builder of trees in one, for the plain case: no document type, no mistakes, a builder that nobody changed. `feed`
//! returns False at the first place that is not plain; then `state` has all that the parser and the builder in apy need to go on from
//! there. Namespaces are known here.

use std::cell::RefCell;
use std::ops::Range;

use smallvec::SmallVec;

use super::element::{Field, Layout};
use super::tokens::{Cut, StartTag, attribute_value, has_forbidden, is_space, resolve, start_tag};
use crate::runtime::heap::traced;
use crate::runtime::instance::Instance;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::arg::text;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Native, payload_of};

/// `_xml.Scanner`
pub const SCANNER: ModuleType = ModuleType {
    name: "_xml.Scanner",
    module: "_xml",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&FEED, &CLOSE, &STATE],
        ..NativeType::of(Builtin::Opaque, "A parser that makes elements.")
    },
};

const NEW: Native = Native::vm(
    "Scanner(cls, layout, events, start, end, /)",
    "A scanner; `events` is a list for pairs of names and elements, or None, and `start` and `end` the names, or None.",
    |vm, args| {
        Layout::from_arg(&vm.heap, vm.get(args.at(1)))?;
        let slot = |at| Slot::new(vm.get(args.at(at)));
        let state = State {
            layout: slot(1),
            events: slot(2),
            start_event: slot(3),
            end_event: slot(4),
            root: Slot::undef(),
            last: Slot::undef(),
            open: Vec::new(),
            plain: Plain {
                line: 1,
                ..Plain::default()
            },
        };
        Ok(vm.new_opaque(args.at(0), Scanner(RefCell::new(state))))
    },
);
const FEED: Native = Native::leaf(
    "feed(self, text, /)",
    "Parse more text; False where the general parser must go on.",
    |heap, args| {
        let scanner = payload_of::<Scanner>(args.get(0));
        let more = text(heap, args.get(1), "feed() argument")?;
        let ok = scanner.0.borrow_mut().feed(heap, more)?;
        Ok(Value::bool(ok))
    },
);
const CLOSE: Native = Native::leaf(
    "close(self, /)",
    "The root of a complete document; None where the general parser must say what is missing.",
    |heap, args| {
        let mut state = payload_of::<Scanner>(args.get(0)).0.borrow_mut();
        state.plain.patience = 0;
        let ok = state.feed(heap, "")?;
        let complete = ok && state.plain.done && state.plain.text.bytes().all(is_space);
        if !complete || state.root.is_undef() {
            return Ok(Value::NONE);
        }
        Ok(state.root.get(heap))
    },
);
const STATE: Native = Native::leaf(
    "state(self, /)",
    "A tuple: the text that is left, line, column, the open elements as tuples of name, full name, namespaces and element, whether the root \
     ended, the root, the last element, whether text is its tail, and the text so far.",
    |heap, args| Ok(payload_of::<Scanner>(args.get(0)).0.borrow().tuple(heap)),
);

struct Scanner(RefCell<State>);

impl Payload for Scanner {}

traced!(Scanner { 0 });

struct State {
    layout: Slot,
    /// A list, or None.
    events: Slot,
    start_event: Slot,
    end_event: Slot,
    /// The first element, and the one that text belongs to; Undef before there are any.
    root: Slot,
    last: Slot,
    open: Vec<Open>,
    plain: Plain,
}

traced!(State { layout, events, start_event, end_event, root, last, open } plain { plain });

/// The part of the state that has no values.
#[derive(Default)]
struct Plain {
    /// Text that is not parsed yet, and how long it must be before that is tried again.
    text: String,
    patience: usize,
    /// Where `text` begins.
    line: usize,
    column: usize,
    /// The names of the open elements, one after the other.
    names: String,
    /// The namespaces that open elements declare: prefix and address.
    declared: Vec<(String, Option<String>)>,
    /// Text that belongs to `last`: before its first element, or after it.
    data: String,
    in_tail: bool,
    /// Whether the first element ended.
    done: bool,
}

/// An element whose end tag has not come.
struct Open {
    element: Slot,
    /// Its tag as a value.
    tag: Slot,
    /// Where its name as the text has it begins in `names`.
    name: usize,
    /// How many namespaces are declared around it.
    around: usize,
}

traced!(Open { element, tag } plain { name, around });

/// Why a scan stops.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The rest is not complete.
    Wait,
    /// The general parser must go on.
    Unusual,
}

impl From<Raised> for Halt {
    fn from(raised: Raised) -> Halt {
        Halt::Raised(raised)
    }
}

/// What ends a step.
enum Halt {
    Stop(Stop),
    Raised(Raised),
}

const WAIT: Halt = Halt::Stop(Stop::Wait);
const UNUSUAL: Halt = Halt::Stop(Stop::Unusual);

impl State {
    /// Takes more text; false: something is unusual.
    fn feed(&mut self, heap: &Heap, more: &str) -> Result<bool, Raised> {
        heap.append_text(&mut self.plain.text, more)?;
        if has_forbidden(more) {
            return Ok(false);
        }
        if self.plain.text.len() < self.plain.patience {
            return Ok(true);
        }
        let text = std::mem::take(&mut self.plain.text);
        let mut at = 0;
        let stop = loop {
            match self.step(heap, &text, at) {
                Ok(next) => at = next,
                Err(Halt::Stop(stop)) => break stop,
                Err(Halt::Raised(raised)) => return Err(raised),
            }
            heap.poll(1)?;
        };
        self.plain.advance(&text[..at]);
        self.plain.text = text[at..].to_owned();
        let left = self.plain.text.len();
        self.plain.patience = if left > 4096 { left * 2 } else { 0 };
        Ok(stop == Stop::Wait)
    }

    /// Takes the part of the text that begins at a place; returns where the next begins.
    fn step(&mut self, heap: &Heap, text: &str, at: usize) -> Result<usize, Halt> {
        let rest = &text[at..];
        let bytes = rest.as_bytes();
        if bytes.is_empty() {
            return Err(WAIT);
        }
        if bytes[0] != b'<' {
            return Ok(at + self.characters(heap, rest)?);
        }
        match bytes.get(1) {
            None => Err(WAIT),
            Some(b'/') => {
                let end = memchr::memchr(b'>', bytes).ok_or(WAIT)?;
                self.end_tag(heap, rest[2..end].trim_end_matches(is_space_char))?;
                Ok(at + end + 1)
            }
            Some(b'!') => Ok(at + self.section(heap, rest)?),
            Some(b'?') => {
                let end = memchr::memmem::find(bytes, b"?>").ok_or(WAIT)?;
                Ok(at + end + 2)
            }
            Some(_) => match start_tag(rest) {
                Cut::Found(tag) => {
                    let len = tag.len;
                    self.start(heap, tag)?;
                    Ok(at + len)
                }
                Cut::Wait => Err(WAIT),
                Cut::Unusual => Err(UNUSUAL),
            },
        }
    }

    /// Text up to the next `<`; returns how much was taken.
    fn characters(&mut self, heap: &Heap, rest: &str) -> Result<usize, Halt> {
        let bytes = rest.as_bytes();
        let end = match memchr::memchr(b'<', bytes) {
            Some(end) => end,
            None => self.safe_end(rest).ok_or(WAIT)?,
        };
        let part = &rest[..end];
        if self.open.is_empty() {
            return match part.bytes().all(is_space) {
                true => Ok(end),
                false => Err(UNUSUAL),
            };
        }
        if memchr::memmem::find(part.as_bytes(), b"]]>").is_some() {
            return Err(UNUSUAL);
        }
        heap.grow_text(&mut self.plain.data, part.len())?;
        if memchr::memchr(b'&', part.as_bytes()).is_none() {
            self.plain.data.push_str(part);
        } else {
            resolve(part, &mut self.plain.data).ok_or(UNUSUAL)?;
        }
        Ok(end)
    }

    /// How much of a text that has no `<` can be taken now: a reference or the end of a section may be cut. None: nothing.
    fn safe_end(&self, rest: &str) -> Option<usize> {
        let mut end = rest.trim_end_matches(']').len();
        if let Some(at) = memchr::memrchr(b'&', &rest.as_bytes()[..end])
            && memchr::memchr(b';', &rest.as_bytes()[at..end]).is_none()
        {
            end = at;
        }
        (end > 0).then_some(end)
    }

    /// A comment or a marked section; returns how long it is.
    fn section(&mut self, heap: &Heap, rest: &str) -> Result<usize, Halt> {
        let bytes = rest.as_bytes();
        if bytes.starts_with(b"<!--") {
            let end = memchr::memmem::find(&bytes[4..], b"-->").ok_or(WAIT)?;
            return Ok(end + 7);
        }
        const CDATA: &[u8] = b"<![CDATA[";
        if bytes.starts_with(CDATA) {
            if self.open.is_empty() {
                return Err(UNUSUAL);
            }
            let end = memchr::memmem::find(&bytes[CDATA.len()..], b"]]>").ok_or(WAIT)?;
            let part = &rest[CDATA.len()..CDATA.len() + end];
            heap.append_text(&mut self.plain.data, part)?;
            return Ok(CDATA.len() + end + 3);
        }
        match b"<!--".starts_with(bytes) || CDATA.starts_with(bytes) {
            true => Err(WAIT),
            false => Err(UNUSUAL),
        }
    }

    fn start(&mut self, heap: &Heap, tag: StartTag<'_>) -> Result<(), Halt> {
        if self.open.is_empty() && self.plain.done {
            return Err(UNUSUAL);
        }
        let around = self.plain.declared.len();
        let attrib = match self.names_and_values(heap, &tag) {
            Some((full, attrib)) => (full, attrib),
            None => {
                self.plain.declared.truncate(around);
                return Err(UNUSUAL);
            }
        };
        let (full, attrib) = attrib;
        self.flush(heap);
        let layout = self.layout(heap);
        let element = layout.make(heap, full, attrib);
        match self.open.last() {
            Some(parent) => layout.append(heap, parent.element.expect(heap), element.value())?,
            None => self.root.set(element.value()),
        }
        self.last.set(element.value());
        self.plain.in_tail = false;
        self.note(heap, self.start_event.get(heap), element)?;
        self.open.push(Open {
            element: Slot::new(element.value()),
            tag: Slot::new(full),
            name: self.plain.names.len(),
            around,
        });
        self.plain.names.push_str(tag.name);
        if tag.is_empty {
            self.end(heap)?;
        }
        Ok(())
    }

    /// The tag and the attributes with their namespaces; None: something is unusual. New namespaces are declared.
    fn names_and_values<'h>(
        &mut self,
        heap: &'h Heap,
        tag: &StartTag<'_>,
    ) -> Option<(Value<'h>, Value<'h>)> {
        let mut pairs: SmallVec<[(&str, std::borrow::Cow<'_, str>); 4]> = SmallVec::new();
        for &(name, raw) in &tag.attributes {
            let value = attribute_value(raw)?;
            if name == "xmlns" || name.starts_with("xmlns:") {
                let prefix = name.get(6..).unwrap_or_default().to_owned();
                let address = (!value.is_empty()).then(|| value.into_owned());
                self.plain.declared.push((prefix, address));
                continue;
            }
            pairs.push((name, value));
        }
        let mut names: SmallVec<[&str; 4]> = pairs.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let full = self.plain.tag(heap, tag.name)?;
        let attrib = heap.dict();
        for (name, value) in pairs {
            let key = match name.contains(':') {
                true => self.plain.with_namespace(heap, name)?,
                false => heap.intern(name).value(),
            };
            attrib.set_leaf(heap, key, heap.str_value(&value));
        }
        Some((full, attrib.value()))
    }

    fn end_tag(&mut self, heap: &Heap, name: &str) -> Result<(), Halt> {
        let open = self.open.last().ok_or(UNUSUAL)?;
        if self.plain.names[open.name..] != *name {
            return Err(UNUSUAL);
        }
        self.end(heap)?;
        Ok(())
    }

    /// The innermost element ends.
    fn end(&mut self, heap: &Heap) -> Result<(), Raised> {
        self.flush(heap);
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        self.plain.names.truncate(open.name);
        self.plain.declared.truncate(open.around);
        self.plain.in_tail = true;
        self.plain.done = self.open.is_empty();
        let element: Gc<'_, Instance> = open.element.expect(heap);
        self.last.set(element.value());
        self.note(heap, self.end_event.get(heap), element)
    }

    /// Gives the text so far to the element that it belongs to.
    fn flush(&mut self, heap: &Heap) {
        if self.plain.data.is_empty() {
            return;
        }
        if let Some(last) = self.last.get(heap).as_gc::<Instance>() {
            let field = match self.plain.in_tail {
                true => Field::Tail,
                false => Field::Text,
            };
            let text = heap.str_value(&self.plain.data);
            self.layout(heap).set(heap, last, field, text);
        }
        self.plain.data.clear();
    }

    fn note<'h>(
        &self,
        heap: &'h Heap,
        event: Value<'h>,
        element: Gc<'h, Instance>,
    ) -> Result<(), Raised> {
        match self.events.get(heap).as_gc::<List>() {
            Some(events) if !event.is_none() => {
                events.push(heap, heap.tuple(&[event, element.value()]).value())
            }
            _ => Ok(()),
        }
    }

    fn layout<'h>(&self, heap: &'h Heap) -> &'h Layout {
        let layout: Gc<'h, Opaque> = self.layout.expect(heap);
        layout.payload().expect("`__new__` checked it")
    }

    /// See `STATE`.
    fn tuple<'h>(&self, heap: &'h Heap) -> Value<'h> {
        let plain = &self.plain;
        let open = (0..self.open.len()).map(|at| {
            let one = &self.open[at];
            let next = self.open.get(at + 1);
            let name = one.name..next.map_or(plain.names.len(), |next| next.name);
            let declared = one.around..next.map_or(plain.declared.len(), |next| next.around);
            let parts = [
                heap.str_value(&plain.names[name]),
                one.tag.get(heap),
                plain.scope(heap, declared),
                one.element.get(heap),
            ];
            heap.tuple(&parts).value()
        });
        let or_none = |slot: &Slot| match slot.is_undef() {
            true => Value::NONE,
            false => slot.get(heap),
        };
        let parts = [
            heap.str_value(&plain.text),
            heap.usize(plain.line),
            heap.usize(plain.column),
            heap.list(open).value(),
            Value::bool(plain.done),
            or_none(&self.root),
            or_none(&self.last),
            Value::bool(plain.in_tail),
            heap.str_value(&plain.data),
        ];
        heap.tuple(&parts).value()
    }
}

fn is_space_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_space)
}

impl Plain {
    /// Counts the lines of a text that was parsed.
    fn advance(&mut self, text: &str) {
        let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
        let last = memchr::memrchr(b'\n', text.as_bytes());
        let column = text[last.map_or(0, |at| at + 1)..].chars().count();
        self.line += lines;
        self.column = if lines > 0 {
            column
        } else {
            self.column + column
        };
    }

    /// The address of the namespace that a prefix stands for.
    fn namespace(&self, prefix: &str) -> Option<&str> {
        let found = self
            .declared
            .iter()
            .rev()
            .find(|(known, _)| known == prefix);
        match found {
            Some((_, address)) => address.as_deref(),
            None if prefix == "xml" => Some("http://www.w3.org/XML/1998/namespace"),
            None => None,
        }
    }

    fn tag<'h>(&self, heap: &'h Heap, name: &str) -> Option<Value<'h>> {
        if name.contains(':') {
            return self.with_namespace(heap, name);
        }
        Some(match self.namespace("") {
            Some(address) => heap.intern(&format!("{{{address}}}{name}")).value(),
            None => heap.intern(name).value(),
        })
    }

    /// A name with a prefix; None: the prefix stands for nothing.
    fn with_namespace<'h>(&self, heap: &'h Heap, name: &str) -> Option<Value<'h>> {
        let (prefix, local) = name.split_once(':')?;
        let address = self.namespace(prefix)?;
        Some(heap.intern(&format!("{{{address}}}{local}")).value())
    }

    /// Namespaces as a dict, or None where there are none.
    fn scope<'h>(&self, heap: &'h Heap, range: Range<usize>) -> Value<'h> {
        if range.is_empty() {
            return Value::NONE;
        }
        let scope = heap.dict();
        for (prefix, address) in &self.declared[range] {
            let address = address
                .as_deref()
                .map_or(Value::NONE, |address| heap.str_value(address));
            scope.set_leaf(heap, heap.str_value(prefix), address);
        }
        scope.value()
    }
}
