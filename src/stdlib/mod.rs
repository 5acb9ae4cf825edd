//! Everything a program can name: builtins, methods of types, modules.

pub mod random;
