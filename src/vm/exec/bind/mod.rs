//! Binding the arguments of a call to parameters, with CPython's messages.
//!
//! Pure: takes and returns values, runs no user code. The result has one value for each parameter register. `function.rs` binds to
//! functions of the program, `native.rs` to those written in Rust, `message.rs` has the words that both use.

mod function;
mod message;
mod native;

use smallvec::SmallVec;

use crate::runtime::Value;
pub use function::{Place, bind_function, bind_in_place};
pub use native::{NativeCall, Reached, bind_native, wrong_receiver};

/// The values of the parameters.
pub type Bound<'h> = SmallVec<[Value<'h>; 8]>;

/// A name and a value.
pub type Keyword<'h> = (Value<'h>, Value<'h>);
