//! Memory that is put by: the allocator of the program `apy`.
//!
//! Rust code that cannot fail (small boxes, strings of messages, what other crates allocate) aborts the process where the system has no
//! memory. So some memory is put by, as address space that is not backed until it is used. A request that the system refuses is
//! served from it, and the VM raises MemoryError at its next safepoint (`Vm::attend`), collects, and puts memory by again. Where the
//! address space has a limit, as much is put by as the largest block has (`large_blocks.rs`): code that cannot fail may copy any
//! object. Code that makes larger requests asks first (`Heap::room_for`). Where everything is used up the process ends with a
//! message. docs/decisions/0008 has the reasons.

#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use super::large_blocks::LargeBlocks;
use super::{bins, last_words};
use crate::runtime::heap::Shortage;

/// How many parcels memory is put by in.
const PARCELS: usize = 288;
/// Sizes of parcels: those of the beginning, at least, and those that are put by after a shortage.
const LARGE: usize = 1 << 20;
const SMALL: usize = 1 << 16;
/// What is put by in all, at least.
const LEAST: usize = 16 << 20;
/// Where the address space has a limit, one part in so many of it is put by: it serves the requests of code that cannot fail, and
/// these grow with what the program has.
const SHARE: usize = 8;
/// With less than this left the program must end.
const CRITICAL: usize = 2 << 20;

/// The allocator: the system's, with memory put by and small blocks kept at hand.
pub struct Reserve {
    parcels: [Parcel; PARCELS],
    /// What is put by in all, at least.
    all: AtomicUsize,
    /// The blocks that are in use, if the address space has a limit.
    blocks: LargeBlocks,
    is_limited: AtomicBool,
    /// Bytes in parcels.
    kept: AtomicUsize,
    /// Whether some were used since `refill`.
    drawn: AtomicBool,
}

struct Parcel {
    at: AtomicPtr<u8>,
    size: AtomicUsize,
}

impl Parcel {
    const fn empty() -> Parcel {
        Parcel {
            at: AtomicPtr::new(null_mut()),
            size: AtomicUsize::new(0),
        }
    }
}

static RESERVE: OnceLock<&'static Reserve> = OnceLock::new();

/// The allocator of this process, if it is a `Reserve`.
pub fn reserve() -> Option<&'static Reserve> {
    RESERVE.get().copied()
}

impl Reserve {
    /// An allocator that has put nothing by yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a constant")]
    pub const fn new() -> Reserve {
        Reserve {
            parcels: [const { Parcel::empty() }; PARCELS],
            all: AtomicUsize::new(LEAST),
            blocks: LargeBlocks::new(),
            is_limited: AtomicBool::new(false),
            kept: AtomicUsize::new(0),
            drawn: AtomicBool::new(false),
        }
    }

    /// Puts memory by, and tells the rest of the program that it is this allocator that it has.
    pub fn install(&'static self) {
        self.note_limit();
        self.put_by(self.large(), self.all.load(Relaxed));
        bins::begin();
        last_words::install();
        let _ = RESERVE.set(self);
    }

    /// Puts memory by again, as much as there is; whether that is too little to go on with.
    pub fn refill(&self) -> Shortage {
        let wanted = self.wanted();
        self.hold(wanted);
        self.put_by(LARGE, wanted);
        self.put_by(SMALL, wanted);
        let shortage = self.shortage();
        self.drawn.store(false, Relaxed);
        if self.kept.load(Relaxed) + LARGE > wanted {
            return Shortage::None;
        }
        shortage
    }

    /// How much is to be put by.
    fn wanted(&self) -> usize {
        let all = self.all.load(Relaxed);
        if self.is_limited.load(Relaxed) {
            return all.max(self.blocks.largest());
        }
        all
    }

    /// Looks at the limit of the address space, which the program may have changed.
    fn note_limit(&self) {
        let limit = address_space();
        self.is_limited.store(limit.is_some(), Relaxed);
        let share = limit.unwrap_or_default() / SHARE;
        self.all.store(LEAST.max(share), Relaxed);
    }

    /// How much of it had to be used.
    #[inline]
    pub fn shortage(&self) -> Shortage {
        last_words::forget();
        if !self.drawn.load(Relaxed) {
            return Shortage::None;
        }
        match self.kept.load(Relaxed) {
            ..CRITICAL => Shortage::Critical,
            kept if kept < self.all.load(Relaxed) / 2 => Shortage::Low,
            _ => Shortage::Drawn,
        }
    }

    /// Whether the system has so many bytes, beside what must be put by then.
    pub fn has_room(&self, bytes: usize) -> bool {
        if bytes < LARGE {
            return has_room(bytes);
        }
        self.note_limit();
        if self.is_limited.load(Relaxed) {
            let wanted = self.wanted().max(bytes);
            self.hold(wanted);
            if self.kept.load(Relaxed) + SMALL < wanted {
                return false;
            }
            self.give_back_beyond(wanted);
        }
        has_room(bytes)
    }

    /// The size of the parcels of the beginning: with so many of them there is room for small ones later.
    fn large(&self) -> usize {
        LARGE.max(self.all.load(Relaxed) * 2 / PARCELS)
    }

    /// Puts memory by until there is as much as is wanted: what is missing in one parcel if it is much.
    fn hold(&self, wanted: usize) {
        let missing = wanted.saturating_sub(self.kept.load(Relaxed));
        if missing > self.large() {
            self.put_by(missing, wanted);
        }
        self.put_by(self.large(), wanted);
        self.put_by(LARGE, wanted);
    }

    /// Gives whole parcels that are more than is wanted back to the system.
    fn give_back_beyond(&self, wanted: usize) {
        for parcel in self.parcels.iter().rev() {
            let size = parcel.size.load(Relaxed);
            if self.kept.load(Relaxed) >= wanted + size {
                parcel.give_back(&self.kept);
            }
        }
    }

    /// Puts parcels of one size by, as long as what is kept is not more than is wanted.
    fn put_by(&self, size: usize, wanted: usize) {
        for parcel in &self.parcels {
            if self.kept.load(Relaxed) + size > wanted {
                return;
            }
            if !parcel.at.load(Relaxed).is_null() {
                continue;
            }
            // SAFETY: the layout has a size.
            let at = unsafe { System.alloc(layout(size)) };
            if at.is_null() {
                return;
            }
            parcel.size.store(size, Relaxed);
            parcel.at.store(at, Relaxed);
            self.kept.fetch_add(size, Relaxed);
        }
    }

    /// Gives parcels back to the system until it serves a request of `size` bytes.
    #[cold]
    #[inline(never)]
    fn serve(&self, size: usize, request: &dyn Fn() -> *mut u8) -> *mut u8 {
        if size > self.kept.load(Relaxed) && size > SMALL {
            last_words::expect();
            return null_mut();
        }
        bins::give_back();
        for parcel in self.parcels.iter().rev() {
            if !parcel.give_back(&self.kept) {
                continue;
            }
            let served = request();
            if !served.is_null() {
                // What the largest block needed may be more than is wanted now.
                if self.kept.load(Relaxed) + LARGE < self.wanted() {
                    self.drawn.store(true, Relaxed);
                }
                return served;
            }
        }
        self.drawn.store(true, Relaxed);
        if size > SMALL {
            last_words::expect();
            return null_mut();
        }
        last_words::give_up()
    }

    /// A large block came into use; as much as it has is put by, or the next safepoint raises MemoryError.
    #[cold]
    #[inline(never)]
    fn note_large(&self, size: usize) {
        self.blocks.add(size);
        if !self.is_limited.load(Relaxed) {
            return;
        }
        let wanted = self.wanted();
        if self.kept.load(Relaxed) + LARGE < wanted {
            self.hold(wanted);
            if self.kept.load(Relaxed) + LARGE < wanted {
                self.drawn.store(true, Relaxed);
            }
        }
    }

    #[inline(always)]
    fn note(&self, at: *mut u8, size: usize) -> *mut u8 {
        if size >= LARGE && !at.is_null() {
            self.note_large(size);
        }
        at
    }
}

impl Parcel {
    /// Gives the memory back to the system; whether there was any.
    fn give_back(&self, kept: &AtomicUsize) -> bool {
        let at = self.at.swap(null_mut(), Relaxed);
        if at.is_null() {
            return false;
        }
        let size = self.size.load(Relaxed);
        kept.fetch_sub(size, Relaxed);
        // SAFETY: the parcel was allocated with this layout, and `swap` took it from all other threads.
        unsafe { System.dealloc(at, layout(size)) };
        true
    }
}

/// Whether the system has so many bytes.
fn has_room(bytes: usize) -> bool {
    let Ok(layout) = Layout::from_size_align(bytes.max(1), 16) else {
        return false;
    };
    // SAFETY: the layout has a size; what is allocated is freed with the same layout.
    unsafe {
        let at = System.alloc(layout);
        if !at.is_null() {
            System.dealloc(at, layout);
        }
        !at.is_null()
    }
}

/// The limit of the address space of this process.
fn address_space() -> Option<usize> {
    let (soft, _) = getrlimit(Resource::RLIMIT_AS).ok()?;
    usize::try_from(soft).ok().filter(|_| soft != RLIM_INFINITY)
}

fn layout(size: usize) -> Layout {
    // SAFETY: the sizes of parcels are far below the limit, and 16 is a power of two.
    unsafe { Layout::from_size_align_unchecked(size, 16) }
}

// SAFETY: all memory is the system allocator's, with the layouts that the caller gave or, for small blocks, larger ones (`bins.rs`).
unsafe impl GlobalAlloc for Reserve {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(at) = bins::take(layout) {
            return at;
        }
        let whole = bins::whole(layout);
        // SAFETY: the caller's contract is that of the system allocator.
        let mut at = unsafe { System.alloc(whole) };
        if at.is_null() {
            // SAFETY: as above.
            at = self.serve(whole.size(), &|| unsafe { System.alloc(whole) });
        }
        self.note(at, whole.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if let Some(at) = bins::take(layout) {
            // SAFETY: the block has at least this size.
            unsafe { at.write_bytes(0, layout.size()) };
            return at;
        }
        let whole = bins::whole(layout);
        // SAFETY: as for `alloc`.
        let mut at = unsafe { System.alloc_zeroed(whole) };
        if at.is_null() {
            // SAFETY: as above.
            at = self.serve(whole.size(), &|| unsafe { System.alloc_zeroed(whole) });
        }
        self.note(at, whole.size())
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `alloc` made the layout whole; the caller does not use the block any more.
        if !unsafe { bins::keep(at, layout) } {
            self.blocks.remove(layout.size());
            // SAFETY: as for `alloc`.
            unsafe { System.dealloc(at, bins::whole(layout)) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if bins::same_list(layout, size) {
            return at;
        }
        // SAFETY: the caller's contract: the size, rounded up to the alignment, is below the limit.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if let Some(new) = bins::take(wanted) {
            // SAFETY: both have as many bytes as the smaller layout says, and the new one is nobody's; `at` is not used any more.
            unsafe {
                new.copy_from_nonoverlapping(at, layout.size().min(size));
                self.dealloc(at, layout);
            }
            return new;
        }
        let (old, size) = (bins::whole(layout), bins::whole(wanted).size());
        // SAFETY: as for `alloc`.
        let mut new = unsafe { System.realloc(at, old, size) };
        if new.is_null() {
            // The system moves large blocks without a copy: only what is added needs memory.
            let added = size.saturating_sub(old.size());
            // SAFETY: as above: a refused request leaves the old memory as it is.
            new = self.serve(added, &|| unsafe { System.realloc(at, old, size) });
        }
        if !new.is_null() {
            self.blocks.remove(old.size());
        }
        self.note(new, size)
    }
}
