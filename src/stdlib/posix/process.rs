//! What the process is and where it runs: numbers, environment, machine.
//!
//! The environment is read once, for `os.environ`; changes stay in the program and in the processes that it starts.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::runtime::Raised;
use crate::stdlib::io::{file_io::read_some, zeroed};
use crate::stdlib::path::{path_error, system_error};
use crate::vm::files::{Links, OpenHow};
use crate::vm::{Local, Native, Vm};

pub const GETPID: Native = Native::vm("getpid()", "The number of this process.", |vm, _| {
    Ok(vm.local(vm.heap.int(i64::from(std::process::id()))))
});
pub const EXECUTABLE: Native = Native::vm(
    "_executable()",
    "The path of the interpreter, empty if it is unknown.",
    |vm, _| {
        let path = std::env::current_exe().unwrap_or_default();
        Ok(vm.local(vm.heap.str_value(&path.to_string_lossy())))
    },
);
pub const COMMAND_LINE: Native = Native::vm(
    "_command_line()",
    "The words of the command that started the interpreter, a list.",
    |vm, _| {
        let words: Vec<String> = std::env::args_os()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let words = words.iter().map(|word| vm.heap.str_value(word));
        Ok(vm.local(vm.heap.list(words).value()))
    },
);
pub const GETPPID: Native =
    Native::vm("getppid()", "The number of the parent process.", |vm, _| {
        let parent = std::os::unix::process::parent_id();
        Ok(vm.local(vm.heap.int(i64::from(parent))))
    });
pub const GETUID: Native = Native::vm("getuid()", "The number of the user.", |vm, _| {
    let (user, _) = owner(vm);
    Ok(vm.local(vm.heap.int(i64::from(user))))
});
pub const GETGID: Native = Native::vm("getgid()", "The number of the user's group.", |vm, _| {
    let (_, group) = owner(vm);
    Ok(vm.local(vm.heap.int(i64::from(group))))
});
pub const URANDOM: Native = Native::vm(
    "urandom(size, /)",
    "So many random bytes, fit for secrets.",
    |vm, args| {
        let size = vm.index(args.at(0))?;
        let Ok(size) = usize::try_from(size) else {
            return Err(vm.heap.value_error("negative argument not allowed"));
        };
        zeroed(vm, size)?;
        let data = system_entropy(vm, size)?;
        Ok(vm.local(vm.heap.bytes(data).value()))
    },
);
/// So many bytes of the system's generator.
pub fn system_entropy(vm: &mut Vm, size: usize) -> Result<Vec<u8>, Raised> {
    let path = Path::new("/dev/urandom");
    let how = OpenHow {
        read: true,
        ..OpenHow::default()
    };
    let file = vm.host.files().open(path, how);
    let file = file.map_err(|error| system_error(vm, &error))?;
    let mut data = Vec::with_capacity(size);
    while data.len() < size {
        let more = read_some(vm, &file, (size - data.len()).min(1 << 20))?;
        data.extend(more.unwrap_or_default());
    }
    Ok(data)
}

pub const CPU_COUNT: Native = Native::vm(
    "cpu_count()",
    "How many processors there are, or None.",
    |vm, _| {
        let count = std::thread::available_parallelism();
        Ok(match count {
            Ok(count) => vm.local(vm.heap.usize(count.get())),
            Err(_) => vm.none(),
        })
    },
);
pub const STRERROR: Native = Native::vm(
    "strerror(code, /)",
    "The system's words for an error number.",
    |vm, args| {
        let code = vm.index(args.at(0))?;
        let text = std::io::Error::from_raw_os_error(code as i32).to_string();
        let text = text.split(" (os error").next().unwrap_or_default();
        Ok(vm.local(vm.heap.str_value(text)))
    },
);
pub const ENVIRONMENT: Native = Native::vm(
    "environment()",
    "The variables of the environment: a dict from bytes to bytes.",
    |vm, _| {
        let dict = vm.local(vm.heap.dict().value());
        for (name, value) in vm.host.environment() {
            let mark = vm.mark();
            let name = vm.local(vm.heap.bytes(name.as_bytes()).value());
            let value = vm.local(vm.heap.bytes(value.as_bytes()).value());
            vm.call_method(dict, "__setitem__", &[name, value])?;
            vm.release(mark);
        }
        Ok(dict)
    },
);
pub const UNAME: Native = Native::vm(
    "uname()",
    "System, host, release, version and machine, as a tuple of strings.",
    uname,
);

/// The user and the group of the process: those that own its entry in /proc.
pub fn owner(vm: &Vm) -> (u32, u32) {
    let stat = vm.host.files().stat(Path::new("/proc/self"), Links::Follow);
    stat.map_or((0, 0), |stat| (stat.user, stat.group))
}

fn uname(vm: &mut Vm, _: crate::vm::Locals) -> Result<Local, Raised> {
    let mut fields = Vec::new();
    for name in ["ostype", "hostname", "osrelease", "version"] {
        let path = format!("/proc/sys/kernel/{name}");
        let how = OpenHow {
            read: true,
            ..OpenHow::default()
        };
        let object = vm.local(vm.heap.str_value(&path));
        let file = vm.host.files().open(Path::new(&path), how);
        let file = file.map_err(|error| path_error(vm, &error, object))?;
        let text = read_some(vm, &file, 4096)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text).trim_end().to_owned();
        fields.push(vm.local(vm.heap.str_value(&text)));
    }
    fields.push(vm.local(vm.heap.str_value(std::env::consts::ARCH)));
    Ok(vm.tuple_of(&fields))
}
