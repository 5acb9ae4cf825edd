//! `_sqlite3._Query`: what a cursor runs, under `sqlite3.Cursor` (library/sqlite3/_cursor.apy).
//!
//! A query binds parameters, steps through the statement and makes rows. As in CPython a statement has always gone one step ahead of
//! the row that was fetched, so it is over, and its locks are free, once the last row was taken.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rusqlite::ffi;
use send_wrapper::SendWrapper;

use super::bind::{self, Parameters};
use super::database::{self, Database};
use super::statement::Statement;
use super::{error, rows, running};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::list::List;
use crate::runtime::opaque::Payload;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Raised, Slot, Value};
use crate::stdlib::arg::{plain_value, vm_index_or};
use crate::stdlib::registry::{Getter, ModuleType, NativeType};
use crate::vm::{Local, Locals, Native, Vm};

/// `_sqlite3._Query`.
pub const QUERY: ModuleType = ModuleType {
    name: "_sqlite3._Query",
    module: "_sqlite3",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &EXECUTE,
            &EXECUTEMANY,
            &ITER,
            &NEXT,
            &FETCH,
            &RESET,
            &CHECK,
            &CHECK_UNLOCKED,
            &CLOSE,
        ],
        getters: &[
            Getter::leaf("description", "The columns of the result.", |heap, args| {
                Ok(query(args.get(0)).description.get(heap))
            }),
            Getter::leaf("rowcount", "How many rows were changed.", |heap, args| {
                Ok(heap.int(query(args.get(0)).rowcount.get()))
            }),
            Getter::leaf(
                "lastrowid",
                "The row that was inserted last.",
                |heap, args| Ok(query(args.get(0)).lastrowid.get(heap)),
            ),
            Getter::leaf("row_factory", "What makes rows, or None.", |heap, args| {
                Ok(query(args.get(0)).row_factory.get(heap))
            })
            .with_set(|_, args| {
                query(args.get(0)).row_factory.set(args.get(1));
                Ok(Value::NONE)
            }),
        ],
        ..NativeType::of(Builtin::Opaque, "What a cursor runs.")
    },
};

/// What a cursor runs.
pub struct Query {
    pub(super) database: Slot,
    /// The cursor, which row factories get.
    pub(super) owner: Slot,
    pub(super) row_factory: Slot,
    /// The statement, until its last row was taken.
    statement: SendWrapper<RefCell<Option<Rc<Statement>>>>,
    /// The converter of each column, None for those without; empty if there is none at all.
    pub(super) converters: SlotVec,
    description: Slot,
    lastrowid: Slot,
    rowcount: Cell<i64>,
    is_locked: Cell<bool>,
    is_closed: Cell<bool>,
}

traced!(Query { database, owner, row_factory, converters, description, lastrowid } plain {
    statement, rowcount, is_locked, is_closed
});

impl Payload for Query {}

impl Drop for Query {
    fn drop(&mut self) {
        // The statement may be one that the connection keeps for the next use.
        let_go(self);
    }
}

fn query(value: Value<'_>) -> &Query {
    crate::vm::payload_of(value)
}

fn of(vm: &Vm, this: Local) -> &Query {
    vm.payload(this)
}

const NEW: Native = Native::vm(
    "_Query(cls, database, owner, /)",
    "Create and return a new object.",
    |vm, args| {
        let query = Query {
            database: Slot::new(vm.get(args.at(1))),
            owner: Slot::new(vm.get(args.at(2))),
            row_factory: Slot::new(Value::NONE),
            statement: database::held(),
            converters: SlotVec::new(),
            description: Slot::new(Value::NONE),
            lastrowid: Slot::new(Value::NONE),
            rowcount: Cell::new(-1),
            is_locked: Cell::new(false),
            is_closed: Cell::new(false),
        };
        Ok(vm.new_opaque(args.at(0), query))
    },
);

/// Whether a call gives one set of parameters, or many.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    One,
    Many,
}

const EXECUTE: Native = Native::vm(
    "execute(self, sql, parameters=(), /)",
    "Run a statement once.",
    |vm, args| execute(vm, args, Sets::One),
);
const EXECUTEMANY: Native = Native::vm(
    "executemany(self, sql, parameters, /)",
    "Run a statement for each set of parameters.",
    |vm, args| execute(vm, args, Sets::Many),
);

const ITER: Native = Native::leaf("__iter__(self, /)", "Implement iter(self).", |_, args| {
    Ok(args.get(0))
});

const NEXT: Native = Native::step(|vm, this, into| {
    check(vm, this)?;
    fetch_one(vm, this, into)
});

const FETCH: Native = Native::vm(
    "fetch(self, size, /)",
    "Take up to size rows, or all if size is negative; a list.",
    |vm, args| {
        check(vm, args.at(0))?;
        let size = vm_index_or(vm, args.at(1), -1)?;
        let rows = vm.local(vm.heap.list([]).value());
        let row = vm.local(Value::UNDEF);
        let mark = vm.mark();
        let mut count = 0;
        while (size < 0 || count < size) && fetch_one(vm, args.at(0), row)? {
            let list: crate::runtime::Gc<'_, List> = vm.get_gc(rows).expect("made above");
            list.push(&vm.heap, vm.get(row))?;
            count += 1;
            vm.set(row, Value::UNDEF);
            vm.release(mark);
            vm.native_safepoint()?;
        }
        Ok(rows)
    },
);

const RESET: Native = Native::vm("reset(self, /)", "Let go of the statement.", |vm, args| {
    let_go(of(vm, args.at(0)));
    Ok(vm.none())
});

const CHECK: Native = Native::vm(
    "check(self, /)",
    "Raise ProgrammingError unless the cursor can be used.",
    |vm, args| {
        check(vm, args.at(0))?;
        Ok(vm.none())
    },
);

const CHECK_UNLOCKED: Native = Native::vm(
    "check_unlocked(self, /)",
    "Raise ProgrammingError while the cursor runs a statement or makes a row.",
    |vm, args| {
        check_unlocked(vm, args.at(0))?;
        Ok(vm.none())
    },
);

fn check_unlocked(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    if of(vm, this).is_locked.get() {
        let message = "Recursive use of cursors not allowed.";
        return Err(error::programming(vm, message));
    }
    Ok(())
}

const CLOSE: Native = Native::vm(
    "close(self, /)",
    "Let go of the statement for good.",
    |vm, args| {
        check_unlocked(vm, args.at(0))?;
        let database = database(vm, args.at(0));
        database::open(vm, database)?;
        let this = of(vm, args.at(0));
        let_go(this);
        this.is_closed.set(true);
        Ok(vm.none())
    },
);

fn database(vm: &Vm, this: Local) -> Local {
    vm.local(of(vm, this).database.get(&vm.heap))
}

/// Ends the run of the statement, which others may use then.
fn let_go(this: &Query) {
    if let Some(statement) = this.statement.replace(None) {
        statement.reset();
    }
}

fn check(vm: &mut Vm, this: Local) -> Result<(), Raised> {
    let query = of(vm, this);
    let message = if query.is_closed.get() {
        "Cannot operate on a closed cursor."
    } else if query.is_locked.get() {
        "Recursive use of cursors not allowed."
    } else {
        let database = database(vm, this);
        return database::open(vm, database).map(drop);
    };
    Err(error::programming(vm, message))
}

fn execute(vm: &mut Vm, args: Locals, sets: Sets) -> Result<Local, Raised> {
    let this = args.at(0);
    check(vm, this)?;
    let sql = vm.local(plain_value(&vm.heap, vm.get(args.at(1))));
    if vm.get_gc::<Str>(sql).is_none() {
        let name = match sets {
            Sets::One => "execute",
            Sets::Many => "executemany",
        };
        let class = vm.heap.type_name(vm.get(sql));
        let message = format!("{name}() argument 1 must be str, not {class}");
        return Err(vm.heap.type_error(message));
    }
    of(vm, this).is_locked.set(true);
    let result = execute_locked(vm, args, sql, sets);
    let query = of(vm, this);
    query.is_locked.set(false);
    if result.is_err() {
        query.rowcount.set(-1);
        let_go(query);
    }
    result?;
    Ok(vm.none())
}

fn execute_locked(vm: &mut Vm, args: Locals, sql: Local, sets: Sets) -> Result<(), Raised> {
    let this = args.at(0);
    let database = database(vm, this);
    let_go(of(vm, this));
    let many = match sets {
        Sets::Many => Some(vm.iter(args.at(2))?),
        Sets::One => None,
    };
    of(vm, this).description.set(Value::NONE);
    let statement = database::statement(vm, database, sql)?;
    let query = of(vm, this);
    query.statement.replace(Some(Rc::clone(&statement)));
    query.rowcount.set(if statement.is_dml { 0 } else { -1 });
    if statement.is_dml {
        begin(vm, database)?;
    }
    match many {
        None => {
            let mut parameters = Parameters::new(vm);
            bind::bind(vm, database, &statement, args.at(2), &mut parameters)?;
            run_once(vm, this, database, &statement, sets)?;
            let row = database::open(vm, database)?.last_insert_rowid();
            of(vm, this).lastrowid.set(vm.heap.int(row));
        }
        Some(iterator) => run_many(vm, this, database, &statement, iterator)?,
    }
    Ok(())
}

/// Runs the statement for each set of parameters.
fn run_many(
    vm: &mut Vm,
    this: Local,
    database: Local,
    statement: &Rc<Statement>,
    iterator: Local,
) -> Result<(), Raised> {
    if statement.is_readonly || !statement.is_dml {
        let message = "executemany() can only execute DML statements.";
        return Err(error::programming(vm, message));
    }
    let set = vm.local(Value::UNDEF);
    let mut parameters = Parameters::new(vm);
    let mark = vm.mark();
    while vm.next(iterator, set)? {
        bind::bind(vm, database, statement, set, &mut parameters)?;
        run_once(vm, this, database, statement, Sets::Many)?;
        vm.set(set, Value::UNDEF);
        vm.release(mark);
        vm.native_safepoint()?;
    }
    // The statement is at rest: the cursor has no rows.
    let_go(of(vm, this));
    Ok(())
}

/// Begins a transaction where the connection does that by itself.
fn begin(vm: &mut Vm, database: Local) -> Result<(), Raised> {
    let Some(begin) = database::of(vm, database).begin.borrow().clone() else {
        return Ok(());
    };
    let connection = database::open(vm, database)?;
    if !connection.is_autocommit() {
        return Ok(());
    }
    database::execute(vm, database, &connection, &begin)
}

/// The first step of a statement whose parameters are bound.
fn run_once(
    vm: &mut Vm,
    this: Local,
    database: Local,
    statement: &Rc<Statement>,
    sets: Sets,
) -> Result<(), Raised> {
    let mut has_row = step(vm, database, statement)?;
    if !has_row {
        statement.reset();
    }
    if sets == Sets::One {
        rows::describe(vm, this, statement)?;
    } else {
        // What RETURNING returns for many sets goes nowhere.
        while has_row {
            has_row = step(vm, database, statement)?;
        }
    }
    if !has_row {
        ended(vm, this, database, statement)?;
    }
    Ok(())
}

/// The statement has no more rows.
fn ended(
    vm: &mut Vm,
    this: Local,
    database: Local,
    statement: &Rc<Statement>,
) -> Result<(), Raised> {
    statement.reset();
    if statement.is_dml {
        let changes = database::open(vm, database)?.changes() as i64;
        let rowcount = &of(vm, this).rowcount;
        rowcount.set(rowcount.get() + changes);
    }
    Ok(())
}

/// Goes to the next row; whether there is one.
///
/// # Errors
/// As SQLite says; what callbacks leave.
fn step(vm: &mut Vm, database: Local, statement: &Rc<Statement>) -> Result<bool, Raised> {
    let mut outcome = running::run(vm, database, || statement.step())?;
    let locked = |outcome: &rusqlite::Result<bool>| {
        let code = outcome.as_ref().map_err(error::code);
        matches!(code, Err(code) if code & 0xff == ffi::SQLITE_LOCKED)
    };
    if locked(&outcome) {
        // A cursor that nobody has any more may hold the lock; in CPython it would be gone.
        vm.collect();
        statement.reset();
        outcome = running::run(vm, database, || statement.step())?;
    }
    outcome.map_err(|error| {
        statement.reset();
        error::raise(vm, &error)
    })
}

/// Takes the row where the statement stands, and goes on to the next one.
fn fetch_one(vm: &mut Vm, this: Local, into: Local) -> Result<bool, Raised> {
    let Some(statement) = of(vm, this).statement.borrow().clone() else {
        return Ok(false);
    };
    let database = database(vm, this);
    of(vm, this).is_locked.set(true);
    let row = rows::take(vm, this, database, &statement);
    of(vm, this).is_locked.set(false);
    let Some(row) = row? else {
        let_go(of(vm, this));
        return Ok(false);
    };
    match step(vm, database, &statement) {
        Ok(true) => {}
        Ok(false) => {
            ended(vm, this, database, &statement)?;
            let_go(of(vm, this));
        }
        Err(raised) => {
            let_go(of(vm, this));
            return Err(raised);
        }
    }
    let query = of(vm, this);
    let factory = query.row_factory.get(&vm.heap);
    let row = match factory.is_none() {
        true => row,
        false => {
            let owner = vm.local(query.owner.get(&vm.heap));
            let factory = vm.local(factory);
            vm.call(factory, &[owner, row])?
        }
    };
    vm.set(into, vm.get(row));
    Ok(true)
}

/// Keeps the description of the columns, and their converters.
pub(super) fn set_columns(vm: &Vm, this: Local, description: Local, converters: &[Local]) {
    let query = of(vm, this);
    query.description.set(vm.get(description));
    query.converters.clear();
    for &converter in converters {
        query.converters.push(&vm.heap, vm.get(converter));
    }
}

/// The settings of the connection of a query.
pub(super) fn settings(vm: &Vm, this: Local) -> &Database {
    let database = of(vm, this).database.get(&vm.heap);
    crate::vm::payload_of(database)
}
