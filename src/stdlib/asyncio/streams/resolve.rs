//! From a host and a port to addresses.
//!
//! An address in digits is known at once, as in CPython; a name is looked up by the system on a thread of its own, so that the loop goes
//! on meanwhile.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::super::arg;
use crate::runtime::bytes::Bytes;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised};
use crate::sched::reactor::reactor;
use crate::sched::reactor::socket::Address;
use crate::stdlib::name_lookup::{Found, not_found, system_lookup, unknown};
use crate::vm::{Local, Vm};

/// What the addresses are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Without a host: this computer.
    Connect,
    /// Without a host: all of this computer's addresses.
    Listen,
}

/// What looking up came to.
pub enum Lookup {
    /// The addresses.
    Known(Vec<Address>),
    /// A job under way: its number, and the future to await.
    Job(u64, Local),
}

/// Begins to look up.
///
/// # Errors
/// TypeError, OverflowError for a port out of range, OSError for a service name.
pub fn begin(vm: &mut Vm, host: Local, port: Local, purpose: Purpose) -> Result<Lookup, Raised> {
    crate::stdlib::os_error::check_door(vm)?;
    let port = port_number(vm, port, purpose)?;
    let Some(host) = host_name(vm, host)? else {
        let ips: [IpAddr; 2] = match purpose {
            Purpose::Connect => [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
            Purpose::Listen => [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        };
        let known = ips.map(|ip| Address::Internet(SocketAddr::new(ip, port)));
        return Ok(Lookup::Known(known.to_vec()));
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        let address = Address::Internet(SocketAddr::new(ip, port));
        return Ok(Lookup::Known(vec![address]));
    }
    let job = move || system_lookup(&host, port);
    match reactor(vm)?.pool.start(vm, job) {
        Ok((number, waiter)) => Ok(Lookup::Job(number, waiter)),
        Err(error) => {
            let exception = super::system_error(vm, &error);
            Err(vm.raise_local(exception))
        }
    }
}

/// The addresses that a finished job found.
///
/// # Errors
/// `socket.gaierror`.
pub fn finish(vm: &mut Vm, job: u64) -> Result<Vec<Address>, Raised> {
    match reactor(vm)?.pool.take::<Found>(job) {
        Some(Ok(found)) => Ok(found.into_iter().map(Address::Internet).collect()),
        Some(Err(error)) => Err(unknown(vm, &error)),
        None => Ok(Vec::new()),
    }
}

/// Those of a family: 0 for all.
pub fn of_family(mut addresses: Vec<Address>, family: i64) -> Vec<Address> {
    addresses.retain(|address| family == 0 || i64::from(address.family()) == family);
    addresses
}

fn host_name(vm: &Vm, host: Local) -> Result<Option<String>, Raised> {
    let value = vm.get(host);
    if value.is_undef() || value.is_none() {
        return Ok(None);
    }
    if let Some(name) = value.as_gc::<Str>() {
        return Ok(Some(name.as_str().to_owned()));
    }
    if let Some(name) = value.as_gc::<Bytes>() {
        return Ok(Some(String::from_utf8_lossy(name.as_slice()).into_owned()));
    }
    let message = "getaddrinfo() argument 1 must be string or None";
    Err(vm.heap.type_error(message))
}

fn port_number(vm: &mut Vm, port: Local, purpose: Purpose) -> Result<u16, Raised> {
    let value = vm.get(port);
    if value.is_undef() || value.is_none() {
        return Ok(0);
    }
    let number = match value.as_gc::<Str>() {
        Some(text) => text
            .as_str()
            .parse::<i64>()
            .map_err(|_| not_found(vm, -8, "Servname not supported for ai_socktype"))?,
        None => arg::vm_index_or(vm, port, 0)?,
    };
    u16::try_from(number).map_err(|_| {
        let call = match purpose {
            Purpose::Connect => "connect",
            Purpose::Listen => "bind",
        };
        let message = format!("{call}(): port must be 0-65535.");
        vm.heap.raise(Builtin::OverflowError, message)
    })
}
