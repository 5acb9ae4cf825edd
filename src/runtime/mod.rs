//! Values and the heap: representation only, never runs user code.
//!
//! `value` is what a register holds, `heap` where objects live, `shape` and `class` how they are described, then one file a type.
//! Operations that may call back into the program are a layer up, in `vm`; methods by name two layers up, in `stdlib`.

pub mod array;
pub mod builtin_eq;
pub mod bytes;
pub mod cell;
pub mod class;
pub mod code;
pub mod complex;
pub mod coroutine;
pub mod deque;
pub mod descriptor;
pub mod dict;
pub mod exception;
pub mod frame_object;
pub mod function;
pub mod future;
pub mod heap;
pub mod instance;
pub mod int;
pub mod intern;
pub mod iter;
pub mod link;
pub mod list;
pub mod members;
mod method_cache;
pub mod module;
pub mod names;
pub mod native;
pub mod opaque;
pub mod raised;
pub mod range;
pub mod set;
pub mod shape;
pub mod slice;
pub mod str;
pub mod table;
mod text_positions;
pub mod traceback;
pub mod traced_code;
pub mod tuple;
pub mod types;
pub mod value;
pub mod view;
pub mod wide_range;

pub use heap::{Gc, Heap, Slot};
pub use raised::Raised;
pub use types::Builtin;
pub use value::Value;
