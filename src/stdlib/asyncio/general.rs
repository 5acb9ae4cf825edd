//! Calls into the modules of asyncio that are written in apy.
//!
//! Exact native classes never come here. The modules are imported when the first call needs one. To add a module: its file in
//! `src/library/asyncio/`, its row in `embed/library.rs`, and a constant here.

use crate::runtime::{Raised, Value};
use crate::vm::{Local, Vm};

/// Texts of futures, tasks and callbacks.
pub const FORMAT: &str = "asyncio._format";
/// What loops of a program's own classes do.
pub const LOOP: &str = "asyncio._loop";

/// What bridges threads and loops, and tasks of other kinds.
pub const BRIDGES: &str = "asyncio._bridges";

/// Policies, which say which loop a thread has.
pub const EVENTS: &str = "asyncio.events";

/// Event loops that wait for sockets.
pub const SELECTOR_EVENTS: &str = "asyncio.selector_events";

/// Locks of a program's own classes.
pub const LOCKS: &str = "asyncio._general_locks";
/// Queues of a program's own classes.
pub const QUEUES: &str = "asyncio._general_queues";

/// Streams over protocols.
pub const STREAMS: &str = "asyncio.stream_protocols";

/// Calls a function of a module of the library.
pub fn call(vm: &mut Vm, module: &str, function: &str, args: &[Local]) -> Result<Local, Raised> {
    let function = find(vm, module, function)?;
    vm.call(function, args)
}

/// A name of a module of the library.
pub fn find(vm: &mut Vm, module: &str, name: &str) -> Result<Local, Raised> {
    let module = match vm.loaded_module(module) {
        Some(module) => module,
        None => vm.import_module(module)?,
    };
    vm.get_attr_named(module, name)
}

/// None for what was omitted.
pub fn or_none(vm: &Vm, local: Local) -> Local {
    match vm.get(local).is_undef() {
        true => vm.local(Value::NONE),
        false => local,
    }
}
