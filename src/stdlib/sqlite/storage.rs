//! Whole databases: as bytes, copied into another connection; and opening one BLOB.
//!
//! SQLite wants a connection for itself to make it from bytes or to copy into it. Statements at rest are given up for that; where one
//! runs, bytes are made from a copy, and the others raise OperationalError.

use std::rc::Rc;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Error, ffi};

use super::blob::{self, Blob};
use super::{database, error, running};
use crate::runtime::{Raised, Value};
use crate::sched::block;
use crate::stdlib::arg::Buffer;
use crate::stdlib::registry::class_of;
use crate::vm::{Local, Locals, Native, Vm};

/// A statement of the connection runs, so SQLite cannot have it alone.
const IN_USE: &str = "database is locked";

/// `serialize(name)`.
pub const SERIALIZE: Native = Native::vm(
    "serialize(self, name, /)",
    "The bytes of a database.",
    |vm, args| {
        database::open(vm, args.at(0))?;
        let name = vm.text_of(args.at(1))?;
        let made = alone(vm, args.at(0), |connection| bytes_of(connection, &name));
        let made = match made {
            Some(made) => made,
            None => {
                let connection = database::open(vm, args.at(0))?;
                bytes_of_copy(&connection, &name)
            }
        };
        match made {
            Ok(data) => {
                vm.room_for(data.len())?;
                Ok(vm.local(vm.heap.bytes(data).value()))
            }
            Err(error) if error::code(&error) == ffi::SQLITE_NOMEM => {
                let message = format!("unable to serialize '{name}'");
                Err(error::operational(vm, &message))
            }
            Err(error) => Err(error::raise(vm, &error)),
        }
    },
);

/// Does what needs a connection for itself. None: a statement runs.
fn alone<T>(vm: &mut Vm, database: Local, act: impl Fn(&mut Connection) -> T) -> Option<T> {
    let done = database::of(vm, database).alone(&act);
    if done.is_some() {
        return done;
    }
    // A cursor that nobody has any more may hold the statement; in CPython it would be gone.
    vm.collect();
    database::of(vm, database).alone(&act)
}

fn bytes_of(connection: &mut Connection, name: &str) -> Result<Vec<u8>, Error> {
    Ok(connection.serialize(name)?.to_vec())
}

/// The same while a statement runs.
fn bytes_of_copy(connection: &Connection, name: &str) -> Result<Vec<u8>, Error> {
    let mut copy = Connection::open_in_memory()?;
    Backup::new_with_names(connection, name, &mut copy, "main")?.step(-1)?;
    bytes_of(&mut copy, "main")
}

/// `deserialize(data, name)`.
pub const DESERIALIZE: Native = Native::vm(
    "deserialize(self, data, name, /)",
    "Make a database of the connection one in memory with these bytes.",
    |vm, args| {
        database::open(vm, args.at(0))?;
        let name = vm.text_of(args.at(2))?;
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        let outcome = alone(vm, args.at(0), |connection| {
            connection.deserialize_read_exact(name.as_str(), &*data, data.len(), false)
        });
        match outcome {
            Some(Ok(())) => Ok(vm.none()),
            Some(Err(error)) => Err(error::raise(vm, &error)),
            None => Err(error::operational(vm, IN_USE)),
        }
    },
);

/// `backup(target, pages, progress, name, sleep)`.
pub const BACKUP: Native = Native::vm(
    "backup(self, target, pages, progress, name, sleep, /)",
    "Copy a database into the main one of another connection, so many pages at a time.",
    |vm, args| {
        let source = database::open(vm, args.at(0))?;
        database::open(vm, args.at(1))?;
        let name = vm.text_of(args.at(4))?;
        let pages = vm.index(args.at(2))?;
        let pages = i32::try_from(pages).ok().filter(|&n| n != 0).unwrap_or(-1);
        let pause = vm.to_float(args.at(5))?;
        let mut taken = database::of(vm, args.at(1)).take_alone();
        if taken.is_none() {
            vm.collect();
            taken = database::of(vm, args.at(1)).take_alone();
        }
        let Some(mut taken) = taken else {
            return Err(error::operational(vm, IN_USE));
        };
        let outcome = {
            let backup = Backup::new_with_names(&source, name.as_str(), &mut taken, "main");
            match backup {
                Ok(backup) => copy(vm, args, &backup, pages, pause),
                Err(error) => Err(error::raise(vm, &error)),
            }
        };
        database::of(vm, args.at(1)).put_back(Rc::new(taken));
        outcome?;
        Ok(vm.none())
    },
);

fn copy(
    vm: &mut Vm,
    args: Locals,
    backup: &Backup<'_, '_>,
    pages: i32,
    pause: f64,
) -> Result<(), Raised> {
    let has_progress = !vm.get(args.at(3)).is_none();
    loop {
        let step = running::run(vm, args.at(0), || backup.step(pages))?;
        let status = match &step {
            Ok(StepResult::Done) => ffi::SQLITE_DONE,
            Ok(StepResult::Busy) => ffi::SQLITE_BUSY,
            Ok(StepResult::Locked) => ffi::SQLITE_LOCKED,
            Ok(_) => ffi::SQLITE_OK,
            Err(error) => error::code(error),
        };
        if has_progress {
            let progress = backup.progress();
            let numbers = [status, progress.remaining, progress.pagecount];
            let numbers = numbers.map(|n| vm.local(Value::small_int(i64::from(n))));
            vm.call(args.at(3), &numbers)?;
        }
        match step {
            Ok(StepResult::Done) => return Ok(()),
            Ok(StepResult::Busy | StepResult::Locked) => block::sleep(vm, pause)?,
            Ok(_) => vm.native_safepoint()?,
            Err(error) => return Err(error::raise(vm, &error)),
        }
    }
}

/// `blob_open(table, column, row, readonly, name)`.
pub const BLOB_OPEN: Native = Native::vm(
    "blob_open(self, table, column, row, readonly, name, /)",
    "Open a BLOB for reading and writing in place.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let [table, column, name] = text_args(vm, [args.at(1), args.at(2), args.at(5)])?;
        let row = vm.index(args.at(3))?;
        let is_readonly = vm.truth(args.at(4))?;
        let opened = running::run(vm, args.at(0), || {
            blob::open(&connection, [&name, &table, &column], row, is_readonly)
        })?;
        let handle = opened.map_err(|error| error::raise(vm, &error))?;
        let class = class_of(vm, &blob::BLOB);
        let blob = Blob::new(vm, args.at(0), handle);
        Ok(vm.new_opaque(class, blob))
    },
);

fn text_args<const N: usize>(vm: &mut Vm, args: [Local; N]) -> Result<[String; N], Raised> {
    let mut texts = [const { String::new() }; N];
    for (text, arg) in texts.iter_mut().zip(args) {
        *text = vm.text_of(arg)?;
    }
    Ok(texts)
}
