//! Terminals: their modes, sizes and pairs.
//!
//! Flags and speeds pass as the numbers that the system's headers have; `library/termios.apy` names them and makes lists of the special
//! characters.

use std::io;

use nix::errno::Errno;
use nix::libc;
use nix::sys::termios::{
    BaudRate, ControlFlags, FlowArg, FlushArg, InputFlags, LocalFlags, OutputFlags, SetArg,
    cfgetispeed, cfgetospeed, cfsetispeed, cfsetospeed, tcdrain, tcflow, tcflush, tcgetattr,
    tcsendbreak, tcsetattr,
};
use rustix::process::Pid;
use rustix::termios::{Winsize, tcgetpgrp, tcgetwinsize, tcsetpgrp, tcsetwinsize};

use super::act;
use crate::runtime::Raised;
use crate::stdlib::arg::Buffer;
use crate::stdlib::io::IoState;
use crate::stdlib::path::system_error;
use crate::vm::{Local, Locals, Native, Vm};

pub const GET_MODES: Native = Native::vm(
    "get_modes(fd, /)",
    "The four words of flags, the two speeds and the special characters.",
    |vm, args| {
        let modes = act(vm, args.at(0), |fd| Ok(tcgetattr(fd)?))?;
        let numbers = [
            modes.input_flags.bits(),
            modes.output_flags.bits(),
            modes.control_flags.bits(),
            modes.local_flags.bits(),
            cfgetispeed(&modes) as u32,
            cfgetospeed(&modes) as u32,
        ];
        let mut fields = numbers
            .map(|n| vm.local(vm.heap.int(i64::from(n))))
            .to_vec();
        fields.push(vm.local(vm.heap.bytes(modes.control_chars.to_vec()).value()));
        Ok(vm.tuple_of(&fields))
    },
);
pub const SET_MODES: Native = Native::vm(
    "set_modes(fd, moment, input, output, control, local, input_speed, output_speed, characters, /)",
    "Set them: at once (0), after all was written (1), or after that with the unread input dropped (2).",
    set_modes,
);
pub const GET_SIZE: Native = Native::vm(
    "get_size(fd, /)",
    "Rows and columns, and the size in pixels.",
    |vm, args| {
        let size = act(vm, args.at(0), |fd| Ok(tcgetwinsize(fd)?))?;
        let fields = [size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel];
        let fields = fields.map(|n| vm.local(vm.heap.int(i64::from(n))));
        Ok(vm.tuple_of(&fields))
    },
);
pub const SET_SIZE: Native = Native::vm(
    "set_size(fd, rows, columns, width, height, /)",
    "Say how large the window is.",
    |vm, args| {
        let [rows, columns, width, height] = [1, 2, 3, 4].map(|at| vm.index(args.at(at)));
        let size = Winsize {
            ws_row: rows? as u16,
            ws_col: columns? as u16,
            ws_xpixel: width? as u16,
            ws_ypixel: height? as u16,
        };
        act(vm, args.at(0), |fd| Ok(tcsetwinsize(fd, size)?))?;
        Ok(vm.none())
    },
);
pub const FLUSH: Native = Native::vm(
    "flush(fd, queue, /)",
    "Drop what was not read (0), what was not sent (1), or both (2).",
    |vm, args| {
        let queue = vm.index(args.at(1))? as i32;
        act(vm, args.at(0), |fd| {
            let queue = match queue {
                libc::TCIFLUSH => FlushArg::TCIFLUSH,
                libc::TCOFLUSH => FlushArg::TCOFLUSH,
                libc::TCIOFLUSH => FlushArg::TCIOFLUSH,
                _ => return Err(Errno::EINVAL.into()),
            };
            Ok(tcflush(fd, queue)?)
        })?;
        Ok(vm.none())
    },
);
pub const FLOW: Native = Native::vm(
    "flow(fd, action, /)",
    "Stop or go on with output (0, 1) or input (2, 3).",
    |vm, args| {
        let action = vm.index(args.at(1))? as i32;
        act(vm, args.at(0), |fd| {
            let action = match action {
                libc::TCOOFF => FlowArg::TCOOFF,
                libc::TCOON => FlowArg::TCOON,
                libc::TCIOFF => FlowArg::TCIOFF,
                libc::TCION => FlowArg::TCION,
                _ => return Err(Errno::EINVAL.into()),
            };
            Ok(tcflow(fd, action)?)
        })?;
        Ok(vm.none())
    },
);
pub const DRAIN: Native = Native::vm(
    "drain(fd, /)",
    "Wait until all output was sent.",
    |vm, args| {
        act(vm, args.at(0), |fd| Ok(tcdrain(fd)?))?;
        Ok(vm.none())
    },
);
pub const SEND_BREAK: Native = Native::vm(
    "send_break(fd, duration, /)",
    "Send a break.",
    |vm, args| {
        let duration = vm.index(args.at(1))? as i32;
        act(vm, args.at(0), |fd| Ok(tcsendbreak(fd, duration)?))?;
        Ok(vm.none())
    },
);
pub const OPEN_PAIR: Native = Native::vm(
    "open_pair()",
    "A new pseudo-terminal: the descriptors of its controlling side and of its terminal.",
    |vm, _| {
        let pair = vm.host.files().terminal();
        let numbers = pair.map_err(|error| system_error(vm, &error))?.map(|end| {
            let number = vm.local(vm.heap.int(end.number()));
            vm.extension::<IoState>().keep_descriptor(end);
            number
        });
        Ok(vm.tuple_of(&numbers))
    },
);
pub const FOREGROUND: Native = Native::vm(
    "foreground(fd, /)",
    "The process group in the foreground of a terminal.",
    |vm, args| {
        let group = act(vm, args.at(0), |fd| Ok(tcgetpgrp(fd)?))?;
        Ok(vm.local(vm.heap.int(i64::from(group.as_raw_nonzero().get()))))
    },
);
pub const TO_FOREGROUND: Native = Native::vm(
    "to_foreground(fd, group, /)",
    "Put a process group into the foreground.",
    |vm, args| {
        let group = vm.index(args.at(1))? as i32;
        act(vm, args.at(0), |fd| {
            let group = Pid::from_raw(group).ok_or(io::Error::from(Errno::EINVAL))?;
            Ok(tcsetpgrp(fd, group)?)
        })?;
        Ok(vm.none())
    },
);

fn set_modes(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let moment = vm.index(args.at(1))? as i32;
    let mut words = [0_u32; 6];
    for (at, word) in words.iter_mut().enumerate() {
        *word = vm.index(args.at(at + 2))? as u32;
    }
    let characters = Buffer::copied(&vm.heap, vm.get(args.at(8)))?;
    act(vm, args.at(0), |fd| {
        let moment = match moment {
            libc::TCSANOW => SetArg::TCSANOW,
            libc::TCSADRAIN => SetArg::TCSADRAIN,
            libc::TCSAFLUSH => SetArg::TCSAFLUSH,
            _ => return Err(Errno::EINVAL.into()),
        };
        let mut modes = tcgetattr(fd)?;
        modes.input_flags = InputFlags::from_bits_retain(words[0]);
        modes.output_flags = OutputFlags::from_bits_retain(words[1]);
        modes.control_flags = ControlFlags::from_bits_retain(words[2]);
        modes.local_flags = LocalFlags::from_bits_retain(words[3]);
        let speed =
            |word: u32| BaudRate::try_from(libc::speed_t::from(word)).map_err(|_| Errno::EINVAL);
        for (to, from) in modes.control_chars.iter_mut().zip(characters.iter()) {
            *to = *from;
        }
        cfsetispeed(&mut modes, speed(words[4])?)?;
        cfsetospeed(&mut modes, speed(words[5])?)?;
        Ok(tcsetattr(fd, moment, &modes)?)
    })?;
    Ok(vm.none())
}
