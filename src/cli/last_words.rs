//! The end of the process where there is no memory and no way to say so to the program.
//!
//! Rust code that cannot fail calls `abort` when the allocator refuses a request. Most of it is served from what is put by
//! (`reserve.rs`); for what is larger than that a handler of SIGABRT ends the process as a limit does: with a message and status 5,
//! not with a core. Other senders of SIGABRT, such as `os.abort()`, have the usual effect, and the program's own handler of the signal
//! is left alone: it was set after this one, which is called before it.

#![expect(unsafe_code, reason = "a handler of a signal")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::libc::{SI_TKILL, c_int, c_void, siginfo_t};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

use super::status;

/// Whether a request was refused, and the code that made it has not gone on since.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Whether the program says itself what SIGABRT does.
static LEFT: AtomicBool = AtomicBool::new(false);

/// Tells what SIGABRT does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The system.
    System,
    /// The program.
    Program,
}

/// Leaves SIGABRT to the program, or takes it back.
pub(super) fn leave(to: Owner) {
    LEFT.store(to == Owner::Program, Relaxed);
}

/// A request was refused: `abort` may follow.
pub(super) fn expect() {
    REFUSED.store(true, Relaxed);
}

/// The code that made the request has gone on.
#[inline]
pub(super) fn forget() {
    if REFUSED.load(Relaxed) {
        REFUSED.store(false, Relaxed);
    }
}

/// Ends the process without allocating.
pub(super) fn give_up() -> ! {
    let _ = nix::unistd::write(std::io::stderr(), b"apy: out of memory\n");
    // SAFETY: ends the process at once; nothing of it runs any more.
    unsafe { nix::libc::_exit(status::LIMIT.into()) }
}

/// Sets the handler.
pub(super) fn install() {
    set(SigHandler::SigAction(on_abort));
}

fn set(handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::SA_SIGINFO, SigSet::empty());
    // SAFETY: the handler calls nothing but `write`, `_exit`, `sigaction` and `raise`, which handlers may call.
    let _ = unsafe { sigaction(Signal::SIGABRT, &action) };
}

extern "C" fn on_abort(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    // SAFETY: the system passes a pointer to what it knows of the signal.
    let is_own = unsafe { info.as_ref() }.is_some_and(|info| info.si_code == SI_TKILL);
    if REFUSED.load(Relaxed) && is_own {
        give_up();
    }
    if LEFT.load(Relaxed) {
        return;
    }
    // The signal is blocked while its handler runs: it ends the process when the handler returns.
    set(SigHandler::SigDfl);
    let _ = raise(Signal::SIGABRT);
}
