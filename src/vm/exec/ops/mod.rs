//! Slow paths of instructions, by topic: what the loop's own fast path leaves.
//!
//! Each method is named `*_op` or `jump_*` and takes the instruction. It reads registers, asks the protocol below, and writes the
//! result; calls, names, attributes and coroutines have files of their own beside this folder.

mod comparison;
mod item;
mod iteration;
mod operator;
