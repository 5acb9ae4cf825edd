//! Where cells come from: 32 KB blocks of equal cells by size class, and single allocations for what is larger.
//!
//! A class allocates from a free list (filled by sweeping) and else bumps through its newest block. Blocks that a sweep
//! finds empty go to a pool that all classes share; it keeps what may be needed until the next sweep and gives the rest back to
//! the system. Blocks that are sealed hold permanent objects only: no sweep looks at them.

#![expect(
    unsafe_code,
    reason = "one of the core's wrapper types: carves raw memory into cells"
)]

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::{Cell, RefCell};
use std::ptr::{NonNull, null_mut};

use rustc_hash::FxHashSet;

use super::gc::Header;
use super::{Heap, Kind};

/// Size of a block in bytes.
pub const BLOCK: usize = 32 * 1024;
/// `Header::size_class` of an object that has an allocation of its own.
pub const LARGE: u8 = u8::MAX;
/// Cell sizes in bytes, ascending.
const SIZES: [u16; 22] = [
    16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 512, 640, 768,
    1024, 2048,
];
/// The largest cell.
const MAX_CELL: usize = 2048;

/// For each size in units of 8 bytes, its class.
const CLASS_OF: [u8; MAX_CELL / 8 + 1] = {
    let mut table = [0; MAX_CELL / 8 + 1];
    let mut class = 0;
    let mut unit = 0;
    while unit <= MAX_CELL / 8 {
        if unit * 8 > SIZES[class] as usize {
            class += 1;
        }
        table[unit] = class as u8;
        unit += 1;
    }
    table
};

/// A free cell: the list runs through the cells themselves.
#[repr(C)]
struct FreeCell {
    header: Header,
    next: *mut FreeCell,
}

/// The blocks of one cell size.
struct SizeClass {
    free: Cell<*mut FreeCell>,
    bump: Cell<*mut u8>,
    end: Cell<*mut u8>,
    blocks: RefCell<Vec<NonNull<u8>>>,
    /// Blocks of permanent objects, and how many cells of each are taken.
    sealed: Vec<(NonNull<u8>, usize)>,
}

/// All memory for objects.
pub struct Space {
    classes: [SizeClass; SIZES.len()],
    large: RefCell<Vec<(NonNull<Header>, usize)>>,
    /// Those of permanent objects.
    large_sealed: Vec<(NonNull<Header>, usize)>,
    pool: RefCell<Vec<NonNull<u8>>>,
    /// Bytes in blocks and large objects.
    pub(super) held: Cell<usize>,
    known: Known,
    /// Memory that is put by (`allocate`).
    spare: Cell<Option<NonNull<u8>>>,
    /// Whether memory ran out, and nobody was told yet.
    pub(super) short: Cell<bool>,
}

/// What is put by.
const SPARE_LAYOUT: Layout = match Layout::from_size_align(4 << 20, 16) {
    Ok(layout) => layout,
    Err(_) => panic!("a constant layout"),
};

/// In debug builds, where the objects of a heap can be: blocks that a class holds, and large objects. Else empty.
struct Known {
    places: RefCell<FxHashSet<usize>>,
    /// Blocks that were asked about last, by some bits of their addresses.
    recent: [Cell<usize>; RECENT],
}

/// A power of two.
const RECENT: usize = if cfg!(debug_assertions) { 256 } else { 1 };

impl Default for Known {
    fn default() -> Known {
        Known {
            places: RefCell::default(),
            recent: [const { Cell::new(0) }; RECENT],
        }
    }
}

impl Known {
    fn add(&self, address: usize) {
        if cfg!(debug_assertions) {
            self.places.borrow_mut().insert(address);
        }
    }

    fn remove(&self, address: usize) {
        if cfg!(debug_assertions) {
            self.recent[address / BLOCK % RECENT].set(0);
            self.places.borrow_mut().remove(&address);
        }
    }

    #[cold]
    #[inline(never)]
    fn find(&self, address: usize) -> bool {
        let block = address & !(BLOCK - 1);
        let places = self.places.borrow();
        if places.contains(&block) {
            self.recent[address / BLOCK % RECENT].set(block);
            return true;
        }
        places.contains(&address)
    }
}

/// Debug builds find the block of an address by its alignment.
const BLOCK_ALIGN: usize = if cfg!(debug_assertions) { BLOCK } else { 16 };
const BLOCK_LAYOUT: Layout = match Layout::from_size_align(BLOCK, BLOCK_ALIGN) {
    Ok(layout) => layout,
    Err(_) => panic!("a constant layout"),
};

impl Space {
    pub(super) fn new() -> Space {
        let space = Space {
            classes: std::array::from_fn(|_| SizeClass {
                free: Cell::new(null_mut()),
                bump: Cell::new(null_mut()),
                end: Cell::new(null_mut()),
                blocks: RefCell::default(),
                sealed: Vec::new(),
            }),
            large: RefCell::default(),
            large_sealed: Vec::new(),
            pool: RefCell::default(),
            held: Cell::new(0),
            known: Known::default(),
            spare: Cell::new(None),
            short: Cell::new(false),
        };
        space.keep_spare();
        space
    }

    /// Whether there is an object at an address: for assertions in debug builds, which ask at each read of a slot.
    #[inline(always)]
    pub(super) fn holds_object(&self, address: usize) -> bool {
        let recent = self.known.recent[address / BLOCK % RECENT].get();
        let known = recent == address & !(BLOCK - 1) || self.known.find(address);
        // SAFETY: the address was that of an object and is in memory that still belongs to cells of this heap; each cell that was
        // ever handed out begins with a header, be it that of a free cell.
        known && unsafe { (*(address as *const Header)).kind as u8 != Kind::Free as u8 }
    }

    /// A cell of at least `size` bytes, header included, its contents undefined but for a `Kind::Free` header where the
    /// sweep needs one; and its size class. The caller writes header and payload before anything can sweep.
    #[inline(always)]
    pub(super) fn take(&self, size: usize, heap: &Heap) -> (NonNull<Header>, u8) {
        if size > MAX_CELL {
            return (self.take_large(size, heap), LARGE);
        }
        let index = CLASS_OF[size.div_ceil(8)];
        let class = &self.classes[index as usize];
        let free = class.free.get();
        if let Some(cell) = NonNull::new(free) {
            // SAFETY: a non-null list head is a free cell of this class that a sweep linked (`link_free`).
            class.free.set(unsafe { (*free).next });
            return (cell.cast(), index);
        }
        (
            self.bump(class, SIZES[index as usize] as usize, heap),
            index,
        )
    }

    #[inline]
    fn bump(&self, class: &SizeClass, size: usize, heap: &Heap) -> NonNull<Header> {
        let at = class.bump.get();
        if (class.end.get() as usize).wrapping_sub(at as usize) < size || at.is_null() {
            return self.new_block(class, size, heap);
        }
        // SAFETY: `at + size` is within the block, as just checked.
        class.bump.set(unsafe { at.add(size) });
        // SAFETY: not null, as just checked.
        unsafe { NonNull::new_unchecked(at.cast()) }
    }

    #[cold]
    #[inline(never)]
    fn new_block(&self, class: &SizeClass, size: usize, heap: &Heap) -> NonNull<Header> {
        self.retire_bump(class, size);
        let block = self.pool.borrow_mut().pop().unwrap_or_else(|| {
            self.held.set(self.held.get() + BLOCK);
            self.allocate(BLOCK_LAYOUT, heap)
        });
        class.blocks.borrow_mut().push(block);
        self.known.add(block.addr().get());
        // SAFETY: a block has room for at least one cell of any class, and `BLOCK` bytes in all.
        unsafe {
            class.bump.set(block.as_ptr().add(size));
            class.end.set(block.as_ptr().add(BLOCK));
        }
        block.cast()
    }

    /// Marks the unused rest of the bump block as free, so that a sweep reads only written headers.
    fn retire_bump(&self, class: &SizeClass, size: usize) {
        let mut at = class.bump.get();
        let end = class.end.get() as usize;
        if at.is_null() {
            return;
        }
        while end - at as usize >= size {
            // SAFETY: the cell lies in the block, after the last one handed out.
            unsafe {
                at.cast::<Header>().write(Header::free());
                at = at.add(size);
            }
        }
        class.bump.set(null_mut());
        class.end.set(null_mut());
    }

    /// Memory from the system. Where it has none, what was put by is given back to it, so that user code can go on to the next
    /// safepoint, where the VM raises MemoryError.
    fn allocate(&self, layout: Layout, heap: &Heap) -> NonNull<u8> {
        // SAFETY: the layout has a size.
        if let Some(at) = NonNull::new(unsafe { alloc(layout) }) {
            heap.note_growth();
            return at;
        }
        self.short.set(true);
        heap.budget.hasten();
        self.release_spare();
        // SAFETY: as above.
        NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
    }

    /// Puts memory by for the moment when the system has none; until then it is an address range only.
    fn keep_spare(&self) {
        if self.spare.get().is_none() {
            // SAFETY: the layout has a size.
            self.spare.set(NonNull::new(unsafe { alloc(SPARE_LAYOUT) }));
        }
    }

    fn release_spare(&self) {
        if let Some(spare) = self.spare.take() {
            // SAFETY: `keep_spare` allocated it with this layout.
            unsafe { dealloc(spare.as_ptr(), SPARE_LAYOUT) };
        }
    }

    #[cold]
    fn take_large(&self, size: usize, heap: &Heap) -> NonNull<Header> {
        let layout = Layout::from_size_align(size, 16)
            .expect("sizes are below isize::MAX: Vec checked them");
        let at = self.allocate(layout, heap).cast();
        self.held.set(self.held.get() + size);
        self.large.borrow_mut().push((at, size));
        self.known.add(at.addr().get());
        at
    }

    /// Frees each cell whose mark is `dead`, calling `drop` on it first. `poison`: overwrite what is freed.
    pub(super) fn sweep(&mut self, dead: u8, poison: bool, mut drop: impl FnMut(NonNull<Header>)) {
        for index in 0..SIZES.len() {
            self.sweep_class(index, dead, poison, &mut drop);
        }
        let (held, known) = (&self.held, &self.known);
        self.large.get_mut().retain(|&(at, size)| {
            // SAFETY: large objects in the list are live allocations with a header.
            if unsafe { at.as_ref() }.mark.get() != dead {
                return true;
            }
            drop(at);
            held.set(held.get() - size);
            known.remove(at.addr().get());
            // SAFETY: allocated in `take_large` with this layout; forgotten by the list as `false` is returned.
            unsafe {
                dealloc(
                    at.as_ptr().cast(),
                    Layout::from_size_align_unchecked(size, 16),
                )
            };
            false
        });
    }

    /// Calls `visit` on every object, none of which was freed yet, and exempts them all from sweeping.
    pub(super) fn seal(&mut self, mut visit: impl FnMut(NonNull<Header>)) {
        for (class, &size) in self.classes.iter_mut().zip(&SIZES) {
            debug_assert!(class.free.get().is_null(), "a sweep came before");
            let bump = class.bump.replace(null_mut()) as usize;
            let end = class.end.replace(null_mut()) as usize;
            for block in class.blocks.get_mut().drain(..) {
                let start = block.as_ptr() as usize;
                let used = if start + BLOCK == end {
                    bump - start
                } else {
                    BLOCK
                };
                let count = used / size as usize;
                for (cell, _) in cells(block, size as usize, count) {
                    visit(cell);
                }
                class.sealed.push((block, count));
            }
        }
        for (at, size) in self.large.get_mut().drain(..) {
            visit(at);
            self.large_sealed.push((at, size));
        }
    }

    /// Bytes in blocks and large objects, blocks that wait in the pool aside.
    pub(super) fn in_use(&self) -> usize {
        self.held.get() - self.pool.borrow().len() * BLOCK
    }

    /// Gives the blocks in the pool beyond so many bytes back to the system.
    pub(super) fn trim_pool(&mut self, bytes: usize) {
        let pool = self.pool.get_mut();
        while pool.len() > bytes / BLOCK {
            let Some(block) = pool.pop() else { break };
            self.held.set(self.held.get() - BLOCK);
            // SAFETY: pool blocks were allocated with this layout and hold no object.
            unsafe { dealloc(block.as_ptr(), BLOCK_LAYOUT) };
        }
        self.keep_spare();
    }

    fn sweep_class(
        &mut self,
        index: usize,
        dead: u8,
        poison: bool,
        drop: &mut impl FnMut(NonNull<Header>),
    ) {
        let size = SIZES[index] as usize;
        self.retire_bump(&self.classes[index], size);
        let class = &mut self.classes[index];
        let pool = self.pool.get_mut();
        let known = &self.known;
        let mut free: *mut FreeCell = null_mut();
        class.blocks.get_mut().retain(|&block| {
            // Most blocks die as a whole: one look at the headers, and nothing is written.
            let live = drop_dead(block, size, dead, drop);
            if live > 0 {
                free = link_free(block, size, dead, poison, free);
                return true;
            }
            if poison {
                // SAFETY: the block is `BLOCK` bytes and holds no object any more.
                unsafe { block.write_bytes(0xA5, BLOCK) };
            }
            pool.push(block);
            known.remove(block.addr().get());
            false
        });
        class.free.set(free);
    }

    /// Calls `visit` on every object.
    pub(super) fn for_each(&self, visit: &mut dyn FnMut(NonNull<Header>)) {
        for (index, &size) in SIZES.iter().enumerate() {
            let size = size as usize;
            self.retire_bump(&self.classes[index], size);
            let class = &self.classes[index];
            let blocks = class.blocks.borrow();
            let blocks = blocks.iter().map(|&b| (b, BLOCK / size));
            for (block, count) in class.sealed.iter().copied().chain(blocks) {
                for (cell, header) in cells(block, size, count) {
                    if header.kind != Kind::Free {
                        visit(cell);
                    }
                }
            }
        }
        for &(at, _) in self.large_sealed.iter().chain(self.large.borrow().iter()) {
            visit(at);
        }
    }
}

/// The first `count` cells of a block that a class holds, with their headers: all of them (`retire_bump` wrote those that were not
/// handed out yet), or of a sealed block those that were handed out.
fn cells<'a>(
    block: NonNull<u8>,
    size: usize,
    count: usize,
) -> impl Iterator<Item = (NonNull<Header>, &'a Header)> {
    debug_assert!(count * size <= BLOCK);
    // SAFETY: the block has `count` cells, and all of them have written headers; so `cell` is one of them until it reaches `end`,
    // which the block contains or ends with.
    let end = unsafe { block.add(count * size) };
    let mut next = block;
    std::iter::from_fn(move || {
        if next == end {
            return None;
        }
        let cell: NonNull<Header> = next.cast();
        // SAFETY: as above.
        unsafe {
            next = next.add(size);
            Some((cell, cell.as_ref()))
        }
    })
}

/// Calls `drop` on the objects of a block whose mark is `dead`; returns how many others there are.
fn drop_dead(
    block: NonNull<u8>,
    size: usize,
    dead: u8,
    drop: &mut impl FnMut(NonNull<Header>),
) -> usize {
    let mut live = 0;
    for (cell, header) in cells(block, size, BLOCK / size) {
        if header.kind == Kind::Free {
            continue;
        }
        if header.mark.get() == dead {
            drop(cell);
        } else {
            live += 1;
        }
    }
    live
}

/// Puts the cells of a block that are free, or hold an object with the mark `dead`, before the list `free`; returns the longer list.
fn link_free(
    block: NonNull<u8>,
    size: usize,
    dead: u8,
    poison: bool,
    mut free: *mut FreeCell,
) -> *mut FreeCell {
    for i in 0..BLOCK / size {
        // SAFETY: as in `cells`.
        let cell = unsafe { block.add(i * size).cast::<Header>() };
        // SAFETY: the reference ends before the cell is written.
        let (kind, of) = unsafe { (cell.as_ref().kind, cell.as_ref().mark.get()) };
        if kind != Kind::Free && of != dead {
            continue;
        }
        if poison && kind != Kind::Free {
            // SAFETY: the object was dropped; the cell has `size` bytes.
            unsafe { cell.cast::<u8>().write_bytes(0xA5, size) };
        }
        // SAFETY: the cell is free and at least 16 bytes, the size of a `FreeCell`.
        unsafe {
            cell.cast::<FreeCell>().write(FreeCell {
                header: Header::free(),
                next: free,
            })
        };
        free = cell.as_ptr().cast();
    }
    free
}

impl Drop for Space {
    fn drop(&mut self) {
        // The heap has dropped the objects; only the memory is left.
        self.release_spare();
        for class in &mut self.classes {
            let sealed = class.sealed.iter().map(|(block, _)| block);
            for &block in class.blocks.get_mut().iter().chain(sealed) {
                // SAFETY: each block was allocated with this layout.
                unsafe { dealloc(block.as_ptr(), BLOCK_LAYOUT) };
            }
        }
        for &block in self.pool.get_mut().iter() {
            // SAFETY: as above.
            unsafe { dealloc(block.as_ptr(), BLOCK_LAYOUT) };
        }
        for &(at, size) in self.large.get_mut().iter().chain(&self.large_sealed) {
            // SAFETY: allocated in `take_large` with this layout.
            unsafe {
                dealloc(
                    at.as_ptr().cast(),
                    Layout::from_size_align_unchecked(size, 16),
                )
            };
        }
    }
}

impl Header {
    pub(super) fn free() -> Header {
        Header {
            shape: Cell::new(0),
            kind: Kind::Free,
            mark: Cell::new(0),
            size_class: 0,
            flags: Cell::new(0),
        }
    }
}
