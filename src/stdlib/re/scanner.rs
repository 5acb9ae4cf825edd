//! Scanners: the iterators of `finditer`, and what `Pattern.scanner` returns. Each goes on where the last match ended.
//!
//! After an empty match the next one may begin at the same place, but must not be empty.

use std::cell::Cell;

use super::pattern::{Region, Wanted, next_match, region, wrap};
use super::search::Mode;
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Slot};
use crate::stdlib::registry::{Getter, ModuleType, NativeType, class_of};
use crate::vm::{Local, Locals, Native, Vm};

/// `Pattern.finditer`
pub const FINDITER: Native = Native::vm(
    "finditer(self, /, string, pos=0, endpos=9223372036854775807)",
    "Return an iterator over all non-overlapping matches for the RE pattern in string. For each match, the iterator returns a match object.",
    |vm, args| new_scanner(vm, args, &ITERATOR),
);
/// `Pattern.scanner`
pub const SCANNER: Native = Native::vm(
    "scanner(self, /, string, pos=0, endpos=9223372036854775807)",
    "A scanner, whose match() and search() go on where the last match ended.",
    |vm, args| new_scanner(vm, args, &SCANNER_CLASS),
);

/// The class of scanners.
pub const SCANNER_CLASS: ModuleType = ModuleType {
    name: "_sre.SRE_Scanner",
    module: "_sre",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[&MATCH, &SEARCH],
        getters: &[Getter::vm("pattern", "The pattern.", |vm, args| {
            Ok(vm.local(this(vm, args.at(0))?.pattern.get(&vm.heap)))
        })],
        ..NativeType::of(Builtin::Opaque, "Goes through the matches of a text.")
    },
};

/// The class of what `finditer` returns.
pub const ITERATOR: ModuleType = ModuleType {
    name: "callable_iterator",
    module: "builtins",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[&ITER, &NEXT],
        ..NativeType::of(Builtin::Opaque, "Goes through the matches of a text.")
    },
};

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Scanners are made by patterns only. Raises TypeError.",
    |vm, args| {
        let name = vm.repr_text(args.at(0))?;
        let name = name
            .split('\'')
            .nth(1)
            .unwrap_or("_sre.SRE_Scanner")
            .to_owned();
        Err(vm
            .heap
            .type_error(format!("cannot create '{name}' instances")))
    },
);
const MATCH: Native = Native::vm(
    "match(self, /)",
    "The match that begins where the last one ended, or None.",
    |vm, args| step(vm, args.at(0), Mode::Match),
);
const SEARCH: Native = Native::vm("search(self, /)", "The next match, or None.", |vm, args| {
    step(vm, args.at(0), Mode::Search)
});
const ITER: Native = Native::vm("__iter__(self, /)", "Implement iter(self).", |_, args| {
    Ok(args.at(0))
});
const NEXT: Native = Native::vm("__next__(self, /)", "Implement next(self).", |vm, args| {
    let found = step(vm, args.at(0), Mode::Search)?;
    if vm.get(found).is_none() {
        return Err(vm.heap.raise_with(Builtin::StopIteration, &[]));
    }
    Ok(found)
});

struct Scanner {
    pattern: Slot,
    string: Slot,
    /// Where the next match may begin, in bytes; `None` at the end.
    from: Cell<Option<usize>>,
    must_advance: Cell<bool>,
    end: usize,
    pos: usize,
    endpos: usize,
}

traced!(Scanner { pattern, string } plain { from, must_advance, end, pos, endpos });

impl Payload for Scanner {}

fn new_scanner(vm: &mut Vm, args: Locals, class: &'static ModuleType) -> Result<Local, Raised> {
    let region = region(vm, args)?;
    let class = class_of(vm, class);
    let scanner = Scanner {
        pattern: Slot::new(vm.get(args.at(0))),
        string: Slot::new(vm.get(region.string)),
        from: Cell::new(Some(region.from)),
        must_advance: Cell::new(false),
        end: region.end,
        pos: region.pos,
        endpos: region.endpos,
    };
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    Ok(vm.local(vm.heap.opaque(class, scanner).value()))
}

fn this(vm: &Vm, local: Local) -> Result<&Scanner, Raised> {
    vm.get_gc::<Opaque>(local)
        .and_then(|object| object.payload())
        .ok_or_else(|| {
            vm.heap
                .type_error("a '_sre.SRE_Scanner' object is required")
        })
}

fn step(vm: &mut Vm, local: Local, mode: Mode) -> Result<Local, Raised> {
    let scanner = this(vm, local)?;
    let Some(from) = scanner.from.get() else {
        return Ok(vm.none());
    };
    let pattern = vm.local(scanner.pattern.get(&vm.heap));
    let region = Region {
        string: vm.local(scanner.string.get(&vm.heap)),
        from,
        end: scanner.end,
        pos: scanner.pos,
        endpos: scanner.endpos,
    };
    let wanted = Wanted {
        from,
        end: scanner.end,
        mode,
        must_advance: scanner.must_advance.get(),
    };
    let found = next_match(vm, pattern, region.string, wanted)?;
    let scanner = this(vm, local)?;
    match found {
        Some(found) => {
            scanner.must_advance.set(found.start() == found.end());
            scanner.from.set(Some(found.end()));
            wrap(vm, pattern, &region, found)
        }
        None => {
            scanner.from.set(None);
            Ok(vm.none())
        }
    }
}
