//! `lru_cache`: a function that remembers its results.
//!
//! Results stand in rows; a dict leads from the key of a call to its row. A bounded cache keeps its rows in a ring in order of use, so a hit
//! moves a row and changes nothing else. Calls with plain arguments that hit are answered without entering the general path
//! (`Native::quick`). A call that misses may change the cache before it returns: its key is looked up again then.

use std::cell::{Cell, RefCell};

use crate::runtime::dict::Dict;
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::table::Found;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Slot, Value};
use crate::stdlib::receiver::spread;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Args, Local, Locals, Native, Vm, payload_of};

struct Cached {
    function: Slot,
    /// A dict from keys to rows.
    index: Slot,
    /// By row.
    keys: SlotVec,
    results: SlotVec,
    /// The hashes of the keys.
    hashes: RefCell<Vec<u64>>,
    /// The row used before each row and the one used after it.
    ring: RefCell<Vec<[u32; 2]>>,
    /// The rows used least and most recently.
    ends: Cell<[u32; 2]>,
    /// How many results are kept; None: all.
    limit: Option<usize>,
    is_typed: bool,
    hits: Cell<i64>,
    misses: Cell<i64>,
}

traced!(Cached { function, index, keys, results }
    plain { hashes, ring, ends, limit, is_typed, hits, misses });

impl Payload for Cached {}

/// No row.
const NONE: u32 = u32::MAX;

/// The class.
pub const CACHE: ModuleType = ModuleType {
    name: "functools._lru_cache_wrapper",
    module: "functools",
    body: NativeType {
        is_final: true,
        new: Some(&NEW),
        methods: &[
            &CALL,
            &GET,
            &CACHE_INFO,
            &CACHE_CLEAR,
            &REDUCE,
            &COPY,
            &DEEPCOPY,
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "A callable that remembers results: user_function, maxsize (None: all), typed (whether types of arguments count).",
        )
    },
};

const NEW: Native = Native::vm(
    "_lru_cache_wrapper(cls, /, user_function, maxsize, typed, cache_info_type)",
    "A callable that remembers the results of a function.",
    |vm, args| {
        if !vm.is_callable(args.at(1)) {
            return Err(vm.heap.type_error("the first argument must be callable"));
        }
        let limit = match vm.get(args.at(2)).is_none() {
            true => None,
            false if vm.is_index(args.at(2)) => Some(vm.index(args.at(2))?.max(0) as usize),
            false => return Err(vm.heap.type_error("maxsize should be integer or None")),
        };
        let is_typed = vm.truth(args.at(3))?;
        let made = Cached {
            function: Slot::new(vm.get(args.at(1))),
            index: Slot::new(vm.heap.dict().value()),
            keys: SlotVec::new(),
            results: SlotVec::new(),
            hashes: RefCell::default(),
            ring: RefCell::default(),
            ends: Cell::new([NONE, NONE]),
            limit,
            is_typed,
            hits: Cell::new(0),
            misses: Cell::new(0),
        };
        Ok(vm.new_opaque(args.at(0), made))
    },
);

fn cached<'h>(value: Value<'h>) -> &'h Cached {
    payload_of(value)
}

/// Whether an argument is its own key.
fn is_bare(value: Value<'_>) -> bool {
    value.is_int() || value.is_gc::<Str>() || value.is_gc::<crate::runtime::int::Int>()
}

/// Whether hashing and comparing a value takes no user code.
fn is_plain(value: Value<'_>) -> bool {
    !value.is_object() || is_bare(value)
}

impl Cached {
    fn dict<'h>(&self, heap: &'h Heap) -> Gc<'h, Dict> {
        self.index.expect(heap)
    }

    /// The result in a row, which becomes the one used last.
    fn hit<'h>(&self, heap: &'h Heap, row: Value<'h>) -> Option<Value<'h>> {
        let row = u32::try_from(row.as_int()?).ok()?;
        let result = self.results.get(heap, row as usize)?;
        self.hits.set(self.hits.get() + 1);
        if self.limit.is_some() {
            self.take_out(row);
            self.put_last(row);
        }
        Some(result)
    }

    /// Takes a row out of the ring.
    fn take_out(&self, row: u32) {
        let mut ring = self.ring.borrow_mut();
        let [before, after] = ring[row as usize];
        let [mut first, mut last] = self.ends.get();
        match before {
            NONE => first = after,
            _ => ring[before as usize][1] = after,
        }
        match after {
            NONE => last = before,
            _ => ring[after as usize][0] = before,
        }
        self.ends.set([first, last]);
    }

    /// Makes a row the one used last.
    fn put_last(&self, row: u32) {
        let mut ring = self.ring.borrow_mut();
        let [first, last] = self.ends.get();
        ring[row as usize] = [last, NONE];
        match last {
            NONE => self.ends.set([row, row]),
            _ => {
                ring[last as usize][1] = row;
                self.ends.set([first, row]);
            }
        }
    }

    fn clear(&self, heap: &Heap) {
        self.index.set(heap.dict().value());
        self.keys.clear();
        self.results.clear();
        self.hashes.borrow_mut().clear();
        self.ring.borrow_mut().clear();
        self.ends.set([NONE, NONE]);
    }

    fn len(&self, heap: &Heap) -> usize {
        self.dict(heap).table.len(heap)
    }
}

const CALL: Native = Native::vm(
    "__call__(self, /, *args, **kwargs)",
    "Call self as a function.",
    call,
)
.quick(quick_call);

/// A hit for plain positional arguments.
fn quick_call<'h>(heap: &'h Heap, args: Args<'h>) -> Option<Value<'h>> {
    let this: &Cached = args.get(0).as_gc::<Opaque>()?.payload()?;
    if this.is_typed || this.limit == Some(0) {
        return None;
    }
    let key = match args.len() {
        2 if is_bare(args.get(1)) => args.get(1),
        _ if args.iter().skip(1).all(is_plain) => {
            heap.tuple_with(args.len() - 1, |i| args.get(i + 1)).value()
        }
        _ => return None,
    };
    let dict = this.dict(heap);
    match dict.table.find_leaf(heap, key)? {
        Found::At(at) => this.hit(heap, dict.table.value_at(heap, at)),
        _ => None,
    }
}

fn call(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    let (positional, keywords) = (args.at(1), args.at(2));
    let state = cached(vm.get(this));
    let function = vm.local(state.function.get(&vm.heap));
    let keywords = Some(keywords).filter(|&k| {
        vm.get_gc::<Dict>(k)
            .is_some_and(|dict| !dict.table.is_empty(&vm.heap))
    });
    if state.limit == Some(0) {
        state.misses.set(state.misses.get() + 1);
        return vm.call_ex(function, positional, keywords);
    }
    let key = make_key(vm, this, positional, keywords);
    let hash = vm.hash(key)?;
    if let Some(result) = find(vm, this, hash, key)? {
        return Ok(result);
    }
    let state = cached(vm.get(this));
    state.misses.set(state.misses.get() + 1);
    let result = vm.call_ex(function, positional, keywords)?;
    remember(vm, this, hash, key, result)?;
    Ok(result)
}

/// The result that is known for a key.
fn find(vm: &mut Vm, this: Local, hash: u64, key: Local) -> Result<Option<Local>, Raised> {
    let index = vm.local(cached(vm.get(this)).index.get(&vm.heap));
    let Some(row) = vm.dict_get_hashed(index, hash, key)? else {
        return Ok(None);
    };
    let found = cached(vm.get(this)).hit(&vm.heap, vm.get(row));
    Ok(found.map(|result| vm.local(result)))
}

/// Keeps a result; a full cache forgets the one used least recently.
fn remember(vm: &mut Vm, this: Local, hash: u64, key: Local, result: Local) -> Result<(), Raised> {
    let index = vm.local(cached(vm.get(this)).index.get(&vm.heap));
    if let Some(row) = vm.dict_get_hashed(index, hash, key)? {
        // The function called itself with these arguments, or the cache of another thread was faster.
        let state = cached(vm.get(this));
        if state.limit.is_none()
            && let Some(row) = vm.get(row).as_int()
        {
            state.results.set(row as usize, vm.get(result));
        }
        return Ok(());
    }
    let state = cached(vm.get(this));
    let is_full = state
        .limit
        .is_some_and(|limit| state.len(&vm.heap) >= limit);
    let row = match is_full {
        true => {
            let oldest = state.ends.get()[0];
            if oldest == NONE {
                return Ok(());
            }
            let old_key = state.keys.get(&vm.heap, oldest as usize);
            let old_key = vm.local(old_key.unwrap_or(Value::NONE));
            state.take_out(oldest);
            let old_hash = state.hashes.borrow()[oldest as usize];
            vm.dict_remove_hashed(index, old_hash, old_key)?;
            oldest
        }
        false => {
            state.keys.reserve(&vm.heap, 1)?;
            state.results.reserve(&vm.heap, 1)?;
            vm.heap.grow_vec(&mut state.ring.borrow_mut(), 1)?;
            vm.heap.grow_vec(&mut state.hashes.borrow_mut(), 1)?;
            state.keys.push(&vm.heap, Value::NONE);
            state.results.push(&vm.heap, Value::NONE);
            state.ring.borrow_mut().push([NONE, NONE]);
            state.hashes.borrow_mut().push(hash);
            state.keys.len() as u32 - 1
        }
    };
    let state = cached(vm.get(this));
    if state.keys.len() <= row as usize {
        // Removing the old key ran user code that cleared the cache.
        return Ok(());
    }
    state.keys.set(row as usize, vm.get(key));
    state.results.set(row as usize, vm.get(result));
    state.hashes.borrow_mut()[row as usize] = hash;
    state.put_last(row);
    let row = vm.local(vm.heap.int(i64::from(row)));
    vm.dict_set_hashed(index, hash, key, row)
}

/// The key of a call: its arguments, with their types where those count.
fn make_key(vm: &Vm, this: Local, positional: Local, keywords: Option<Local>) -> Local {
    let state = cached(vm.get(this));
    if keywords.is_none() && !state.is_typed {
        let tuple: Option<Gc<'_, Tuple>> = vm.get_gc(positional);
        let single = tuple
            .filter(|t| t.len() == 1)
            .and_then(|t| t.at(&vm.heap, 0));
        return match single.filter(|&single| is_bare(single)) {
            Some(single) => vm.local(single),
            None => positional,
        };
    }
    let mut parts = spread(vm, positional);
    let count = parts.len();
    let entries = keywords
        .and_then(|k| vm.get_gc::<Dict>(k))
        .map(|d| d.table.entries(&vm.heap));
    let entries = entries.unwrap_or_default();
    if !entries.is_empty() {
        // A class that no program sees stands between positional and keyword arguments.
        parts.push(vm.local(vm.heap.types.class(&vm.heap, Builtin::Opaque).value()));
        for &(name, value) in &entries {
            parts.extend([vm.local(name), vm.local(value)]);
        }
    }
    if state.is_typed {
        let class = |vm: &Vm, value: Value<'_>| vm.local(vm.heap.class_of(value).value());
        for at in 0..count {
            parts.push(class(vm, vm.get(parts[at])));
        }
        for &(_, value) in &entries {
            parts.push(class(vm, value));
        }
    }
    vm.tuple_of(&parts)
}

const GET: Native = Native::vm(
    "__get__(self, instance, owner=None, /)",
    "Return an attribute of instance, which is of type owner.",
    |vm, args| {
        let (this, instance) = (vm.get(args.at(0)), vm.get(args.at(1)));
        if instance.is_none() {
            return Ok(args.at(0));
        }
        Ok(vm.local(vm.heap.bound_method(this, instance).value()))
    },
);

const CACHE_INFO: Native = Native::vm(
    "cache_info(self, /)",
    "Report cache statistics: hits, misses, maxsize and currsize.",
    |vm, args| {
        let functools = vm.import_module("functools")?;
        let class = vm.get_attr_named(functools, "_CacheInfo")?;
        let (state, heap) = (cached(vm.get(args.at(0))), &vm.heap);
        let limit = state.limit.map_or(Value::NONE, |limit| heap.usize(limit));
        let parts = [
            vm.local(heap.int(state.hits.get())),
            vm.local(heap.int(state.misses.get())),
            vm.local(limit),
            vm.local(heap.usize(state.len(heap))),
        ];
        vm.call(class, &parts)
    },
);

const CACHE_CLEAR: Native = Native::vm(
    "cache_clear(self, /)",
    "Clear the cache and cache statistics.",
    |vm, args| {
        let state = cached(vm.get(args.at(0)));
        state.clear(&vm.heap);
        state.hits.set(0);
        state.misses.set(0);
        Ok(vm.none())
    },
);

const REDUCE: Native = Native::vm("__reduce__(self, /)", "Helper for pickle.", |vm, args| {
    vm.get_attr_named(args.at(0), "__qualname__")
});
const COPY: Native = Native::vm(
    "__copy__(self, /)",
    "Return self.",
    |_, args| Ok(args.at(0)),
);
const DEEPCOPY: Native = Native::vm("__deepcopy__(self, memo, /)", "Return self.", |_, args| {
    Ok(args.at(0))
});
