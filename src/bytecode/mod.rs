//! The contract between the compiler and the VM: instructions, Code objects, and the proof that they fit.
//!
//! `op` is the instruction set (one table), `code` what a compiled function is, `builder` how the compiler makes one,
//! `image` code as bytes, `verify` the only door from a draft to a `Code`, `dis` the listing that `apy dis` prints, `globals` the names of a
//! module's slots. Nothing here touches the heap: constants are plain data, which the VM turns into values when it
//! loads the code.

pub mod builder;
pub mod code;
pub mod dis;
mod flow;
pub mod globals;
pub mod image;
pub mod op;
mod relink;
pub mod verify;

pub use builder::{Builder, Label};
pub use code::{
    Annotations, Capture, Code, CodeKind, Const, Draft, HEADER, Handler, Handling, Head,
    MOST_IN_REGISTERS, Params, ToldPlace, TopLevelAwait,
};
pub use flow::RegSet;
pub use globals::GlobalNames;
pub use op::{BinaryOp, CompareOp, Effect, Form, Imm, Instr, Op, Reg, Wide};
pub use relink::relink;
