//! "Did you mean": what the program most likely wanted where a name, an attribute or a module was not found.
//!
//! Made when an exception is described, not when it is raised: most exceptions are caught, and searching takes time. The
//! candidates and the wording are those of CPython's tracebacks; only modules that
//! do not exist get a hint there is none of in CPython: a name that can be imported, or that apy lacks the module.

use crate::diagnostics::similar::nearest;
use crate::runtime::dict::Dict;
use crate::runtime::exception::Exception;
use crate::runtime::intern::Sym;
use crate::runtime::module::Module;
use crate::runtime::str::Str;
use crate::runtime::traceback::{TraceEntry, Traceback};
use crate::runtime::{Builtin, Gc, Value};
use crate::vm::Vm;
use crate::vm::local::Local;

/// Among more names than these CPython does not search.
const MANY: usize = 750;

/// The attribute of a NameError that holds the module it was raised in. No program can spell it.
pub(in crate::vm) const MODULE_OF: &str = ".module";

/// CPython's modules: a missing name that is one of them was most likely not imported.
const STDLIB: &str = "\
abc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 cProfile calendar cmath cmd code codecs codeop \
collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime \
dbm decimal difflib dis doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib \
functools gc getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http imaplib importlib inspect io ipaddress \
itertools json keyword linecache locale logging lzma mailbox marshal math mimetypes mmap multiprocessing netrc numbers opcode \
operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd \
pydoc queue quopri random re readline reprlib resource runpy sched secrets select selectors shelve shlex shutil signal site \
smtplib socket socketserver sqlite3 ssl stat statistics string stringprep struct subprocess symtable sys sysconfig syslog tarfile \
tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle types \
typing unicodedata unittest urllib uuid venv warnings wave weakref webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport zlib \
zoneinfo";

/// CPython's builtin functions and classes, exceptions left out: one that is not found is one that apy lacks.
const BUILTINS: &str = "\
abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr \
dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int isinstance \
issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit range repr reversed \
round set setattr slice sorted staticmethod str sum super tuple type vars zip";

/// What is said of a module of CPython that is not there, after its name.
const LACKING_MODULE: &str =
    "is a module of CPython that apy does not have; docs/library/README.md lists those that it has";
/// What does the work of a module that apy lacks, or why it is not there.
const ALTERNATIVES: &[(&str, &str)] = &[
    ("aifc", "was removed from Python 3.13"),
    (
        "asynchat",
        "was removed from Python 3.12; use asyncio's streams",
    ),
    (
        "asyncore",
        "was removed from Python 3.12; use asyncio's streams",
    ),
    (
        "cgi",
        "was removed from Python 3.13; use urllib.parse.parse_qs and email.message",
    ),
    ("cgitb", "was removed from Python 3.13; use traceback"),
    (
        "crypt",
        "was removed from Python 3.13; use hashlib.scrypt or pbkdf2_hmac",
    ),
    (
        "curses",
        "apy has no curses: print the escapes of ANSI, or use a package such as rich",
    ),
    (
        "distutils",
        "was removed from Python 3.12; use packaging, shutil or sysconfig",
    ),
    (
        "ensurepip",
        "apy installs no packages: unpack wheels with `pip install --target DIR`, and name DIR in APYPATH",
    ),
    (
        "ftplib",
        "apy has no client for FTP: run curl by subprocess, or use urllib.request with a proxy",
    ),
    (
        "idlelib",
        "apy has no windows; `apy` without a file is a prompt with colours and completion",
    ),
    (
        "imghdr",
        "was removed from Python 3.13; compare the first bytes of the file",
    ),
    (
        "imaplib",
        "apy has no client for IMAP: use socket, or a program such as mbsync by subprocess",
    ),
    ("imp", "was removed from Python 3.12; use importlib"),
    ("lib2to3", "was removed from Python 3.13; use ast"),
    (
        "mailbox",
        "apy reads no mailboxes: split the file, and parse the messages with email",
    ),
    ("msvcrt", "is a module of Windows"),
    ("nntplib", "was removed from Python 3.13; use socket"),
    (
        "pipes",
        "was removed from Python 3.13; use subprocess and shlex.quote",
    ),
    (
        "poplib",
        "apy has no client for POP3: use socket, or a program such as fetchmail by subprocess",
    ),
    (
        "pydoc",
        "`help(name)` shows the same; docs/library has the pages",
    ),
    #[cfg(not(feature = "sqlite"))]
    (
        "_sqlite3",
        "apy was built without SQLite, which its feature sqlite brings",
    ),
    (
        "telnetlib",
        "was removed from Python 3.13; use socket or asyncio's streams",
    ),
    (
        "tkinter",
        "apy has no windows: use the terminal, or serve pages with http.server",
    ),
    ("turtle", "apy has no windows: write SVG files"),
    ("uu", "was removed from Python 3.13; use base64 or binascii"),
    (
        "venv",
        "apy installs no packages: unpack wheels with `pip install --target DIR`, and name DIR in APYPATH",
    ),
    ("winreg", "is a module of Windows"),
    ("winsound", "is a module of Windows"),
    (
        "xmlrpc",
        "apy has no XML-RPC: send JSON with urllib.request and http.server",
    ),
];
/// The same of a builtin.
const LACKING_BUILTIN: &str =
    "CPython has this builtin, apy does not; see docs/language/differences.md";

/// Whether a name is that of a module of CPython's library.
pub fn is_standard(name: &str) -> bool {
    STDLIB.split(' ').any(|module| module == name)
}

impl Vm {
    /// What to say after the message of an exception, if anything.
    pub fn hint(&mut self, exception: Local) -> Option<String> {
        let is = |vm: &Vm, class| vm.heap.is_instance(vm.get(exception), class);
        if is(self, Builtin::ModuleNotFoundError) {
            let wrong = self.text_attr(exception, "name")?;
            return self.module_hint(&wrong);
        }
        if is(self, Builtin::ImportError) {
            let wrong = self.text_attr(exception, "name_from")?;
            let module = self.text_attr(exception, "name")?;
            let module = self.loaded_module(&module)?;
            let names = self.attribute_names(module)?;
            return search(&wrong, &without_private(names, &wrong)).map(did_you_mean);
        }
        if is(self, Builtin::AttributeError) {
            let wrong = self.text_attr(exception, "name")?;
            let object = self.attr_of(exception, "obj")?;
            let mut names = self.attribute_names(object)?;
            // A method may ask for what is private to its object.
            let this = self.self_of(exception);
            if !this.is_some_and(|this| self.get(this).is(self.get(object))) {
                names = without_private(names, &wrong);
            }
            return search(&wrong, &names).map(did_you_mean);
        }
        if is(self, Builtin::NameError) {
            let wrong = self.text_attr(exception, "name")?;
            if let Some(this) = self.self_of(exception)
                && self.has_attribute(this, &wrong)
            {
                return Some(did_you_mean(&format!("self.{wrong}")));
            }
            let names = self.visible_names(exception);
            return self.name_hint(&names, &wrong);
        }
        None
    }

    /// The same, where nobody says which code raised it: only a missing import is told of a name.
    pub fn hint_without_variables(&mut self, exception: Local) -> Option<String> {
        if !self
            .heap
            .is_instance(self.get(exception), Builtin::NameError)
        {
            return self.hint(exception);
        }
        let wrong = self.text_attr(exception, "name")?;
        self.name_hint(&[], &wrong)
    }

    /// The variable `self` of the code that raised.
    fn self_of(&self, exception: Local) -> Option<Local> {
        let heap = &self.heap;
        let code = match self.get_gc::<Exception>(exception)?.trace(heap).first() {
            Some(TraceEntry::Frame { code, .. }) => code.clone(),
            _ => return None,
        };
        let has_self = code.locals.iter().any(|(name, _)| &**name == "self");
        if !has_self && !code.free_names.iter().any(|name| &**name == "self") {
            return None;
        }
        let first = self
            .get_gc::<Exception>(exception)?
            .get()
            .traceback
            .get(heap);
        let mut traceback = self.local(first);
        while let Some(next) = self
            .get_gc::<Traceback>(traceback)
            .and_then(|traceback| traceback.next(heap))
        {
            traceback = self.local(next.value());
        }
        let variables = self.frame_locals(self.frame_of_traceback(traceback)?);
        let found = self.get_gc::<Dict>(variables)?;
        let found = found.get_str(heap, heap.intern("self"))?;
        Some(self.local(found))
    }

    fn has_attribute(&mut self, object: Local, name: &str) -> bool {
        match self.find_attr(object, name) {
            Ok(found) => found.is_some(),
            Err(raised) => {
                self.heap.take_raised(raised);
                false
            }
        }
    }

    /// What to say of a module that is not there.
    fn module_hint(&self, wrong: &str) -> Option<String> {
        let known = self.importable_modules();
        let top = wrong.split('.').next().unwrap_or_default();
        if let Some((name, advice)) = ALTERNATIVES.iter().find(|(name, _)| *name == top)
            && !known.contains(&top)
        {
            let subject = if advice.starts_with("apy") {
                String::new()
            } else {
                format!("{name} ")
            };
            return Some(format!("{subject}{advice}"));
        }
        if is_standard(top) && !known.contains(&top) {
            return Some(format!("{top} {LACKING_MODULE}"));
        }
        let (first, is_private) = (wrong.chars().next(), wrong.starts_with('_'));
        // A name that begins otherwise is hardly a slip of the finger: numpy is not runpy.
        let alike = known
            .into_iter()
            .filter(|name| name.chars().next() == first && name.starts_with('_') == is_private);
        nearest(wrong, alike).map(did_you_mean)
    }

    fn name_hint(&self, names: &[String], wrong: &str) -> Option<String> {
        let found = search(wrong, names).map(did_you_mean);
        let is_there = self.importable_modules().contains(&wrong);
        if found.is_none() && !is_there && is_standard(wrong) {
            return Some(format!("{wrong} {LACKING_MODULE}"));
        }
        if found.is_none() && BUILTINS.split(' ').any(|name| name == wrong) {
            return Some(LACKING_BUILTIN.to_owned());
        }
        let is_module = is_there && is_standard(wrong);
        let import = is_module.then(|| format!("id you forget to import '{wrong}'?"));
        match (found, import) {
            (Some(found), Some(import)) => Some(format!("{found} Or d{import}")),
            (None, Some(import)) => Some(format!("D{import}")),
            (found, None) => found,
        }
    }

    /// The names that the code which raised could use: its variables, its module's, the builtins.
    fn visible_names(&self, exception: Local) -> Vec<String> {
        let mut names = Vec::new();
        if let Some(this) = self.get_gc::<Exception>(exception)
            && let Some(TraceEntry::Frame { code, .. }) = this.trace(&self.heap).first()
        {
            let own = code.locals.iter().map(|(name, _)| name);
            let variables = own
                .chain(code.free_names.iter())
                .map(|name| name.to_string());
            // Those that begin so are the compiler's.
            names.extend(variables.filter(|name| !name.starts_with('.')));
        }
        let module = self.attr_of(exception, MODULE_OF);
        let module = module.and_then(|module| self.get_gc::<Module>(module));
        let modules = module.into_iter().chain([self.builtins()]);
        names.extend(modules.flat_map(|module| self.module_names(module)));
        names
    }

    fn module_names(&self, module: Gc<'_, Module>) -> Vec<String> {
        let entries = module.entries(&self.heap);
        let bound = entries.into_iter().filter(|(_, value)| !value.is_undef());
        bound.map(|(name, _)| name.as_str().to_owned()).collect()
    }

    /// `dir(object)`; None if that raises.
    fn attribute_names(&mut self, object: Local) -> Option<Vec<String>> {
        let listed = self.call_special(object, Sym::Dir, &[]);
        let names =
            listed.and_then(|names| names.map_or(Ok(Vec::new()), |names| self.to_vec(names)));
        match names {
            Ok(names) => {
                let text = |name| {
                    self.get_gc::<Str>(name)
                        .map(|name| name.as_str().to_owned())
                };
                let mut names: Vec<String> = names.into_iter().filter_map(text).collect();
                names.sort();
                Some(names)
            }
            Err(raised) => {
                self.heap.take_raised(raised);
                None
            }
        }
    }

    /// An attribute that was set when the exception was raised.
    fn attr_of(&self, exception: Local, name: &str) -> Option<Local> {
        let heap = &self.heap;
        let fields = self.get_gc::<Exception>(exception)?.fields.get(heap);
        let value = fields.as_gc::<Dict>()?.get_str(heap, heap.intern(name))?;
        value
            .defined()
            .filter(|value| !value.is_none())
            .map(|value: Value<'_>| self.local(value))
    }

    fn text_attr(&self, exception: Local, name: &str) -> Option<String> {
        let value = self.attr_of(exception, name)?;
        self.get_gc::<Str>(value)
            .map(|text| text.as_str().to_owned())
    }
}

fn did_you_mean(name: &str) -> String {
    format!("Did you mean: '{name}'?")
}

fn search<'a>(wrong: &str, names: &'a [String]) -> Option<&'a str> {
    if names.len() > MANY {
        return None;
    }
    nearest(wrong, names.iter().map(String::as_str))
}

/// Who asks for a public name is not offered a private one.
fn without_private(mut names: Vec<String>, wrong: &str) -> Vec<String> {
    if !wrong.starts_with('_') {
        names.retain(|name| !name.starts_with('_'));
    }
    names
}
