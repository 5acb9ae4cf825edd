//! apy inside another program: engines, sessions, and functions in Rust that scripts call.
//!
//! An `Engine` is what all sessions share: limits, doors to the world, host functions. It is cheap to clone and can be sent to other
//! threads; each `Session` has a heap and a scheduler of its own. Plain data crosses the border (`data`), never an object. By default
//! a program sees nothing of the world: `Doors` opens it. docs/embedding.md is the guide, `examples/embed/` has programs.

mod border;
mod calls;
mod data;
mod error;
mod function;
mod host;
mod session;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

pub use data::{Data, FromData, IntoArguments, WrongType};
pub use error::{Error, Exception, Mistake};
pub use function::{BadSignature, HostError, HostFunction};
pub use host::{Interrupt, Receiver, Stream};
pub use session::Session;

use self::calls::Functions;
use self::function::{Manner, Registered};
use self::host::{Received, SessionHost};
use super::sandbox::{Doors, StandardStreams};
use super::world::World;
use super::{Interpreter, Limits, Options, Sources};
use crate::compile::{Mode, Target, compile_with};
use crate::diagnostics::{Diagnostic, FileId, SourceMap};
use crate::embed::present::style::Style;
pub use crate::sched::clock::TimeMode;
use crate::syntax::parser::{decode_utf8, parse_module};

/// What all sessions share.
#[derive(Clone)]
pub struct Engine {
    settings: Arc<Settings>,
    functions: Functions,
}

/// How sessions are made.
#[derive(Clone)]
struct Settings {
    limits: Limits,
    doors: Doors,
    time: TimeMode,
    seed: Option<u64>,
    folders: Vec<PathBuf>,
}

/// An engine in the making.
pub struct EngineBuilder {
    settings: Settings,
    functions: Vec<Registered>,
}

/// A source text that was looked through for mistakes; any number of sessions can run it.
#[derive(Clone, Debug)]
pub struct Program {
    name: Arc<str>,
    text: Arc<str>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::builder().build()
    }
}

impl Engine {
    /// An engine without limits and host functions, in real time, that shows programs nothing of the world.
    #[must_use]
    pub fn builder() -> EngineBuilder {
        EngineBuilder {
            settings: Settings {
                limits: Limits::NONE,
                doors: Doors::default(),
                time: TimeMode::Real,
                seed: None,
                folders: Vec::new(),
            },
            functions: Vec::new(),
        }
    }

    /// Looks a source text through for mistakes. `name`: what messages call it.
    ///
    /// # Errors
    /// `Error::Mistakes`, all of them in the order of the text.
    pub fn compile(&self, name: &str, text: &str) -> Result<Program, Error> {
        let mut sources = SourceMap::default();
        let file = sources.add(name, text);
        let found = mistakes(file, text);
        if found.is_empty() {
            return Ok(Program {
                name: name.into(),
                text: text.into(),
            });
        }
        Err(error::mistakes(&found, &sources, file))
    }

    /// A new session, on this thread.
    ///
    /// # Errors
    /// What the default of a host function's parameter raises.
    pub fn session(&self) -> Result<Session, Error> {
        let settings = &*self.settings;
        let (sources, interrupt) = (Sources::default(), Interrupt::default());
        let received = Rc::new(RefCell::new(Received::default()));
        let host = SessionHost {
            received: Rc::clone(&received),
            sources: Rc::clone(&sources),
            interrupt: interrupt.clone(),
            world: World::new(Some(settings.doors.clone()), StandardStreams::Shut),
        };
        let warned = Rc::clone(&received);
        let interpreter = Interpreter::new(Options {
            sources: Rc::clone(&sources),
            warn: Box::new(move |sources, file, warning| {
                let text = crate::diagnostics::render(warning, sources, file, Style::PLAIN.0);
                warned.borrow_mut().warnings.push(text);
            }),
            time: settings.time,
            seed: settings.seed,
            path: settings.folders.clone(),
            limits: settings.limits,
            ..Options::repeatable(host)
        });
        let mut session = Session::new(interpreter, sources, received, interrupt);
        session.install(&self.functions)?;
        Ok(session)
    }
}

/// The mistakes for which a text cannot run.
fn mistakes(file: FileId, text: &str) -> Vec<Diagnostic> {
    let text = match decode_utf8(text.as_bytes()) {
        Ok(text) => text,
        Err(mistake) => return vec![*mistake],
    };
    let parsed = parse_module(&text);
    let Some(module) = parsed.module else {
        return parsed.diagnostics;
    };
    let (target, mut names) = (Target::of(Mode::Script), Default::default());
    let compiled = compile_with(&module, file.0, &text, target, &mut names);
    compiled.err().unwrap_or_default()
}

impl EngineBuilder {
    /// How much each run may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> EngineBuilder {
        self.settings.limits = limits;
        self
    }

    /// What of the world programs may use.
    #[must_use]
    pub fn doors(mut self, doors: Doors) -> EngineBuilder {
        self.settings.doors = doors;
        self
    }

    /// Real time, or virtual time, in which waiting costs nothing.
    #[must_use]
    pub fn time(mut self, time: TimeMode) -> EngineBuilder {
        self.settings.time = time;
        self
    }

    /// What `random` starts from: the same numbers in each session.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> EngineBuilder {
        self.settings.seed = Some(seed);
        self
    }

    /// A folder from which programs may import modules; they may read what is in it.
    #[must_use]
    pub fn modules_from(mut self, folder: impl Into<PathBuf>) -> EngineBuilder {
        let folder = folder.into();
        self.settings.doors.read.push(folder.clone());
        self.settings.folders.push(folder);
        self
    }

    /// A function that programs can call. `signature` is as in Python: `"price(item, /, *, currency='EUR')"` is a builtin name,
    /// `"shop.price(item)"` is in a module `shop` that programs import. The closure has a parameter for each of the signature's;
    /// `*args` arrive as a tuple, `**kwargs` as a dict. An `Err` is raised in the program.
    ///
    /// # Errors
    /// The signature is none, or has another number of parameters than the closure.
    pub fn function<A>(
        self,
        signature: &str,
        function: impl HostFunction<A>,
    ) -> Result<EngineBuilder, BadSignature> {
        self.register(signature, Manner::Plain, function)
    }

    /// The same for work that takes time: the program awaits the call, and goes on with other tasks meanwhile. The closure runs on a
    /// thread of its own, where it may block or drive an executor. If the awaiting task is cancelled, its result is dropped.
    ///
    /// # Errors
    /// As for `function`.
    #[cfg(feature = "net")]
    pub fn async_function<A>(
        self,
        signature: &str,
        function: impl HostFunction<A>,
    ) -> Result<EngineBuilder, BadSignature> {
        self.register(signature, Manner::Async, function)
    }

    fn register<A>(
        mut self,
        signature: &str,
        manner: Manner,
        function: impl HostFunction<A>,
    ) -> Result<EngineBuilder, BadSignature> {
        let function = Registered::new(signature, manner, function)?;
        self.functions.push(function);
        Ok(self)
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> Engine {
        Engine {
            settings: Arc::new(self.settings),
            functions: self.functions.into(),
        }
    }
}
