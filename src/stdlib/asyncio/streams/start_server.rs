//! `asyncio.start_server` and `start_unix_server`: from hosts to a server that listens.
//!
//! Native coroutines that take as many turns as CPython's: it looks the hosts up with `gather`, and lets a turn pass after it began
//! to listen.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::rc::Rc;

use super::super::super::arg;
use super::super::check_running;
use super::listener::Listener;
use super::resolve::{self, Lookup, Purpose};
use super::server::Serving;
use super::{address_text, call_general, is_custom_loop, is_given};
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Slot};
use crate::sched::reactor::socket::{Address, ListenOptions, Socket};
use crate::sched::scheduler;
use crate::stdlib::os_error;
use crate::vm::{Input, Local, Locals, Native, NativeCoroutine, Step, Vm};

/// `start_server(callback, host, port)`.
pub const START_SERVER: Native = Native::vm(
    "start_server(client_connected_cb, host=None, port=None, *, limit=65536, family=0, flags=1, sock=None, backlog=100, ssl=None, reuse_address=None, reuse_port=None, keep_alive=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True) -> coroutine",
    "Listen on a port; call client_connected_cb(reader, writer) for each client. Raises OSError where that fails.",
    start_server,
);
/// `start_unix_server(callback, path)`.
pub const START_UNIX_SERVER: Native = Native::vm(
    "start_unix_server(client_connected_cb, path=None, *, limit=65536, sock=None, backlog=100, ssl=None, ssl_handshake_timeout=None, ssl_shutdown_timeout=None, start_serving=True, cleanup_socket=True) -> coroutine",
    "Listen on a Unix socket; call client_connected_cb(reader, writer) for each client. Raises OSError where that fails.",
    start_unix_server,
);

static STARTING: NativeCoroutine = NativeCoroutine::new("start_server", step_start);
static STARTING_UNIX: NativeCoroutine = NativeCoroutine::new("start_unix_server", step_start_unix);

/// What to do, and how far it is.
struct Plan {
    server: Rc<Serving>,
    /// Host by host, and the port.
    hosts: Vec<Slot>,
    port: Slot,
    family: i64,
    options: ListenOptions,
    starts: bool,
    cleans_up: bool,
    /// Jobs that look names up, with the futures to await.
    jobs: RefCell<VecDeque<(u64, Slot)>>,
    /// The job that is awaited now.
    job: Cell<Option<u64>>,
    found: RefCell<Vec<Address>>,
    /// Turns to let pass before the sockets are made.
    turns: Cell<u32>,
}

traced!(Plan { server, hosts, port, jobs } plain { family, options, starts, cleans_up, job, found, turns });

impl Payload for Plan {}

/// What `gather` takes to start its tasks and to hear of their end, and to hear of their end alone.
const TURNS_OF_GATHER: u32 = 3;
const TURNS_AFTER_LOOKUP: u32 = 2;

const START: u32 = 0;
const LOOKING: u32 = 1;
const WAITING: u32 = 2;
const LISTENING: u32 = 3;

// Registers: the plan.
const PLAN: usize = 0;

fn start_server(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    const GENERAL: [&str; 15] = [
        "client_connected_cb",
        "host",
        "port",
        "limit",
        "family",
        "flags",
        "sock",
        "backlog",
        "ssl",
        "reuse_address",
        "reuse_port",
        "keep_alive",
        "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
        "start_serving",
    ];
    let needs_general = [5, 6, 8].iter().any(|&i| is_given(vm, args.at(i)));
    if needs_general || is_custom_loop(vm) {
        let given: Vec<_> = (0..)
            .zip(GENERAL)
            .map(|(i, name)| (name, args.at(i)))
            .collect();
        return call_general(vm, "start_server", &given);
    }
    let (host, port) = (args.at(1), args.at(2));
    let missing = |l| vm.get(l).is_undef() || vm.get(l).is_none();
    if missing(host) && missing(port) {
        let message = "Neither host/port nor sock were specified";
        return Err(vm.heap.value_error(message));
    }
    let hosts = hosts(vm, host)?;
    let limit = super::limit(vm, args.at(3))?;
    let backlog = arg::vm_index_or(vm, args.at(7), 100)?;
    let options = ListenOptions {
        reuse_address: unless_none(vm, args.at(9), true)?,
        reuse_port: unless_none(vm, args.at(10), false)?,
        keep_alive: unless_none(vm, args.at(11), false)?,
    };
    let plan = Plan {
        server: Serving::new(vm, args.at(0), limit, backlog.clamp(0, 65_535) as i32),
        hosts: hosts.iter().map(|&host| Slot::new(vm.get(host))).collect(),
        port: Slot::new(vm.get(port)),
        family: arg::vm_index_or(vm, args.at(4), 0)?,
        options,
        starts: arg::truth_or(vm, args.at(14), true)?,
        cleans_up: false,
        jobs: RefCell::default(),
        job: Cell::new(None),
        found: RefCell::default(),
        turns: Cell::new(TURNS_OF_GATHER),
    };
    let plan = plan_object(vm, plan);
    Ok(vm.native_coroutine(&STARTING, &[plan]))
}

fn start_unix_server(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    const GENERAL: [&str; 10] = [
        "client_connected_cb",
        "path",
        "limit",
        "sock",
        "backlog",
        "ssl",
        "ssl_handshake_timeout",
        "ssl_shutdown_timeout",
        "start_serving",
        "cleanup_socket",
    ];
    let needs_general = [3, 5].iter().any(|&i| is_given(vm, args.at(i))) || is_custom_loop(vm);
    let path = vm.get_gc::<Str>(args.at(1)).filter(|_| !needs_general);
    let Some(path) = path else {
        let given: Vec<_> = (0..)
            .zip(GENERAL)
            .map(|(i, name)| (name, args.at(i)))
            .collect();
        return call_general(vm, "start_unix_server", &given);
    };
    os_error::check_door(vm)?;
    let found = vec![Address::Unix(path.as_str().to_owned())];
    let limit = super::limit(vm, args.at(2))?;
    let backlog = arg::vm_index_or(vm, args.at(4), 100)?;
    let plan = Plan {
        server: Serving::new(vm, args.at(0), limit, backlog.clamp(0, 65_535) as i32),
        hosts: Vec::new(),
        port: Slot::undef(),
        family: 0,
        options: ListenOptions::default(),
        starts: arg::truth_or(vm, args.at(8), true)?,
        cleans_up: arg::truth_or(vm, args.at(9), true)?,
        jobs: RefCell::default(),
        job: Cell::new(None),
        found: RefCell::new(found),
        turns: Cell::new(0),
    };
    let plan = plan_object(vm, plan);
    Ok(vm.native_coroutine(&STARTING_UNIX, &[plan]))
}

fn plan_object(vm: &Vm, plan: Plan) -> Local {
    vm.new_inner(plan)
}

/// The hosts that an argument means: one, None for all addresses, or several.
fn hosts(vm: &mut Vm, host: Local) -> Result<Vec<Local>, Raised> {
    let value = vm.get(host);
    match value.as_gc::<Str>() {
        Some(name) if name.as_str().is_empty() => Ok(vec![vm.none()]),
        Some(_) => Ok(vec![host]),
        None if value.is_undef() || value.is_none() => Ok(vec![host]),
        None => vm.to_vec(host),
    }
}

/// The truth of an argument, unless it is None or was omitted.
fn unless_none(vm: &mut Vm, given: Local, default: bool) -> Result<bool, Raised> {
    if vm.get(given).is_none() {
        return Ok(default);
    }
    arg::truth_or(vm, given, default)
}

fn plan(vm: &Vm, this: Local) -> &Plan {
    let object = vm.step_slot(this, PLAN).get(&vm.heap);
    let plan = object.as_gc::<Opaque>().and_then(|o| o.payload());
    plan.expect("the coroutine was made with one")
}

fn step_start(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    if let Input::Throw(exception) = input {
        return Err(vm.raise_local(exception));
    }
    match vm.step_state(this) {
        START => {
            check_running(vm)?;
            look_up(vm, this)?;
            vm.set_step_state(this, LOOKING);
        }
        LOOKING => {
            if let Some(job) = plan(vm, this).job.take() {
                let found = resolve::finish(vm, job)?;
                plan(vm, this).found.borrow_mut().extend(found);
                plan(vm, this).turns.set(TURNS_AFTER_LOOKUP);
            }
        }
        WAITING => {}
        _ => return finish(vm, this),
    }
    if let Some((job, waiter)) = plan(vm, this).jobs.borrow_mut().pop_front() {
        plan(vm, this).job.set(Some(job));
        return Ok(Step::Await(vm.local(waiter.get(&vm.heap))));
    }
    vm.set_step_state(this, WAITING);
    let turns = plan(vm, this).turns.get();
    if turns > 0 {
        plan(vm, this).turns.set(turns - 1);
        return Ok(Step::Yield(vm.none()));
    }
    bind_all(vm, this)?;
    start(vm, this)
}

fn step_start_unix(vm: &mut Vm, this: Local, input: Input) -> Result<Step, Raised> {
    match (vm.step_state(this), input) {
        (_, Input::Throw(exception)) => Err(vm.raise_local(exception)),
        (START, _) => {
            check_running(vm)?;
            bind_unix(vm, this)?;
            start(vm, this)
        }
        _ => finish(vm, this),
    }
}

fn look_up(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let hosts: Vec<Local> = {
        let hosts = &plan(vm, this).hosts;
        hosts.iter().map(|h| vm.local(h.get(&vm.heap))).collect()
    };
    let port = vm.local(plan(vm, this).port.get(&vm.heap));
    for host in hosts {
        scheduler(vm).skip_task_number();
        match resolve::begin(vm, host, port, Purpose::Listen)? {
            Lookup::Known(addresses) => plan(vm, this).found.borrow_mut().extend(addresses),
            Lookup::Job(job, waiter) => {
                let waiter = Slot::new(vm.get(waiter));
                plan(vm, this).jobs.borrow_mut().push_back((job, waiter));
            }
        }
    }
    Ok(())
}

/// Begins to listen and lets a turn pass, unless the program wants to begin later.
fn start(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let plan = plan(vm, this);
    if !plan.starts {
        return finish(vm, this);
    }
    plan.server.start(vm)?;
    vm.set_step_state(this, LISTENING);
    Ok(Step::Yield(vm.none()))
}

fn finish(vm: &mut Vm, this: Local) -> Result<Step, Raised> {
    let server = Rc::clone(&plan(vm, this).server);
    Ok(Step::Return(server.object(vm)))
}

/// EAFNOSUPPORT and EADDRNOTAVAIL: this computer does not have that family or address.
const UNAVAILABLE: [i32; 2] = [97, 99];
/// EADDRINUSE.
const IN_USE: i32 = 98;

fn bind_all(vm: &Vm, this: Local) -> Result<(), Raised> {
    let plan = plan(vm, this);
    let mut addresses: Vec<Address> = Vec::new();
    for address in resolve::of_family(plan.found.take(), plan.family) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut bound = Vec::new();
    for address in &addresses {
        match Socket::bind(address, plan.options) {
            Ok(socket) => bound.push(socket),
            Err(error) if UNAVAILABLE.contains(&number(&error)) => {}
            Err(error) => return Err(cannot_bind(vm, address, &error)),
        }
    }
    if bound.is_empty() {
        let tried: Vec<String> = addresses.iter().map(address_text).collect();
        let message = format!(
            "could not bind on any address out of [{}]",
            tried.join(", ")
        );
        return Err(vm.heap.raise(Builtin::OSError, message));
    }
    for socket in bound {
        let listener = Listener::new(socket, &plan.server, false);
        plan.server.add_listener(listener);
    }
    Ok(())
}

fn number(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}

fn cannot_bind(vm: &Vm, address: &Address, error: &io::Error) -> Raised {
    let system = error.to_string().to_lowercase();
    let system = system.split(" (os error").next().unwrap_or_default();
    let number = number(error);
    let text = format!(
        "error while attempting to bind on address {}: [errno {number}] {system}",
        address_text(address)
    );
    super::os_error(vm, number, &text)
}

fn bind_unix(vm: &Vm, this: Local) -> Result<(), Raised> {
    let plan = plan(vm, this);
    for address in plan.found.take() {
        let Address::Unix(path) = &address else {
            continue;
        };
        let left_over = std::fs::symlink_metadata(path);
        if left_over.is_ok_and(|file| file.file_type().is_socket()) {
            // Of a server that is gone; if it cannot be removed, binding says why.
            let _ = std::fs::remove_file(path);
        }
        match Socket::bind(&address, plan.options) {
            Ok(socket) => {
                let listener = Listener::new(socket, &plan.server, plan.cleans_up);
                plan.server.add_listener(listener);
            }
            Err(error) if number(&error) == IN_USE => {
                let text = format!("Address '{path}' is already in use");
                return Err(super::os_error(vm, IN_USE, &text));
            }
            Err(error) => return Err(os_error::raise(&vm.heap, &error, None)),
        }
    }
    Ok(())
}
