//! The limits of the process and the resources that it has used.
//!
//! Both go through the host's `Processes`, so that a sandbox can refuse them; `library/resource.apy` gives the numbers names and checks
//! the arguments.

use crate::runtime::Value;
use crate::stdlib::path::system_error;
use crate::vm::processes::Limits;
use crate::vm::{Local, Native, Vm};

pub const LIMIT: Native = Native::vm(
    "limit(resource, soft=None, hard=None, /)",
    "The soft and the hard limit as they were, -1 for none; sets them if given.",
    |vm, args| {
        let resource = vm.index(args.at(0))? as u32;
        let mut new: Option<Limits> = None;
        let is_given = |vm: &Vm, at| {
            let value = vm.get(args.at(at));
            !value.is_undef() && !value.is_none()
        };
        if is_given(vm, 1) && is_given(vm, 2) {
            let [soft, hard] = [1, 2].map(|at| vm.index(args.at(at)));
            new = Some([u64::try_from(soft?).ok(), u64::try_from(hard?).ok()]);
        }
        let limits = vm.host.processes().limit(resource, new);
        let limits = limits.map_err(|error| system_error(vm, &error))?;
        let fields = limits.map(|limit| {
            let number = limit.and_then(|limit| i64::try_from(limit).ok());
            vm.local(vm.heap.int(number.unwrap_or(-1)))
        });
        Ok(vm.tuple_of(&fields))
    },
);
pub const USAGE: Native = Native::vm(
    "usage(whose, /)",
    "What a process has used, a tuple of sixteen.",
    |vm, args| {
        let whose = vm.index(args.at(0))? as i32;
        let usage = vm.host.processes().usage(whose);
        let (times, counts) = usage.map_err(|error| system_error(vm, &error))?;
        let mut fields: Vec<Local> = Vec::new();
        for time in times {
            fields.push(vm.local(Value::float(time)));
        }
        for count in counts {
            fields.push(vm.local(vm.heap.int(count)));
        }
        Ok(vm.tuple_of(&fields))
    },
);
pub const HEAP_SIZE: Native = Native::vm(
    "heap_size()",
    "How many bytes of the heap are live, at most.",
    |vm, _| Ok(vm.local(vm.heap.usize(vm.heap.used()))),
);
