//! Execution: the loop, its frames, calls and coroutines, and how exceptions leave them.
//!
//! `run` is the loop; `frame` the register windows it works on; `trap` the closed list of reasons why a coroutine stops. The other
//! files hold the slow paths of the loop's instructions by topic. To add an instruction: its row in `bytecode/op.rs`, its arm in
//! `run`, its slow path in the file of its topic.

pub(in crate::vm) mod bind;
pub(in crate::vm) mod build;
pub(in crate::vm) mod call;
pub(in crate::vm) mod coroutine;
pub(in crate::vm) mod exception_group;
pub(in crate::vm) mod fast_path;
pub(in crate::vm) mod finalize;
pub(in crate::vm) mod frame;
pub(in crate::vm) mod green_stack;
pub(in crate::vm) mod inline_cache;
pub(in crate::vm) mod name_lookup;
pub(in crate::vm) mod pattern;
pub(in crate::vm) mod run;
pub(in crate::vm) mod special_call;
pub(in crate::vm) mod trap;
pub(in crate::vm) mod unwind;
