//! `_coders`: streams of bzip2 and of the LZMA family, over the crates `bzip2` and `lzma-rust2`.
//!
//! One class, `Coder`, compresses or decompresses: `process(data, limit, finish)` returns what came out, how much of the data was read,
//! and whether the stream has ended or what is wrong with it. The modules `bz2` and `lzma` (src/library) keep what was not read, and
//! raise their own exceptions. A new format is a variant of `Stream` and its row in `open`.

use std::cell::RefCell;
use std::io::{self, Write};
use std::mem::take;

use bzip2::{Compress, Compression, Decompress};
use lzma_rust2::{
    Action, CheckType, EncodeMode, FilterConfig, FilterType, Lzma2Options, Lzma2Stream,
    Lzma2Writer, LzmaOptions, LzmaStream, LzmaWriter, MfType, Status, StreamResult, XzOptions,
    XzStream, XzWriter,
};

use super::arg::{Buffer, vm_index_or};
use super::registry::{ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Value};
use crate::vm::Native;

/// The module.
pub const CODERS: NativeModule = NativeModule {
    functions: &[&OPEN],
    types: &[&CODER],
    ..NativeModule::of("_coders", "Streams of bzip2, xz and lzma.")
};

const CODER: ModuleType = ModuleType {
    name: "_coders.Coder",
    module: "_coders",
    body: NativeType {
        methods: &[&PROCESS],
        ..NativeType::of(
            Builtin::Opaque,
            "Compresses or decompresses a stream part by part.",
        )
    },
};

/// How much is made between two looks at the limits.
const STEP: usize = 64 * 1024;

/// How much is read between two looks at the outside: a hundredth of a second for the slowest encoder.
const PIECE: usize = 16 * 1024;

/// Units of work of a step: more than there are between two looks.
const WORK_OF_STEP: usize = 1 << 14;

/// A stream that runs. Encoders of the LZMA family are None once they have ended.
enum Stream {
    Bz2Encoder(Compress),
    Bz2Decoder(Decompress),
    XzEncoder(Option<XzWriter<Vec<u8>>>),
    LzmaEncoder(Option<LzmaWriter<Vec<u8>>>),
    Lzma2Encoder(Option<Lzma2Writer<Vec<u8>>>),
    XzDecoder(XzStream),
    LzmaDecoder(LzmaStream),
    Lzma2Decoder(Lzma2Stream),
}

struct Coder {
    stream: RefCell<Stream>,
}

traced!(plain Coder);

impl Payload for Coder {}

/// What one step comes to.
struct Step {
    read: usize,
    ended: bool,
}

/// Why a stream cannot go on, in the words of liblzma's errors.
type Fault = &'static str;

const CORRUPT: Fault = "Corrupt input data";
const UNSUPPORTED: Fault = "Unsupported options";

/// Whether more data will follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Continues,
    Ends,
}

impl Stream {
    /// Reads some of the data and appends what comes out; at most about `room` bytes if it decompresses.
    fn step(
        &mut self,
        data: &[u8],
        out: &mut Vec<u8>,
        room: usize,
        input: Input,
    ) -> Result<Step, Fault> {
        match self {
            Stream::Bz2Encoder(stream) => bz2_encode(stream, data, out, input),
            Stream::Bz2Decoder(stream) => bz2_decode(stream, data, out, room),
            Stream::XzEncoder(writer) => encode(
                writer,
                data,
                out,
                input,
                XzWriter::inner_mut,
                XzWriter::finish,
            ),
            Stream::LzmaEncoder(writer) => encode(
                writer,
                data,
                out,
                input,
                LzmaWriter::inner_mut,
                LzmaWriter::finish,
            ),
            Stream::Lzma2Encoder(writer) => encode(
                writer,
                data,
                out,
                input,
                Lzma2Writer::inner_mut,
                Lzma2Writer::finish,
            ),
            Stream::XzDecoder(stream) => decode(data, out, room, |data, part| {
                stream.process(data, part, Action::Run)
            }),
            Stream::LzmaDecoder(stream) => decode(data, out, room, |data, part| {
                stream.process(data, part, Action::Run)
            }),
            Stream::Lzma2Decoder(stream) => decode(data, out, room, |data, part| {
                stream.process(data, part, Action::Run)
            }),
        }
    }
}

fn bz2_encode(
    stream: &mut Compress,
    data: &[u8],
    out: &mut Vec<u8>,
    input: Input,
) -> Result<Step, Fault> {
    let action = match input {
        Input::Ends => bzip2::Action::Finish,
        Input::Continues if data.is_empty() => {
            return Ok(Step {
                read: 0,
                ended: false,
            });
        }
        Input::Continues => bzip2::Action::Run,
    };
    out.reserve(STEP);
    let before = stream.total_in();
    let status = stream
        .compress_vec(data, out, action)
        .map_err(|_| CORRUPT)?;
    Ok(Step {
        read: (stream.total_in() - before) as usize,
        ended: status == bzip2::Status::StreamEnd,
    })
}

fn bz2_decode(
    stream: &mut Decompress,
    data: &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<Step, Fault> {
    let (read, made, start) = (stream.total_in(), stream.total_out(), out.len());
    out.resize(start + room, 0);
    let status = stream.decompress(data, &mut out[start..]);
    out.truncate(start + (stream.total_out() - made) as usize);
    Ok(Step {
        read: (stream.total_in() - read) as usize,
        ended: status.map_err(|_| CORRUPT)? == bzip2::Status::StreamEnd,
    })
}

/// Writes all of the data; `finish` ends the stream and drops the writer.
fn encode<W: Write>(
    writer: &mut Option<W>,
    data: &[u8],
    out: &mut Vec<u8>,
    input: Input,
    made: fn(&mut W) -> &mut Vec<u8>,
    finish: fn(W) -> io::Result<Vec<u8>>,
) -> Result<Step, Fault> {
    let Some(running) = writer else {
        return Err("Internal error");
    };
    running.write_all(data).map_err(|_| UNSUPPORTED)?;
    out.append(made(running));
    if input == Input::Ends
        && let Some(running) = take(writer)
    {
        out.append(&mut finish(running).map_err(|_| UNSUPPORTED)?);
    }
    Ok(Step {
        read: data.len(),
        ended: input == Input::Ends,
    })
}

fn decode(
    data: &[u8],
    out: &mut Vec<u8>,
    room: usize,
    process: impl FnOnce(&[u8], &mut [u8]) -> io::Result<StreamResult>,
) -> Result<Step, Fault> {
    let start = out.len();
    out.resize(start + room, 0);
    let done = process(data, &mut out[start..]);
    out.truncate(start + done.as_ref().map_or(0, |done| done.bytes_produced));
    let done = done.map_err(|error| match error.kind() {
        io::ErrorKind::OutOfMemory => "Memory usage limit exceeded",
        io::ErrorKind::Unsupported => UNSUPPORTED,
        _ => CORRUPT,
    })?;
    Ok(Step {
        read: done.bytes_consumed,
        ended: done.status == Status::StreamEnd,
    })
}

/// The numbers of a stream's options, in the order in which `lzma.apy` packs them.
struct Options<'a>(&'a [u8]);

impl Options<'_> {
    fn number(&mut self) -> u64 {
        let Some((number, rest)) = self.0.split_first_chunk() else {
            return 0;
        };
        self.0 = rest;
        u64::from_le_bytes(*number)
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.number()).unwrap_or(u32::MAX)
    }

    /// Dictionary, lc, lp, pb, mode, nice length, match finder, depth.
    fn lzma(&mut self) -> Option<LzmaOptions> {
        let dict_size = self.small();
        let (lc, lp, pb) = (self.small(), self.small(), self.small());
        let mode = match self.number() {
            1 => EncodeMode::Fast,
            _ => EncodeMode::Normal,
        };
        let nice_len = self.small();
        let mf = match self.number() {
            3 | 4 => MfType::Hc4,
            _ => MfType::Bt4,
        };
        let depth = i32::try_from(self.number()).unwrap_or(0);
        let fits = (4096..=1536 << 20).contains(&dict_size)
            && lc + lp <= 4
            && pb <= 4
            && (2..=273).contains(&nice_len);
        fits.then(|| LzmaOptions::new(dict_size, lc, lp, pb, mode, nice_len.max(8), mf, depth))
    }

    /// Pairs of a filter and its number.
    fn filters(&mut self) -> Option<Vec<FilterConfig>> {
        let mut filters = Vec::new();
        while !self.0.is_empty() {
            let (filter, property) = (self.number(), self.small());
            filters.push(FilterConfig {
                filter_type: FilterType::try_from(filter).ok()?,
                property,
            });
        }
        Some(filters)
    }
}

/// A new stream of a kind; None if its options do not fit.
fn open(kind: i64, mut options: Options) -> Option<Stream> {
    Some(match kind {
        0 => Stream::Bz2Encoder(Compress::new(
            Compression::new(options.small().clamp(1, 9)),
            0,
        )),
        1 => Stream::Bz2Decoder(Decompress::new(false)),
        2 => {
            let check_type = match options.number() {
                0 => CheckType::None,
                1 => CheckType::Crc32,
                4 => CheckType::Crc64,
                10 => CheckType::Sha256,
                _ => return None,
            };
            let options = XzOptions {
                lzma_options: options.lzma()?,
                check_type,
                block_size: None,
                filters: options.filters()?,
            };
            Stream::XzEncoder(Some(XzWriter::new(Vec::new(), options).ok()?))
        }
        3 => Stream::LzmaEncoder(Some(
            LzmaWriter::new_use_header(Vec::new(), &options.lzma()?, None).ok()?,
        )),
        4 => Stream::LzmaEncoder(Some(
            LzmaWriter::new_no_header(Vec::new(), &options.lzma()?, true).ok()?,
        )),
        5 => {
            let lzma_options = options.lzma()?;
            let options = Lzma2Options {
                lzma_options,
                ..Lzma2Options::default()
            };
            Stream::Lzma2Encoder(Some(Lzma2Writer::new(Vec::new(), options)))
        }
        6 => Stream::XzDecoder(XzStream::new_mem_limit(false, options.small())),
        7 => Stream::LzmaDecoder(LzmaStream::new_mem_limit(options.small(), None)),
        8 => {
            let lzma = options.lzma()?;
            let mut stream =
                LzmaStream::new(u64::MAX, lzma.lc, lzma.lp, lzma.pb, lzma.dict_size, None).ok()?;
            stream.set_filters(&options.filters()?).ok()?;
            Stream::LzmaDecoder(stream)
        }
        9 => {
            let mut stream = Lzma2Stream::new(options.lzma()?.dict_size);
            stream.set_filters(&options.filters()?).ok()?;
            Stream::Lzma2Decoder(stream)
        }
        _ => return None,
    })
}

const OPEN: Native = Native::vm(
    "open(kind, options, /)",
    "A new stream of a kind; ValueError if its options do not fit.",
    |vm, args| {
        let kind = vm_index_or(vm, args.at(0), 0)?;
        let options = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        let Some(stream) = open(kind, Options(&options)) else {
            return Err(vm.heap.value_error("Invalid or unsupported options"));
        };
        let class = class_of(vm, &CODER);
        let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
        let made = Coder {
            stream: RefCell::new(stream),
        };
        Ok(vm.local(vm.heap.opaque(class, made).value()))
    },
);

fn coder<'h>(value: Value<'h>) -> &'h Coder {
    value
        .as_gc::<Opaque>()
        .and_then(|o| o.payload())
        .expect("methods are called on instances of their class")
}

const PROCESS: Native = Native::vm(
    "process(self, data, limit, finish, /)",
    "Returns what came out, at most limit bytes (-1: all); how much of the data was read; and True if the stream has ended, or a \
     text that says what is wrong.",
    |vm, args| {
        let data = Buffer::copied(&vm.heap, vm.get(args.at(1)))?;
        let limit = usize::try_from(vm_index_or(vm, args.at(2), -1)?).unwrap_or(usize::MAX);
        let input = match vm_index_or(vm, args.at(3), 0)? {
            0 => Input::Continues,
            _ => Input::Ends,
        };
        let (mut out, mut read) = (Vec::new(), 0);
        let end = loop {
            vm.native_safepoint()?;
            vm.heap.room_for(out.len() + STEP)?;
            let room = STEP.min(limit.saturating_sub(out.len()));
            let before = out.len();
            let piece = &data[read..data.len().min(read + PIECE)];
            let is_last = read + piece.len() == data.len();
            let input_of_step = if is_last { input } else { Input::Continues };
            vm.heap.poll(WORK_OF_STEP)?;
            let done = coder(vm.get(args.at(0))).stream.borrow_mut().step(
                piece,
                &mut out,
                room,
                input_of_step,
            );
            match done {
                Err(fault) => break Err(fault),
                Ok(step) => {
                    read += step.read;
                    let stalls = step.read == 0 && out.len() == before;
                    let full = out.len() >= limit;
                    let idle = read == data.len()
                        && out.len() < before + room
                        && input == Input::Continues;
                    if step.ended || stalls || full || idle {
                        break Ok(step.ended);
                    }
                }
            }
        };
        let end = match end {
            Ok(ended) => Value::bool(ended),
            Err(fault) => vm.heap.str_value(fault),
        };
        let parts = [vm.heap.bytes(out).value(), vm.heap.int(read as i64), end];
        Ok(vm.local(vm.heap.tuple(&parts).value()))
    },
);
