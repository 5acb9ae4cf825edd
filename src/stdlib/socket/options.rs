//! Options of sockets, by the numbers of Linux.
//!
//! Those that the package socket2 knows; any other is refused as the system refuses it. To add one: an arm in each function.

use std::io;
use std::time::Duration;

use socket2::Socket;

use super::{failed, int};
use crate::runtime::{Raised, Value};
use crate::vm::{Local, Vm};

/// Sets an option: level, number, value.
///
/// # Errors
/// The system's; OverflowError for a number that does not fit.
pub fn set(vm: &mut Vm, socket: &Socket, args: [Local; 3]) -> Result<Local, Raised> {
    let [level, option, value] = [
        int(vm, args[0], 0)?,
        int(vm, args[1], 0)?,
        int(vm, args[2], 0)?,
    ];
    let outcome = set_option(socket, (level, option), value);
    outcome.map_err(|error| failed(vm, &error))?;
    Ok(vm.none())
}

/// The value of an option: level, number.
///
/// # Errors
/// As `set`.
pub fn get(vm: &mut Vm, socket: &Socket, args: [Local; 2]) -> Result<Local, Raised> {
    let [level, option] = [int(vm, args[0], 0)?, int(vm, args[1], 0)?];
    let value = option_of(socket, (level, option));
    let value = value.map_err(|error| failed(vm, &error))?;
    Ok(vm.local(Value::small_int(value)))
}

/// SOL_SOCKET, IPPROTO_TCP and IPPROTO_IPV6 with the numbers of Linux.
fn set_option(socket: &Socket, option: (i32, i32), value: i32) -> io::Result<()> {
    let size = usize::try_from(value).unwrap_or_default();
    match option {
        (1, 2) => socket.set_reuse_address(value != 0),
        (1, 6) => socket.set_broadcast(value != 0),
        (1, 7) => socket.set_send_buffer_size(size),
        (1, 8) => socket.set_recv_buffer_size(size),
        (1, 9) => socket.set_keepalive(value != 0),
        (1, 13) => socket.set_linger((value >= 0).then(|| Duration::from_secs(value as u64))),
        (1, 15) => socket.set_reuse_port(value != 0),
        (6, 1) => socket.set_tcp_nodelay(value != 0),
        (41, 26) => socket.set_only_v6(value != 0),
        _ => Err(io::Error::from_raw_os_error(92)),
    }
}

fn option_of(socket: &Socket, option: (i32, i32)) -> io::Result<i64> {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    match option {
        (1, 2) => socket.reuse_address().map(i64::from),
        (1, 3) => socket.r#type().map(|kind| i64::from(i32::from(kind))),
        (1, 4) => {
            let error = socket.take_error()?;
            Ok(error
                .and_then(|error| error.raw_os_error())
                .unwrap_or(0)
                .into())
        }
        (1, 6) => socket.broadcast().map(i64::from),
        (1, 7) => socket.send_buffer_size().map(size),
        (1, 8) => socket.recv_buffer_size().map(size),
        (1, 9) => socket.keepalive().map(i64::from),
        (1, 13) => socket
            .linger()
            .map(|span| span.map_or(-1, |span| span.as_secs() as i64)),
        (1, 30) => socket.is_listener().map(i64::from),
        (1, 15) => socket.reuse_port().map(i64::from),
        (6, 1) => socket.tcp_nodelay().map(i64::from),
        (41, 26) => socket.only_v6().map(i64::from),
        _ => Err(io::Error::from_raw_os_error(92)),
    }
}
