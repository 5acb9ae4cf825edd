//! `zlib`: compressed streams in the formats zlib, raw deflate and gzip, over the crate `flate2` with a port of zlib in Rust.
//!
//! `wbits` chooses format and window as in CPython: 9 to 15 zlib, -9 to -15 raw, 25 to 31 gzip, 40 to 47 zlib or gzip by the first byte.
//! The module `gzip` (library/gzip.apy) is built on it.

use std::cell::{Cell, RefCell};

use flate2::{
    Compress, Compression, Decompress, DecompressError, FlushCompress, FlushDecompress, Status,
};
use zlib_rs::adler32::adler32;

use super::arg::{Buffer, given, vm_index_or};
use super::registry::{Getter, ModuleType, NativeModule, NativeType, bind, class_of, raise_text};
use crate::runtime::class::Class;
use crate::runtime::heap::{Heap, traced};
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Raised, Value};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const ZLIB: NativeModule = NativeModule {
    functions: &[
        &ADLER32,
        &COMPRESS,
        &COMPRESSOBJ,
        &CRC32,
        &DECOMPRESS,
        &DECOMPRESSOBJ,
    ],
    exceptions: &[&ERROR],
    constants: CONSTANTS,
    init: |vm, module| {
        for &(name, value) in NUMBERS {
            bind(vm, module, name, Value::small_int(value));
        }
        for name in ["ZLIB_VERSION", "ZLIB_RUNTIME_VERSION"] {
            bind(vm, module, name, vm.heap.str_value("1.3.1"));
        }
        Ok(())
    },
    ..NativeModule::of(
        "zlib",
        "Compression and decompression in the formats of zlib and gzip, and check sums.\n\n>>> import zlib\n\
         >>> zlib.decompress(zlib.compress(b\"spam\" * 100)) == b\"spam\" * 100\nTrue",
    )
};

const CONSTANTS: &[(&str, &str)] = &[
    ("DEFLATED", "The only method."),
    ("DEF_BUF_SIZE", "The size of a buffer."),
    ("DEF_MEM_LEVEL", "The usual use of memory."),
    ("MAX_WBITS", "The largest window, as a power of two."),
    ("Z_BEST_COMPRESSION", "A level: the smallest result."),
    ("Z_BEST_SPEED", "A level: the least time."),
    ("Z_BLOCK", "A mode of flush()."),
    ("Z_DEFAULT_COMPRESSION", "The usual level."),
    ("Z_DEFAULT_STRATEGY", "The usual strategy."),
    ("Z_FILTERED", "A strategy."),
    ("Z_FINISH", "A mode of flush(): the stream ends."),
    ("Z_FIXED", "A strategy."),
    (
        "Z_FULL_FLUSH",
        "A mode of flush(): reading can start again from here.",
    ),
    ("Z_HUFFMAN_ONLY", "A strategy."),
    ("Z_NO_COMPRESSION", "A level: nothing is compressed."),
    ("Z_NO_FLUSH", "A mode of flush(): nothing."),
    ("Z_PARTIAL_FLUSH", "A mode of flush()."),
    ("Z_RLE", "A strategy."),
    (
        "Z_SYNC_FLUSH",
        "A mode of flush(): all input so far can be read.",
    ),
    ("Z_TREES", "A mode of flush()."),
    (
        "ZLIB_VERSION",
        "The version of zlib whose results these are.",
    ),
    ("ZLIB_RUNTIME_VERSION", "The same."),
];

const NUMBERS: &[(&str, i64)] = &[
    ("DEFLATED", 8),
    ("DEF_BUF_SIZE", 16384),
    ("DEF_MEM_LEVEL", 8),
    ("MAX_WBITS", 15),
    ("Z_BEST_COMPRESSION", 9),
    ("Z_BEST_SPEED", 1),
    ("Z_BLOCK", 5),
    ("Z_DEFAULT_COMPRESSION", -1),
    ("Z_DEFAULT_STRATEGY", 0),
    ("Z_FILTERED", 1),
    ("Z_FINISH", 4),
    ("Z_FIXED", 4),
    ("Z_FULL_FLUSH", 3),
    ("Z_HUFFMAN_ONLY", 2),
    ("Z_NO_COMPRESSION", 0),
    ("Z_NO_FLUSH", 0),
    ("Z_PARTIAL_FLUSH", 1),
    ("Z_RLE", 3),
    ("Z_SYNC_FLUSH", 2),
    ("Z_TREES", 6),
];

const ERROR: ModuleType = ModuleType::exception(
    "zlib.error",
    "zlib",
    Builtin::Exception,
    "What goes wrong with compressed data.",
);

const COMPRESSOR: ModuleType = ModuleType {
    name: "zlib.Compress",
    module: "zlib",
    body: NativeType {
        methods: &[&COMPRESS_MORE, &COMPRESS_FLUSH],
        ..NativeType::of(Builtin::Opaque, "Compresses a stream part by part.")
    },
};

const DECOMPRESSOR: ModuleType = ModuleType {
    name: "zlib.Decompress",
    module: "zlib",
    body: NativeType {
        methods: &[&DECOMPRESS_MORE, &DECOMPRESS_FLUSH],
        getters: &[
            Getter::leaf(
                "unused_data",
                "What follows the end of the stream.",
                |heap, args| {
                    Ok(heap
                        .bytes(decompressor(args.get(0)).unused.borrow().clone())
                        .value())
                },
            ),
            Getter::leaf(
                "unconsumed_tail",
                "The input that max_length left over.",
                |heap, args| {
                    Ok(heap
                        .bytes(decompressor(args.get(0)).tail.borrow().clone())
                        .value())
                },
            ),
            Getter::leaf(
                "eof",
                "Whether the end of the stream was read.",
                |_, args| Ok(Value::bool(decompressor(args.get(0)).eof.get())),
            ),
        ],
        ..NativeType::of(Builtin::Opaque, "Decompresses a stream part by part.")
    },
};

struct Compressor {
    /// None once the stream has ended.
    stream: RefCell<Option<Compress>>,
}

traced!(plain Compressor);

impl Payload for Compressor {}

struct Decompressor {
    wbits: i64,
    dictionary: Vec<u8>,
    /// Made at the first input, which may decide the format.
    stream: RefCell<Option<Decompress>>,
    unused: RefCell<Vec<u8>>,
    tail: RefCell<Vec<u8>>,
    eof: Cell<bool>,
}

traced!(plain Decompressor);

impl Payload for Decompressor {}

fn decompressor<'h>(value: Value<'h>) -> &'h Decompressor {
    value
        .as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

fn new_compress(level: i64, wbits: i64) -> Option<Compress> {
    let level = match level {
        -1 => Compression::default(),
        0..=9 => Compression::new(level as u32),
        _ => return None,
    };
    match wbits {
        9..=15 => Some(Compress::new_with_window_bits(level, true, wbits as u8)),
        -15..=-9 => Some(Compress::new_with_window_bits(level, false, -wbits as u8)),
        25..=31 => Some(Compress::new_gzip(level, (wbits - 16) as u8)),
        _ => None,
    }
}

/// A decompressor for data that begins with this byte.
fn new_decompress(vm: &Vm, wbits: i64, first: u8) -> Result<Decompress, Raised> {
    let bits = |n: i64| if n == 8 { 9 } else { n as u8 };
    match wbits {
        0 => Ok(Decompress::new(true)),
        8..=15 => Ok(Decompress::new_with_window_bits(true, bits(wbits))),
        -15..=-8 => Ok(Decompress::new_with_window_bits(false, bits(-wbits))),
        24..=31 => Ok(Decompress::new_gzip(bits(wbits - 16))),
        40..=47 if first == 0x1f => Ok(Decompress::new_gzip(bits(wbits - 32))),
        40..=47 => Ok(Decompress::new_with_window_bits(true, bits(wbits - 32))),
        _ => Err(vm.heap.value_error("Invalid initialization option")),
    }
}

/// The most bytes that come out of a stream at a time.
const CHUNK: usize = 1 << 16;
/// The most bytes that go into a stream at a time: between two pieces Ctrl-C is heard.
const PIECE: usize = 1 << 17;

fn deflate(
    heap: &Heap,
    stream: &mut Compress,
    data: &[u8],
    flush: FlushCompress,
) -> Result<Vec<u8>, Raised> {
    let (mut out, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    let mut pieces = data.chunks(PIECE).peekable();
    loop {
        let mut piece = pieces.next().unwrap_or_default();
        let mode = match pieces.peek() {
            Some(_) => FlushCompress::None,
            None => flush,
        };
        loop {
            heap.poll_bytes(PIECE)?;
            let (read, written) = (stream.total_in(), stream.total_out());
            let status = stream.compress(piece, &mut chunk, mode);
            let (read, written) = (stream.total_in() - read, stream.total_out() - written);
            piece = &piece[read as usize..];
            heap.append_bytes(&mut out, &chunk[..written as usize])?;
            let has_room = (written as usize) < CHUNK && mode != FlushCompress::Finish;
            match status {
                Ok(Status::StreamEnd) | Err(_) => return Ok(out),
                _ if read + written == 0 || piece.is_empty() && has_room => break,
                _ => {}
            }
        }
        if pieces.peek().is_none() {
            return Ok(out);
        }
    }
}

/// What a part of a stream comes to.
struct Inflated {
    out: Vec<u8>,
    /// How much of the input was read.
    read: usize,
    ended: bool,
}

fn inflate(
    vm: &mut Vm,
    stream: &mut Decompress,
    data: &[u8],
    (limit, dictionary): (usize, &[u8]),
) -> Result<Inflated, Raised> {
    let (mut out, mut chunk) = (Vec::new(), vec![0; CHUNK.min(limit)]);
    let (mut read, mut needs_dictionary) = (0, !dictionary.is_empty());
    loop {
        vm.native_safepoint()?;
        let room = CHUNK.min(limit - out.len());
        let (before, written) = (stream.total_in(), stream.total_out());
        let flush = FlushDecompress::Sync;
        let status = stream.decompress(&data[read..], &mut chunk[..room], flush);
        let written = (stream.total_out() - written) as usize;
        vm.heap.append_bytes(&mut out, &chunk[..written])?;
        read += (stream.total_in() - before) as usize;
        let ended = match status {
            Ok(status) => status == Status::StreamEnd,
            Err(error) if error.needs_dictionary().is_some() && needs_dictionary => {
                needs_dictionary = false;
                if stream.set_dictionary(dictionary).is_err() {
                    let message = "Error -3 while setting zdict: invalid input data";
                    return Err(raise_text(vm, &ERROR, message));
                }
                continue;
            }
            Err(error) => return Err(inflate_error(vm, &error)),
        };
        let stalls = written == 0 && stream.total_in() == before;
        if ended || out.len() >= limit || stalls {
            return Ok(Inflated { out, read, ended });
        }
    }
}

fn inflate_error(vm: &mut Vm, error: &DecompressError) -> Raised {
    let message = match error.needs_dictionary() {
        Some(_) => "Error 2 while decompressing data".to_owned(),
        None => {
            let reason = error.message().map_or(String::new(), |m| format!(": {m}"));
            format!("Error -3 while decompressing data{reason}")
        }
    };
    raise_text(vm, &ERROR, &message)
}

const COMPRESS: Native = Native::vm(
    "compress(data, /, level=-1, wbits=15)",
    "Returns a bytes object containing compressed data.",
    |vm, args| {
        let (level, wbits) = (
            vm_index_or(vm, args.at(1), -1)?,
            vm_index_or(vm, args.at(2), 15)?,
        );
        let Some(mut stream) = new_compress(level, wbits) else {
            return Err(raise_text(vm, &ERROR, "Bad compression level"));
        };
        let data = Buffer::arg(&vm.heap, vm.get(args.at(0)))?;
        let out = deflate(&vm.heap, &mut stream, &data, FlushCompress::Finish)?;
        drop(data);
        Ok(vm.local(vm.heap.bytes(out).value()))
    },
);

const DECOMPRESS: Native = Native::vm(
    "decompress(data, /, wbits=15, bufsize=16384)",
    "Returns a bytes object containing the uncompressed data.",
    |vm, args| {
        let wbits = vm_index_or(vm, args.at(1), 15)?;
        if vm_index_or(vm, args.at(2), 16384)? < 0 {
            return Err(vm.heap.value_error("bufsize must be non-negative"));
        }
        let data = Buffer::copied(&vm.heap, vm.get(args.at(0)))?;
        let first = data.first().copied().unwrap_or_default();
        let mut stream = new_decompress(vm, wbits, first)?;
        let done = inflate(vm, &mut stream, &data, (usize::MAX, &[]))?;
        if !done.ended {
            let message = "Error -5 while decompressing data: incomplete or truncated stream";
            return Err(raise_text(vm, &ERROR, message));
        }
        Ok(vm.local(vm.heap.bytes(done.out).value()))
    },
);

const COMPRESSOBJ: Native = Native::vm(
    "compressobj(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)",
    "Return a compressor object.",
    |vm, args| {
        let (level, wbits) = (
            vm_index_or(vm, args.at(0), -1)?,
            vm_index_or(vm, args.at(2), 15)?,
        );
        let Some(mut stream) = new_compress(level, wbits) else {
            return Err(vm.heap.value_error("Invalid initialization option"));
        };
        if let Some(dictionary) = given(vm, args.at(5)).filter(|&d| !vm.get(d).is_none()) {
            let dictionary = Buffer::arg(&vm.heap, vm.get(dictionary))?;
            if stream.set_dictionary(&dictionary).is_err() {
                return Err(vm.heap.value_error("Invalid dictionary"));
            }
        }
        let class = class_of(vm, &COMPRESSOR);
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        let made = Compressor {
            stream: RefCell::new(Some(stream)),
        };
        Ok(vm.local(vm.heap.opaque(class, made).value()))
    },
);

const DECOMPRESSOBJ: Native = Native::vm(
    "decompressobj(wbits=15, zdict=b'')",
    "Return a decompressor object.",
    |vm, args| {
        let wbits = vm_index_or(vm, args.at(0), 15)?;
        new_decompress(vm, wbits, 0)?;
        let dictionary = match given(vm, args.at(1)) {
            Some(dictionary) => Buffer::copied(&vm.heap, vm.get(dictionary))?,
            None => Vec::new(),
        };
        let class = class_of(vm, &DECOMPRESSOR);
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        let made = Decompressor {
            wbits,
            dictionary,
            stream: RefCell::new(None),
            unused: RefCell::default(),
            tail: RefCell::default(),
            eof: Cell::new(false),
        };
        Ok(vm.local(vm.heap.opaque(class, made).value()))
    },
);

fn compress_part(
    vm: &mut Vm,
    args: Locals,
    data: &[u8],
    flush: FlushCompress,
) -> Result<Local, Raised> {
    let this: &Compressor = vm
        .get_gc::<Opaque>(args.at(0))
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class");
    let mut stream = this.stream.borrow_mut();
    let Some(running) = stream.as_mut() else {
        drop(stream);
        let message = "Error -2 while compressing data: inconsistent stream state";
        return Err(raise_text(vm, &ERROR, message));
    };
    let out = deflate(&vm.heap, running, data, flush)?;
    if flush == FlushCompress::Finish {
        *stream = None;
    }
    drop(stream);
    Ok(vm.local(vm.heap.bytes(out).value()))
}

const COMPRESS_MORE: Native = Native::vm(
    "compress(self, data, /)",
    "Returns a bytes object containing compressed data.",
    |vm, args| {
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        compress_part(vm, args, &data, FlushCompress::None)
    },
);

const COMPRESS_FLUSH: Native = Native::vm(
    "flush(self, mode=4, /)",
    "Return a bytes object containing any remaining compressed data.",
    |vm, args| {
        let flush = match vm_index_or(vm, args.at(1), 4)? {
            0 => return Ok(vm.local(vm.heap.bytes(Vec::new()).value())),
            1 => FlushCompress::Partial,
            2 | 5 => FlushCompress::Sync,
            3 => FlushCompress::Full,
            4 => FlushCompress::Finish,
            _ => {
                let message = "Error -2 while flushing: inconsistent stream state";
                return Err(raise_text(vm, &ERROR, message));
            }
        };
        compress_part(vm, args, &[], flush)
    },
);

fn decompress_part(vm: &mut Vm, args: Locals, data: &[u8], limit: usize) -> Result<Local, Raised> {
    if decompressor(vm.get(args.at(0))).eof.get() {
        let unused = &decompressor(vm.get(args.at(0))).unused;
        vm.heap.append_bytes(&mut unused.borrow_mut(), data)?;
        return Ok(vm.local(vm.heap.bytes(Vec::new()).value()));
    }
    let this = decompressor(vm.get(args.at(0)));
    let (wbits, dictionary) = (this.wbits, this.dictionary.clone());
    let taken = this.stream.borrow_mut().take();
    let mut stream = match (taken, data.first()) {
        (Some(stream), _) => stream,
        (None, Some(&first)) => new_decompress(vm, wbits, first)?,
        (None, None) => return Ok(vm.local(vm.heap.bytes(Vec::new()).value())),
    };
    let done = inflate(vm, &mut stream, data, (limit, &dictionary));
    let this = decompressor(vm.get(args.at(0)));
    *this.stream.borrow_mut() = Some(stream);
    let done = done?;
    let rest = data[done.read..].to_vec();
    this.eof.set(done.ended);
    if done.ended {
        *this.unused.borrow_mut() = rest;
        this.tail.borrow_mut().clear();
    } else {
        *this.tail.borrow_mut() = rest;
    }
    Ok(vm.local(vm.heap.bytes(done.out).value()))
}

const DECOMPRESS_MORE: Native = Native::vm(
    "decompress(self, data, /, max_length=0)",
    "Return a bytes object containing the decompressed version of the data.",
    |vm, args| {
        let limit = vm_index_or(vm, args.at(2), 0)?;
        let Ok(limit) = usize::try_from(limit) else {
            return Err(vm.heap.value_error("max_length must be non-negative"));
        };
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        decompress_part(vm, args, &data, if limit == 0 { usize::MAX } else { limit })
    },
);

const DECOMPRESS_FLUSH: Native = Native::vm(
    "flush(self, length=16384, /)",
    "Return a bytes object containing any remaining decompressed data.",
    |vm, args| {
        if vm_index_or(vm, args.at(1), 16384)? <= 0 {
            return Err(vm.heap.value_error("length must be greater than zero"));
        }
        let tail = decompressor(vm.get(args.at(0))).tail.take();
        decompress_part(vm, args, &tail, usize::MAX)
    },
);

const CRC32: Native = Native::vm(
    "crc32(data, value=0, /)",
    "Compute a CRC-32 checksum of data.",
    |vm, args| {
        let binascii = vm.import_module("binascii")?;
        match given(vm, args.at(1)) {
            Some(start) => vm.call_method(binascii, "crc32", &[args.at(0), start]),
            None => vm.call_method(binascii, "crc32", &[args.at(0)]),
        }
    },
);

const ADLER32: Native = Native::vm(
    "adler32(data, value=1, /)",
    "Compute an Adler-32 checksum of data.",
    |vm, args| {
        let start = vm_index_or(vm, args.at(1), 1)? as u32;
        let data = Buffer::arg(&vm.heap, vm.get(args.at(0)))?;
        vm.heap.poll_bytes(data.len())?;
        let sum = adler32(start, &data);
        Ok(vm.local(vm.heap.int(i64::from(sum))))
    },
);
