//! Settings and numbers of a connection: limits, options, how transactions begin, `text_factory`.
//!
//! The numbers of limits and options are SQLite's, and those that `sqlite3` exports. A new one is an arm here and a row in `codes.rs`.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::database::{self, TextAs};
use super::error;
use crate::runtime::class::Class;
use crate::runtime::str::Str;
use crate::runtime::{Builtin, Value};
use crate::stdlib::arg::given;
use crate::vm::{Local, Native, Vm};

/// `is_autocommit()`.
pub const IS_AUTOCOMMIT: Native = Native::vm(
    "is_autocommit(self, /)",
    "Whether no transaction is open.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        Ok(vm.local(Value::bool(connection.is_autocommit())))
    },
);

/// `total_changes()`.
pub const TOTAL_CHANGES: Native = Native::vm(
    "total_changes(self, /)",
    "How many rows were changed since the database was opened.",
    |vm, args| {
        let changes = database::open(vm, args.at(0))?.total_changes();
        Ok(vm.local(vm.heap.int(changes as i64)))
    },
);

fn limit_of(category: i64) -> Option<Limit> {
    Some(match category {
        0 => Limit::SQLITE_LIMIT_LENGTH,
        1 => Limit::SQLITE_LIMIT_SQL_LENGTH,
        2 => Limit::SQLITE_LIMIT_COLUMN,
        3 => Limit::SQLITE_LIMIT_EXPR_DEPTH,
        4 => Limit::SQLITE_LIMIT_COMPOUND_SELECT,
        5 => Limit::SQLITE_LIMIT_VDBE_OP,
        6 => Limit::SQLITE_LIMIT_FUNCTION_ARG,
        7 => Limit::SQLITE_LIMIT_ATTACHED,
        8 => Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH,
        9 => Limit::SQLITE_LIMIT_VARIABLE_NUMBER,
        10 => Limit::SQLITE_LIMIT_TRIGGER_DEPTH,
        11 => Limit::SQLITE_LIMIT_WORKER_THREADS,
        _ => return None,
    })
}

/// `limit(category, value=None)`.
pub const LIMIT: Native = Native::vm(
    "limit(self, category, value=0, /)",
    "A limit of the connection; sets it first if value is given, and returns what it was.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let Some(limit) = limit_of(vm.index(args.at(1))?) else {
            return Err(error::programming(vm, "'category' is out of bounds"));
        };
        let outcome = match given(vm, args.at(2)) {
            None => connection.limit(limit),
            Some(value) => {
                let value = vm.index(value)?;
                let Ok(value) = i32::try_from(value) else {
                    let message = "Python int too large to convert to C int";
                    return Err(vm.heap.raise(Builtin::OverflowError, message));
                };
                connection.set_limit(limit, value)
            }
        };
        let before = outcome.map_err(|e| error::raise(vm, &e))?;
        Ok(vm.local(Value::small_int(i64::from(before))))
    },
);

fn config_of(option: i64) -> Option<DbConfig> {
    Some(match option {
        1002 => DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY,
        1003 => DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER,
        1004 => DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
        1006 => DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
        1007 => DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG,
        1008 => DbConfig::SQLITE_DBCONFIG_TRIGGER_EQP,
        1009 => DbConfig::SQLITE_DBCONFIG_RESET_DATABASE,
        1010 => DbConfig::SQLITE_DBCONFIG_DEFENSIVE,
        1011 => DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA,
        1012 => DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE,
        1013 => DbConfig::SQLITE_DBCONFIG_DQS_DML,
        1014 => DbConfig::SQLITE_DBCONFIG_DQS_DDL,
        1015 => DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW,
        1016 => DbConfig::SQLITE_DBCONFIG_LEGACY_FILE_FORMAT,
        1017 => DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA,
        _ => return None,
    })
}

/// SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION: apy loads none.
const LOAD_EXTENSION: i64 = 1005;

/// `config(option, value)`.
pub const CONFIG: Native = Native::vm(
    "config(self, option, value=False, /)",
    "Whether an option of the connection is on; sets it first if value is given.",
    |vm, args| {
        let connection = database::open(vm, args.at(0))?;
        let option = vm.index(args.at(1))?;
        if option == LOAD_EXTENSION && given(vm, args.at(2)).is_none() {
            return Ok(vm.local(Value::FALSE));
        }
        let Some(config) = config_of(option) else {
            let message = format!("unknown config 'op': {option}");
            return Err(vm.heap.value_error(&message));
        };
        let outcome = match given(vm, args.at(2)) {
            None => connection.db_config(config),
            Some(value) => {
                let on = vm.truth(value)?;
                connection.set_db_config(config, on)
            }
        };
        let is_on = outcome.map_err(|e| error::raise(vm, &e))?;
        Ok(vm.local(Value::bool(is_on)))
    },
);

/// `set_begin(statement)`.
pub const SET_BEGIN: Native = Native::vm(
    "set_begin(self, statement, /)",
    "The statement that begins a transaction before one that changes rows; None if nothing does.",
    |vm, args| {
        let text = vm.get_gc::<Str>(args.at(1)).map(|s| s.as_str().into());
        *database::of(vm, args.at(0)).begin.borrow_mut() = text;
        Ok(vm.none())
    },
);

/// `set_text_factory(factory)`.
pub const SET_TEXT_FACTORY: Native = Native::vm(
    "set_text_factory(self, factory, /)",
    "What makes objects of texts.",
    |vm, args| {
        let kind = kind_of(vm, args.at(1));
        let this = database::of(vm, args.at(0));
        this.text_as.set(kind);
        this.text_factory.set(vm.get(args.at(1)));
        Ok(vm.none())
    },
);

fn kind_of(vm: &Vm, factory: Local) -> TextAs {
    let Some(class) = vm.get_gc::<Class>(factory) else {
        return TextAs::Other;
    };
    if class.builtin_is(Builtin::Str) {
        TextAs::Str
    } else if class.builtin_is(Builtin::Bytes) {
        TextAs::Bytes
    } else {
        TextAs::Other
    }
}
