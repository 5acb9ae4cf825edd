//! The functions of `re`: they compile the pattern, or find it in the cache, and call its method.
//!
//! The cache is kept by the registry; when it is full, it is emptied. Patterns with re.DEBUG are not kept.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::ast::DEBUG;
use super::error::not_text;
use super::pattern::{find_in, is_pattern, new_pattern, region_of};
use super::search::Mode;
use super::source::TextKind;
use super::subject::Subject;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::arg::{given, vm_index_or};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{keep, kept};
use crate::stdlib::warn::warn;
use crate::vm::{Local, Locals, Native, Vm};

/// How many patterns the cache holds.
const MAX_CACHE: usize = 512;
/// The name under which the registry keeps the cache.
const CACHE: &str = "re.cache";

/// `re.compile`
pub const COMPILE: Native = Native::vm(
    "compile(pattern, flags=0)",
    "Compile a regular expression pattern, returning a Pattern object. Raises PatternError where the pattern is no regular expression.",
    |vm, args| compiled(vm, args.at(0), args.at(1)),
);
/// `re.match`
pub const MATCH: Native = Native::vm(
    "match(pattern, string, flags=0)",
    "Try to apply the pattern at the start of the string, returning a Match object, or None if no match was found.",
    |vm, args| find(vm, args, Mode::Match),
);
/// `re.fullmatch`
pub const FULLMATCH: Native = Native::vm(
    "fullmatch(pattern, string, flags=0)",
    "Try to apply the pattern to all of the string, returning a Match object, or None if no match was found.",
    |vm, args| find(vm, args, Mode::Full),
);
/// `re.search`
pub const SEARCH: Native = Native::vm(
    "search(pattern, string, flags=0)",
    "Scan through string looking for a match to the pattern, returning a Match object, or None if no match was found.",
    |vm, args| find(vm, args, Mode::Search),
);
/// `re.findall`
pub const FINDALL: Native = Native::vm(
    "findall(pattern, string, flags=0)",
    "Return a list of all non-overlapping matches in the string. If one or more capturing groups are present in the pattern, return a list of groups; this will be a list of tuples if the pattern has more than one group. Empty matches are included in the result.",
    |vm, args| {
        let pattern = compiled(vm, args.at(0), args.at(2))?;
        vm.call_method(pattern, "findall", &[args.at(1)])
    },
);
/// `re.finditer`
pub const FINDITER: Native = Native::vm(
    "finditer(pattern, string, flags=0)",
    "Return an iterator over all non-overlapping matches in the string. For each match, the iterator returns a Match object. Empty matches are included in the result.",
    |vm, args| {
        let pattern = compiled(vm, args.at(0), args.at(2))?;
        vm.call_method(pattern, "finditer", &[args.at(1)])
    },
);
/// `re.sub`
pub const SUB: Native = Native::vm(
    "sub(pattern, repl, string, *args, count=0, flags=0)",
    "Return the string obtained by replacing the leftmost non-overlapping occurrences of the pattern in string by the replacement repl. repl can be either a string or a callable; if a string, backslash escapes in it are processed. If it is a callable, it's passed the Match object and must return a replacement string to be used.",
    |vm, args| replace(vm, args, "sub"),
);
/// `re.subn`
pub const SUBN: Native = Native::vm(
    "subn(pattern, repl, string, *args, count=0, flags=0)",
    "Return a 2-tuple containing (new_string, number), as sub() would make the string; number is the number of substitutions that were made.",
    |vm, args| replace(vm, args, "subn"),
);
/// `re.split`
pub const SPLIT: Native = Native::vm(
    "split(pattern, string, *args, maxsplit=0, flags=0)",
    "Split the source string by the occurrences of the pattern, returning a list containing the resulting substrings. If capturing parentheses are used in pattern, then the text of all groups in the pattern are also returned as part of the resulting list. If maxsplit is nonzero, at most maxsplit splits occur, and the remainder of the string is returned as the final element of the list.",
    split,
);
/// `re.escape`
pub const ESCAPE: Native = Native::vm(
    "escape(pattern)",
    "Escape special characters in a string.",
    escape,
);
/// `re.purge`
pub const PURGE: Native = Native::vm("purge()", "Clear the regular expression caches", |vm, _| {
    if let Some(cache) = kept(vm, CACHE)
        && let Some(cache) = cache_of(vm, cache)
    {
        cache.patterns.borrow_mut().clear();
    }
    Ok(vm.none())
});

/// The compiled patterns by text, kind and flags.
#[derive(Default)]
struct Cache {
    patterns: RefCell<FxHashMap<Key, Slot>>,
}

type Key = (Box<[u8]>, bool, i64);

traced!(Cache { patterns });

impl Payload for Cache {}

fn cache_of(vm: &Vm, local: Local) -> Option<&Cache> {
    vm.get_gc::<Opaque>(local).and_then(|cache| cache.payload())
}

fn cache(vm: &mut Vm) -> Local {
    if let Some(cache) = kept(vm, CACHE) {
        return cache;
    }
    let class = vm.heap.types.class(&vm.heap, Builtin::Opaque);
    let made = vm.local(vm.heap.opaque(class, Cache::default()).value());
    keep(vm, CACHE, made);
    made
}

/// The pattern object for a pattern or its text.
pub fn compiled(vm: &mut Vm, pattern: Local, flags: Local) -> Result<Local, Raised> {
    let flags = vm_index_or(vm, flags, 0)?;
    if is_pattern(vm, pattern) {
        if flags != 0 {
            let message = "cannot process flags argument with a compiled pattern";
            return Err(vm.heap.value_error(message));
        }
        return Ok(pattern);
    }
    let Some(subject) = Subject::of(&vm.heap, vm.get(pattern)) else {
        let message = "first argument must be string or compiled pattern";
        return Err(vm.heap.type_error(message));
    };
    let key: Key = (
        subject.bytes().into(),
        subject.kind() == TextKind::Str,
        flags,
    );
    drop(subject);
    let cache = cache(vm);
    let known = cache_of(vm, cache).and_then(|cache| {
        let patterns = cache.patterns.borrow();
        patterns.get(&key).map(|slot| vm.local(slot.get(&vm.heap)))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let bits = u32::try_from(flags & 0xffff).unwrap_or(0);
    let made = new_pattern(vm, pattern, bits)?;
    if bits & DEBUG == 0
        && let Some(cache) = cache_of(vm, cache)
    {
        let mut patterns = cache.patterns.borrow_mut();
        if patterns.len() >= MAX_CACHE {
            patterns.clear();
        }
        patterns.insert(key, Slot::new(vm.get(made)));
    }
    Ok(made)
}

fn find(vm: &mut Vm, args: Locals, mode: Mode) -> Result<Local, Raised> {
    let pattern = compiled(vm, args.at(0), args.at(2))?;
    let region = region_of(vm, pattern, args.at(1), 0, usize::MAX)?;
    find_in(vm, pattern, &region, mode)
}

/// `count` or `maxsplit` and `flags`, which may also be given by position.
fn options(
    vm: &mut Vm,
    args: Locals,
    first: usize,
    names: (&str, &str),
) -> Result<[Local; 2], Raised> {
    let extra = spread(vm, args.at(first));
    let (function, option) = names;
    let mut options = [args.at(first + 1), args.at(first + 2)];
    for (n, &value) in extra.iter().enumerate() {
        let Some(place) = options.get_mut(n) else {
            let (least, most, count) = (first, first + 2, first + 2 + (extra.len() - 2));
            let message = format!(
                "{function}() takes from {least} to {most} positional arguments but {count} were given"
            );
            return Err(vm.heap.type_error(message));
        };
        if given(vm, *place).is_some() {
            let name = if n == 0 { option } else { "flags" };
            let message = format!("{function}() got multiple values for argument '{name}'");
            return Err(vm.heap.type_error(message));
        }
        *place = value;
    }
    if !extra.is_empty() {
        let message = format!("'{option}' is passed as positional argument");
        warn(vm, Builtin::DeprecationWarning, &message)?;
    }
    Ok(options)
}

fn replace(vm: &mut Vm, args: Locals, method: &'static str) -> Result<Local, Raised> {
    let [count, flags] = options(vm, args, 3, (method, "count"))?;
    let pattern = compiled(vm, args.at(0), flags)?;
    let mut positional = vec![args.at(1), args.at(2)];
    positional.extend(given(vm, count));
    vm.call_method(pattern, method, &positional)
}

fn split(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let [max, flags] = options(vm, args, 2, ("split", "maxsplit"))?;
    let pattern = compiled(vm, args.at(0), flags)?;
    let mut positional = vec![args.at(1)];
    positional.extend(given(vm, max));
    vm.call_method(pattern, "split", &positional)
}

fn escape(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    const SPECIAL: &[u8] = b"()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c";
    let Some(subject) = Subject::of(&vm.heap, vm.get(args.at(0))) else {
        return Err(not_text(vm, vm.get(args.at(0))));
    };
    let mut out = Vec::with_capacity(subject.bytes().len());
    for &byte in subject.bytes() {
        if SPECIAL.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    let value = match subject.kind() {
        TextKind::Str => vm.heap.try_str(&String::from_utf8_lossy(&out))?,
        TextKind::Bytes => vm.heap.bytes(out).value(),
    };
    Ok(vm.local(value))
}
