//! A prepared statement: at rest, or with the row where it stands.
//!
//! rusqlite's statement borrows its connection and its rows borrow the statement. Here each is a cell that also holds what it borrows,
//! so a statement lives as long as a cursor needs it; a connection that closes takes the insides out (`finalize`).

use std::cell::RefCell;
use std::rc::Rc;

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Batch, Connection, Error};
use self_cell::{MutBorrow, self_cell};

type Inner<'c> = rusqlite::Statement<'c>;
type Inside<'p> = rusqlite::Rows<'p>;

self_cell! {
    struct Prepared {
        owner: Rc<Connection>,
        #[not_covariant]
        dependent: Inner,
    }
}

self_cell! {
    struct Run {
        owner: MutBorrow<Prepared>,
        #[not_covariant]
        dependent: Inside,
    }
}

enum State {
    /// Not begun, or reset.
    Idle(Prepared),
    /// It stands on a row.
    Running(Run),
    /// The connection was closed, or the text held no statement.
    Gone,
}

/// A prepared statement.
pub struct Statement {
    state: RefCell<State>,
    /// Its text.
    pub sql: Box<str>,
    /// Whether it inserts, updates, deletes or replaces.
    pub is_dml: bool,
    /// Whether it changes nothing.
    pub is_readonly: bool,
    /// The names of its parameters; None for a bare `?`.
    pub parameters: Vec<Option<Box<str>>>,
}

/// Why there is no statement.
pub enum Refusal {
    /// There is more than one in the text.
    Several,
    /// SQLite's complaint.
    Error(Error),
}

impl Statement {
    /// Prepares the one statement of a text.
    pub fn prepare(connection: &Rc<Connection>, sql: &str) -> Result<Statement, Refusal> {
        let prepared = Prepared::try_new(Rc::clone(connection), |c| c.prepare(sql));
        let state = match prepared {
            Ok(prepared) => State::Idle(prepared),
            Err(Error::Empty) => State::Gone,
            Err(Error::MultipleStatement) => return Err(Refusal::Several),
            Err(error) => {
                // The complaint may be about what follows the first statement.
                let first = Batch::new(connection, sql).next();
                if !matches!(first, Ok(Some(_))) {
                    return Err(Refusal::Error(error));
                }
                drop(first);
                return match open_comment(sql) {
                    Some(at) => Statement::prepare(connection, &sql[..at]),
                    None => Err(Refusal::Several),
                };
            }
        };
        let (mut is_readonly, mut parameters) = (true, Vec::new());
        if let State::Idle(prepared) = &state {
            prepared.with_dependent(|_, statement| {
                is_readonly = statement.readonly();
                let names = 1..=statement.parameter_count();
                parameters.extend(names.map(|i| statement.parameter_name(i).map(Box::from)));
            });
        }
        Ok(Statement {
            state: RefCell::new(state),
            sql: sql.into(),
            is_dml: is_dml(sql),
            is_readonly,
            parameters,
        })
    }

    /// Whether it stands on a row, or SQLite works on it now.
    pub fn is_busy(&self) -> bool {
        let state = self.state.try_borrow();
        !matches!(state.as_deref(), Ok(State::Idle(_) | State::Gone))
    }

    /// Gives a parameter its value. The statement must be at rest.
    pub fn bind(&self, at: usize, value: ToSqlOutput<'_>) -> Result<(), Error> {
        match &mut *self.state.borrow_mut() {
            State::Idle(prepared) => prepared
                .with_dependent_mut(|_, statement| statement.raw_bind_parameter(at + 1, value)),
            _ => Ok(()),
        }
    }

    /// Goes to the next row; false at the end, where it is reset.
    pub fn step(&self) -> Result<bool, Error> {
        let mut state = self.state.borrow_mut();
        if let State::Idle(_) = &*state
            && let State::Idle(prepared) = std::mem::replace(&mut *state, State::Gone)
        {
            let run = Run::new(MutBorrow::new(prepared), |prepared| {
                let prepared = prepared.borrow_mut();
                prepared.with_dependent_mut(|_, statement| statement.raw_query())
            });
            *state = State::Running(run);
        }
        let State::Running(run) = &mut *state else {
            return Ok(false);
        };
        run.with_dependent_mut(|_, rows| rows.next().map(|row| row.is_some()))
    }

    /// Ends the run, if there is one.
    pub fn reset(&self) {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return;
        };
        if let State::Running(_) = &*state
            && let State::Running(run) = std::mem::replace(&mut *state, State::Gone)
        {
            *state = State::Idle(run.into_owner().into_inner());
        }
    }

    /// Lets go of the connection.
    pub fn finalize(&self) {
        if let Ok(mut state) = self.state.try_borrow_mut() {
            *state = State::Gone;
        }
    }

    /// Looks at the row where it stands.
    pub fn with_row<T>(&self, look: impl FnOnce(&rusqlite::Row<'_>) -> T) -> Option<T> {
        match &*self.state.borrow() {
            State::Running(run) => run.with_dependent(|_, rows| rows.get().map(look)),
            _ => None,
        }
    }

    /// Looks at the columns of its result, once it runs: their names, and the types that they were declared with.
    pub fn with_columns<T>(&self, look: impl FnOnce(&rusqlite::Statement<'_>) -> T) -> Option<T> {
        match &*self.state.borrow() {
            State::Idle(prepared) => Some(prepared.with_dependent(|_, statement| look(statement))),
            State::Running(run) => run.with_dependent(|prepared, rows| match rows.as_ref() {
                Some(statement) => Some(look(statement)),
                None => {
                    let _ = prepared;
                    None
                }
            }),
            State::Gone => None,
        }
    }
}

/// Whether the first word of a statement says that it changes rows.
fn is_dml(sql: &str) -> bool {
    let sql = skip_comments(sql);
    let end = sql.find(|c: char| !c.is_ascii_alphabetic());
    let word = &sql[..end.unwrap_or(sql.len())];
    ["insert", "update", "delete", "replace"]
        .iter()
        .any(|dml| word.eq_ignore_ascii_case(dml))
}

/// A text without the blanks and comments that it begins with.
fn skip_comments(mut sql: &str) -> &str {
    loop {
        sql = sql.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        sql = if let Some(comment) = sql.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = sql.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return sql;
        };
    }
}

/// Where a comment begins that does not end; SQLite lets it pass.
fn open_comment(sql: &str) -> Option<usize> {
    let at = sql.rfind("/*")?;
    (!sql[at + 2..].contains("*/")).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells() {
        assert!(is_dml("insert into t values (1)"));
        assert!(is_dml("  -- a\n/* b */ REPLACE into t values (1)"));
        assert!(!is_dml("-- insert"));
        assert!(!is_dml("inserted") && !is_dml("select 1") && !is_dml(""));
    }
}
