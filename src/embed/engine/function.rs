//! Functions of the embedding program that apy programs call.
//!
//! A host function is a signature as in Python and a closure over plain data. The signature is the truth: it becomes a function of the
//! language (`stub`), so binding, defaults, messages and `help` are those of any other function; what it calls is the closure,
//! with one argument for each parameter. Closures hold no values of a heap, so all sessions of an engine share them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::data::{Data, FromData, WrongType};
use crate::syntax::ast::{FunctionDef, Module, Params, StmtKind};
use crate::syntax::parser::parse_module;

/// An exception that a host function raises in the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// The name of a builtin class of exceptions; `RuntimeError` stands for one that does not exist.
    pub class: String,
    /// Its message.
    pub message: String,
}

impl HostError {
    /// An exception of a builtin class, such as `"ValueError"`.
    pub fn new(class: impl Into<String>, message: impl Into<String>) -> HostError {
        HostError {
            class: class.into(),
            message: message.into(),
        }
    }
}

/// Any error of Rust is a RuntimeError with its text.
impl<E: std::error::Error> From<E> for HostError {
    fn from(error: E) -> HostError {
        HostError::new("RuntimeError", error.to_string())
    }
}

/// Why a call of a host function failed.
pub(super) enum Failed {
    /// The argument for this parameter is of another type.
    Argument(usize, WrongType),
    /// The function returned an error.
    Raised(HostError),
}

/// A closure as the engine keeps it.
pub(super) type Closure = Arc<dyn Fn(Vec<Data>) -> Result<Data, Failed> + Send + Sync>;

/// A closure or function that can be a host function: its parameters are types that data can become (at most six), it returns a
/// `Result` of what can become data. `A` is the tuple of its parameters.
pub trait HostFunction<A>: Send + Sync + Sized + 'static {
    /// How many parameters it has.
    const PARAMETERS: usize;
    /// Calls it with this data.
    #[doc(hidden)]
    fn call(&self, arguments: Vec<Data>) -> Called;
}

/// What came of a call.
#[doc(hidden)]
pub struct Called(Result<Data, Failed>);

impl<F, R> HostFunction<()> for F
where
    F: Fn() -> Result<R, HostError> + Send + Sync + 'static,
    R: Into<Data>,
{
    const PARAMETERS: usize = 0;

    fn call(&self, _: Vec<Data>) -> Called {
        Called(self().map(Into::into).map_err(Failed::Raised))
    }
}

/// Closures with so many parameters.
macro_rules! host_functions {
    ($($count:literal ($($name:ident),*))*) => {$(
        impl<F, R, $($name),*> HostFunction<($($name,)*)> for F
        where
            F: Fn($($name),*) -> Result<R, HostError> + Send + Sync + 'static,
            R: Into<Data>,
            $($name: FromData,)*
        {
            const PARAMETERS: usize = $count;

            #[expect(non_snake_case, reason = "a variable has the name of its type")]
            fn call(&self, arguments: Vec<Data>) -> Called {
                let missing = std::iter::repeat(Data::None);
                let mut arguments = arguments.into_iter().chain(missing).enumerate();
                let mut run = || {
                    $(let $name = next::<$name>(&mut arguments)?;)*
                    self($($name),*).map(Into::into).map_err(Failed::Raised)
                };
                Called(run())
            }
        }
    )*};
}

host_functions!(
    1 (A)
    2 (A, B)
    3 (A, B, C)
    4 (A, B, C, D)
    5 (A, B, C, D, E)
    6 (A, B, C, D, E, G)
);

/// The next argument as the type of its parameter.
fn next<T: FromData>(arguments: &mut impl Iterator<Item = (usize, Data)>) -> Result<T, Failed> {
    let (at, data) = arguments.next().unwrap_or_default();
    T::from_data(data).map_err(|wrong| Failed::Argument(at, wrong))
}

/// Whether calls wait for the closure or for what it does on a thread of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The program stands still until it returns.
    Plain,
    /// A coroutine function: it runs on a thread, and the program awaits it.
    #[cfg(feature = "net")]
    Async,
}

/// A registered function.
#[derive(Clone)]
pub(super) struct Registered {
    /// The module that has it; none: it is a builtin name.
    pub module: Option<String>,
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// What the program sees of it.
    signature: String,
    manner: Manner,
    closure: Closure,
}

/// The signature of a host function is none, or does not fit the closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSignature {
    /// The signature.
    pub signature: String,
    /// The reason.
    pub reason: String,
}

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}': {}", self.signature, self.reason)
    }
}

impl std::error::Error for BadSignature {}

impl Registered {
    /// Reads a signature for a closure.
    ///
    /// # Errors
    /// It is no signature, or has another number of parameters.
    pub fn new<A, F: HostFunction<A>>(
        signature: &str,
        manner: Manner,
        function: F,
    ) -> Result<Registered, BadSignature> {
        let bad = |reason: String| BadSignature {
            signature: signature.to_owned(),
            reason,
        };
        let (module, rest) = split(signature);
        let Some(header) = header(rest) else {
            return Err(bad("this is no signature such as 'name(a, b=1)'".to_owned()));
        };
        let parameters = names(&header.params);
        if module.is_some_and(|module| !is_identifier(module)) {
            return Err(bad(
                "before the dot stands the name of one module".to_owned()
            ));
        }
        if parameters.iter().any(|name| RESERVED.contains(&&**name)) {
            return Err(bad(format!("parameters cannot be called {RESERVED:?}")));
        }
        if parameters.len() != F::PARAMETERS {
            let (has, takes) = (parameters.len(), F::PARAMETERS);
            return Err(bad(format!("it has {has} parameters, the closure {takes}")));
        }
        Ok(Registered {
            module: module.map(str::to_owned),
            name: header.name.name.to_string(),
            parameters,
            signature: rest.to_owned(),
            manner,
            closure: Arc::new(move |arguments| function.call(arguments).0),
        })
    }

    /// The function as a program defines it; `number`: its place among the functions of the engine.
    pub fn stub(&self, number: usize) -> String {
        let signature = &self.signature;
        let arguments: String = self.parameters.iter().map(|p| format!(", {p}")).collect();
        match self.manner {
            Manner::Plain => format!("def {signature}:\n    return _call({number}{arguments})\n"),
            #[cfg(feature = "net")]
            Manner::Async => format!(
                "async def {signature}:\n    _job = _start({number}{arguments})\n    await _job[1]\n    return _take({number}, _job[0])\n"
            ),
        }
    }

    /// Calls the closure. One that panics fails.
    pub fn run(&self, arguments: Vec<Data>) -> Result<Data, Failed> {
        // Nothing that is broken by a panic is seen later: the closure has no part in a heap.
        let called = catch_unwind(AssertUnwindSafe(|| (self.closure)(arguments)));
        called.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            let message = format!("{}() panicked: {}", self.name, text.unwrap_or("no text"));
            Err(Failed::Raised(HostError::new("RuntimeError", message)))
        })
    }
}

/// Names that stubs use themselves.
const RESERVED: [&str; 4] = ["_call", "_start", "_take", "_job"];

/// The module before the name, if there is one, and the rest.
fn split(signature: &str) -> (Option<&str>, &str) {
    let end = signature.find('(').unwrap_or(signature.len());
    match signature[..end].rsplit_once('.') {
        Some((module, name)) => (Some(module), &signature[end - name.len()..]),
        None => (None, signature),
    }
}

fn is_identifier(text: &str) -> bool {
    let parsed = parse_module(&format!("import {text}\n")).module;
    !text.contains('.') && parsed.is_some_and(|module| module.body.len() == 1)
}

/// A signature as the parser sees it.
fn header(signature: &str) -> Option<FunctionDef> {
    let Module { mut body, .. } = parse_module(&format!("def {signature}: pass\n")).module?;
    let statement = body.pop().filter(|_| body.is_empty())?;
    match statement.kind {
        StmtKind::FunctionDef(function) => Some(*function),
        _ => None,
    }
}

/// The parameters in the order in which closures get them: as they are written.
fn names(params: &Params) -> Vec<String> {
    let positional = params.posonly.iter().chain(&params.regular);
    let rest = params.vararg.as_deref().into_iter().chain(&params.kwonly);
    let all = positional.chain(rest).chain(params.kwarg.as_deref());
    all.map(|param| param.name.name.to_string()).collect()
}
