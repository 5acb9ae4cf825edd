//! Everything a program can name: builtins, methods of types, modules.
//!
//! To add a module: its file, one `mod` line, one word in `MODULES`.

pub mod abc;
pub mod arg;
pub mod array;
pub mod asyncio;
pub mod base_codes;
pub mod binascii;
pub mod bisect;
pub mod builtins;
pub mod cmath;
pub mod codecs;
mod coders;
pub mod collections;
mod comparisons;
pub mod contextvars;
mod copy;
pub mod csv;
pub mod datetime;
pub mod decimal;
mod devices;
mod dis;
pub mod display;
pub mod functools;
pub mod gc;
pub mod hashlib;
pub mod heapq;
pub mod help;
pub mod html;
pub mod importlib;
pub mod io;
pub mod itertools;
pub mod json;
pub mod math;
pub mod memoryview;
pub mod name_lookup;
pub mod operator;
pub mod os_error;
pub mod packing;
pub mod path;
pub mod percent;
pub mod pickle;
pub mod posix;
pub mod random;
pub mod re;
pub mod receiver;
pub mod reduce;
pub mod registry;
pub mod select;
pub mod signal;
#[cfg(feature = "net")]
pub mod socket;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod statistics;
pub mod struct_;
pub mod summary;
pub mod sys;
pub mod testing;
pub mod threads;
pub mod time;
mod traceback;
pub mod unicodedata;
pub mod warn;
pub mod weakref;
pub mod xml;
pub mod zlib;

use crate::runtime::Raised;
use crate::vm::{Importer, Local, Vm};
use registry::NativeModule;

/// The modules written in Rust; each is made when it is first imported.
pub const MODULES: &[&NativeModule] = &[
    &abc::ABC,
    &array::ARRAY_MODULE,
    &asyncio::ASYNCIO,
    &base_codes::BASE64,
    &binascii::BINASCII,
    &bisect::BISECT,
    &cmath::CMATH,
    &codecs::CODECS,
    &contextvars::CONTEXTVARS,
    &collections::COLLECTIONS,
    &copy::COPY,
    &csv::CSV,
    &datetime::DATETIME,
    &decimal::DECIMALS,
    &devices::DEVICES,
    &dis::DIS,
    &functools::FUNCTOOLS,
    &gc::GC,
    &hashlib::HASHLIB,
    &heapq::HEAPQ,
    &html::HTML,
    &importlib::FROZEN_IMPORTLIB,
    &io::IO,
    &io::PRIVATE_IO,
    &itertools::ITERTOOLS,
    &json::JSON,
    &posix::POSIX,
    &math::MATH,
    &operator::OPERATOR,
    &percent::PERCENT,
    &pickle::PICKLE,
    &random::RANDOM,
    &re::RE,
    &select::SELECT,
    &signal::SIGNAL,
    #[cfg(feature = "net")]
    &socket::SOCKET,
    #[cfg(feature = "sqlite")]
    &sqlite::SQLITE,
    &statistics::STATISTICS,
    &struct_::STRUCT,
    &sys::SYS,
    &testing::TESTING,
    &threads::THREAD,
    &time::TIME,
    &traceback::TRACEBACK,
    &unicodedata::UNICODEDATA,
    &builtins::types::generic::TYPING,
    &weakref::WEAKREF,
    &xml::XML,
    &zlib::ZLIB,
    &coders::CODERS,
];

/// Gives a new VM its builtins and the native modules.
pub fn install(vm: &mut Vm) {
    vm.extend(registry::Registry::default());
    vm.extend(abc::Registrations::default());
    vm.extend(random::Entropy::default());
    vm.extend(gc::Settings::default());
    vm.extend(datetime::Classes::default());
    vm.extend(decimal::Decimals::default());
    vm.extend(io::IoState::default());
    builtins::install(vm, asyncio::future::TYPES);
    vm.set_importer(NativeModules);
    vm.set_abandon(asyncio::abandon_generator);
    vm.set_lost_failure(crate::sched::report::lost_failure);
    vm.set_unraisable(sys::hooks::call_unraisablehook);
    vm.mention_timers(asyncio::SLEEP_NAME);
}

/// Imports native modules and nothing else: what a VM has before it is given a loader.
struct NativeModules;

impl Importer for NativeModules {
    fn load(&self, vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
        import(vm, name)
    }

    fn find(&self, _: &mut Vm, _: &str, _: Option<Local>) -> Result<Option<Local>, Raised> {
        Ok(None)
    }

    fn run_file(&self, _: &mut Vm, _: Local, _: &str) -> Result<(), Raised> {
        Ok(())
    }

    fn read_file(&self, _: &mut Vm, _: &str) -> Result<Vec<u8>, Raised> {
        Ok(Vec::new())
    }

    fn names(&self) -> Vec<&'static str> {
        module_names().collect()
    }
}

/// The names of the native modules.
pub fn module_names() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|module| module.name)
}

/// Whether there is a native module of this name.
#[must_use]
pub fn has_module(name: &str) -> bool {
    name == "builtins"
        || module_names().any(|native| native == name)
        || asyncio::has_submodule(name)
}

/// Makes the native module of this name, if there is one. An embedder with a loader of its own (`Importer`) asks here, too.
pub fn import(vm: &mut Vm, name: &str) -> Result<Option<Local>, Raised> {
    if name == "builtins" {
        return Ok(Some(vm.local(vm.builtins().value())));
    }
    match MODULES.iter().find(|module| module.name == name) {
        Some(module) => registry::make_module(vm, module).map(Some),
        None => asyncio::submodule(vm, name),
    }
}
