//! Options of sockets, by the numbers of Linux.
//!
//! `sched/reactor/socket.rs` knows them; here are what programs pass and get.

use socket2::Socket;

use super::failed;
use crate::runtime::{Raised, Value};
use crate::sched::reactor::socket::{option_of, set_option};
use crate::stdlib::arg::c_int;
use crate::vm::{Local, Vm};

/// Sets an option: level, number, value.
///
/// # Errors
/// The system's; OverflowError for a number that does not fit.
pub fn set(vm: &mut Vm, socket: &Socket, args: [Local; 3]) -> Result<Local, Raised> {
    let [level, option, value] = [
        c_int(vm, args[0], 0)?,
        c_int(vm, args[1], 0)?,
        c_int(vm, args[2], 0)?,
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
    let [level, option] = [c_int(vm, args[0], 0)?, c_int(vm, args[1], 0)?];
    let value = option_of(socket, (level, option));
    let value = value.map_err(|error| failed(vm, &error))?;
    Ok(vm.local(Value::small_int(value)))
}
