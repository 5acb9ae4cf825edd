//! Descriptors that pass from one process to another through a socket of the machine.
//!
//! `multiprocessing` gives its children their ends of pipes this way, `socket.send_fds` and `recv_fds` anyone. What arrives is kept as a
//! detached socket until the program takes it over by its number.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::act;
use crate::runtime::list::List;
use crate::runtime::{Gc, Raised};
use crate::stdlib::arg::Buffer;
use crate::stdlib::io::IoState;
use crate::stdlib::path::system_error;
use crate::stdlib::posix::descriptor_of;
use crate::vm::{Local, Locals, Native, Vm};

pub const SEND: Native = Native::vm(
    "send_descriptors(fd, data, numbers, /)",
    "Send bytes and copies of descriptors by one call; how many bytes were sent.",
    send,
);
pub const RECEIVE: Native = Native::vm(
    "receive_descriptors(fd, size, count, /)",
    "Receive up to so many bytes and descriptors by one call: the bytes and a list of numbers.",
    receive,
);
pub const ADOPT: Native = Native::vm(
    "adopt(fd, /)",
    "A copy of an open descriptor that a socket can take over; its number.",
    |vm, args| {
        let number = vm.index(args.at(0))?;
        let copy = descriptor_of(vm, number).map_err(|error| system_error(vm, &error))?;
        Ok(keep(vm, copy))
    },
);

/// More descriptors than the system takes in one message.
const MOST: usize = 253;

fn keep(vm: &Vm, descriptor: OwnedFd) -> Local {
    let number = i64::from(descriptor.as_raw_fd());
    vm.extension::<IoState>().detach(number, descriptor);
    vm.local(vm.heap.int(number))
}

fn send(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
    let list = vm.to_list(args.at(2))?;
    let list: Gc<'_, List> = vm.get_gc(list).expect("to_list makes a list");
    let numbers: Vec<Local> = list
        .to_vec(&vm.heap)
        .into_iter()
        .map(|item| vm.local(item))
        .collect();
    let mut copies = Vec::new();
    for number in numbers {
        let number = vm.index(number)?;
        copies.push(descriptor_of(vm, number).map_err(|error| system_error(vm, &error))?);
    }
    let sent = act(vm, args.at(0), |fd| {
        let borrowed: Vec<BorrowedFd<'_>> = copies.iter().map(AsFd::as_fd).collect();
        let mut space =
            vec![MaybeUninit::uninit(); SendAncillaryMessage::ScmRights(&borrowed).size()];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !borrowed.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(&borrowed)) {
            return Err(std::io::Error::from_raw_os_error(22));
        }
        Ok(sendmsg(
            fd,
            &[IoSlice::new(&data)],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        )?)
    })?;
    Ok(vm.local(vm.heap.usize(sent)))
}

fn receive(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let size = vm.index(args.at(1))?.clamp(0, 1 << 30) as usize;
    let count = vm.index(args.at(2))?.clamp(0, MOST as i64) as usize;
    let mut data = crate::stdlib::io::zeroed(vm, size)?;
    let (read, arrived) = act(vm, args.at(0), |fd| {
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(count))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut data)];
        let message = recvmsg(fd, &mut parts, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        let mut arrived: Vec<OwnedFd> = Vec::new();
        for part in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = part {
                arrived.extend(descriptors);
            }
        }
        Ok((message.bytes, arrived))
    })?;
    data.truncate(read);
    let data = vm.local(vm.heap.bytes(data).value());
    let numbers: Vec<Local> = arrived
        .into_iter()
        .map(|descriptor| keep(vm, descriptor))
        .collect();
    let numbers = numbers.iter().map(|&number| vm.get(number));
    let numbers = vm.local(vm.heap.list(numbers).value());
    Ok(vm.tuple_of(&[data, numbers]))
}
