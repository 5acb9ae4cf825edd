//! A session: one heap and one scheduler, in which an embedding program runs scripts and calls their functions.
//!
//! What one run defines, the next one sees. A session stays on the thread that made it. Each run and each call has the engine's limits
//! anew; after any end the session is whole and can go on.

use std::cell::RefCell;
use std::rc::Rc;

use super::Program;
use super::border::{to_data, to_object};
use super::calls::{self, Functions};
use super::data::{Data, FromData, IntoArguments};
use super::error::{self, Error};
use super::host::{Interrupt, Received, Receiver};
use crate::embed::{Interpreter, Limits, Mode, Outcome, Sources};
use crate::runtime::{Builtin, Raised};
use crate::vm::Local;

/// One heap and one scheduler for programs of an engine.
pub struct Session {
    interpreter: Interpreter,
    sources: Sources,
    received: Rc<RefCell<Received>>,
    interrupt: Interrupt,
}

impl Session {
    /// A session on an interpreter whose host fills `received`.
    pub(super) fn new(
        interpreter: Interpreter,
        sources: Sources,
        received: Rc<RefCell<Received>>,
        interrupt: Interrupt,
    ) -> Session {
        Session {
            interpreter,
            sources,
            received,
            interrupt,
        }
    }

    /// Makes host functions known.
    pub(super) fn install(&mut self, functions: &Functions) -> Result<(), Error> {
        self.perform(|it| {
            calls::install(&mut it.vm, functions)?;
            Ok(it.vm.none())
        })
        .map(drop)
    }

    /// Runs a program as `__main__`, until it ends: tasks that it leaves are cancelled as `asyncio.run` does.
    ///
    /// # Errors
    /// It ended otherwise than by itself.
    pub fn run(&mut self, program: &Program) -> Result<(), Error> {
        let outcome = self
            .interpreter
            .run(&program.name, program.text.as_bytes(), Mode::Script);
        self.conclude(outcome)
    }

    /// The value of an expression in `__main__`, which may await.
    ///
    /// # Errors
    /// It is no expression, it raised, or its value is none that `T` can be made of.
    pub fn eval<T: FromData>(&mut self, expression: &str) -> Result<T, Error> {
        let mut mistakes = None;
        let result = self.perform(|it| {
            let evaluated = it.evaluate("<expression>", expression.as_bytes());
            evaluated.unwrap_or_else(|outcome| {
                mistakes = Some(outcome);
                Ok(it.vm.none())
            })
        });
        if let Some(outcome) = mistakes {
            self.conclude(outcome)?;
        }
        Ok(T::from_data(result?)?)
    }

    /// Calls a function of `__main__`. An `async def` runs in a loop of its own until it is done.
    ///
    /// # Errors
    /// NameError if there is no such name; what the call raised; the result is none that `T` can be made of.
    pub fn call<T: FromData>(
        &mut self,
        function: &str,
        arguments: impl IntoArguments,
    ) -> Result<T, Error> {
        let arguments = arguments.into_arguments();
        let result = self.perform(|it| {
            let arguments: Result<Vec<Local>, Raised> = arguments
                .iter()
                .map(|argument| to_object(&mut it.vm, argument))
                .collect();
            it.call_with(function, &arguments?)
        });
        Ok(T::from_data(result?)?)
    }

    /// Binds a name in `__main__`.
    ///
    /// # Errors
    /// The data cannot become an object: see `Data`.
    pub fn set(&mut self, name: &str, value: impl Into<Data>) -> Result<(), Error> {
        let value = value.into();
        let bound = self.perform(|it| {
            let value = to_object(&mut it.vm, &value)?;
            let vm = &it.vm;
            it.main_module().set(&vm.heap, name, vm.get(value));
            Ok(vm.none())
        });
        bound.map(drop)
    }

    /// The value of a name in `__main__`.
    ///
    /// # Errors
    /// NameError if there is no such name; the value is none that `T` can be made of.
    pub fn get<T: FromData>(&mut self, name: &str) -> Result<T, Error> {
        let result = self.perform(|it| {
            let vm = &it.vm;
            let value = it.main_module().globals.get(&vm.heap, vm.heap.intern(name));
            value.map(|value| vm.local(value)).ok_or_else(|| {
                let message = format!("name '{name}' is not defined");
                vm.heap.raise(Builtin::NameError, message)
            })
        });
        Ok(T::from_data(result?)?)
    }

    /// What programs wrote since the last call, both streams in order. Empty where there is a receiver.
    pub fn take_output(&mut self) -> String {
        std::mem::take(&mut self.received.borrow_mut().output)
    }

    /// From now on what programs write goes to `receiver`, in pieces.
    pub fn set_output(&mut self, receiver: Receiver) {
        self.received.borrow_mut().receiver = Some(receiver);
    }

    /// Warnings since the last call: coroutines that nothing awaited, exceptions that nothing took, as `apy` shows them.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.received.borrow_mut().warnings)
    }

    /// What stops this session from another thread.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Steps that the last run took: they are the same in each run and on each machine.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.interpreter.steps()
    }

    /// Bytes of objects, and of what they own, that may be live.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.interpreter.memory()
    }

    /// Frees what nothing refers to any more.
    pub fn collect(&mut self) {
        self.interpreter.collect();
    }

    /// Sets how much each run may use from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.interpreter.set_limits(limits);
    }

    /// Ends the program: runs what it left in `atexit`, and adds to the warnings what is known only then.
    pub fn finish(&mut self) {
        // The host's `flush` and `finish` cannot fail.
        let _ = self.interpreter.finish();
    }

    /// Runs something in the VM; its result as data.
    fn perform(
        &mut self,
        body: impl FnOnce(&mut Interpreter) -> Result<Local, Raised>,
    ) -> Result<Data, Error> {
        let (outcome, data) = self.interpreter.perform(|it| {
            let result = body(it)?;
            to_data(&it.vm, result)
        });
        self.conclude(outcome)?;
        Ok(data.unwrap_or_default())
    }

    /// An outcome in the words of the facade.
    fn conclude(&mut self, outcome: Outcome) -> Result<(), Error> {
        let sources = self.sources.borrow();
        let end = || self.received.borrow_mut().end.take().unwrap_or_default();
        Err(match outcome {
            Outcome::Done => return Ok(()),
            Outcome::Mistakes(file, found) => error::mistakes(&found, &sources, file),
            Outcome::Failed(failure) => Error::Raised(error::exception(&failure, &sources)),
            Outcome::Interrupted(failure) => {
                Error::Interrupted(error::exception(&failure, &sources))
            }
            Outcome::Exit(status, text) => Error::Exit(status, text),
            Outcome::Deadlock => Error::Deadlock(end()),
            Outcome::Limit(kind) => Error::Limit(kind, end()),
        })
    }
}
