//! What an authorizer is asked about, as the numbers and names that the program's callback gets.
//!
//! rusqlite reads SQLite's numbers into an enum; this is the way back. A new action of SQLite is `Unknown` there and passes as it is.

use rusqlite::hooks::{AuthAction, AuthContext, TransactionOperation};

use crate::runtime::Value;
use crate::vm::{Local, Vm};

/// SQLITE_ATTACH.
pub const ATTACH: i32 = 24;

type Names<'c> = (Option<&'c str>, Option<&'c str>);

/// The arguments of the callback: action, two names that depend on it, database, trigger or view.
pub fn arguments(vm: &Vm, context: &AuthContext<'_>) -> [Local; 5] {
    let (code, (first, second)) = action(context.action);
    let text =
        |text: Option<&str>| vm.local(text.map_or(Value::NONE, |text| vm.heap.str_value(text)));
    [
        vm.local(Value::small_int(i64::from(code))),
        text(first),
        text(second),
        text(context.database_name),
        text(context.accessor),
    ]
}

fn operation(operation: TransactionOperation) -> Option<&'static str> {
    match operation {
        TransactionOperation::Begin => Some("BEGIN"),
        TransactionOperation::Release => Some("RELEASE"),
        TransactionOperation::Rollback => Some("ROLLBACK"),
        // SQLite has one more.
        _ => Some("COMMIT"),
    }
}

fn action(action: AuthAction<'_>) -> (i32, Names<'_>) {
    use AuthAction as A;
    match action {
        A::CreateIndex {
            index_name,
            table_name,
        } => (1, (Some(index_name), Some(table_name))),
        A::CreateTable { table_name } => (2, (Some(table_name), None)),
        A::CreateTempIndex {
            index_name,
            table_name,
        } => (3, (Some(index_name), Some(table_name))),
        A::CreateTempTable { table_name } => (4, (Some(table_name), None)),
        A::CreateTempTrigger {
            trigger_name,
            table_name,
        } => (5, (Some(trigger_name), Some(table_name))),
        A::CreateTempView { view_name } => (6, (Some(view_name), None)),
        A::CreateTrigger {
            trigger_name,
            table_name,
        } => (7, (Some(trigger_name), Some(table_name))),
        A::CreateView { view_name } => (8, (Some(view_name), None)),
        A::Delete { table_name } => (9, (Some(table_name), None)),
        A::DropIndex {
            index_name,
            table_name,
        } => (10, (Some(index_name), Some(table_name))),
        A::DropTable { table_name } => (11, (Some(table_name), None)),
        A::DropTempIndex {
            index_name,
            table_name,
        } => (12, (Some(index_name), Some(table_name))),
        A::DropTempTable { table_name } => (13, (Some(table_name), None)),
        A::DropTempTrigger {
            trigger_name,
            table_name,
        } => (14, (Some(trigger_name), Some(table_name))),
        A::DropTempView { view_name } => (15, (Some(view_name), None)),
        A::DropTrigger {
            trigger_name,
            table_name,
        } => (16, (Some(trigger_name), Some(table_name))),
        A::DropView { view_name } => (17, (Some(view_name), None)),
        A::Insert { table_name } => (18, (Some(table_name), None)),
        A::Pragma {
            pragma_name,
            pragma_value,
        } => (19, (Some(pragma_name), pragma_value)),
        A::Read {
            table_name,
            column_name,
        } => (20, (Some(table_name), Some(column_name))),
        A::Select => (21, (None, None)),
        A::Transaction { operation: which } => (22, (operation(which), None)),
        A::Update {
            table_name,
            column_name,
        } => (23, (Some(table_name), Some(column_name))),
        A::Attach { filename } => (ATTACH, (Some(filename), None)),
        A::Detach { database_name } => (25, (Some(database_name), None)),
        A::AlterTable {
            database_name,
            table_name,
        } => (26, (Some(database_name), Some(table_name))),
        A::Reindex { index_name } => (27, (Some(index_name), None)),
        A::Analyze { table_name } => (28, (Some(table_name), None)),
        A::CreateVtable {
            table_name,
            module_name,
        } => (29, (Some(table_name), Some(module_name))),
        A::DropVtable {
            table_name,
            module_name,
        } => (30, (Some(table_name), Some(module_name))),
        A::Function { function_name } => (31, (None, Some(function_name))),
        A::Savepoint {
            operation: which,
            savepoint_name,
        } => (32, (operation(which), Some(savepoint_name))),
        A::Recursive => (33, (None, None)),
        A::Unknown { code, arg1, arg2 } => (code, (arg1, arg2)),
        _ => (0, (None, None)),
    }
}
