//! What every event loop can do: callbacks, tasks, futures, running until something is done, settings.
//!
//! A method that schedules something does so with its loop as the current one (`within`). To add a method: its `const`, one word in
//! `METHODS`.

use super::super::super::registry::Getter;
use super::super::{exception_handler, executor, general, sleep, told};
use super::{
    check_open, check_startable, closing, handles, is_closed, is_current, new_loop, payload, within,
};
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::{Builtin, Raised, Value};
use crate::sched::future::new_future;
use crate::sched::{self, Running, awaitable, custom_loop, report, scheduler};
use crate::vm::{Local, Locals, Native, Problem, Vm};

/// The methods of `BaseEventLoop`.
pub(super) const METHODS: &[&Native] = &[
    &INIT,
    &REPR,
    &TIME,
    &CALL_SOON,
    &CALL_SOON_THREADSAFE,
    &CALL_HANDLE_SOON,
    &CALL_LATER,
    &CALL_AT,
    &RUN_ONCE,
    &RUN_FOREVER_SETUP,
    &RUN_FOREVER_CLEANUP,
    &ADD_CALLBACK,
    &CREATE_TASK,
    &CREATE_FUTURE,
    &SET_TASK_FACTORY,
    &GET_TASK_FACTORY,
    &executor::RUN_IN_EXECUTOR,
    &RUN_UNTIL_COMPLETE,
    &RUN_FOREVER,
    &STOP,
    &CLOSE,
    &IS_RUNNING,
    &IS_CLOSED,
    &GET_DEBUG,
    &SET_DEBUG,
    &SET_EXCEPTION_HANDLER,
    &GET_EXCEPTION_HANDLER,
    &CALL_EXCEPTION_HANDLER,
    &DEFAULT_EXCEPTION_HANDLER,
    &SHUTDOWN_ASYNCGENS,
    &SHUTDOWN_DEFAULT_EXECUTOR,
    &executor::SET_DEFAULT_EXECUTOR,
];

/// Its attributes.
pub(super) const GETTERS: &[Getter] = &[
    Getter::vm(
        "_default_executor",
        "The executor that was set, or None.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let executor = scheduler(vm).settings.default_executor.get(&vm.heap);
                Ok(vm.local(executor.or(Value::NONE)))
            })
        },
    )
    .with_vm_set(|vm, args| {
        within(vm, args.at(0), |vm| {
            let executor = vm.get(args.at(1));
            let executor = if executor.is_none() {
                Value::UNDEF
            } else {
                executor
            };
            scheduler(vm).settings.default_executor.set(executor);
        });
        Ok(vm.none())
    }),
    Getter::vm(
        "_ready",
        "A copy of the ready queue: handles, and None for the steps of tasks.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let handles = scheduler(vm).ready_objects(&vm.heap);
                Ok(vm.local(vm.heap.list(handles).value()))
            })
        },
    ),
    Getter::vm(
        "_scheduled",
        "A copy of the timers, earliest first: handles, and None for those of sleeps.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let handles = scheduler(vm).timer_objects(&vm.heap);
                Ok(vm.local(vm.heap.list(handles).value()))
            })
        },
    ),
    Getter::vm(
        "_timer_cancelled_count",
        "How many cancelled timers have still their place.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let count = scheduler(vm).cancelled_timer_count();
                Ok(vm.local(Value::small_int(count as i64)))
            })
        },
    ),
    Getter::vm(
        "_stopping",
        "Whether the loop ends after this turn.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let stopping = scheduler(vm).settings.stopping.get();
                Ok(vm.local(Value::bool(stopping)))
            })
        },
    ),
    Getter::vm("_debug", "Whether debug mode is on.", |vm, args| {
        let debug = within(vm, args.at(0), |vm| scheduler(vm).settings.debug.get());
        Ok(vm.local(Value::bool(debug)))
    }),
    Getter::vm("_closed", "Whether it was closed.", |vm, args| {
        Ok(vm.local(Value::bool(is_closed(vm, args.at(0)))))
    }),
    Getter::vm(
        "slow_callback_duration",
        "How long a callback may take in debug mode, in seconds.",
        |vm, args| {
            within(vm, args.at(0), |vm| {
                let seconds = scheduler(vm).settings.slow_callback.get();
                Ok(vm.local(Value::float(seconds)))
            })
        },
    )
    .with_vm_set(|vm, args| {
        let seconds = vm.to_float(args.at(1))?;
        within(vm, args.at(0), |vm| {
            scheduler(vm).settings.slow_callback.set(seconds);
        });
        Ok(vm.none())
    }),
];

/// `__new__` of all classes of loops.
pub(super) const NEW: Native = Native::vm(
    "AbstractEventLoop(cls, /, *args, **kwargs)",
    "A new loop.",
    |vm, args| new_loop(vm, args.at(0)),
);
/// Only refuses arguments, which `__new__` leaves to a subclass's `__init__`.
const INIT: Native = Native::vm(
    "__init__(self, selector=None)",
    "Initialize self.",
    |vm, args| {
        if !vm.get(args.at(1)).is_undef() && !vm.get(args.at(1)).is_none() {
            let given = [args.at(0), args.at(1)];
            let used = general::call(vm, general::SELECTOR_EVENTS, "use_selector", &given)?;
            if vm.truth(used)? {
                within(vm, args.at(0), |vm| {
                    scheduler(vm).settings.is_custom.set(true)
                });
            }
        }
        Ok(vm.none())
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let class = vm.heap.short_type_name(vm.get(args.at(0))).to_owned();
    let running = scheduler(vm).is_running() && is_current(vm, args.at(0));
    let closed = is_closed(vm, args.at(0));
    let debug = within(vm, args.at(0), |vm| scheduler(vm).settings.debug.get());
    let [running, closed, debug] = [running, closed, debug].map(told::truth);
    let text = format!("<{class} running={running} closed={closed} debug={debug}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});
const TIME: Native = Native::vm(
    "time(self, /) -> float",
    "Seconds on the loop's clock.",
    |vm, _| {
        let now = scheduler(vm).now();
        Ok(vm.local(Value::float(now)))
    },
);
const CALL_SOON: Native = Native::vm(
    "call_soon(self, callback, /, *args, context=None)",
    "Call callback(*args) in the next turn.",
    handles::call_soon,
);
const CALL_SOON_THREADSAFE: Native = Native::vm(
    "call_soon_threadsafe(self, callback, /, *args, context=None)",
    "Call callback(*args) in the next turn.",
    handles::call_soon_threadsafe,
);
const CALL_HANDLE_SOON: Native = Native::vm(
    "_call_handle_soon(self, handle, /)",
    "Run a handle in the next turn, and again each time that this is called.",
    |vm, args| {
        within(vm, args.at(0), |vm| handles::run_soon(vm, args.at(1)));
        Ok(vm.none())
    },
);
const CALL_LATER: Native = Native::vm(
    "call_later(self, delay, callback, /, *args, context=None)",
    "Call callback(*args) after delay seconds.",
    |vm, args| {
        if vm.get(args.at(1)).is_none() {
            return Err(vm.heap.type_error("delay must not be None"));
        }
        let delay = sleep::seconds(vm, args.at(1))?;
        if within(vm, args.at(0), |vm| scheduler(vm).settings.is_custom.get()) {
            return handles::schedule_by_method(vm, args, delay);
        }
        let when = scheduler(vm).now() + delay;
        handles::schedule(vm, args, when)
    },
);
const CALL_AT: Native = Native::vm(
    "call_at(self, when, callback, /, *args, context=None)",
    "Call callback(*args) at a moment of the loop's clock.",
    |vm, args| {
        if vm.get(args.at(1)).is_none() {
            return Err(vm.heap.type_error("when cannot be None"));
        }
        let when = sleep::seconds(vm, args.at(1))?;
        handles::schedule(vm, args, when)
    },
);
const RUN_ONCE: Native = Native::vm(
    "_run_once(self, /)",
    "Run one turn: wait for events and timers, then run what is ready.",
    |vm, args| {
        within(vm, args.at(0), custom_loop::run_once)?;
        Ok(vm.none())
    },
);
const RUN_FOREVER_SETUP: Native = Native::vm(
    "_run_forever_setup(self, /)",
    "Make the loop the running one, for turns by _run_once().",
    |vm, args| {
        check_startable(vm, args.at(0))?;
        within(vm, args.at(0), |_| ());
        scheduler(vm).note_running(Running::Now);
        Ok(vm.none())
    },
);
const RUN_FOREVER_CLEANUP: Native = Native::vm(
    "_run_forever_cleanup(self, /)",
    "End what _run_forever_setup() began.",
    |vm, args| {
        within(vm, args.at(0), |vm| {
            scheduler(vm).settings.stopping.set(false);
        });
        scheduler(vm).note_running(Running::No);
        Ok(vm.none())
    },
);
const ADD_CALLBACK: Native = Native::vm(
    "_add_callback(self, handle, /)",
    "Run a handle in the next turn, unless it was cancelled.",
    |vm, args| {
        if !handles::state(vm, args.at(1)).cancelled.get() {
            within(vm, args.at(0), |vm| handles::run_soon(vm, args.at(1)));
        }
        Ok(vm.none())
    },
);
const CREATE_TASK: Native = Native::vm(
    "create_task(self, coro, *, name=None, context=None)",
    "Run a coroutine as a task, or as what the task factory makes of it.",
    |vm, args| {
        check_open(vm, args.at(0))?;
        within(vm, args.at(0), |vm| {
            super::super::task::make(vm, args.at(1), args.at(2), args.at(3))
        })
    },
);
const CREATE_FUTURE: Native =
    Native::vm("create_future(self, /)", "A pending future.", |vm, args| {
        within(vm, args.at(0), |vm| {
            let made = new_future(vm);
            told::note_source(vm, made)?;
            Ok(made)
        })
    });
const SET_TASK_FACTORY: Native = Native::vm(
    "set_task_factory(self, factory)",
    "Have factory(loop, coro, **kwargs) make the loop's tasks; None for the default. Raises TypeError if it is not callable.",
    |vm, args| {
        let factory = vm.get(args.at(1));
        if !factory.is_none() && !vm.is_callable(args.at(1)) {
            return Err(vm
                .heap
                .type_error("task factory must be a callable or None"));
        }
        let eager = match vm.loaded_module(general::BRIDGES) {
            Some(bridges) => vm.find_attr(bridges, "eager_task_factory")?,
            None => None,
        };
        within(vm, args.at(0), |vm| {
            let factory = vm.get(args.at(1));
            let is_eager = eager.is_some_and(|eager| vm.get(eager).is(factory));
            let settings = &scheduler(vm).settings;
            settings.makes_eager_tasks.set(is_eager);
            match factory.is_none() {
                true => settings.task_factory.clear(),
                false => settings.task_factory.set(factory),
            }
        });
        Ok(vm.none())
    },
);
const GET_TASK_FACTORY: Native = Native::vm(
    "get_task_factory(self, /)",
    "The task factory, or None for the default.",
    |vm, args| {
        Ok(within(vm, args.at(0), |vm| {
            let factory = scheduler(vm).settings.task_factory.get(&vm.heap);
            vm.local(factory.or(Value::NONE))
        }))
    },
);
const RUN_UNTIL_COMPLETE: Native = Native::vm(
    "run_until_complete(self, future)",
    "Run until a future is done; give its result. Raises RuntimeError if the loop runs already or stops before.",
    run_until_complete,
);
const RUN_FOREVER: Native = Native::vm(
    "run_forever(self, /)",
    "Run until stop() is called.",
    |vm, args| {
        check_startable(vm, args.at(0))?;
        within(vm, args.at(0), |_| ());
        sched::run::run_forever(vm)?;
        Ok(vm.none())
    },
);
const STOP: Native = Native::vm(
    "stop(self, /)",
    "End the loop after this turn.",
    |vm, args| {
        within(vm, args.at(0), |vm| scheduler(vm).stop());
        Ok(vm.none())
    },
);
const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Close the loop; what is scheduled will not run. Raises RuntimeError while it runs.",
    |vm, args| {
        if scheduler(vm).is_running() && is_current(vm, args.at(0)) {
            return Err(vm
                .heap
                .raise(Builtin::RuntimeError, "Cannot close a running event loop"));
        }
        if is_closed(vm, args.at(0)) {
            return Ok(vm.none());
        }
        super::close_extras(vm, args.at(0))?;
        if let Some(state) = payload(vm.get(args.at(0))) {
            state.closed.set(true);
        }
        if scheduler(vm).is_running() {
            let number = super::number_of(vm, args.at(0)).unwrap_or_default();
            scheduler(vm).forget_loop(number);
        } else {
            within(vm, args.at(0), super::close)?;
        }
        Ok(vm.none())
    },
);
const IS_RUNNING: Native = Native::vm(
    "is_running(self, /) -> bool",
    "Whether the loop runs.",
    |vm, args| {
        let running = scheduler(vm).is_running() && is_current(vm, args.at(0));
        Ok(vm.local(Value::bool(running)))
    },
);
const IS_CLOSED: Native = Native::vm(
    "is_closed(self, /) -> bool",
    "Whether the loop was closed.",
    |vm, args| Ok(vm.local(Value::bool(is_closed(vm, args.at(0))))),
);
const GET_DEBUG: Native = Native::vm(
    "get_debug(self, /) -> bool",
    "Whether debug mode is on.",
    |vm, args| {
        let debug = within(vm, args.at(0), |vm| scheduler(vm).settings.debug.get());
        Ok(vm.local(Value::bool(debug)))
    },
);
const SET_DEBUG: Native = Native::vm(
    "set_debug(self, enabled)",
    "Switch debug mode on or off.",
    |vm, args| {
        let enabled = vm.truth(args.at(1))?;
        within(vm, args.at(0), |vm| {
            scheduler(vm).settings.debug.set(enabled);
            if scheduler(vm).has_loop() {
                sched::run::track_origins(vm);
            }
        });
        Ok(vm.none())
    },
);
const SET_EXCEPTION_HANDLER: Native = Native::vm(
    "set_exception_handler(self, handler)",
    "Have handler(loop, context) called for exceptions that reach nobody; None for the default.",
    |vm, args| {
        if !vm.get(args.at(1)).is_none() && !vm.is_callable(args.at(1)) {
            let text = vm.repr_text(args.at(1))?;
            return Err(vm
                .heap
                .type_error(format!("A callable object or None is expected, got {text}")));
        }
        within(vm, args.at(0), |vm| {
            let handler = vm.get(args.at(1));
            let handler = if handler.is_none() {
                Value::UNDEF
            } else {
                handler
            };
            scheduler(vm).settings.exception_handler.set(handler);
        });
        Ok(vm.none())
    },
);
const GET_EXCEPTION_HANDLER: Native = Native::vm(
    "get_exception_handler(self, /)",
    "The exception handler, or None for the default.",
    |vm, args| {
        Ok(within(vm, args.at(0), |vm| {
            let handler = scheduler(vm).settings.exception_handler.get(&vm.heap);
            vm.local(handler.or(Value::NONE))
        }))
    },
);
const CALL_EXCEPTION_HANDLER: Native = Native::vm(
    "call_exception_handler(self, context)",
    "Tell the exception handler.",
    |vm, args| {
        let is_unset = within(vm, args.at(0), |vm| {
            scheduler(vm).settings.exception_handler.is_undef()
        });
        if is_unset {
            let outcome = vm.call_method(args.at(0), "default_exception_handler", &[args.at(1)]);
            if let Err(raised) = outcome {
                exception_handler::default_failed(vm, raised, args.at(1))?;
            }
        } else {
            within(vm, args.at(0), |vm| report::call_handler(vm, args.at(1)))?;
        }
        Ok(vm.none())
    },
);
const DEFAULT_EXCEPTION_HANDLER: Native = Native::vm(
    "default_exception_handler(self, context)",
    "Tell the user.",
    |vm, args| {
        if !exception_handler::log(vm, args.at(1))? {
            report_context(vm, args.at(1));
        }
        Ok(vm.none())
    },
);
const SHUTDOWN_ASYNCGENS: Native = Native::vm(
    "shutdown_asyncgens(self, /) -> coroutine",
    "Close the async generators that were left unfinished.",
    |vm, _| Ok(closing::closing_all(vm)),
);
const SHUTDOWN_DEFAULT_EXECUTOR: Native = Native::vm(
    "shutdown_default_executor(self, timeout=None) -> coroutine",
    "A coroutine that has nothing to do.",
    |vm, _| Ok(closing::nothing(vm)),
);
fn run_until_complete(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let this = args.at(0);
    check_startable(vm, this)?;
    within(vm, this, |_| ());
    if scheduler(vm).settings.is_custom.get() {
        return general::call(vm, general::LOOP, "run_until_complete", &[this, args.at(1)]);
    }
    let awaited = awaitable::ensure_future_here(vm, args.at(1))?;
    if sched::future::future(vm, awaited).loop_number.get() != scheduler(vm).loop_number() {
        return Err(vm.heap.value_error(
            "The future belongs to a different loop than the one specified as the loop argument",
        ));
    }
    sched::run::run_until_complete(vm, awaited)
}

/// What a program tells the default exception handler is shown to the user if there is an exception in it.
fn report_context(vm: &mut Vm, context: Local) {
    let heap = &vm.heap;
    let Some(context) = vm.get_gc::<Dict>(context) else {
        return;
    };
    let Some(exception) = context
        .get_str(heap, heap.intern("exception"))
        .filter(|e| e.is_gc::<Exception>())
    else {
        return;
    };
    let exception = vm.local(exception);
    report::report(
        vm,
        Problem::Unraisable("the event loop".to_owned()),
        exception,
    );
}
