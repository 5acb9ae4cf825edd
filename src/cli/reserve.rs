//! Memory that is put by: the allocator of the program `apy`.
//!
//! Rust code that cannot fail (small boxes, strings of messages, what other crates allocate) aborts the process where the system has no
//! memory. So some memory is put by, as address space that is not backed until it is used. A request that the system refuses is
//! served from it, and the VM raises MemoryError at its next safepoint (`Vm::attend`), collects, and puts memory by again. Requests
//! that are larger than all of it fail: code that makes such requests asks first (`Heap::room_for`). Where everything is used up
//! the process ends with a message.

#![expect(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

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
    /// What is put by in all.
    all: AtomicUsize,
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
            kept: AtomicUsize::new(0),
            drawn: AtomicBool::new(false),
        }
    }

    /// Puts memory by, and tells the rest of the program that it is this allocator that it has.
    pub fn install(&'static self) {
        let limit = address_space().unwrap_or_default();
        self.all.store(LEAST.max(limit / SHARE), Relaxed);
        self.put_by(self.large());
        bins::begin();
        last_words::install();
        let _ = RESERVE.set(self);
    }

    /// Puts memory by again, as much as there is; whether that is too little to go on with.
    pub fn refill(&self) -> Shortage {
        self.put_by(self.large());
        self.put_by(LARGE);
        self.put_by(SMALL);
        let shortage = self.shortage();
        self.drawn.store(false, Relaxed);
        if self.kept.load(Relaxed) + LARGE > self.all.load(Relaxed) {
            return Shortage::None;
        }
        shortage
    }

    /// How much of it had to be used.
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

    /// Whether the system has so many bytes.
    pub fn has_room(&self, bytes: usize) -> bool {
        let Ok(layout) = Layout::from_size_align(bytes.max(1), 16) else {
            return false;
        };
        // SAFETY: the layout has a size; what is allocated is freed with the same layout.
        unsafe {
            // The compiler must not see that nothing is done with it: it would leave the question out.
            let at = std::hint::black_box(System.alloc(layout));
            if !at.is_null() {
                System.dealloc(at, layout);
            }
            !at.is_null()
        }
    }

    /// The size of the parcels of the beginning: with so many of them there is room for small ones later.
    fn large(&self) -> usize {
        LARGE.max(self.all.load(Relaxed) * 2 / PARCELS)
    }

    fn put_by(&self, size: usize) {
        for parcel in &self.parcels {
            if self.kept.load(Relaxed) + size > self.all.load(Relaxed) {
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
        self.drawn.store(true, Relaxed);
        for parcel in self.parcels.iter().rev() {
            let at = parcel.at.swap(null_mut(), Relaxed);
            if at.is_null() {
                continue;
            }
            let of = parcel.size.load(Relaxed);
            self.kept.fetch_sub(of, Relaxed);
            // SAFETY: the parcel was allocated with this layout, and `swap` took it from all other threads.
            unsafe { System.dealloc(at, layout(of)) };
            let served = request();
            if !served.is_null() {
                return served;
            }
        }
        if size > SMALL {
            last_words::expect();
            return null_mut();
        }
        last_words::give_up()
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
        let at = unsafe { System.alloc(whole) };
        if !at.is_null() {
            return at;
        }
        // SAFETY: as above.
        self.serve(whole.size(), &|| unsafe { System.alloc(whole) })
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
        let at = unsafe { System.alloc_zeroed(whole) };
        if !at.is_null() {
            return at;
        }
        // SAFETY: as above.
        self.serve(whole.size(), &|| unsafe { System.alloc_zeroed(whole) })
    }

    #[inline]
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `alloc` made the layout whole; the caller does not use the block any more.
        if !unsafe { bins::keep(at, layout) } {
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
        let new = unsafe { System.realloc(at, old, size) };
        if !new.is_null() {
            return new;
        }
        // SAFETY: as above: a refused request leaves the old memory as it is.
        self.serve(size, &|| unsafe { System.realloc(at, old, size) })
    }
}
