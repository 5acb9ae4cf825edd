//! `re.Pattern`: a compiled pattern and what it does with texts. `replace.rs` and `scanner.rs` have the rest.
//!
//! A pattern can be used again while it is being used (a function that `sub` calls may search with it): a search takes the scratch
//! memory out and puts it back when it is done. A signal that the program handles is handled in the middle of a search (`next_match`).

use std::cell::RefCell;
use std::sync::Arc;

use super::ast::{ASCII, LOCALE, UNICODE};
use super::complaint::Reading;
use super::error::{complain, gave_up};
use super::match_object::{MatchObject, new_match};
use super::matcher::search;
use super::parse::{ALL_FLAGS, parse};
use super::program::{Program, compile};
use super::replace::{SUB, SUBN};
use super::scanner::{FINDITER, SCANNER};
use super::search::{GaveUp, Mode, Scratch, Search, UNSET};
use super::source::TextKind;
use super::subject::Subject;
use super::template::{self, Groups, Part};
use super::text::{Narrow, Utf8};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::list::List;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::view::ViewTag;
use crate::runtime::{Builtin, Gc, Raised, Slot, Value};
use crate::stdlib::arg::{exported, vm_index_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// The class.
pub const PATTERN: ModuleType = ModuleType {
    name: "re.Pattern",
    module: "re",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[
            &MATCH, &FULLMATCH, &SEARCH, &SUB, &SUBN, &FINDALL, &SPLIT, &FINDITER, &SCANNER, &COPY,
            &DEEPCOPY, &REDUCE, &REPR, &HASH, &EQ,
        ],
        class_methods: &[&CLASS_GETITEM],
        getters: &[
            Getter::vm(
                "pattern",
                "The pattern string from which the RE object was compiled.",
                |vm, args| Ok(vm.local(regex(vm, args.at(0))?.pattern.get(&vm.heap))),
            )
            .as_member(),
            Getter::vm("flags", "The regex matching flags.", |vm, args| {
                let flags = regex(vm, args.at(0))?.flags;
                Ok(vm.local(vm.heap.int(i64::from(flags))))
            })
            .as_member(),
            Getter::vm(
                "groups",
                "The number of capturing groups in the pattern.",
                |vm, args| {
                    let groups = regex(vm, args.at(0))?.groups;
                    Ok(vm.local(vm.heap.int(i64::from(groups))))
                },
            )
            .as_member(),
            Getter::vm(
                "groupindex",
                "A dictionary mapping group names to group numbers.",
                |vm, args| {
                    let names = regex(vm, args.at(0))?.group_index.get(&vm.heap);
                    Ok(vm.local(vm.heap.view(ViewTag::Proxy, names).value()))
                },
            ),
        ],
        ..NativeType::of(Builtin::Opaque, "Compiled regular expression object.")
    },
};

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Patterns are made by compile() only. Raises TypeError.",
    |vm, _| Err(vm.heap.type_error("cannot create 're.Pattern' instances")),
);
const MATCH: Native = Native::vm(
    "match(self, /, string, pos=0, endpos=9223372036854775807)",
    "Matches zero or more characters at the beginning of the string.",
    |vm, args| find(vm, args, Mode::Match),
);
const FULLMATCH: Native = Native::vm(
    "fullmatch(self, /, string, pos=0, endpos=9223372036854775807)",
    "Matches against all of the string.",
    |vm, args| find(vm, args, Mode::Full),
);
const SEARCH: Native = Native::vm(
    "search(self, /, string, pos=0, endpos=9223372036854775807)",
    "Scan through string looking for a match, and return a corresponding match object instance. Return None if no position in the string matches.",
    |vm, args| find(vm, args, Mode::Search),
);
const FINDALL: Native = Native::vm(
    "findall(self, /, string, pos=0, endpos=9223372036854775807)",
    "Return a list of all non-overlapping matches of pattern in string.",
    findall,
);
const SPLIT: Native = Native::vm(
    "split(self, /, string, maxsplit=0)",
    "Split string by the occurrences of pattern.",
    split,
);
const COPY: Native = Native::vm("__copy__(self, /)", "The pattern itself.", |_, args| {
    Ok(args.at(0))
});
const DEEPCOPY: Native = Native::vm(
    "__deepcopy__(self, memo, /)",
    "The pattern itself.",
    |_, args| Ok(args.at(0)),
);
const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    let module = vm.import_module("re")?;
    let compile = vm.get_attr_named(module, "_compile")?;
    let pattern = vm.local(regex(vm, args.at(0))?.pattern.get(&vm.heap));
    let flags = vm.get_attr_named(args.at(0), "flags")?;
    let arguments = vm.tuple_of(&[pattern, flags]);
    Ok(vm.tuple_of(&[compile, arguments]))
});
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", repr);
const HASH: Native = Native::vm("__hash__(self, /)", "Return hash(self).", |vm, args| {
    let pattern = vm.local(regex(vm, args.at(0))?.pattern.get(&vm.heap));
    let hash = vm.hash(pattern)? ^ u64::from(regex(vm, args.at(0))?.flags);
    Ok(vm.local(vm.heap.int((hash >> 3) as i64)))
});
const EQ: Native = Native::vm(
    "__eq__(self, value, /)",
    "Return self==value.",
    |vm, args| {
        let (Some(a), Some(b)) = (regex_of(vm.get(args.at(0))), regex_of(vm.get(args.at(1))))
        else {
            return Ok(vm.local(Value::NOT_IMPLEMENTED));
        };
        if a.flags != b.flags || a.kind != b.kind {
            return Ok(vm.local(Value::FALSE));
        }
        let (a, b) = (a.pattern.get(&vm.heap), b.pattern.get(&vm.heap));
        let (a, b) = (vm.local(a), vm.local(b));
        let equal = vm.equal(a, b)?;
        Ok(vm.local(Value::bool(equal)))
    },
);
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

/// A compiled pattern.
pub struct Regex {
    pattern: Slot,
    group_index: Slot,
    /// The class of its matches.
    match_class: Slot,
    flags: u32,
    /// How many groups it has.
    pub groups: u32,
    /// The names of groups.
    pub names: Vec<(Arc<str>, u32)>,
    /// Whether it is for strings or bytes.
    pub kind: TextKind,
    program: Program,
    scratch: RefCell<Scratch>,
    /// The template that was read last.
    template: RefCell<Option<Template>>,
}

/// A template as it was written and what it was read as.
type Template = (Vec<u32>, Arc<[Part]>);

traced!(Regex { pattern, group_index, match_class } plain { flags, groups, names, kind, program, scratch, template });

impl Payload for Regex {}

/// Where a search runs: the text of a local from one byte offset to another.
#[derive(Clone, Copy)]
pub struct Region {
    /// The text.
    pub string: Local,
    /// Where to begin, in bytes.
    pub from: usize,
    /// Where the text counts as ended, in bytes.
    pub end: usize,
    /// Where to begin, in characters.
    pub pos: usize,
    /// Where the text counts as ended, in characters.
    pub endpos: usize,
}

/// A match: where the groups begin and end in bytes, group 0 first.
pub struct Found {
    /// Two offsets a group.
    pub spans: Box<[usize]>,
    /// The group that was closed last; 0 for none.
    pub last: u32,
}

impl Found {
    /// Where the match begins.
    pub fn start(&self) -> usize {
        self.spans[0]
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.spans[1]
    }

    /// Where a group begins and ends, if it matched.
    pub fn group(&self, n: usize) -> Option<(usize, usize)> {
        let (start, end) = (*self.spans.get(n * 2)?, *self.spans.get(n * 2 + 1)?);
        (start != UNSET && end != UNSET).then_some((start, end))
    }
}

/// A search in a region.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Where to begin, in bytes.
    pub from: usize,
    /// Where the text counts as ended, in bytes.
    pub end: usize,
    /// How a match may lie.
    pub mode: Mode,
    /// A match that begins and ends where the search begins does not count.
    pub must_advance: bool,
}

/// Why a search has no result.
enum Stop {
    /// It failed.
    Raised(Raised),
    /// The program has a signal to handle; the search goes on with this memory.
    Signal(Box<Scratch>),
}

impl Regex {
    /// Looks for a match, or goes on with a search that stopped.
    fn run(
        &self,
        vm: &Vm,
        subject: &Subject<'_>,
        wanted: Wanted,
        stopped: Option<Box<Scratch>>,
    ) -> Result<Option<Found>, Stop> {
        let text = subject.bytes();
        let end = wanted.end.min(text.len());
        if wanted.from > end {
            return Ok(None);
        }
        let task = Search {
            heap: &vm.heap,
            text: &text[..end],
            from: wanted.from,
            mode: wanted.mode,
            must_advance: wanted.must_advance,
        };
        let mut scratch = stopped.map_or_else(|| self.scratch.take(), |stopped| *stopped);
        let result = if subject.is_narrow() {
            search::<Narrow>(&self.program, task, &mut scratch)
        } else {
            search::<Utf8>(&self.program, task, &mut scratch)
        };
        let found = match result {
            Ok(Some((start, end))) => {
                let spans = [start, end]
                    .into_iter()
                    .chain(scratch.slots.iter().copied());
                Ok(Some(Found {
                    spans: spans.collect(),
                    last: scratch.last,
                }))
            }
            Ok(None) => Ok(None),
            Err(GaveUp::Signal) => return Err(Stop::Signal(Box::new(scratch))),
            Err(reason) => Err(Stop::Raised(gave_up(vm, reason))),
        };
        self.scratch.replace(scratch);
        found
    }

    /// The parts of a template.
    pub fn template(&self, chars: Vec<u32>, kind: TextKind) -> Reading<Arc<[Part]>> {
        if let Some((known, parts)) = &*self.template.borrow()
            && *known == chars
        {
            return Ok(Arc::clone(parts));
        }
        let groups = Groups {
            count: self.groups,
            names: &self.names,
        };
        let parts: Arc<[Part]> = template::parse(chars.clone(), kind, &groups)?.into();
        *self.template.borrow_mut() = Some((chars, Arc::clone(&parts)));
        Ok(parts)
    }
}

fn regex_of<'h>(value: Value<'h>) -> Option<&'h Regex> {
    value.as_gc::<Opaque>().and_then(|object| object.payload())
}

/// The pattern in a local.
pub fn regex(vm: &Vm, local: Local) -> Result<&Regex, Raised> {
    regex_of(vm.get(local)).ok_or_else(|| vm.heap.type_error("a 're.Pattern' object is required"))
}

/// Whether a local has a pattern.
pub fn is_pattern(vm: &Vm, local: Local) -> bool {
    regex_of(vm.get(local)).is_some()
}

/// Compiles the text in a local.
pub fn new_pattern(vm: &mut Vm, pattern: Local, flags: u32) -> Result<Local, Raised> {
    let Some(subject) = Subject::of(&vm.heap, vm.get(pattern)) else {
        let message = "first argument must be string or compiled pattern";
        return Err(vm.heap.type_error(message));
    };
    let kind = subject.kind();
    let chars = subject.chars();
    drop(subject);
    let made = parse(chars, kind, flags & ALL_FLAGS)
        .and_then(|parsed| Ok((compile(&parsed, kind)?, parsed)));
    let (program, parsed) = match made {
        Ok(made) => made,
        Err(complaint) => return Err(complain(vm, complaint, pattern)),
    };
    let match_class = class_of(vm, &super::match_object::MATCH);
    let class = class_of(vm, &PATTERN);
    let heap = &vm.heap;
    let names = heap.dict();
    for (name, group) in &parsed.names {
        names.set_str(heap, heap.intern(name), heap.int(i64::from(*group)));
    }
    let regex = Regex {
        pattern: Slot::new(vm.get(pattern)),
        group_index: Slot::new(names.value()),
        match_class: Slot::new(vm.get(match_class)),
        flags: parsed.flags,
        groups: parsed.groups,
        names: parsed.names,
        kind,
        program,
        scratch: RefCell::default(),
        template: RefCell::default(),
    };
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    Ok(vm.local(heap.opaque(class, regex).value()))
}

/// The region that `string`, `pos` and `endpos` (parameters 1 to 3) name.
pub fn region(vm: &mut Vm, args: Locals) -> Result<Region, Raised> {
    let pos = clipped(vm, args.at(2), 0)?;
    let endpos = clipped(vm, args.at(3), i64::MAX)?;
    let string = with_bytes(vm, args.at(1))?;
    region_of(vm, args.at(0), string, pos, endpos)
}

/// The text itself, or the bytes of an object that exports them by a method of its own.
pub fn with_bytes(vm: &mut Vm, string: Local) -> Result<Local, Raised> {
    if Subject::of(&vm.heap, vm.get(string)).is_some() {
        return Ok(string);
    }
    exported(vm, string)
}

fn clipped(vm: &mut Vm, local: Local, default: i64) -> Result<usize, Raised> {
    if vm.get(local).is_undef() {
        return Ok(usize::try_from(default).unwrap_or(0));
    }
    Ok(usize::try_from(vm.index(local)?.max(0)).unwrap_or(0))
}

/// The part of a text from one character to another.
pub fn region_of(
    vm: &Vm,
    this: Local,
    string: Local,
    pos: usize,
    endpos: usize,
) -> Result<Region, Raised> {
    let subject = Subject::arg(vm, string, regex(vm, this)?.kind)?;
    let size = subject.bytes().len();
    let is_whole = endpos >= size;
    let end = if is_whole {
        size
    } else {
        subject.offset_of(endpos)
    };
    let endpos = if is_whole {
        subject.len()
    } else {
        endpos.min(subject.len())
    };
    let from = if pos == 0 { 0 } else { subject.offset_of(pos) };
    let pos = if pos == 0 { 0 } else { pos.min(subject.len()) };
    // A region that ends before it begins finds nothing.
    let from = if pos > endpos { end + 1 } else { from };
    Ok(Region {
        string,
        from,
        end,
        pos,
        endpos,
    })
}

/// The match object for what was found.
pub fn wrap(vm: &Vm, this: Local, region: &Region, found: Found) -> Result<Local, Raised> {
    let class = regex(vm, this)?.match_class.get(&vm.heap);
    let object = MatchObject {
        pattern: Slot::new(vm.get(this)),
        string: Slot::new(vm.get(region.string)),
        found,
        pos: region.pos,
        endpos: region.endpos,
    };
    Ok(new_match(vm, class, object))
}

/// Looks for a match in the arguments of a native: the match object or None.
fn find(vm: &mut Vm, args: Locals, mode: Mode) -> Result<Local, Raised> {
    let region = region(vm, args)?;
    find_in(vm, args.at(0), &region, mode)
}

/// Looks for a match in a region: the match object or None.
pub fn find_in(vm: &mut Vm, this: Local, region: &Region, mode: Mode) -> Result<Local, Raised> {
    let wanted = Wanted {
        from: region.from,
        end: region.end,
        mode,
        must_advance: false,
    };
    match next_match(vm, this, region.string, wanted)? {
        Some(found) => wrap(vm, this, region, found),
        None => Ok(vm.none()),
    }
}

/// Looks for a match in the text of a local; meanwhile the program handles signals.
pub fn next_match(
    vm: &mut Vm,
    this: Local,
    string: Local,
    wanted: Wanted,
) -> Result<Option<Found>, Raised> {
    let mut stopped = None;
    loop {
        let regex = regex(vm, this)?;
        let subject = Subject::arg(vm, string, regex.kind)?;
        match regex.run(vm, &subject, wanted, stopped) {
            Ok(found) => return Ok(found),
            Err(Stop::Raised(raised)) => return Err(raised),
            Err(Stop::Signal(scratch)) => stopped = Some(scratch),
        }
        drop(subject);
        vm.check_interrupt()?;
    }
}

/// Calls a function for each match of a region, one after the other, until it returns false.
pub fn each_match(
    vm: &mut Vm,
    this: Local,
    region: &Region,
    mut visit: impl FnMut(&Vm, &Subject<'_>, &Found) -> Result<bool, Raised>,
) -> Result<(), Raised> {
    let mut wanted = Wanted {
        from: region.from,
        end: region.end,
        mode: Mode::Search,
        must_advance: false,
    };
    let mut stopped = None;
    loop {
        let regex = regex(vm, this)?;
        let subject = Subject::arg(vm, region.string, regex.kind)?;
        let scratch = loop {
            match regex.run(vm, &subject, wanted, stopped.take()) {
                Ok(Some(found)) => {
                    wanted.must_advance = found.start() == found.end();
                    wanted.from = found.end();
                    if !visit(vm, &subject, &found)? {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(Stop::Raised(raised)) => return Err(raised),
                Err(Stop::Signal(scratch)) => break scratch,
            }
        };
        drop(subject);
        stopped = Some(scratch);
        vm.check_interrupt()?;
    }
}

/// The list in a local that the caller made.
fn list_in(vm: &Vm, list: Local) -> Gc<'_, List> {
    vm.get_gc(list).expect("a list")
}

fn findall(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let region = region(vm, args)?;
    let groups = regex(vm, args.at(0))?.groups as usize;
    let list = vm.local(vm.heap.list([]).value());
    each_match(vm, args.at(0), &region, |vm, subject, found| {
        let heap = &vm.heap;
        let text = |n: usize| {
            let (start, end) = found.group(n).unwrap_or((0, 0));
            subject.slice(heap, start, end)
        };
        let item = match groups {
            0 | 1 => text(groups),
            _ => heap.tuple_with(groups, |n| text(n + 1)).value(),
        };
        list_in(vm, list).push(heap, item)?;
        Ok(true)
    })?;
    Ok(list)
}

fn split(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let max = vm_index_or(vm, args.at(2), 0)?;
    let string = with_bytes(vm, args.at(1))?;
    let region = region_of(vm, args.at(0), string, 0, usize::MAX)?;
    let groups = regex(vm, args.at(0))?.groups as usize;
    let list = vm.local(vm.heap.list([]).value());
    let (mut last, mut count) = (0, 0);
    if max >= 0 {
        each_match(vm, args.at(0), &region, |vm, subject, found| {
            let (heap, list) = (&vm.heap, list_in(vm, list));
            list.push(heap, subject.slice(heap, last, found.start()))?;
            for n in 1..=groups {
                let item = found
                    .group(n)
                    .map_or(Value::NONE, |(start, end)| subject.slice(heap, start, end));
                list.push(heap, item)?;
            }
            last = found.end();
            count += 1;
            Ok(max == 0 || count < max)
        })?;
    }
    let subject = Subject::arg(vm, region.string, regex(vm, args.at(0))?.kind)?;
    let (heap, size) = (&vm.heap, subject.bytes().len());
    // A signal's handler may have made it shorter.
    let rest = subject.slice(heap, last.min(size), size);
    list_in(vm, list).push(heap, rest)?;
    Ok(list)
}

/// The flags as `repr` names them.
const FLAG_NAMES: &[(&str, u32)] = &[
    ("re.IGNORECASE", 2),
    ("re.MULTILINE", 8),
    ("re.DOTALL", 16),
    ("re.VERBOSE", 64),
    ("re.DEBUG", 128),
    ("re.ASCII", 256),
    ("re.LOCALE", 4),
    ("re.UNICODE", 32),
];

fn repr(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let regex = regex(vm, args.at(0))?;
    let (flags, kind) = (regex.flags, regex.kind);
    let pattern = vm.local(regex.pattern.get(&vm.heap));
    let shown: String = vm.repr_text(pattern)?.chars().take(200).collect();
    let implied = kind == TextKind::Str && flags & (LOCALE | UNICODE | ASCII) == UNICODE;
    let flags = if implied { flags & !UNICODE } else { flags };
    let names: Vec<&str> = FLAG_NAMES
        .iter()
        .filter(|(_, flag)| flags & flag != 0)
        .map(|(name, _)| *name)
        .collect();
    let sep = if names.is_empty() { "" } else { ", " };
    let text = format!("re.compile({shown}{sep}{})", names.join("|"));
    Ok(vm.local(vm.heap.str_value(&text)))
}
