//! `_decimal`: the class Decimal and its contexts. `decimal` (library/decimal.apy) adds the exceptions and the constants.
//!
//! Lowest first: `wide` and `coefficient` (natural numbers), `number`, `environment` (what an operation computes under, rounding), the
//! operations by topic, all on plain data; then what programs see: `operand`, `class`, `context`, `signals`.
//! To add an operation: its function in the file of its topic, a row in `methods.rs` and one in `context_methods.rs`.

mod arithmetic;
mod class;
mod coefficient;
mod construct;
mod context;
mod context_methods;
mod convert;
mod digitwise;
mod division;
mod elementary;
mod environment;
mod fixed_point;
mod formatting;
mod methods;
mod notation;
mod number;
mod operand;
mod operators;
mod power;
mod quantum;
mod signals;
mod wide;

use super::registry::NativeModule;
pub use operand::Decimals;

/// The module.
pub const DECIMALS: NativeModule = NativeModule {
    functions: &[&context::GETCONTEXT, &context::SETCONTEXT],
    types: &[&class::DECIMAL, &context::CONTEXT],
    ..NativeModule::of("_decimal", "The native part of decimal.")
};
