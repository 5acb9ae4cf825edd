//! `sub`, `subn` and `expand`: texts with matches replaced by templates or by what a function returns.
//!
//! A function may do anything, so the text is looked up anew after each call. Templates without groups are templates, too.

use std::sync::Arc;

use super::error::complain;
use super::match_object::this;
use super::pattern::{Found, Region, Wanted, next_match, regex, region_of, with_bytes, wrap};
use super::search::Mode;
use super::source::TextKind;
use super::subject::Subject;
use super::template::Part;
use crate::runtime::intern::Sym;
use crate::runtime::{Heap, Raised, Value};
use crate::stdlib::arg::{Buffer, as_str, vm_index_or};
use crate::vm::{Local, Locals, Native, Vm};

/// `Pattern.sub`
pub const SUB: Native = Native::vm(
    "sub(self, /, repl, string, count=0)",
    "Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.",
    |vm, args| Ok(replace(vm, args)?.0),
);
/// `Pattern.subn`
pub const SUBN: Native = Native::vm(
    "subn(self, /, repl, string, count=0)",
    "Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl.",
    |vm, args| {
        let (text, count) = replace(vm, args)?;
        let count = vm.local(vm.heap.usize(count));
        Ok(vm.tuple_of(&[text, count]))
    },
);

/// What takes the place of matches.
enum Replacement {
    /// These parts of a template.
    Template(Arc<[Part]>),
    /// What this function returns for the match.
    Call(Local),
    /// An object that is no text of the right kind: an error as soon as there is a match.
    Wrong(Local),
}

/// A text that is being put together.
struct Output {
    kind: TextKind,
    text: Vec<u8>,
    /// How many items were added, for messages.
    items: usize,
}

impl Output {
    fn add(&mut self, heap: &Heap, text: &[u8]) -> Result<(), Raised> {
        heap.grow_vec(&mut self.text, text.len())?;
        self.text.extend_from_slice(text);
        self.items += 1;
        Ok(())
    }

    /// Adds a value, which must be a text of the kind.
    fn add_value(&mut self, vm: &Vm, value: Value<'_>) -> Result<(), Raised> {
        let wanted = match self.kind {
            TextKind::Str => match as_str(&vm.heap, value) {
                Some(text) => {
                    return self.add(&vm.heap, text.as_str().as_bytes());
                }
                None => "str instance",
            },
            TextKind::Bytes => match Buffer::of(&vm.heap, value) {
                Some(bytes) => {
                    return self.add(&vm.heap, &bytes);
                }
                None => "a bytes-like object",
            },
        };
        let (n, class) = (self.items, vm.heap.type_name(value));
        let message = format!("sequence item {n}: expected {wanted}, {class} found");
        Err(vm.heap.type_error(message))
    }

    fn add_parts(
        &mut self,
        heap: &Heap,
        parts: &[Part],
        subject: &Subject<'_>,
        found: &Found,
    ) -> Result<(), Raised> {
        for part in parts {
            let text = match part {
                Part::Literal(text) => text,
                Part::Group(n) => found
                    .group(*n as usize)
                    .map_or(&[][..], |(start, end)| &subject.bytes()[start..end]),
            };
            heap.grow_vec(&mut self.text, text.len())?;
            self.text.extend_from_slice(text);
        }
        self.items += 1;
        Ok(())
    }

    fn finish(self, vm: &Vm) -> Result<Local, Raised> {
        let value = match self.kind {
            TextKind::Str => {
                vm.heap.room_for(self.text.len())?;
                vm.heap.try_str(&String::from_utf8_lossy(&self.text))?
            }
            TextKind::Bytes => vm.heap.bytes(self.text).value(),
        };
        Ok(vm.local(value))
    }
}

fn replacement(vm: &mut Vm, pattern: Local, repl: Local) -> Result<Replacement, Raised> {
    let Some(subject) = Subject::of(&vm.heap, vm.get(repl)) else {
        if vm.special(vm.get(repl), Sym::Call).is_some() {
            return Ok(Replacement::Call(repl));
        }
        let class = vm.heap.type_name(vm.get(repl));
        let message = format!("decoding to str: need a bytes-like object, {class} found");
        return Err(vm.heap.type_error(message));
    };
    let regex = regex(vm, pattern)?;
    let kind = subject.kind();
    let chars = subject.chars();
    let has_escapes = chars.contains(&u32::from(b'\\'));
    if kind != regex.kind && !has_escapes {
        return Ok(Replacement::Wrong(repl));
    }
    let parts = regex.template(chars, kind);
    drop(subject);
    match parts {
        Ok(parts) => Ok(Replacement::Template(parts)),
        Err(complaint) => Err(complain(vm, complaint, repl)),
    }
}

/// `Match.expand`
pub fn expand_template(
    vm: &mut Vm,
    pattern: Local,
    string: Local,
    args: Locals,
) -> Result<Local, Raised> {
    let kind = regex(vm, pattern)?.kind;
    let parts = match replacement(vm, pattern, args.at(1))? {
        Replacement::Template(parts) => parts,
        Replacement::Call(other) | Replacement::Wrong(other) => {
            return Ok(other);
        }
    };
    let mut out = Output {
        kind,
        text: Vec::new(),
        items: 0,
    };
    let subject = Subject::arg(vm, string, kind)?;
    out.add_parts(&vm.heap, &parts, &subject, &this(vm, args)?.found)?;
    out.finish(vm)
}

fn replace(vm: &mut Vm, args: Locals) -> Result<(Local, usize), Raised> {
    let [pattern, repl, string] = [0, 1, 2].map(|i| args.at(i));
    let max = vm_index_or(vm, args.at(3), 0)?;
    let string = with_bytes(vm, string)?;
    let repl = replacement(vm, pattern, repl)?;
    let region = region_of(vm, pattern, string, 0, usize::MAX)?;
    let mut out = Output {
        kind: regex(vm, pattern)?.kind,
        text: Vec::new(),
        items: 0,
    };
    let (mut done, mut count) = (0, 0);
    let mut wanted = Wanted {
        from: 0,
        end: usize::MAX,
        mode: Mode::Search,
        must_advance: false,
    };
    while max == 0 || count < max {
        let Some(found) = next_match(vm, pattern, string, wanted)? else {
            break;
        };
        let subject = Subject::arg(vm, string, out.kind)?;
        wanted.from = found.end();
        wanted.must_advance = found.start() == found.end();
        if done < found.start() {
            out.add(&vm.heap, &subject.bytes()[done..found.start()])?;
        }
        done = found.end();
        count += 1;
        match &repl {
            Replacement::Template(parts) => out.add_parts(&vm.heap, parts, &subject, &found)?,
            Replacement::Wrong(other) => out.add_value(vm, vm.get(*other))?,
            Replacement::Call(function) => {
                drop(subject);
                call(vm, *function, pattern, &region, found, &mut out)?;
            }
        }
    }
    if count == 0 && vm.heap.class_of(vm.get(string)).builtin.is_some() {
        return Ok((string, 0));
    }
    let subject = Subject::arg(vm, string, out.kind)?;
    let rest = subject.bytes().get(done..).unwrap_or_default();
    vm.heap.grow_vec(&mut out.text, rest.len())?;
    out.text.extend_from_slice(rest);
    drop(subject);
    Ok((out.finish(vm)?, count as usize))
}

/// Adds what the function returns for a match; None adds nothing.
fn call(
    vm: &mut Vm,
    function: Local,
    pattern: Local,
    region: &Region,
    found: Found,
    out: &mut Output,
) -> Result<(), Raised> {
    let mark = vm.mark();
    let matched = wrap(vm, pattern, region, found)?;
    let item = vm.call(function, &[matched])?;
    if !vm.get(item).is_none() {
        out.add_value(vm, vm.get(item))?;
    }
    vm.release(mark);
    Ok(())
}
