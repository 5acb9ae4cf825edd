//! `re.Match`: what a search found. It holds byte offsets; positions in characters are computed when they are asked for.
//!
//! A bytearray that was changed after the search has the groups that are then at these offsets, as in CPython.

use super::pattern::{Found, Regex, regex};
use super::replace::expand_template;
use super::subject::Subject;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::arg::given;
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// The class.
pub const MATCH: ModuleType = ModuleType {
    name: "re.Match",
    module: "re",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[
            &GROUP, &GETITEM, &START, &END, &SPAN, &GROUPS, &GROUPDICT, &EXPAND, &COPY, &DEEPCOPY,
            &REPR,
        ],
        class_methods: &[&CLASS_GETITEM],
        getters: GETTERS,
        ..NativeType::of(
            Builtin::Opaque,
            "The result of re.match() and re.search(). Match objects always have a boolean value of True.",
        )
    },
};

const GETTERS: &[Getter] = &[
    Getter::vm(
        "string",
        "The string passed to match() or search().",
        |vm, args| Ok(vm.local(this(vm, args)?.string.get(&vm.heap))),
    )
    .as_member(),
    Getter::vm("re", "The regular expression object.", |vm, args| {
        Ok(vm.local(this(vm, args)?.pattern.get(&vm.heap)))
    })
    .as_member(),
    Getter::vm(
        "pos",
        "The index into the string at which the RE engine started looking for a match.",
        |vm, args| Ok(vm.local(vm.heap.usize(this(vm, args)?.pos))),
    )
    .as_member(),
    Getter::vm(
        "endpos",
        "The index into the string beyond which the RE engine will not go.",
        |vm, args| Ok(vm.local(vm.heap.usize(this(vm, args)?.endpos))),
    )
    .as_member(),
    Getter::vm(
        "lastindex",
        "The integer index of the last matched capturing group.",
        |vm, args| {
            let last = this(vm, args)?.found.last;
            let last = if last == 0 {
                Value::NONE
            } else {
                vm.heap.int(i64::from(last))
            };
            Ok(vm.local(last))
        },
    ),
    Getter::vm(
        "lastgroup",
        "The name of the last matched capturing group.",
        |vm, args| {
            let (last, regex) = (this(vm, args)?.found.last, pattern_of(vm, args)?);
            let name = regex.names.iter().find(|&&(_, group)| group == last);
            Ok(vm.local(name.map_or(Value::NONE, |(name, _)| vm.heap.str_value(name))))
        },
    ),
    Getter::vm(
        "regs",
        "The spans of all groups, group 0 first.",
        |vm, args| {
            let count = pattern_of(vm, args)?.groups as usize + 1;
            let spans: Result<Vec<Local>, Raised> = (0..count).map(|n| span(vm, args, n)).collect();
            let spans = spans?;
            Ok(vm.tuple_of(&spans))
        },
    ),
];

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Matches are made by patterns only. Raises TypeError.",
    |vm, _| Err(vm.heap.type_error("cannot create 're.Match' instances")),
);
const GROUP: Native = Native::vm(
    "group(self, /, *args)",
    "Return subgroup(s) of the match by indices or names. For 0 returns the entire match.",
    group,
);
const GETITEM: Native = Native::vm(
    "__getitem__(self, key, /)",
    "Return self[key].",
    |vm, args| {
        let n = group_number(vm, args, args.at(1))?;
        text_of(vm, args, n, Value::NONE)
    },
);
const START: Native = Native::vm(
    "start(self, group=0, /)",
    "Return index of the start of the substring matched by group.",
    |vm, args| one_end(vm, args, 0),
);
const END: Native = Native::vm(
    "end(self, group=0, /)",
    "Return index of the end of the substring matched by group.",
    |vm, args| one_end(vm, args, 1),
);
const SPAN: Native = Native::vm(
    "span(self, group=0, /)",
    "For match object m, return the 2-tuple (m.start(group), m.end(group)).",
    |vm, args| {
        let n = optional_group(vm, args)?;
        span(vm, args, n)
    },
);
const GROUPS: Native = Native::vm(
    "groups(self, /, default=None)",
    "Return a tuple containing all the subgroups of the match, from 1.",
    |vm, args| {
        let count = pattern_of(vm, args)?.groups as usize;
        let default = given(vm, args.at(1));
        let mut items = Vec::with_capacity(count);
        for n in 1..=count {
            let fallback = default.map_or(Value::NONE, |local| vm.get(local));
            items.push(text_of(vm, args, n, fallback)?);
        }
        Ok(vm.tuple_of(&items))
    },
);
const GROUPDICT: Native = Native::vm(
    "groupdict(self, /, default=None)",
    "Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.",
    |vm, args| {
        let default = given(vm, args.at(1)).map_or(Value::NONE, |local| vm.get(local));
        let dict = vm.heap.dict();
        for (name, n) in &pattern_of(vm, args)?.names {
            let text = text_of(vm, args, *n as usize, default)?;
            dict.set_str(&vm.heap, vm.heap.intern(name), vm.get(text));
        }
        Ok(vm.local(dict.value()))
    },
);
const EXPAND: Native = Native::vm(
    "expand(self, /, template)",
    "Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.",
    |vm, args| {
        let pattern = vm.local(this(vm, args)?.pattern.get(&vm.heap));
        let string = vm.local(this(vm, args)?.string.get(&vm.heap));
        expand_template(vm, pattern, string, args)
    },
);
const COPY: Native = Native::vm("__copy__(self, /)", "The match itself.", |_, args| {
    Ok(args.at(0))
});
const DEEPCOPY: Native = Native::vm(
    "__deepcopy__(self, memo, /)",
    "The match itself.",
    |_, args| Ok(args.at(0)),
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let match_text = text_of(vm, args, 0, Value::NONE)?;
    let shown = vm.repr_text(match_text)?;
    let span = span(vm, args, 0)?;
    let span = vm.repr_text(span)?;
    let text = format!("<re.Match object; span={span}, match={shown}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});
const CLASS_GETITEM: Native = Native::vm(
    "__class_getitem__(cls, item, /)",
    "See PEP 585",
    |vm, args| vm.generic_alias(args.at(0), args.at(1)),
);

/// A match.
pub struct MatchObject {
    /// The pattern object.
    pub pattern: Slot,
    /// The text object.
    pub string: Slot,
    /// What was found.
    pub found: Found,
    /// Where the search began, in characters.
    pub pos: usize,
    /// Where the text counted as ended, in characters.
    pub endpos: usize,
}

traced!(MatchObject { pattern, string } plain { found, pos, endpos });

impl Payload for MatchObject {}

/// Makes a match object.
pub fn new_match(vm: &Vm, class: Value<'_>, object: MatchObject) -> Local {
    let class: Gc<'_, Class> = class.as_gc().expect("patterns know the class of matches");
    vm.local(vm.heap.opaque(class, object).value())
}

/// The match that a native was called on.
pub fn this(vm: &Vm, args: Locals) -> Result<&MatchObject, Raised> {
    vm.get_gc::<Opaque>(args.at(0))
        .and_then(|object| object.payload())
        .ok_or_else(|| vm.heap.type_error("a 're.Match' object is required"))
}

fn pattern_of(vm: &Vm, args: Locals) -> Result<&Regex, Raised> {
    let pattern = vm.local(this(vm, args)?.pattern.get(&vm.heap));
    regex(vm, pattern)
}

fn subject<'h>(heap: &'h Heap, object: &MatchObject) -> Result<Subject<'h>, Raised> {
    Subject::of(heap, object.string.get(heap))
        .ok_or_else(|| heap.type_error("expected string or bytes-like object"))
}

/// The number of the group that an argument names.
fn group_number(vm: &mut Vm, args: Locals, key: Local) -> Result<usize, Raised> {
    let groups = pattern_of(vm, args)?.groups as usize;
    let number = if vm.is_index(key) {
        vm.index_clipped(key)?
    } else {
        let regex = pattern_of(vm, args)?;
        let name = vm.get_gc::<Str>(key).map(Gc::as_str);
        let found = regex.names.iter().find(|(known, _)| Some(&**known) == name);
        found.map_or(-1, |&(_, group)| i64::from(group))
    };
    match usize::try_from(number) {
        Ok(n) if n <= groups => Ok(n),
        _ => Err(vm.heap.raise(Builtin::IndexError, "no such group")),
    }
}

fn optional_group(vm: &mut Vm, args: Locals) -> Result<usize, Raised> {
    match given(vm, args.at(1)) {
        Some(key) => group_number(vm, args, key),
        None => Ok(0),
    }
}

/// The text of a group.
fn text_of(vm: &Vm, args: Locals, n: usize, default: Value<'_>) -> Result<Local, Raised> {
    let object = this(vm, args)?;
    Ok(match object.found.group(n) {
        Some((start, end)) => vm.local(subject(&vm.heap, object)?.slice(&vm.heap, start, end)),
        None => vm.local(default),
    })
}

fn group(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let keys = spread(vm, args.at(1));
    match *keys.as_slice() {
        [] => text_of(vm, args, 0, Value::NONE),
        [key] => {
            let n = group_number(vm, args, key)?;
            text_of(vm, args, n, Value::NONE)
        }
        _ => {
            let mut items = Vec::with_capacity(keys.len());
            for key in keys {
                let n = group_number(vm, args, key)?;
                items.push(text_of(vm, args, n, Value::NONE)?);
            }
            Ok(vm.tuple_of(&items))
        }
    }
}

/// Where a group begins and ends in characters; -1 where it did not match.
fn ends(vm: &Vm, args: Locals, n: usize) -> Result<[i64; 2], Raised> {
    let object = this(vm, args)?;
    let Some((start, end)) = object.found.group(n) else {
        return Ok([-1, -1]);
    };
    let subject = subject(&vm.heap, object)?;
    Ok([start, end].map(|offset| subject.index_of(offset) as i64))
}

fn one_end(vm: &mut Vm, args: Locals, which: usize) -> Result<Local, Raised> {
    let n = optional_group(vm, args)?;
    let ends = ends(vm, args, n)?;
    Ok(vm.local(vm.heap.int(ends[which])))
}

fn span(vm: &Vm, args: Locals, n: usize) -> Result<Local, Raised> {
    let ends = ends(vm, args, n)?.map(|end| vm.heap.int(end));
    Ok(vm.local(vm.heap.tuple(&ends).value()))
}
