//! Addresses of sockets: as programs write them, as the system wants them.
//!
//! An address of a program is a tuple or a path, checked as CPython checks it; the host sees the plain Rust form only. To add a family:
//! its arm in each direction.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{SockaddrStorage, recvfrom};
use socket2::{SockAddr, Socket};

use crate::runtime::bytes::Bytes;
use crate::runtime::str::Str;
use crate::runtime::tuple::Tuple;
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::sched::reactor::reactor;
use crate::stdlib::arg;
use crate::stdlib::name_lookup::{Found, not_found, system_lookup, unknown};
use crate::vm::{Local, Locals, Vm};

/// AF_INET6 on Linux.
const INET6: i32 = 10;
/// AF_UNIX.
const UNIX: i32 = 1;

/// The address that a program wrote, for a socket of a family.
pub fn sockaddr(vm: &mut Vm, given: Local, family: i32) -> Result<SockAddr, Raised> {
    if family == UNIX {
        let path = match (vm.get_gc::<Str>(given), vm.get_gc::<Bytes>(given)) {
            (Some(text), _) => text.as_str().to_owned(),
            (None, Some(bytes)) => String::from_utf8_lossy(bytes.get().as_slice()).into_owned(),
            _ => {
                return Err(vm
                    .heap
                    .type_error("a path is required as the address of a Unix socket"));
            }
        };
        return SockAddr::unix(path).map_err(|error| super::failed(vm, &error));
    }
    let parts: Option<Gc<'_, Tuple>> = vm.get_gc(given);
    let Some(parts) = parts.filter(|parts| parts.len() >= 2) else {
        let class = vm.heap.type_name(vm.get(given));
        return Err(vm
            .heap
            .type_error(format!("AF_INET address must be tuple, not {class}")));
    };
    let host = parts.at(&vm.heap, 0).and_then(|host| host.as_gc::<Str>());
    let Some(host) = host.map(|host| host.as_str().to_owned()) else {
        return Err(vm.heap.type_error("str, bytes or bytearray expected"));
    };
    let port = parts.at(&vm.heap, 1).map_or(Value::NONE, |port| port);
    let port = vm.local(port);
    let port = arg::vm_index_or(vm, port, 0)?;
    let Ok(port) = u16::try_from(port) else {
        let message = "connect(): port must be 0-65535.";
        return Err(vm.heap.raise(Builtin::OverflowError, message));
    };
    let found = find(&host, port, family).map_err(|error| unknown(vm, &error))?;
    let Some(found) = found else {
        let text = "Address family for hostname not supported";
        return Err(not_found(vm, -9, text));
    };
    Ok(found.into())
}

/// The first address of a host in a family, if it has one there.
fn find(host: &str, port: u16, family: i32) -> io::Result<Option<SocketAddr>> {
    let any = if family == INET6 { "::" } else { "0.0.0.0" };
    let host = match host {
        "" => any,
        "<broadcast>" => "255.255.255.255",
        host => host,
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Some(SocketAddr::new(ip, port)));
    }
    let found = system_lookup(host, port)?;
    let fits = |address: &SocketAddr| address.is_ipv6() == (family == INET6);
    Ok(found.into_iter().find(fits))
}

/// An address as programs see it.
pub fn address_value<'h>(heap: &'h Heap, address: &SockAddr) -> Value<'h> {
    if let Some(address) = address.as_socket() {
        let (host, port) = (heap.str_value(&address.ip().to_string()), address.port());
        let port = Value::small_int(port.into());
        return match address {
            SocketAddr::V4(_) => heap.tuple(&[host, port]).value(),
            SocketAddr::V6(address) => {
                let flow = Value::small_int(address.flowinfo().into());
                let scope = Value::small_int(address.scope_id().into());
                heap.tuple(&[host, port, flow, scope]).value()
            }
        };
    }
    let path = address
        .as_pathname()
        .map(|path| path.to_string_lossy().into_owned());
    heap.str_value(&path.unwrap_or_default())
}

/// Receives a datagram; without an address from sockets that have none.
pub fn receive_from(socket: &Socket, buffer: &mut [u8]) -> io::Result<(usize, Option<SockAddr>)> {
    let (count, from) = recvfrom::<SockaddrStorage>(socket.as_raw_fd(), buffer)?;
    let internet = from.and_then(|from| {
        let v4 = from.as_sockaddr_in().map(|&v4| SocketAddr::V4(v4.into()));
        v4.or_else(|| from.as_sockaddr_in6().map(|&v6| SocketAddr::V6(v6.into())))
    });
    if let Some(address) = internet {
        return Ok((count, Some(address.into())));
    }
    let path = from.as_ref().and_then(|from| from.as_unix_addr()?.path());
    Ok((count, path.map(SockAddr::unix).transpose()?))
}

/// `resolve(host, port)`.
pub fn resolve(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    super::os_error::check_door(vm)?;
    let host = vm.text_of(args.at(0))?;
    let port = arg::vm_index_or(vm, args.at(1), 0)?;
    let port = u16::try_from(port).unwrap_or_default();
    let found = match host.parse::<IpAddr>() {
        Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        Err(_) => system_lookup(&host, port),
    };
    rows(vm, found)
}

/// `look_up(host, port)`.
pub fn look_up(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let host = vm.text_of(args.at(0))?;
    let port = arg::vm_index_or(vm, args.at(1), 0)?;
    let port = u16::try_from(port).unwrap_or_default();
    let job = move || system_lookup(&host, port);
    let (number, waiter) = reactor(vm)?
        .pool
        .start(vm, job)
        .map_err(|error| super::failed(vm, &error))?;
    let number = vm.local(vm.heap.int(number as i64));
    Ok(vm.tuple_of(&[number, waiter]))
}

/// `found(job)`.
pub fn found(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let number = vm.index(args.at(0))? as u64;
    let found = reactor(vm)?.pool.take::<Found>(number);
    rows(vm, found.unwrap_or_else(|| Ok(Vec::new())))
}

fn rows(vm: &mut Vm, found: Found) -> Result<Local, Raised> {
    let found = found.map_err(|error| unknown(vm, &error))?;
    let heap = &vm.heap;
    let rows = found.iter().map(|address| {
        let family = if address.is_ipv6() { INET6 } else { 2 };
        let parts = [
            Value::small_int(family.into()),
            heap.str_value(&address.ip().to_string()),
            Value::small_int(address.port().into()),
        ];
        heap.tuple(&parts).value()
    });
    let rows: Vec<Value<'_>> = rows.collect();
    Ok(vm.local(heap.list(rows).value()))
}
