//! The end of the process where there is no memory and no way to say so to the program.
//!
//! Rust code that cannot fail calls `abort` when the allocator refuses a request. Most of it is served from what is put by
//! (`reserve.rs`); for what is larger than that a handler of SIGABRT ends the process as a limit does: with a message and status 5,
//! not with a core. Other senders of SIGABRT, such as `os.abort()`, have the usual effect.

#![expect(unsafe_code, reason = "a handler of a signal")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};

use super::status;

/// Whether a request was refused, and the code that made it has not gone on since.
static REFUSED: AtomicBool = AtomicBool::new(false);

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
    set(SigHandler::Handler(on_abort));
}

fn set(handler: SigHandler) {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler calls nothing but `write`, `_exit`, `sigaction` and `raise`, which handlers may call.
    let _ = unsafe { sigaction(Signal::SIGABRT, &action) };
}

extern "C" fn on_abort(_: nix::libc::c_int) {
    if REFUSED.load(Relaxed) {
        give_up();
    }
    // The signal is blocked while its handler runs: it ends the process when the handler returns.
    set(SigHandler::SigDfl);
    let _ = raise(Signal::SIGABRT);
}
