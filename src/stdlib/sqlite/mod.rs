//! `_sqlite3`: SQLite, for the package `sqlite3` (library/sqlite3).
//!
//! SQLite comes with apy (docs/decisions/0009-sqlite-comes-bundled.md) and runs on the thread of the VM, through rusqlite. `database.rs`
//! is a connection, `query.rs` what a cursor runs, `running.rs` how callbacks reach the VM. What is not hot is written in apy.

mod actions;
mod bind;
mod blob;
mod callbacks;
mod codes;
mod database;
mod error;
mod hooks;
mod query;
mod rows;
mod running;
mod settings;
mod statement;
mod storage;
mod values;

use super::registry::{NativeModule, bind};
use crate::runtime::Value;

/// The module.
pub const SQLITE: NativeModule = NativeModule {
    functions: &[&bind::ADAPT_PLAIN, &callbacks::ENABLE_CALLBACK_TRACEBACKS],
    types: &[
        &database::DATABASE,
        &database::STATEMENT,
        &query::QUERY,
        &blob::BLOB,
    ],
    exceptions: &[
        &error::WARNING,
        &error::ERROR,
        &error::INTERFACE,
        &error::DATABASE,
        &error::DATA,
        &error::OPERATIONAL,
        &error::INTEGRITY,
        &error::INTERNAL,
        &error::PROGRAMMING,
        &error::NOT_SUPPORTED,
    ],
    init: |vm, module| {
        for &(name, value) in codes::ERRORS.iter().chain(codes::OTHERS) {
            bind(vm, module, name, Value::small_int(value));
        }
        let version = vm.heap.str_value(rusqlite::version());
        bind(vm, module, "sqlite_version", version);
        Ok(())
    },
    ..NativeModule::of("_sqlite3", "The native part of sqlite3.")
};
