//! Values as plain Rust data: what passes between an embedding program and apy.
//!
//! Nothing here knows of a heap: `Data` is owned, can be sent to other threads and outlives the session that made it. `From` makes it of
//! Rust's types, `FromData` makes those of it. To let another Rust type pass: an `impl` of each.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use num_bigint::BigInt;

/// A value of a program as plain data.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Data {
    /// `None`
    #[default]
    None,
    /// A `bool`.
    Bool(bool),
    /// An `int` of at most 64 bits.
    Int(i64),
    /// A larger `int`.
    Big(BigInt),
    /// A `float`.
    Float(f64),
    /// A `str`.
    Str(String),
    /// A `bytes` or `bytearray`.
    Bytes(Vec<u8>),
    /// A `list`.
    List(Vec<Data>),
    /// A `tuple`.
    Tuple(Vec<Data>),
    /// A `dict`, in its order.
    Dict(Vec<(Data, Data)>),
    /// A `set` or `frozenset`, in its order.
    Set(Vec<Data>),
    /// Anything else, by the name of its class. It cannot be given back.
    Other(String),
}

impl Data {
    /// The value of a key that is a string, in a `Dict`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Data> {
        let Data::Dict(entries) = self else {
            return None;
        };
        let is_key =
            |(candidate, _): &&(Data, Data)| matches!(candidate, Data::Str(text) if text == key);
        entries.iter().find(is_key).map(|(_, value)| value)
    }

    /// The name of the class that the value has in a program.
    #[must_use]
    pub fn class(&self) -> &str {
        match self {
            Data::None => "NoneType",
            Data::Bool(_) => "bool",
            Data::Int(_) | Data::Big(_) => "int",
            Data::Float(_) => "float",
            Data::Str(_) => "str",
            Data::Bytes(_) => "bytes",
            Data::List(_) => "list",
            Data::Tuple(_) => "tuple",
            Data::Dict(_) => "dict",
            Data::Set(_) => "set",
            Data::Other(class) => class,
        }
    }
}

/// The value is not of the type that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongType {
    /// The type that was asked for, as a program names it.
    pub wanted: &'static str,
    /// The class of the value.
    pub got: String,
}

impl std::fmt::Display for WrongType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "must be {}, not {}", self.wanted, self.got)
    }
}

impl std::error::Error for WrongType {}

/// A Rust type that data can become.
pub trait FromData: Sized {
    /// The data as this type.
    ///
    /// # Errors
    /// It is of another type, or out of range.
    fn from_data(data: Data) -> Result<Self, WrongType>;
}

fn wrong<T>(wanted: &'static str, data: &Data) -> Result<T, WrongType> {
    Err(WrongType {
        wanted,
        got: data.class().to_owned(),
    })
}

impl FromData for Data {
    fn from_data(data: Data) -> Result<Data, WrongType> {
        Ok(data)
    }
}

impl FromData for () {
    fn from_data(data: Data) -> Result<(), WrongType> {
        match data {
            Data::None => Ok(()),
            other => wrong("None", &other),
        }
    }
}

impl FromData for bool {
    fn from_data(data: Data) -> Result<bool, WrongType> {
        match data {
            Data::Bool(yes) => Ok(yes),
            other => wrong("bool", &other),
        }
    }
}

impl FromData for f64 {
    fn from_data(data: Data) -> Result<f64, WrongType> {
        match data {
            Data::Float(x) => Ok(x),
            Data::Int(n) => Ok(n as f64),
            other => wrong("float", &other),
        }
    }
}

impl FromData for String {
    fn from_data(data: Data) -> Result<String, WrongType> {
        match data {
            Data::Str(text) => Ok(text),
            other => wrong("str", &other),
        }
    }
}

impl FromData for BigInt {
    fn from_data(data: Data) -> Result<BigInt, WrongType> {
        match data {
            Data::Int(n) => Ok(n.into()),
            Data::Big(n) => Ok(n),
            other => wrong("int", &other),
        }
    }
}

impl<T: FromData> FromData for Option<T> {
    fn from_data(data: Data) -> Result<Option<T>, WrongType> {
        match data {
            Data::None => Ok(None),
            other => T::from_data(other).map(Some),
        }
    }
}

impl<T: FromData> FromData for Vec<T> {
    fn from_data(data: Data) -> Result<Vec<T>, WrongType> {
        match data {
            Data::List(items) | Data::Tuple(items) | Data::Set(items) => {
                items.into_iter().map(T::from_data).collect()
            }
            other => wrong("list", &other),
        }
    }
}

/// The entries of a dict as pairs of Rust's types.
fn entries<K: FromData, V: FromData, M: FromIterator<(K, V)>>(data: Data) -> Result<M, WrongType> {
    let Data::Dict(entries) = data else {
        return wrong("dict", &data);
    };
    let pair = |(key, value)| Ok((K::from_data(key)?, V::from_data(value)?));
    entries.into_iter().map(pair).collect()
}

impl<K: FromData + Eq + Hash, V: FromData, S: BuildHasher + Default> FromData for HashMap<K, V, S> {
    fn from_data(data: Data) -> Result<HashMap<K, V, S>, WrongType> {
        entries(data)
    }
}

impl<K: FromData + Ord, V: FromData> FromData for BTreeMap<K, V> {
    fn from_data(data: Data) -> Result<BTreeMap<K, V>, WrongType> {
        entries(data)
    }
}

/// Rust's integers: those that always fit 64 bits become `Int` as they are.
macro_rules! integers {
    ($($type:ty),*) => {$(
        impl From<$type> for Data {
            fn from(n: $type) -> Data {
                i64::try_from(n).map_or_else(|_| Data::Big(n.into()), Data::Int)
            }
        }

        impl FromData for $type {
            fn from_data(data: Data) -> Result<$type, WrongType> {
                let fitting = match &data {
                    Data::Int(n) => <$type>::try_from(*n).ok(),
                    Data::Big(n) => <$type>::try_from(n).ok(),
                    _ => return wrong("int", &data),
                };
                fitting.ok_or_else(|| WrongType {
                    wanted: concat!("an int that fits ", stringify!($type)),
                    got: "one out of range".to_owned(),
                })
            }
        }
    )*};
}

integers!(i16, i32, i64, i128, isize, u16, u32, u64, u128, usize);

/// What becomes one variant as it is.
macro_rules! variants {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<$type> for Data {
            fn from(value: $type) -> Data {
                Data::$variant(value.into())
            }
        }
    )*};
}

variants!(bool => Bool, f32 => Float, f64 => Float, String => Str, &str => Str);

impl From<()> for Data {
    fn from((): ()) -> Data {
        Data::None
    }
}

impl From<BigInt> for Data {
    fn from(n: BigInt) -> Data {
        i64::try_from(&n).map_or(Data::Big(n), Data::Int)
    }
}

impl<T: Into<Data>> From<Option<T>> for Data {
    fn from(value: Option<T>) -> Data {
        value.map_or(Data::None, Into::into)
    }
}

impl<T: Into<Data>> From<Vec<T>> for Data {
    fn from(items: Vec<T>) -> Data {
        Data::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Data> + Clone> From<&[T]> for Data {
    fn from(items: &[T]) -> Data {
        Data::List(items.iter().cloned().map(Into::into).collect())
    }
}

/// Pairs become a dict.
impl<K: Into<Data>, V: Into<Data>> FromIterator<(K, V)> for Data {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Data {
        let pair = |(key, value): (K, V)| (key.into(), value.into());
        Data::Dict(entries.into_iter().map(pair).collect())
    }
}

impl<K: Into<Data>, V: Into<Data>, S> From<HashMap<K, V, S>> for Data {
    fn from(map: HashMap<K, V, S>) -> Data {
        map.into_iter().collect()
    }
}

impl<K: Into<Data>, V: Into<Data>> From<BTreeMap<K, V>> for Data {
    fn from(map: BTreeMap<K, V>) -> Data {
        map.into_iter().collect()
    }
}

/// The arguments of a call from Rust: a tuple, or data in a vector.
pub trait IntoArguments {
    /// The positional arguments.
    fn into_arguments(self) -> Vec<Data>;
}

impl IntoArguments for Vec<Data> {
    fn into_arguments(self) -> Vec<Data> {
        self
    }
}

/// Tuples as arguments of calls, and as tuples.
macro_rules! tuples {
    ($(($($name:ident),*))*) => {$(
        impl<$($name: Into<Data>),*> IntoArguments for ($($name,)*) {
            #[expect(non_snake_case, reason = "a variable has the name of its type")]
            fn into_arguments(self) -> Vec<Data> {
                let ($($name,)*) = self;
                vec![$($name.into()),*]
            }
        }

        impl<$($name: Into<Data>),*> From<($($name,)*)> for Data {
            fn from(items: ($($name,)*)) -> Data {
                Data::Tuple(items.into_arguments())
            }
        }
    )*};
}

impl IntoArguments for () {
    fn into_arguments(self) -> Vec<Data> {
        Vec::new()
    }
}

tuples!((A)(A, B)(A, B, C)(A, B, C, D)(A, B, C, D, E)(
    A, B, C, D, E, F
));
