//! `binascii`: bytes as hexadecimal digits, Base64, UU code and quoted-printable text, and check sums.
//!
//! `base64` (in apy) is built on it. Each decoder says with `binascii.Error` what is wrong. To add a code: its two natives here.

use zlib_rs::crc32::crc32;

use super::arg::{Buffer, as_str, given, plain_value};
use super::registry::{ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::{Builtin, Raised};
use crate::vm::{Local, Locals, Native, Vm};

/// The module.
pub const BINASCII: NativeModule = NativeModule {
    functions: &[
        &HEXLIFY,
        &B2A_HEX,
        &UNHEXLIFY,
        &A2B_HEX,
        &B2A_BASE64,
        &A2B_BASE64,
        &CRC32,
        &CRC_HQX,
        &B2A_UU,
        &A2B_UU,
        &B2A_QP,
        &A2B_QP,
    ],
    types: &[&ERROR, &INCOMPLETE],
    ..NativeModule::of(
        "binascii",
        "Bytes as hexadecimal digits, Base64, UU code and quoted-printable text, and check sums.",
    )
};

const ERROR: ModuleType = ModuleType {
    name: "binascii.Error",
    module: "binascii",
    body: NativeType::of(Builtin::ValueError, "What is wrong with encoded data."),
};
const INCOMPLETE: ModuleType = ModuleType {
    name: "binascii.Incomplete",
    module: "binascii",
    body: NativeType::of(Builtin::Exception, "Data that is not complete."),
};

const HEXLIFY: Native = Native::vm(
    "hexlify(data, sep=None, bytes_per_sep=1)",
    "Hexadecimal representation of binary data. sep, a character, stands between groups of bytes_per_sep bytes.",
    hexlify,
);
const B2A_HEX: Native = Native::vm(
    "b2a_hex(data, sep=None, bytes_per_sep=1)",
    "Hexadecimal representation of binary data. sep, a character, stands between groups of bytes_per_sep bytes.",
    hexlify,
);
const UNHEXLIFY: Native = Native::vm(
    "unhexlify(hexstr, /)",
    "Binary data of hexadecimal representation. Raises binascii.Error.",
    unhexlify,
);
const A2B_HEX: Native = Native::vm(
    "a2b_hex(hexstr, /)",
    "Binary data of hexadecimal representation. Raises binascii.Error.",
    unhexlify,
);
const B2A_BASE64: Native = Native::vm(
    "b2a_base64(data, /, *, newline=True)",
    "Base64-code line of data.",
    b2a_base64,
);
const A2B_BASE64: Native = Native::vm(
    "a2b_base64(data, /, *, strict_mode=False)",
    "Decode a line of base64 data. strict_mode: what is not Base64 is an error, not skipped. Raises binascii.Error.",
    a2b_base64,
);
const CRC32: Native = Native::vm(
    "crc32(data, crc=0, /)",
    "Compute CRC-32 incrementally.",
    |vm, args| {
        let start = start(vm, args)? as u32;
        let data = Buffer::arg(&vm.heap, vm.get(args.at(0)))?;
        vm.heap.poll_bytes(data.len())?;
        let crc = crc32(start, &data);
        Ok(vm.local(vm.heap.int(i64::from(crc))))
    },
);
const CRC_HQX: Native = Native::vm(
    "crc_hqx(data, crc, /)",
    "Compute CRC-CCITT incrementally.",
    |vm, args| {
        let start = start(vm, args)? as u16;
        let crc = data(vm, args.at(0))?.iter().fold(start, |crc, &byte| {
            (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| {
                crc << 1 ^ (0x1021 & (crc >> 15).wrapping_neg())
            })
        });
        Ok(vm.local(vm.heap.int(i64::from(crc))))
    },
);
const B2A_UU: Native = Native::vm(
    "b2a_uu(data, /, *, backtick=False)",
    "Uuencode line of data. Raises binascii.Error for more than 45 bytes.",
    b2a_uu,
);
const A2B_UU: Native = Native::vm(
    "a2b_uu(data, /)",
    "Decode a line of uuencoded data. Raises binascii.Error.",
    a2b_uu,
);
const B2A_QP: Native = Native::vm(
    "b2a_qp(data, quotetabs=False, istext=True, header=False)",
    "Encode a string using quoted-printable encoding.",
    b2a_qp,
);
const A2B_QP: Native = Native::vm(
    "a2b_qp(data, header=False)",
    "Decode a string of qp-encoded data.",
    a2b_qp,
);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of an argument.
fn data(vm: &Vm, local: Local) -> Result<Vec<u8>, Raised> {
    Buffer::copied(&vm.heap, vm.get(local))
}

/// The bytes of an argument that may be a text in ASCII.
fn ascii_data(vm: &Vm, local: Local) -> Result<Vec<u8>, Raised> {
    let value = plain_value(&vm.heap, vm.get(local));
    if let Some(text) = as_str(&vm.heap, value) {
        if !text.is_ascii() {
            let message = "string argument should contain only ASCII characters";
            return Err(vm.heap.value_error(message));
        }
        return Ok(text.as_str().as_bytes().to_vec());
    }
    match Buffer::of(&vm.heap, value) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => {
            let class = vm.heap.type_name(value);
            let message =
                format!("argument should be bytes, buffer or ASCII string, not '{class}'");
            Err(vm.heap.type_error(message))
        }
    }
}

/// The check sum to go on from.
fn start(vm: &mut Vm, args: Locals) -> Result<i64, Raised> {
    match given(vm, args.at(1)) {
        Some(crc) => vm.index(crc),
        None => Ok(0),
    }
}

fn error(vm: &mut Vm, message: impl AsRef<str>) -> Raised {
    let class = class_of(vm, &ERROR);
    let message = vm.local(vm.heap.str_value(message.as_ref()));
    match vm.call(class, &[message]) {
        Ok(made) => vm.raise_local(made),
        Err(raised) => raised,
    }
}

fn bytes(vm: &Vm, data: Vec<u8>) -> Result<Local, Raised> {
    Ok(vm.local(vm.heap.bytes(data).value()))
}

fn flag(vm: &mut Vm, local: Local, default: bool) -> Result<bool, Raised> {
    super::arg::truth_or(vm, local, default)
}

fn hexlify(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let plain = vm.local(vm.heap.bytes(data(vm, args.at(0))?).value());
    let mut options = Vec::new();
    options.extend(given(vm, args.at(1)).filter(|&sep| !vm.get(sep).is_none()));
    if !options.is_empty() {
        options.extend(given(vm, args.at(2)));
    }
    let text = vm.call_method(plain, "hex", &options)?;
    let text = vm.text_of(text)?;
    bytes(vm, text.into_bytes())
}

fn unhexlify(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let digits = ascii_data(vm, args.at(0))?;
    if !digits.len().is_multiple_of(2) {
        return Err(error(vm, "Odd-length string"));
    }
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let decoded: Option<Vec<u8>> = digits
        .chunks_exact(2)
        .map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?))
        .collect();
    match decoded {
        Some(decoded) => bytes(vm, decoded),
        None => Err(error(vm, "Non-hexadecimal digit found")),
    }
}

fn b2a_base64(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let newline = flag(vm, args.at(1), true)?;
    let data = data(vm, args.at(0))?;
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    for group in data.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            out.push(if at > group.len() {
                b'='
            } else {
                ALPHABET[(n >> (18 - 6 * at) & 63) as usize]
            });
        }
    }
    if newline {
        out.push(b'\n');
    }
    bytes(vm, out)
}

/// The value of a character of Base64.
fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Decodes Base64; what is wrong otherwise.
fn decode_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3);
    if strict && data.first() == Some(&b'=') {
        return Err("Leading padding not allowed".to_owned());
    }
    let (mut quad, mut left, mut pads, mut padding_started) = (0_u32, 0_u8, 0_u32, false);
    for (at, &byte) in data.iter().enumerate() {
        if byte == b'=' {
            padding_started = true;
            if strict && quad == 0 {
                return Err("Excess padding not allowed".to_owned());
            }
            pads += 1;
            if quad >= 2 && quad + pads >= 4 {
                if strict && at + 1 < data.len() {
                    return Err("Excess data after padding".to_owned());
                }
                return Ok(out);
            }
            continue;
        }
        let Some(value) = sextet(byte) else {
            if strict {
                return Err("Only base64 data is allowed".to_owned());
            }
            continue;
        };
        if strict && padding_started {
            return Err("Discontinuous padding not allowed".to_owned());
        }
        pads = 0;
        match quad {
            0 => left = value,
            1 => {
                out.push(left << 2 | value >> 4);
                left = value & 15;
            }
            2 => {
                out.push(left << 4 | value >> 2);
                left = value & 3;
            }
            _ => out.push(left << 6 | value),
        }
        quad = (quad + 1) % 4;
    }
    match quad {
        0 => Ok(out),
        1 => {
            let count = out.len() / 3 * 4 + 1;
            Err(format!(
                "Invalid base64-encoded string: number of data characters ({count}) cannot be 1 more than a multiple of 4"
            ))
        }
        _ => Err("Incorrect padding".to_owned()),
    }
}

fn a2b_base64(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let strict = flag(vm, args.at(1), false)?;
    let data = ascii_data(vm, args.at(0))?;
    match decode_base64(&data, strict) {
        Ok(decoded) => bytes(vm, decoded),
        Err(message) => Err(error(vm, message)),
    }
}

fn b2a_uu(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let backtick = flag(vm, args.at(1), false)?;
    let data = data(vm, args.at(0))?;
    if data.len() > 45 {
        return Err(error(vm, "At most 45 bytes at once"));
    }
    let letter = |value: u32| match value as u8 {
        0 if backtick => b'`',
        value => value + b' ',
    };
    let mut out = vec![letter(data.len() as u32)];
    for group in data.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.extend((0..4).map(|at| letter(n >> (18 - 6 * at) & 63)));
    }
    out.push(b'\n');
    bytes(vm, out)
}

fn a2b_uu(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let data = ascii_data(vm, args.at(0))?;
    let count = usize::from(data.first().copied().unwrap_or(b' ').wrapping_sub(b' ') & 63);
    let mut rest = data.iter().copied().skip(1);
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    while out.len() < count {
        let value = match rest.next() {
            None | Some(b'\n' | b'\r') => 0,
            Some(byte @ b' '..=b'`') => u32::from(byte - b' ') & 63,
            Some(_) => return Err(error(vm, "Illegal char")),
        };
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    if rest.any(|byte| !matches!(byte, b' ' | b'`' | b'\n' | b'\r')) {
        return Err(error(vm, "Trailing garbage"));
    }
    bytes(vm, out)
}

fn b2a_qp(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let quotetabs = flag(vm, args.at(1), false)?;
    let istext = flag(vm, args.at(2), true)?;
    let header = flag(vm, args.at(3), false)?;
    let data = data(vm, args.at(0))?;
    let is_crlf = data
        .iter()
        .position(|&b| b == b'\n')
        .is_some_and(|at| at > 0 && data[at - 1] == b'\r');
    let end_of_line: &[u8] = if is_crlf { b"\r\n" } else { b"\n" };
    let (mut out, mut line) = (Vec::new(), 0);
    for (at, &byte) in data.iter().enumerate() {
        let next = data.get(at + 1).copied();
        let is_newline = istext && (byte == b'\n' || byte == b'\r' && next == Some(b'\n'));
        if is_newline {
            if byte == b'\n' {
                out.extend_from_slice(end_of_line);
                line = 0;
            }
            continue;
        }
        let ends_line = matches!(next, None | Some(b'\n')) || is_crlf && next == Some(b'\r');
        let quoted = byte > 126
            || byte == b'='
            || (header && byte == b'_')
            || (byte == b'.' && line == 0 && matches!(next, None | Some(b'\n' | b'\r' | 0)))
            || (!istext && matches!(byte, b'\r' | b'\n'))
            || (matches!(byte, b'\t' | b' ')
                && (quotetabs || ends_line && !(header && byte == b' ' && next.is_some())))
            || (byte < 33 && !matches!(byte, b'\r' | b'\n' | b'\t' | b' '));
        let width = if quoted { 3 } else { 1 };
        let limit = if matches!(next, None | Some(b'\n')) {
            76
        } else {
            75
        };
        if line + width > limit {
            out.push(b'=');
            out.extend_from_slice(end_of_line);
            line = 0;
        }
        line += width;
        if quoted {
            out.extend(format!("={byte:02X}").bytes());
        } else {
            out.push(if header && byte == b' ' { b'_' } else { byte });
        }
    }
    bytes(vm, out)
}

fn a2b_qp(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let header = flag(vm, args.at(1), false)?;
    let data = ascii_data(vm, args.at(0))?;
    let value = |at: usize| {
        let digit = data.get(at).map(|&byte| char::from(byte).to_digit(16));
        digit.flatten().map(|value| value as u8)
    };
    let (mut out, mut at) = (Vec::new(), 0);
    while at < data.len() {
        match data[at] {
            b'=' => match data.get(at + 1) {
                None => break,
                Some(b'\n' | b'\r') => {
                    let end = data[at..].iter().position(|&byte| byte == b'\n');
                    at = end.map_or(data.len(), |skipped| at + skipped + 1);
                }
                Some(b'=') => {
                    out.push(b'=');
                    at += 2;
                }
                Some(_) => match (value(at + 1), value(at + 2)) {
                    (Some(high), Some(low)) => {
                        out.push(high << 4 | low);
                        at += 3;
                    }
                    _ => {
                        out.push(b'=');
                        at += 1;
                    }
                },
            },
            byte => {
                out.push(if header && byte == b'_' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    bytes(vm, out)
}
