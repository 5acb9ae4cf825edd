//! The native part of `hashlib`: hash objects over RustCrypto's algorithms and BLAKE2, and PBKDF2.
//!
//! `library/hashlib.apy` has the constructors of the other ones. To add an algorithm: a row of `hashers!`.

use std::cell::RefCell;

use sha2::Digest;
use sha3::digest::ExtendableOutput;

use super::arg::{Buffer, as_str, given};
use super::registry::{Getter, ModuleType, NativeModule, NativeType, class_of};
use crate::runtime::class::Class;
use crate::runtime::heap::traced;
use crate::runtime::opaque::{Opaque, Payload};
use crate::runtime::{Builtin, Gc, Heap, Raised, Value};
use crate::vm::{Local, Locals, Native, Vm};

/// The module that `hashlib` takes its functions from.
pub const HASHLIB: NativeModule = NativeModule {
    functions: &[
        &NEW_HASH,
        &PBKDF2,
        &SHAKE_DIGEST,
        &NEW_BLAKE,
        &Hasher::MD5,
        &Hasher::SHA1,
        &Hasher::SHA224,
        &Hasher::SHA256,
        &Hasher::SHA384,
        &Hasher::SHA512,
        &Hasher::SHA3_224,
        &Hasher::SHA3_256,
        &Hasher::SHA3_384,
        &Hasher::SHA3_512,
    ],
    types: &[&HASH],
    ..NativeModule::of("_hashlib", "The native part of hashlib.")
};

macro_rules! hashers {
    ($($variant:ident $constructor:ident $name:literal $block:literal $type:ty;)*) => {
        /// A hash in the making.
        #[derive(Clone)]
        enum Hasher {
            $($variant($type),)*
            Shake128(sha3::Shake128),
            Shake256(sha3::Shake256),
            Blake2b(blake2b_simd::State),
            Blake2s(blake2s_simd::State),
        }

        impl Hasher {
            $(const $constructor: Native = Native::vm(
                concat!($name, "(string=b'', *, usedforsecurity=True)"),
                concat!("Returns a ", $name, " hash object; optionally initialized with a string"),
                |vm, args| {
                    let mut hasher = Hasher::$variant(<$type>::new());
                    if let Some(given) = given(vm, args.at(0)) {
                        let data = data(vm, given)?;
                        hasher.feed(&vm.heap, &data)?;
                    }
                    wrap(vm, hasher)
                },
            );)*

            /// The hasher of this name.
            fn of(name: &str) -> Option<Hasher> {
                match name {
                    $($name => Some(Hasher::$variant(<$type>::new())),)*
                    "shake_128" => Some(Hasher::Shake128(Default::default())),
                    "shake_256" => Some(Hasher::Shake256(Default::default())),
                    _ => None,
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    $(Hasher::$variant(_) => $name,)*
                    Hasher::Shake128(_) => "shake_128",
                    Hasher::Shake256(_) => "shake_256",
                    Hasher::Blake2b(_) => "blake2b",
                    Hasher::Blake2s(_) => "blake2s",
                }
            }

            fn block_size(&self) -> usize {
                match self {
                    $(Hasher::$variant(_) => $block,)*
                    Hasher::Shake128(_) => 168,
                    Hasher::Shake256(_) => 136,
                    Hasher::Blake2b(_) => 128,
                    Hasher::Blake2s(_) => 64,
                }
            }

            fn update(&mut self, data: &[u8]) {
                match self {
                    $(Hasher::$variant(hasher) => hasher.update(data),)*
                    Hasher::Shake128(hasher) => sha3::digest::Update::update(hasher, data),
                    Hasher::Shake256(hasher) => sha3::digest::Update::update(hasher, data),
                    Hasher::Blake2b(hasher) => drop(hasher.update(data)),
                    Hasher::Blake2s(hasher) => drop(hasher.update(data)),
                }
            }

            /// The digest; of SHAKE nothing, for its length is free.
            fn digest(&self) -> Vec<u8> {
                match self {
                    $(Hasher::$variant(hasher) => hasher.clone().finalize().to_vec(),)*
                    Hasher::Shake128(_) | Hasher::Shake256(_) => Vec::new(),
                    Hasher::Blake2b(hasher) => hasher.finalize().as_bytes().to_vec(),
                    Hasher::Blake2s(hasher) => hasher.finalize().as_bytes().to_vec(),
                }
            }
        }
    };
}

hashers! {
    Md5 MD5 "md5" 64 md5::Md5;
    Sha1 SHA1 "sha1" 64 sha1::Sha1;
    Sha224 SHA224 "sha224" 64 sha2::Sha224;
    Sha256 SHA256 "sha256" 64 sha2::Sha256;
    Sha384 SHA384 "sha384" 128 sha2::Sha384;
    Sha512 SHA512 "sha512" 128 sha2::Sha512;
    Sha3_224 SHA3_224 "sha3_224" 144 sha3::Sha3_224;
    Sha3_256 SHA3_256 "sha3_256" 136 sha3::Sha3_256;
    Sha3_384 SHA3_384 "sha3_384" 104 sha3::Sha3_384;
    Sha3_512 SHA3_512 "sha3_512" 72 sha3::Sha3_512;
}

const HASH: ModuleType = ModuleType {
    name: "_hashlib.HASH",
    module: "_hashlib",
    body: NativeType {
        new: Some(&NEW),
        methods: &[&UPDATE, &DIGEST, &HEXDIGEST, &COPY, &REPR],
        getters: &[
            Getter::vm("name", "The name of the algorithm.", |vm, args| {
                let name = this(vm, args)?.hasher.borrow().name();
                Ok(vm.local(vm.heap.str_value(name)))
            }),
            Getter::vm(
                "digest_size",
                "The number of bytes of the digest.",
                |vm, args| {
                    let size = this(vm, args)?.hasher.borrow().digest().len();
                    Ok(vm.local(vm.heap.usize(size)))
                },
            ),
            Getter::vm(
                "block_size",
                "The number of bytes that are hashed at once.",
                |vm, args| {
                    let size = this(vm, args)?.hasher.borrow().block_size();
                    Ok(vm.local(vm.heap.usize(size)))
                },
            ),
        ],
        ..NativeType::of(
            Builtin::Opaque,
            "A hash is an object used to calculate a checksum of a string of information.",
        )
    },
};

const NEW: Native = Native::vm(
    "__new__(cls, /, *args, **kwargs)",
    "Hashes are made by the functions of hashlib only. Raises TypeError.",
    |vm, _| {
        Err(vm
            .heap
            .type_error("cannot create '_hashlib.HASH' instances"))
    },
);
const NEW_HASH: Native = Native::vm(
    "_new(name, data, /)",
    "A hash object of this algorithm, or None.",
    |vm, args| {
        let name = vm.text_of(args.at(0))?;
        let Some(mut hasher) = Hasher::of(&name) else {
            return Ok(vm.none());
        };
        let data = data(vm, args.at(1))?;
        hasher.feed(&vm.heap, &data)?;
        wrap(vm, hasher)
    },
);
const UPDATE: Native = Native::vm(
    "update(self, obj, /)",
    "Update this hash object's state with the provided string.",
    |vm, args| {
        let data = data(vm, args.at(1))?;
        let mut hasher = this(vm, args)?.hasher.borrow_mut();
        hasher.feed(&vm.heap, &data)?;
        Ok(vm.none())
    },
);
const DIGEST: Native = Native::vm(
    "digest(self, /)",
    "Return the digest value as a bytes object.",
    |vm, args| {
        let digest = this(vm, args)?.hasher.borrow().digest();
        Ok(vm.local(vm.heap.bytes(digest).value()))
    },
);
const HEXDIGEST: Native = Native::vm(
    "hexdigest(self, /)",
    "Return the digest value as a string of hexadecimal digits.",
    |vm, args| {
        let digest = this(vm, args)?.hasher.borrow().digest();
        let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digit = |nibble| char::from_digit(u32::from(nibble), 16);
        let text: String = nibbles.filter_map(digit).collect();
        Ok(vm.local(vm.heap.str_value(&text)))
    },
);
const COPY: Native = Native::vm(
    "copy(self, /)",
    "Return a copy of the hash object.",
    |vm, args| {
        let copy = this(vm, args)?.hasher.borrow().clone();
        wrap(vm, copy)
    },
);
const REPR: Native = Native::vm("__repr__(self, /)", "Return repr(self).", |vm, args| {
    let name = this(vm, args)?.hasher.borrow().name();
    let id = 0x7f00_0000_0000 + vm.heap.id_of(vm.get(args.at(0))) * 16;
    let text = format!("<{name} _hashlib.HASH object @ {id:#x}>");
    Ok(vm.local(vm.heap.str_value(&text)))
});
const PBKDF2: Native = Native::vm(
    "pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None)",
    "Password based key derivation function 2 (PKCS #5 v2.0) with HMAC as pseudorandom function.",
    pbkdf2,
);

const SHAKE_DIGEST: Native = Native::vm(
    "_shake_digest(hash, length, /)",
    "So many bytes of the digest of a SHAKE object.",
    shake_digest,
);
const NEW_BLAKE: Native = Native::vm(
    "_new_blake(name, size, key, salt, person, numbers, is_last, /)",
    "A BLAKE2 object. numbers: fanout, depth, leaf size, node offset, node depth, inner size. The caller has checked all of them.",
    new_blake,
);

fn shake_digest(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let Ok(length) = usize::try_from(vm.index(args.at(1))?) else {
        return Err(vm.heap.value_error("value must be positive"));
    };
    if length >= 1 << 29 {
        return Err(vm.heap.value_error("length is too large"));
    }
    let mut digest = vec![0; length];
    match &*this(vm, args)?.hasher.borrow() {
        Hasher::Shake128(hasher) => hasher.clone().finalize_xof_into(&mut digest),
        Hasher::Shake256(hasher) => hasher.clone().finalize_xof_into(&mut digest),
        _ => return Err(vm.heap.type_error("a SHAKE object is required")),
    }
    Ok(vm.local(vm.heap.bytes(digest).value()))
}

macro_rules! blake {
    ($family:ident, $size:ident, $key:ident, $salt:ident, $person:ident, $n:ident, $last:ident) => {
        $family::Params::new()
            .hash_length($size)
            .key(&$key)
            .salt(&$salt)
            .personal(&$person)
            .fanout($n[0] as u8)
            .max_depth($n[1] as u8)
            .max_leaf_length($n[2] as u32)
            .node_offset($n[3])
            .node_depth($n[4] as u8)
            .inner_hash_length($n[5] as usize)
            .last_node($last)
            .to_state()
    };
}

fn new_blake(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm.text_of(args.at(0))?;
    let size = vm.index(args.at(1))? as usize;
    let [key, salt, person] = [2, 3, 4].map(|at| data(vm, args.at(at)));
    let (key, salt, person) = (key?, salt?, person?);
    let mut n = [0_u64; 6];
    for (at, number) in n.iter_mut().enumerate() {
        let index = vm.local(Value::small_int(at as i64));
        let item = vm.call_method(args.at(5), "__getitem__", &[index])?;
        *number = vm.index(item)? as u64;
    }
    let last = vm.truth(args.at(6))?;
    let hasher = if name == "blake2b" {
        Hasher::Blake2b(blake!(blake2b_simd, size, key, salt, person, n, last))
    } else {
        Hasher::Blake2s(blake!(blake2s_simd, size, key, salt, person, n, last))
    };
    wrap(vm, hasher)
}

/// A hash object.
struct Hash {
    hasher: RefCell<Hasher>,
}

traced!(Hash {} plain { hasher });

impl Payload for Hash {}

fn this(vm: &Vm, args: Locals) -> Result<&Hash, Raised> {
    vm.get_gc::<Opaque>(args.at(0))
        .and_then(|hash| hash.payload())
        .ok_or_else(|| vm.heap.type_error("a '_hashlib.HASH' object is required"))
}

fn wrap(vm: &mut Vm, hasher: Hasher) -> Result<Local, Raised> {
    let class = class_of(vm, &HASH);
    let class: Gc<'_, Class> = vm.get_gc(class).expect("a class");
    let hash = Hash {
        hasher: RefCell::new(hasher),
    };
    Ok(vm.local(vm.heap.opaque(class, hash).value()))
}

/// The bytes to hash.
fn data(vm: &Vm, local: Local) -> Result<Vec<u8>, Raised> {
    let value = vm.get(local);
    if as_str(&vm.heap, value).is_some() {
        return Err(vm.heap.type_error("Strings must be encoded before hashing"));
    }
    match Buffer::of(&vm.heap, value) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(vm
            .heap
            .type_error("object supporting the buffer API required")),
    }
}

/// Bytes that are hashed between two looks at the outside.
const PIECE: usize = 1 << 16;
/// How much longer hashing a byte takes than copying it.
const WEIGHT: usize = 4;

impl Hasher {
    /// Takes all of the data; nothing of it where an exception comes in between.
    fn feed(&mut self, heap: &Heap, data: &[u8]) -> Result<(), Raised> {
        if data.len() <= PIECE {
            self.update(data);
            heap.note_bytes(data.len() * WEIGHT);
            return Ok(());
        }
        let mut fed = self.clone();
        for piece in data.chunks(PIECE) {
            heap.poll_bytes(piece.len() * WEIGHT)?;
            fed.update(piece);
        }
        *self = fed;
        Ok(())
    }
}

/// HMAC with a key of one block, xored into the two hashers beforehand.
#[derive(Clone)]
struct Keyed {
    inner: Hasher,
    outer: Hasher,
}

impl Keyed {
    fn new(hasher: &Hasher, key: &[u8]) -> Keyed {
        let mut block = if key.len() > hasher.block_size() {
            let mut long = hasher.clone();
            long.update(key);
            long.digest()
        } else {
            key.to_vec()
        };
        block.resize(hasher.block_size(), 0);
        let [inner, outer] = [0x36, 0x5c].map(|pad| {
            let mut hasher = hasher.clone();
            let padded: Vec<u8> = block.iter().map(|byte| byte ^ pad).collect();
            hasher.update(&padded);
            hasher
        });
        Keyed { inner, outer }
    }

    fn mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        let Keyed {
            mut inner,
            mut outer,
        } = self.clone();
        parts.iter().for_each(|part| inner.update(part));
        outer.update(&inner.digest());
        outer.digest()
    }
}

/// Units of work of a round of `pbkdf2`: two short digests.
const WORK_OF_ROUND: usize = 64;

fn pbkdf2(vm: &mut Vm, args: Locals) -> Result<Local, Raised> {
    let name = vm.text_of(args.at(0))?;
    let Some(hasher) = Hasher::of(&name) else {
        return Err(vm.heap.value_error(format!("unsupported hash type {name}")));
    };
    let (password, salt) = (data(vm, args.at(1))?, data(vm, args.at(2))?);
    let iterations = vm.index(args.at(3))?;
    let size = match given(vm, args.at(4)).filter(|&n| !vm.get(n).is_none()) {
        Some(n) => vm.index(n)?,
        None => hasher.digest().len() as i64,
    };
    if iterations < 1 {
        let message = "iteration value must be greater than 0.";
        return Err(vm.heap.value_error(message));
    }
    let Some(size) = usize::try_from(size).ok().filter(|&size| size > 0) else {
        return Err(vm.heap.value_error("key length must be greater than 0."));
    };
    let keyed = Keyed::new(&hasher, &password);
    let mut key = Vec::new();
    let mut number = 1_u32;
    while key.len() < size {
        let mut last = keyed.mac(&[&salt, &number.to_be_bytes()]);
        let mut block = last.clone();
        for _ in 1..iterations {
            vm.heap.poll(WORK_OF_ROUND)?;
            last = keyed.mac(&[&last]);
            block.iter_mut().zip(&last).for_each(|(a, b)| *a ^= b);
        }
        key.extend(block);
        number += 1;
    }
    key.truncate(size);
    Ok(vm.local(vm.heap.bytes(key).value()))
}
