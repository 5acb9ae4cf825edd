//! `_sqlite3._Blob`: an open BLOB, under `sqlite3.Blob` (library/sqlite3/_blob.apy).
//!
//! Offsets and lengths are checked in apy; what comes here lies inside of the BLOB. It is closed when its object dies, or by `close()`.

use std::cell::RefCell;
use std::io::{Read, Seek, SeekFrom, Write};
use std::rc::Rc;

use rusqlite::{Connection, Error, ffi};
use self_cell::{MutBorrow, self_cell};
use send_wrapper::SendWrapper;

use super::{database, error, running};
use crate::runtime::heap::traced;
use crate::runtime::opaque::Payload;
use crate::runtime::{Builtin, Raised, Slot};
use crate::stdlib::arg::Buffer;
use crate::stdlib::registry::{ModuleType, NativeType};
use crate::vm::{Local, Native, Vm};

/// `_sqlite3._Blob`.
pub const BLOB: ModuleType = ModuleType {
    name: "_sqlite3._Blob",
    module: "_sqlite3",
    body: NativeType {
        methods: &[&LENGTH, &READ, &WRITE, &CLOSE],
        ..NativeType::of(Builtin::Opaque, "An open BLOB.")
    },
};

type Inner<'c> = rusqlite::blob::Blob<'c>;

self_cell! {
    /// A BLOB with its connection.
    pub struct OpenBlob {
        owner: MutBorrow<Rc<Connection>>,
        #[not_covariant]
        dependent: Inner,
    }
}

/// An open BLOB; None inside once it is closed.
pub struct Blob {
    database: Slot,
    handle: SendWrapper<RefCell<Option<OpenBlob>>>,
}

traced!(Blob { database } plain { handle });

impl Payload for Blob {}

impl Blob {
    /// The object of an open BLOB.
    pub fn new(vm: &Vm, database: Local, handle: OpenBlob) -> Blob {
        Blob {
            database: Slot::new(vm.get(database)),
            handle: SendWrapper::new(RefCell::new(Some(handle))),
        }
    }
}

/// Opens the BLOB of a row in a column. `place`: database, table, column.
///
/// # Errors
/// SQLite's.
pub fn open(
    connection: &Rc<Connection>,
    place: [&str; 3],
    row: i64,
    is_readonly: bool,
) -> Result<OpenBlob, Error> {
    let [name, table, column] = place;
    OpenBlob::try_new(MutBorrow::new(Rc::clone(connection)), |connection| {
        let connection: &Rc<Connection> = connection.borrow_mut();
        connection.blob_open(name, table, column, row, is_readonly)
    })
}

fn check(vm: &mut Vm, this: Local) -> Result<Local, Raised> {
    let database = vm.local(vm.payload::<Blob>(this).database.get(&vm.heap));
    database::open(vm, database)?;
    if vm.payload::<Blob>(this).handle.borrow().is_none() {
        let message = "Cannot operate on a closed blob.";
        return Err(error::programming(vm, message));
    }
    Ok(database)
}

/// Does something with the BLOB from a position on.
fn work<T>(
    vm: &mut Vm,
    this: Local,
    at: u64,
    act: impl FnOnce(&mut Inner<'_>) -> std::io::Result<T>,
) -> Result<T, Raised> {
    let database = check(vm, this)?;
    let mut handle = vm.payload::<Blob>(this).handle.replace(None);
    let outcome = running::run(vm, database, || {
        let handle = handle.as_mut()?;
        Some(handle.with_dependent_mut(|_, blob| {
            blob.seek(SeekFrom::Start(at))?;
            act(blob)
        }))
    });
    vm.payload::<Blob>(this).handle.replace(handle);
    match outcome? {
        Some(Ok(done)) => Ok(done),
        Some(Err(io)) => Err(raise_io(vm, io)),
        None => Err(error::programming(vm, "Cannot operate on a closed blob.")),
    }
}

fn raise_io(vm: &mut Vm, io: std::io::Error) -> Raised {
    let inner = io.into_inner().and_then(|e| e.downcast::<Error>().ok());
    match inner {
        Some(error) => error::raise(vm, &error),
        None => {
            let code = ffi::Error::new(ffi::SQLITE_ABORT);
            let error = Error::SqliteFailure(code, None);
            error::raise(vm, &error)
        }
    }
}

const LENGTH: Native = Native::vm("length(self, /)", "How many bytes it has.", |vm, args| {
    let length = work(vm, args.at(0), 0, |blob| Ok(blob.len()))?;
    Ok(vm.local(vm.heap.usize(length)))
});

const READ: Native = Native::vm(
    "read(self, offset, length, /)",
    "Bytes from offset on; all of them must be there.",
    |vm, args| {
        let at = vm.index(args.at(1))?.unsigned_abs();
        let length = usize::try_from(vm.index(args.at(2))?).unwrap_or(0);
        vm.room_for(length)?;
        let mut bytes = vec![0; length];
        work(vm, args.at(0), at, |blob| blob.read_exact(&mut bytes))?;
        Ok(vm.local(vm.heap.bytes(bytes).value()))
    },
);

const WRITE: Native = Native::vm(
    "write(self, offset, data, /)",
    "Write bytes at offset; there must be room for all.",
    |vm, args| {
        let at = vm.index(args.at(1))?.unsigned_abs();
        let data = Buffer::copied(&vm.heap, vm.get(args.at(2)))?;
        work(vm, args.at(0), at, |blob| blob.write_all(&data))?;
        Ok(vm.none())
    },
);

const CLOSE: Native = Native::vm("close(self, /)", "Close it.", |vm, args| {
    let handle = vm.payload::<Blob>(args.at(0)).handle.replace(None);
    let database = vm.local(vm.payload::<Blob>(args.at(0)).database.get(&vm.heap));
    running::run(vm, database, || drop(handle))?;
    Ok(vm.none())
});
