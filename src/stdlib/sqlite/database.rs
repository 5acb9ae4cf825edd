//! `_sqlite3._Database`: an open connection, under `sqlite3.Connection` (library/sqlite3/_connection.apy).
//!
//! It holds the statements that were prepared lately, the callables that SQLite may call, and how transactions begin. Whatever runs
//! SQL goes through `running::run`. A file is opened only where the host's files allow it, and so is one that is attached.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use send_wrapper::SendWrapper;

use super::hooks::Hooks;
use super::running::{self, Inside};
use super::statement::{Refusal, Statement};
use super::{callbacks, error, hooks, settings, storage};
use crate::runtime::heap::{SlotVec, traced};
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot};
use crate::sched::green;
use crate::sched::thread_queue::ThreadId;
use crate::stdlib::arg::{Buffer, as_str, vm_index_or};
use crate::stdlib::registry::{ModuleType, NativeType, class_of, raise_text};
use crate::vm::{Local, Native, Vm};

/// `_sqlite3._Database`.
pub const DATABASE: ModuleType = ModuleType {
    name: "_sqlite3._Database",
    module: "_sqlite3",
    body: NativeType {
        new: Some(&NEW),
        methods: &[
            &CHECK,
            &CLOSE,
            &BEGIN,
            &END,
            &SCRIPT,
            &PREPARE,
            &IS_OPEN,
            &INTERRUPT,
            &settings::IS_AUTOCOMMIT,
            &settings::TOTAL_CHANGES,
            &settings::LIMIT,
            &settings::CONFIG,
            &settings::SET_BEGIN,
            &settings::SET_TEXT_FACTORY,
            &storage::SERIALIZE,
            &storage::DESERIALIZE,
            &storage::BACKUP,
            &storage::BLOB_OPEN,
            &callbacks::CREATE_FUNCTION,
            &callbacks::CREATE_AGGREGATE,
            &callbacks::CREATE_COLLATION,
            &hooks::SET_HOOK,
        ],
        ..NativeType::of(Builtin::Opaque, "An open database.")
    },
};

/// How the text of a result becomes an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TextAs {
    /// `str`
    Str,
    /// `bytes`
    Bytes,
    /// What the program's `text_factory` returns.
    Other,
}

/// A statement with its text, in the order of last use.
type Cache = Vec<Rc<Statement>>;

/// An open connection.
pub struct Database {
    connection: SendWrapper<RefCell<Option<Rc<Connection>>>>,
    /// The statements that exist: a connection that closes ends them.
    statements: SendWrapper<RefCell<Vec<Weak<Statement>>>>,
    cache: SendWrapper<RefCell<Cache>>,
    cache_size: usize,
    thread: ThreadId,
    checks_thread: bool,
    /// Which thread runs SQLite for the connection now.
    pub inside: SendWrapper<Cell<Option<Inside>>>,
    /// What a callback left to be raised, or Undef.
    pub raised: Slot,
    /// Functions, classes of aggregates, collations by number; instances of aggregates that run.
    pub callables: SlotVec,
    /// Numbers of callables that are free again.
    pub free: RefCell<Vec<usize>>,
    /// What is called while statements are prepared and run.
    pub hooks: Hooks,
    /// The statement that begins a transaction before one that changes rows, if any does.
    pub begin: RefCell<Option<Box<str>>>,
    /// `text_factory`, and which one it is.
    pub text_factory: Slot,
    /// The kind of `text_factory`.
    pub text_as: Cell<TextAs>,
    /// `detect_types`.
    pub detect_types: i64,
    /// The converters of the module, a dict.
    pub converters: Slot,
    /// The function of the module that adapts a parameter.
    pub adapt: Slot,
}

traced!(Database { raised, callables, hooks, text_factory, converters, adapt } plain {
    connection, statements, cache, cache_size, thread, checks_thread, inside, free, begin, text_as, detect_types
});

impl Payload for Database {}

/// A cell that stays on the thread of its VM.
pub fn held<T: Default>() -> SendWrapper<T> {
    SendWrapper::new(T::default())
}

/// The database in a local.
pub fn of(vm: &Vm, database: Local) -> &Database {
    vm.payload(database)
}

/// The connection, if it is open and may be used by the thread that runs now.
///
/// # Errors
/// ProgrammingError.
pub fn open(vm: &mut Vm, database: Local) -> Result<Rc<Connection>, Raised> {
    check_thread(vm, database)?;
    let connection = of(vm, database).connection.borrow().clone();
    connection.ok_or_else(|| error::programming(vm, "Cannot operate on a closed database."))
}

fn check_thread(vm: &mut Vm, database: Local) -> Result<(), Raised> {
    let this = of(vm, database);
    if !this.checks_thread {
        return Ok(());
    }
    let (made, here) = (this.thread, green::current(vm).id);
    if made == here {
        return Ok(());
    }
    let message = format!(
        "SQLite objects created in a thread can only be used in that same thread. \
         The object was created in thread id {} and this is thread id {}.",
        made.0, here.0
    );
    Err(error::programming(vm, &message))
}

const NEW: Native = Native::vm(
    "_Database(cls, path, is_uri, timeout, cached_statements, checks_thread, detect_types, converters, adapt, /)",
    "Open a database.",
    |vm, args| {
        let path = path_of(vm, args.at(1), args.at(2))?;
        let timeout = vm.to_float(args.at(3))?;
        let cache_size = usize::try_from(vm_index_or(vm, args.at(4), 128)?).unwrap_or(0);
        let checks_thread = vm.truth(args.at(5))?;
        let detect_types = vm_index_or(vm, args.at(6), 0)?;
        let connection = connect(&path, timeout).map_err(|e| error::raise(vm, &e))?;
        limit_memory(vm, &connection);
        if hooks::is_guarded(vm) {
            let in_memory = connection.execute_batch("PRAGMA temp_store=MEMORY");
            in_memory.map_err(|e| error::raise(vm, &e))?;
        }
        let text_factory = vm.heap.types.class(&vm.heap, Builtin::Str).value();
        let database = Database {
            connection: SendWrapper::new(RefCell::new(Some(Rc::new(connection)))),
            statements: held(),
            cache: held(),
            cache_size,
            thread: green::current(vm).id,
            checks_thread,
            inside: held(),
            raised: Slot::undef(),
            callables: SlotVec::new(),
            free: RefCell::default(),
            hooks: Hooks::default(),
            begin: RefCell::default(),
            text_factory: Slot::new(text_factory),
            text_as: Cell::new(TextAs::Str),
            detect_types,
            converters: Slot::new(vm.get(args.at(7))),
            adapt: Slot::new(vm.get(args.at(8))),
        };
        Ok(vm.new_opaque(args.at(0), database))
    },
);

/// The path of a database as SQLite shall see it, if the host allows it.
fn path_of(vm: &mut Vm, path: Local, is_uri: Local) -> Result<PathBuf, Raised> {
    let is_uri = vm.truth(is_uri)?;
    let bytes = Buffer::copied(&vm.heap, vm.get(path))?;
    if bytes.contains(&0) {
        return Err(vm.heap.value_error("embedded null byte"));
    }
    // SQLite is built so that it reads URIs everywhere.
    let path = match is_uri || !bytes.starts_with(b"file:") {
        true => PathBuf::from(OsString::from_vec(bytes)),
        false => Path::new(".").join(OsString::from_vec(bytes)),
    };
    if !hooks::may_open(vm, &path.to_string_lossy()) {
        return Err(error::operational(vm, "unable to open database file"));
    }
    Ok(path)
}

fn connect(path: &Path, timeout: f64) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    hooks::install(&mut connection, timeout)?;
    Ok(connection)
}

/// What SQLite allocates counts for the process: the limit of the VM is its limit, too.
fn limit_memory(vm: &Vm, connection: &Connection) {
    if let Some(limit) = vm.heap.guard.limits().memory {
        let pragma = format!("PRAGMA hard_heap_limit={limit}");
        // Without the pragma only the limit is missing.
        let _ = connection.execute_batch(&pragma);
    }
}

const CHECK: Native = Native::vm(
    "check(self, /)",
    "Raise ProgrammingError unless the database is open, and belongs to the thread that runs now.",
    |vm, args| {
        open(vm, args.at(0))?;
        Ok(vm.none())
    },
);

const CLOSE: Native = Native::vm(
    "close(self, ends, /)",
    "Close the database; first roll back what was begun, if ends is true.",
    |vm, args| {
        check_thread(vm, args.at(0))?;
        if of(vm, args.at(0)).connection.borrow().is_none() {
            return Ok(vm.none());
        }
        if running::is_inside(of(vm, args.at(0))) {
            let message = "unable to close due to unfinalized statements or unfinished backups";
            return Err(error::operational(vm, message));
        }
        let ends = vm.truth(args.at(1))?;
        let connection = open(vm, args.at(0))?;
        let result = match ends && !connection.is_autocommit() {
            true => execute(vm, args.at(0), &connection, "ROLLBACK"),
            false => Ok(()),
        };
        let this = of(vm, args.at(0));
        this.connection.replace(None);
        this.finalize_all();
        let others = Rc::into_inner(connection);
        // What a last checkpoint complains about is not lost: the next connection repeats it.
        running::run(vm, args.at(0), || drop(others))?;
        result?;
        Ok(vm.none())
    },
);

const BEGIN: Native = Native::vm(
    "begin(self, statement, /)",
    "Run a statement that begins a transaction, unless one is open.",
    |vm, args| {
        let connection = open(vm, args.at(0))?;
        if connection.is_autocommit() {
            let sql = vm.text_of(args.at(1))?;
            execute(vm, args.at(0), &connection, &sql)?;
        }
        Ok(vm.none())
    },
);

const END: Native = Native::vm(
    "end(self, statement, /)",
    "Run a statement that ends a transaction, if one is open.",
    |vm, args| {
        let connection = open(vm, args.at(0))?;
        if !connection.is_autocommit() {
            let sql = vm.text_of(args.at(1))?;
            execute(vm, args.at(0), &connection, &sql)?;
        }
        Ok(vm.none())
    },
);

const SCRIPT: Native = Native::vm(
    "script(self, sql, /)",
    "Run all statements of a text.",
    |vm, args| {
        let connection = open(vm, args.at(0))?;
        let has_nul =
            as_str(&vm.heap, vm.get(args.at(1))).is_some_and(|s| s.as_str().contains('\0'));
        if has_nul {
            return Err(vm.heap.value_error("embedded null character"));
        }
        let sql = sql_text(vm, args.at(1), &connection)?;
        execute(vm, args.at(0), &connection, &sql)?;
        Ok(vm.none())
    },
);

const PREPARE: Native = Native::vm(
    "prepare(self, sql, /)",
    "Prepare a statement.",
    |vm, args| {
        let statement = statement(vm, args.at(0), args.at(1))?;
        let class = class_of(vm, &STATEMENT);
        Ok(vm.new_opaque(class, Kept(SendWrapper::new(statement))))
    },
);

/// `sqlite3.Statement`: what calling a connection returns.
pub const STATEMENT: ModuleType = ModuleType {
    name: "sqlite3.Statement",
    module: "sqlite3",
    body: NativeType::of(Builtin::Opaque, "A prepared statement."),
};

struct Kept(SendWrapper<Rc<Statement>>);

traced!(plain Kept);

impl Payload for Kept {}

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.reset();
    }
}

const IS_OPEN: Native = Native::vm("is_open(self, /)", "Whether it is open.", |vm, args| {
    let is_open = of(vm, args.at(0)).connection.borrow().is_some();
    Ok(vm.bool_local(is_open))
});

const INTERRUPT: Native = Native::vm(
    "interrupt(self, /)",
    "Make the statements that run now end with an error.",
    |vm, args| {
        let connection = of(vm, args.at(0)).connection.borrow().clone();
        match connection {
            Some(connection) => connection.get_interrupt_handle().interrupt(),
            None => {
                let message = "Cannot operate on a closed database.";
                return Err(error::programming(vm, message));
            }
        }
        Ok(vm.none())
    },
);

/// Runs all statements of a text, whose rows nobody reads.
///
/// # Errors
/// As SQLite says; what callbacks leave.
pub fn execute(
    vm: &mut Vm,
    database: Local,
    connection: &Rc<Connection>,
    sql: &str,
) -> Result<(), Raised> {
    use rusqlite::fallible_iterator::FallibleIterator;
    let all = || {
        let mut batch = rusqlite::Batch::new(connection, sql);
        while let Some(mut statement) = batch.next()? {
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
        }
        Ok(())
    };
    match running::run(vm, database, all)? {
        Ok(()) => Ok(()),
        Err(error) => Err(error::raise(vm, &error)),
    }
}

/// The text of statements, which SQLite can read.
///
/// # Errors
/// ProgrammingError, DataError, UnicodeEncodeError.
pub fn sql_text(vm: &mut Vm, sql: Local, connection: &Connection) -> Result<String, Raised> {
    let text = as_str(&vm.heap, vm.get(sql)).map_or("", |text| text.as_str());
    let text = text.to_owned();
    super::values::lend(&vm.heap, vm.get(sql), |_| ())?;
    let most = connection.limit(rusqlite::limits::Limit::SQLITE_LIMIT_SQL_LENGTH);
    if most.is_ok_and(|most| text.len() > most as usize) {
        return Err(raise_text(vm, &error::DATA, "query string is too large"));
    }
    if text.contains('\0') {
        let message = "the query contains a null character";
        return Err(error::programming(vm, message));
    }
    Ok(text)
}

/// The statement of a text, at rest: one that was prepared before, or a new one.
///
/// # Errors
/// As SQLite says; ProgrammingError if there are several.
pub fn statement(vm: &mut Vm, database: Local, sql: Local) -> Result<Rc<Statement>, Raised> {
    let connection = open(vm, database)?;
    let known = as_str(&vm.heap, vm.get(sql));
    let known = known.and_then(|text| of(vm, database).cached(text.as_str()));
    if let Some(statement) = known {
        return Ok(statement);
    }
    let text = sql_text(vm, sql, &connection)?;
    let made = running::run(vm, database, || Statement::prepare(&connection, &text))?;
    let statement = match made {
        Ok(statement) => Rc::new(statement),
        Err(Refusal::Several) => {
            let message = "You can only execute one statement at a time.";
            return Err(error::programming(vm, message));
        }
        Err(Refusal::Error(error)) => return Err(error::raise(vm, &error)),
    };
    of(vm, database).remember(&statement);
    Ok(statement)
}

impl Database {
    /// A statement of this text that is at rest.
    fn cached(&self, sql: &str) -> Option<Rc<Statement>> {
        let mut cache = self.cache.borrow_mut();
        let at = cache.iter().rposition(|known| *known.sql == *sql)?;
        if cache[at].is_busy() {
            return None;
        }
        if at + 1 < cache.len() {
            let found = cache.remove(at);
            cache.push(found);
        }
        cache.last().cloned()
    }

    fn remember(&self, statement: &Rc<Statement>) {
        let mut all = self.statements.borrow_mut();
        if all.len() == all.capacity() {
            all.retain(|known| known.strong_count() > 0);
        }
        all.push(Rc::downgrade(statement));
        let mut cache = self.cache.borrow_mut();
        cache.retain(|known| known.sql != statement.sql);
        if cache.len() >= self.cache_size && !cache.is_empty() {
            cache.remove(0);
        }
        if self.cache_size > 0 {
            cache.push(Rc::clone(statement));
        }
    }

    /// Forgets the statements that are at rest, so that the connection is borrowed only by those that run.
    pub fn forget_idle(&self) {
        self.cache.borrow_mut().retain(|known| known.is_busy());
        for statement in self.statements.borrow().iter().filter_map(Weak::upgrade) {
            if !statement.is_busy() {
                statement.finalize();
            }
        }
    }

    fn finalize_all(&self) {
        self.cache.replace(Vec::new());
        for statement in self
            .statements
            .replace(Vec::new())
            .iter()
            .filter_map(Weak::upgrade)
        {
            statement.finalize();
        }
    }

    /// Does what needs the connection for itself. None: a statement runs.
    pub fn alone<T>(&self, act: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        self.forget_idle();
        let mut held = self.connection.try_borrow_mut().ok()?;
        Some(act(Rc::get_mut(held.as_mut()?)?))
    }

    /// Takes the connection out for an operation that needs it for itself. None: it is closed, or a statement runs.
    pub fn take_alone(&self) -> Option<Connection> {
        self.forget_idle();
        let mut held = self.connection.try_borrow_mut().ok()?;
        match Rc::try_unwrap(held.take()?) {
            Ok(connection) => Some(connection),
            Err(shared) => {
                *held = Some(shared);
                None
            }
        }
    }

    /// Puts it back.
    pub fn put_back(&self, connection: Rc<Connection>) {
        *self.connection.borrow_mut() = Some(connection);
    }
}
