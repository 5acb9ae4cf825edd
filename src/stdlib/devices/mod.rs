//! `_devices`: calls of the system about descriptors, terminals and limits.
//!
//! `fcntl`, `resource`, `termios`, `pty` and `mmap` (`src/library/`) are written in apy over these. By area: `descriptors.rs` flags, locks and
//! reading at a position, `terminals.rs` modes and sizes, `limits.rs` what the process may use and has used. To add one: a `Native` in the file of its
//! area and a word in its table. `passing.rs` hands descriptors to other processes.

mod descriptors;
mod limits;
mod passing;
mod terminals;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::io::IoState;
use super::path::system_error;
use super::registry::NativeModule;
use crate::runtime::Raised;
use crate::vm::{Local, Vm};

/// The module.
pub const DEVICES: NativeModule = NativeModule {
    functions: &[
        &descriptors::FCNTL,
        &descriptors::FLOCK,
        &descriptors::LOCK,
        &descriptors::PREAD,
        &descriptors::PWRITE,
        &descriptors::UNREAD,
        &terminals::GET_MODES,
        &terminals::SET_MODES,
        &terminals::GET_SIZE,
        &terminals::SET_SIZE,
        &terminals::FLUSH,
        &terminals::FLOW,
        &terminals::DRAIN,
        &terminals::SEND_BREAK,
        &terminals::OPEN_PAIR,
        &terminals::FOREGROUND,
        &terminals::TO_FOREGROUND,
        &passing::SEND,
        &passing::RECEIVE,
        &passing::ADOPT,
        &limits::LIMIT,
        &limits::USAGE,
        &limits::HEAP_SIZE,
    ],
    ..NativeModule::of(
        "_devices",
        "Descriptors, terminals and limits; fcntl, termios and resource have it all.",
    )
};

/// Acts on the descriptor of this number; the error of the system becomes an exception.
fn act<T>(
    vm: &mut Vm,
    number: Local,
    mut action: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
) -> Result<T, Raised> {
    let number = vm.index(number)?;
    let mut outcome = None;
    let mut operation = |fd: BorrowedFd<'_>| {
        outcome = Some(action(fd)?);
        Ok(())
    };
    let socket = vm.extension::<IoState>().socket_descriptor(number);
    let done = match socket {
        Some(socket) => socket.and_then(|socket| operation(socket.as_fd())),
        None => {
            let file = vm.host.files().by_number(number);
            file.and_then(|file| file.operate(&mut operation))
        }
    };
    done.map_err(|error| system_error(vm, &error))?;
    Ok(outcome.expect("an action without an error has an outcome"))
}
