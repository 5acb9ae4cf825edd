//! The heap: allocation through `&Heap`, collection through `&mut Heap`.
//!
//! That difference is the rooting discipline. A `Value<'h>` borrows the heap, so the borrow checker refuses code that holds one
//! over a collection; what must survive is in traced places (registers, locals of natives, object slots). Mark and sweep, not
//! moving. A collection is due when 1 MB and as much as was live were allocated (`budget.rs`). What exists before user code
//! starts, the builtin types above all, is permanent: it is neither marked nor swept.

// Why there is unsafe code, in this folder and anywhere in apy (`tests/architecture.rs` lists the files):
// 1. Cells are raw memory with a Rust type chosen at run time. `block.rs`, `kinds.rs`, the `alloc*` functions here.
// 2. A slot outlives the borrow under which it was written. `Slot::get`, `Fixed::get` and `SlotVec` turn bits into references; that
//    is sound where the collector finds the slot (`Trace`, an unsafe trait that `traced!` implements) and the slot is read with
//    its own heap. Types cannot say the latter, nor that nobody keeps a traced type in a Rust variable over a collection and
//    reads its slots afterwards: debug builds check each read (`Heap::check`), and so the goldens do.
// 3. `Heap::collect` believes that its roots are all roots. One caller: `vm/mod.rs`.
// 4. What a final object refers to never changes, so permanent ones are not marked again: `Str`, `Tuple`, `NativeFunction`; the
//    same holds for parts of classes, shapes and interned strings. `kinds.rs`, `class.rs`, `shape.rs`, `intern.rs`.
// 5. Bytes of a string are checked to be UTF-8 once, and may lie in a buffer that several strings share. `str.rs`.
// 6. Operands of verified code are not checked again: registers, constants, caches, jumps. `code.rs`, `vm/exec/frame.rs`.
// 7. Kinds that the owner of a slot vouches for are not checked again. `Slot::trusted`: the function of a coroutine.
// 8. A box that knows the type inside casts to it once the ids agree. `known.rs`.
// 9. An allocator is unsafe by its trait: `cli/reserve.rs` passes each request on to the system's, and retries where that refuses. There
//    is no safe form: without it, what cannot fail (small boxes, other crates) aborts the process where memory ends. `cli/bins.rs` links
//    freed small blocks through their own bytes.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: initialises cells"
)]

mod block;
mod budget;
mod field;
mod finalize;
mod gc;
mod guard;
mod inspect;
mod kinds;
mod known;
mod record;
mod slot;
#[cfg(test)]
mod tests;
mod trace;
mod unstarted;

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use rustc_hash::{FxHashMap, FxHashSet};

pub use field::{Field, SlotField};
pub use finalize::{Due, WeakSlot};
pub use gc::{Gc, Header, Object, flag};
pub use guard::{LimitKind, Limits, Outside, Plain, Shortage};
pub use kinds::Kind;
pub(crate) use known::known_box;
#[cfg(test)]
pub use record::{Access, Record};
pub use record::{Part, RECORDING};
pub use slot::{Exchanged, Fixed, Slot, SlotVec};
pub(crate) use trace::traced;
pub use trace::{Trace, Tracer, plain};

use super::class::Class;
use super::intern::Interner;
use super::method_cache::MethodCache;
use super::raised::Raised;
use super::shape::Shapes;
use super::text_positions::TextPositions;
use super::types::Types;
use super::value::Value;
use crate::text::int_text::DigitLimit;
use block::Space;
use budget::Budget;
use finalize::Endings;
use gc::PERMANENT;
use guard::Guard;
use record::Recorder;
use unstarted::Unstarted;

/// From this many bytes on `Heap::room_for` looks whether they can be had.
pub(super) const LARGE_REQUEST: usize = 1 << 18;
/// One step of `Heap::class_epoch`.
const CLASS_EPOCH: u64 = 1 << 32;
/// What is allocated between two collections, beside as much as is live. It fits the cache, so that new objects stand where those of
/// the last round stood.
const NURSERY: usize = 1 << 20;
/// How many bytes are allocated between two looks at the memory that is put by.
const WATCH: usize = 1 << 20;

/// All objects of one interpreter, and what is known about all of them: shapes, interned strings, builtin types.
pub struct Heap {
    space: Space,
    grey: Vec<NonNull<Header>>,
    /// The permanent objects that may come to refer to others.
    permanent: Vec<NonNull<Header>>,
    /// 1 or 2, turn about: the mark of what the last collection reached.
    mark: Cell<u8>,
    /// Bytes allocated since the last collection.
    allocated: Cell<usize>,
    /// A collection is due when `allocated` exceeds this.
    trigger: Cell<usize>,
    /// When `allocated` exceeds this it is looked at: whether a collection is due, and whether memory that is put by is being used.
    watch: Cell<usize>,
    collections: Cell<usize>,
    stress: Cell<bool>,
    next_id: Cell<i64>,
    ids: RefCell<FxHashMap<usize, i64>>,
    /// Where new code has events, a set of `traced_code::place`; 0 while no trace function is set.
    pub traced_events: Cell<u8>,
    /// How many calls of the place that makes a coroutine are kept (`sys.set_coroutine_origin_tracking_depth`).
    pub origin_depth: Cell<u32>,
    /// How many decimal digits are converted (`sys.set_int_max_str_digits`).
    pub digit_limit: Cell<DigitLimit>,
    /// Counts down to the next visit of the VM's slow path.
    pub budget: Budget,
    /// What bounds the run from outside.
    pub guard: Guard,
    /// What was live after the last collection, in bytes.
    live: Cell<usize>,
    /// Weak references, and what has a finaliser.
    endings: Endings,
    /// Coroutines that were not started yet.
    unstarted: Unstarted,
    /// The exception being raised, while a `Raised` is on its way.
    pub pending: Slot,
    /// Class and layout of objects.
    pub shapes: Shapes,
    /// One object for equal names.
    pub interner: Interner,
    /// See `text_positions.rs`.
    pub(super) text_positions: TextPositions,
    /// The 128 strings of one ASCII character: texts taken apart make no garbage.
    pub(super) ascii: SlotVec,
    /// See `record.rs`.
    recorder: Recorder,
    /// The classes that Rust code names.
    pub types: Types,
    /// What lookups in classes found.
    pub(super) memo: MethodCache,
    /// Grows when a class changes in a way that caches may have relied on; counted in the upper half, beside a shape.
    class_epoch: Cell<u64>,
}

impl Heap {
    /// An empty heap with the builtin types.
    pub fn new() -> Heap {
        let heap = Heap {
            space: Space::new(),
            grey: Vec::new(),
            permanent: Vec::new(),
            mark: Cell::new(1),
            allocated: Cell::new(0),
            trigger: Cell::new(NURSERY),
            watch: Cell::new(WATCH),
            collections: Cell::new(0),
            stress: Cell::new(false),
            next_id: Cell::new(1),
            ids: RefCell::default(),
            traced_events: Cell::new(0),
            origin_depth: Cell::new(0),
            digit_limit: Cell::default(),
            budget: Budget::default(),
            guard: Guard::default(),
            live: Cell::new(0),
            endings: Endings::default(),
            unstarted: Unstarted::default(),
            pending: Slot::undef(),
            shapes: Shapes::new(),
            interner: Interner::new(),
            text_positions: TextPositions::default(),
            ascii: SlotVec::new(),
            recorder: Recorder::default(),
            types: Types::new(),
            memo: MethodCache::new(),
            class_epoch: Cell::new(CLASS_EPOCH),
        };
        super::intern::intern_symbols(&heap);
        super::types::create(&heap);
        super::str::create_ascii(&heap);
        heap
    }

    /// Allocates an object of the class that its kind has by default.
    #[inline(always)]
    pub fn alloc<T: Object>(&self, fields: T) -> Gc<'_, T> {
        self.alloc_shaped(fields, self.types.shape_of_kind(T::KIND))
    }

    /// Allocates an object with a shape of its own.
    #[inline(always)]
    pub fn alloc_shaped<T: Object>(&self, fields: T, shape: u32) -> Gc<'_, T> {
        let (at, header) = self.cell(Gc::<T>::PAYLOAD + size_of::<T>(), T::KIND, shape);
        // SAFETY: the cell has room for a header and a `T` after it.
        unsafe {
            at.write(header);
            kinds::payload::<T>(at).write(fields);
        }
        // SAFETY: a cell with a `T` in it, as of now.
        unsafe { Gc::from_header(at) }
    }

    /// Allocates an object and the slots after it, as many as `fields.tail_len()`, with what `values` gives.
    #[inline(always)]
    pub fn alloc_tail<'h, T: Object>(
        &'h self,
        fields: T,
        shape: u32,
        mut values: impl FnMut(usize) -> Value<'h>,
    ) -> Gc<'h, T> {
        let count = fields.tail_len();
        let (header, written) = self.cell(
            Gc::<T>::PAYLOAD + size_of::<T>() + count * size_of::<Slot>(),
            T::KIND,
            shape,
        );
        // SAFETY: the cell has room for a `T` and `count` slots. Until the header is written last, it says that the cell is free:
        // should `values` panic, nothing ever looks at what the cell holds.
        unsafe {
            header.write(Header::free());
            let at = kinds::payload::<T>(header);
            let first = at.add(1).cast::<Slot>();
            for i in 0..count {
                first.add(i).write(Slot::new(values(i)));
            }
            at.write(fields);
            header.write(written);
        }
        // SAFETY: a cell with a `T` in it, as of now.
        unsafe { Gc::from_header(header) }
    }

    /// Allocates an object followed by `len` raw bytes: those of the parts, one after the other, which `fields` is made from the
    /// address of.
    ///
    /// # Panics
    /// If the parts have another length together.
    #[inline(always)]
    pub(super) fn alloc_bytes<'p, T: Object>(
        &self,
        len: usize,
        parts: impl IntoIterator<Item = &'p [u8]>,
        shape: u32,
        fields: impl FnOnce(NonNull<u8>) -> T,
    ) -> Gc<'_, T> {
        let (cell, header) = self.cell(Gc::<T>::PAYLOAD + size_of::<T>() + len, T::KIND, shape);
        // SAFETY: the cell has room for a header, a `T` and `len` bytes; sources and target do not overlap, the cell being fresh.
        // As in `alloc_tail`, the cell counts as free until all is written.
        unsafe {
            cell.write(Header::free());
            let at = kinds::payload::<T>(cell);
            let tail = at.add(1).cast::<u8>();
            let mut done = 0;
            for part in parts {
                assert!(part.len() <= len - done, "parts longer than announced");
                copy_bytes(part, tail.add(done));
                done += part.len();
            }
            assert!(done == len, "parts shorter than announced");
            at.write(fields(NonNull::new_unchecked(tail)));
            cell.write(header);
        }
        // SAFETY: a cell with a `T` in it, as of now.
        unsafe { Gc::from_header(cell) }
    }

    /// A cell, and the header to write into it.
    #[inline(always)]
    fn cell(&self, size: usize, kind: Kind, shape: u32) -> (NonNull<Header>, Header) {
        self.charge(size);
        let (at, size_class) = self.space.take(size, self);
        let header = Header {
            shape: Cell::new(shape),
            kind,
            mark: Cell::new(self.mark.get()),
            size_class,
            flags: Cell::new(0),
        };
        (at, header)
    }

    /// In debug builds: stops if the bits are those of an object that is no live object of this heap. Finds slots that were not
    /// reported to the collector, and heaps that were mixed up.
    #[inline(always)]
    pub(in crate::runtime) fn check(&self, bits: u64) {
        if cfg!(debug_assertions) && Value::is_address(bits) {
            self.check_object(Value::address_in(bits));
        }
    }

    /// The same for the address of an object.
    #[inline(always)]
    pub(in crate::runtime) fn check_object(&self, address: usize) {
        debug_assert!(
            self.space.holds_object(address),
            "a slot refers to an object that was freed, or to one of another heap"
        );
    }

    /// Asks whether there is memory for so many bytes, for operations that allocate all of a large result at once and by ways that
    /// cannot fail. What is small is not asked for.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn room_for(&self, bytes: usize) -> Result<(), Raised> {
        if bytes < LARGE_REQUEST {
            return Ok(());
        }
        self.poll_bytes(bytes)?;
        if self.fits(bytes) {
            return Ok(());
        }
        Err(self.memory_error())
    }

    /// The same question where there is another way if the answer is no.
    pub fn fits(&self, bytes: usize) -> bool {
        let limit = self.guard.limits().memory.unwrap_or(usize::MAX);
        bytes < LARGE_REQUEST
            || bytes <= limit.saturating_sub(self.used()) && self.guard.outside().has_room(bytes)
    }

    /// Raises an exception (a MemoryError) at the next safepoint instead of here, where the caller cannot.
    #[cold]
    pub fn raise_later(&self, raised: Raised) {
        let _ = self.take_raised(raised);
        self.space.short.set(true);
        self.budget.hasten();
    }

    /// Whether memory ran out since the last call: the heap lives on what was put by.
    pub fn take_shortage(&self) -> bool {
        self.space.short.take()
    }

    /// Whether memory ran out, and the program was not told yet.
    #[inline]
    pub fn is_short(&self) -> bool {
        self.space.short.get()
    }

    /// What is live, at most, in bytes: what the last collection left, and what was allocated since.
    pub fn used(&self) -> usize {
        self.live.get() + self.allocated.get()
    }

    /// After a collection: whether memory is over its limit.
    ///
    /// # Errors
    /// MemoryError once; the end of the program where a tenth more is used up, too.
    pub fn check_memory(&self) -> Result<(), Raised> {
        let Some(limit) = self.guard.limits().memory else {
            return Ok(());
        };
        if self.used() <= limit {
            self.guard.warned.set(false);
            return Ok(());
        }
        let most = limit + limit / 10;
        if self.used() > most {
            return Err(self.end(LimitKind::Memory));
        }
        self.trigger.set(most - self.live.get());
        self.watch.set(0);
        if self.guard.warned.replace(true) {
            return Ok(());
        }
        Err(self.memory_error())
    }

    /// Counts bytes towards the next collection: cells, and what objects own outside of them.
    #[inline(always)]
    pub fn charge(&self, bytes: usize) {
        let allocated = self.allocated.get() + bytes;
        self.allocated.set(allocated);
        if allocated > self.watch.get() {
            self.watch_memory();
        }
    }

    /// The part of `charge` that is due now and then.
    #[cold]
    #[inline(never)]
    fn watch_memory(&self) {
        self.watch.set(self.allocated.get() + WATCH);
        if self.wants_collection() {
            self.budget.hasten();
            self.watch.set(self.allocated.get() + WATCH / 16);
        }
        self.note_growth();
    }

    /// Bytes allocated since the last collection.
    pub fn allocated(&self) -> usize {
        self.allocated.get()
    }

    /// Whether the next safepoint should collect.
    #[inline]
    pub fn wants_collection(&self) -> bool {
        self.stress.get() || self.allocated.get() > self.trigger.get()
    }

    /// Whether each safepoint collects and freed cells are overwritten.
    pub fn stress(&self) -> bool {
        self.stress.get()
    }

    /// Turns the mode on in which each safepoint collects and freed cells are overwritten: finds rooting mistakes.
    pub fn set_stress(&self, on: bool) {
        self.stress.set(on);
    }

    /// Frees what is not reached from the roots.
    ///
    /// # Safety
    /// `roots` reports every slot outside of this heap that is still going to be read as a value of it.
    pub unsafe fn collect(&mut self, roots: &dyn Trace) {
        self.text_positions = TextPositions::default();
        let old = self.mark.get();
        let mark = 3 - old;
        self.mark.set(mark);
        self.collections.set(self.collections.get() + 1);
        let mut grey = std::mem::take(&mut self.grey);
        let external;
        {
            let mut tracer = Tracer {
                heap: self,
                grey: &mut grey,
                old,
                mark,
                external: 0,
                overflowed: false,
                shared: FxHashSet::default(),
            };
            self.memo.clear();
            roots.trace(&mut tracer);
            tracer.slot(&self.pending);
            self.endings.trace(&mut tracer);
            self.unstarted.trace(&mut tracer);
            self.interner.trace(&mut tracer);
            self.ascii.trace(&mut tracer);
            self.types.trace(&mut tracer);
            for &object in &self.permanent {
                // SAFETY: permanent objects live as long as the heap.
                unsafe { kinds::trace(object, &mut tracer) };
                tracer.class_of(object);
            }
            tracer.drain();
            self.endings.settle(&mut tracer);
            self.unstarted.settle(&mut tracer);
            if self.shapes.settle(&tracer) {
                self.class_changed();
            }
            external = tracer.external;
        }
        self.grey = grey;
        let ids = self.ids.get_mut();
        self.space.sweep(old, self.stress.get(), |object| {
            // SAFETY: the sweep passes live objects.
            let header = unsafe { object.as_ref() };
            if header.flags.get() & flag::HAS_ID != 0 {
                ids.remove(&(object.as_ptr() as usize));
            }
            if header.kind.needs_drop() {
                // SAFETY: the marking did not reach it, so no slot that is ever read again refers to it.
                unsafe { kinds::drop_fields(object) };
            }
        });
        let live = self.space.in_use() + external;
        let trigger = live + NURSERY;
        self.allocated.set(0);
        self.watch.set(WATCH.min(trigger));
        self.live.set(live);
        let limit = self.guard.limits().memory.unwrap_or(usize::MAX);
        self.trigger.set(trigger.min(limit.saturating_sub(live)));
        self.space.trim_pool(trigger);
    }

    /// Makes all objects that there are live as long as the heap. Later collections look only at those whose slots may change.
    pub fn make_permanent(&mut self) {
        let permanent = &mut self.permanent;
        self.space.seal(|at| {
            // SAFETY: `seal` visits live objects.
            let object = unsafe { Gc::<Header>::from_header(at) };
            object.header().mark.set(PERMANENT);
            if let Some(class) = object.downcast::<Class>() {
                class.make_permanent();
            }
            if !object.kind().is_final() {
                permanent.push(at);
            }
        });
        self.shapes.make_permanent();
        self.interner.make_permanent();
    }

    /// How many collections there were.
    pub fn collections(&self) -> usize {
        self.collections.get()
    }

    /// The number of changes to classes so far, in the upper half.
    #[inline(always)]
    pub fn class_epoch(&self) -> u64 {
        self.class_epoch.get()
    }

    /// Makes all caches about classes forget.
    pub fn class_changed(&self) {
        self.class_epoch.set(self.class_epoch.get() + CLASS_EPOCH);
    }

    /// The next number of the counter that `id()` goes by.
    pub fn next_number(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id as u64
    }

    /// What `id()` answers: a counter, so that no address shows.
    pub fn id_of(&self, value: Value<'_>) -> i64 {
        let Some(object) = value.as_object() else {
            // Immediate values: their bits, mixed into a range that the counter never reaches.
            return (value.bits() % (1 << 46)) as i64 + (1 << 46);
        };
        object.set_flag(flag::HAS_ID, true);
        *self
            .ids
            .borrow_mut()
            .entry(object.address())
            .or_insert_with(|| {
                let id = self.next_id.get();
                self.next_id.set(id + 1);
                id
            })
    }

    /// Calls `visit` on every object of kind `T`, dead or alive.
    pub fn for_each<T: Object>(&mut self, visit: &mut dyn FnMut(Gc<'_, T>)) {
        self.space.for_each(&mut |at| {
            // SAFETY: `Space::for_each` visits objects that were not freed yet.
            let object = unsafe { Gc::<Header>::from_header(at) };
            if let Some(object) = object.downcast::<T>() {
                visit(object);
            }
        });
    }
}

/// Copies bytes; few of them without a call of `memcpy`, which takes longer than the copying.
///
/// # Safety
/// `to` is the beginning of as many bytes that are not `from`'s.
#[inline(always)]
unsafe fn copy_bytes(from: &[u8], to: *mut u8) {
    let len = from.len();
    // SAFETY: the chunks are parts of `from` and go to where they stand in it; the first and the last may overlap.
    unsafe {
        if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>())
            && len <= 16
        {
            to.cast::<[u8; 8]>().write(*first);
            to.add(len - 8).cast::<[u8; 8]>().write(*last);
        } else if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>())
            && len < 8
        {
            to.cast::<[u8; 4]>().write(*first);
            to.add(len - 4).cast::<[u8; 4]>().write(*last);
        } else {
            to.copy_from_nonoverlapping(from.as_ptr(), len);
        }
    }
}

impl Default for Heap {
    fn default() -> Self {
        Heap::new()
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.space.for_each(&mut |at| {
            // SAFETY: the heap is going away with all that could refer to its objects; `Space` then frees the memory.
            unsafe { kinds::drop_fields(at) };
        });
    }
}

impl<T: Object> Gc<'_, T> {
    fn trace_all(self, tracer: &mut Tracer<'_>) {
        self.get().trace(tracer);
        tracer.slots(self.tail());
    }
}
