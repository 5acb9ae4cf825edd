//! The builtin classes, in one table.
//!
//! A row gives the name, the base, and, if objects of a Rust kind are of this class by default, the kind. Methods are added by
//! `stdlib/builtins`. To add a builtin class: one row.

use super::class::{Class, class_flag};
use super::heap::{Gc, Heap, Kind, Slot, traced};
use super::shape::NO_SHAPE;
use super::value::{Unpacked, Value};

const KINDS: usize = Kind::Opaque as usize + 1;

/// The builtin classes of a heap.
pub struct Types {
    classes: [Slot; COUNT],
    kind_shapes: [u32; KINDS],
}

impl Types {
    pub(super) fn new() -> Types {
        // Known before the classes are: the first strings are interned before there is a class `str`.
        let mut kind_shapes = [NO_SHAPE; KINDS];
        for row in ROWS {
            if let Some(kind) = row.kind {
                kind_shapes[kind as usize] = shape_number(row.id);
            }
        }
        Types {
            classes: std::array::from_fn(|_| Slot::undef()),
            kind_shapes,
        }
    }

    /// A builtin class.
    #[inline(always)]
    pub fn class<'h>(&self, heap: &'h Heap, builtin: Builtin) -> Gc<'h, Class> {
        self.classes[builtin as usize].expect(heap)
    }

    /// Whether a value is the class `super`.
    #[inline(always)]
    pub fn is_super(&self, value: Value<'_>) -> bool {
        value
            .as_gc::<Class>()
            .is_some_and(|class| class.builtin_is(Builtin::Super))
    }

    /// The shape of fresh instances of a builtin class.
    #[inline(always)]
    pub fn shape_of(&self, builtin: Builtin) -> u32 {
        shape_number(builtin)
    }

    /// The shape that objects of a kind have by default.
    #[inline(always)]
    pub fn shape_of_kind(&self, kind: Kind) -> u32 {
        self.kind_shapes[kind as usize]
    }

    /// The class of a value that is no heap object.
    pub fn class_of_immediate<'h>(&self, heap: &'h Heap, value: Value<'h>) -> Gc<'h, Class> {
        let builtin = match value.unpack() {
            Unpacked::Int(_) => Builtin::Int,
            Unpacked::Float(_) => Builtin::Float,
            Unpacked::Bool(_) => Builtin::Bool,
            Unpacked::None => Builtin::NoneType,
            Unpacked::Ellipsis => Builtin::EllipsisType,
            Unpacked::NotImplemented => Builtin::NotImplementedType,
            Unpacked::Undef | Unpacked::Object(_) => Builtin::Object,
        };
        self.class(heap, builtin)
    }
}

traced!(Types { classes } plain { kind_shapes });

macro_rules! types {
    ($($id:ident $name:literal : $base:ident $(= $kind:ident)? $([$flag:ident])?;)*) => {
        /// A builtin class.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum Builtin { $(#[doc = $name] $id),* }

        struct Row {
            id: Builtin,
            name: &'static str,
            base: Builtin,
            kind: Option<Kind>,
            is_final: bool,
        }

        const ROWS: &[Row] = &[$(Row {
            id: Builtin::$id,
            name: $name,
            base: Builtin::$base,
            kind: types!(@kind $($kind)?),
            is_final: types!(@final $($flag)?),
        }),*];
    };
    (@kind) => { None };
    (@kind $kind:ident) => { Some(Kind::$kind) };
    (@final) => { false };
    (@final $flag:ident) => { true };
}

const COUNT: usize = ROWS.len();

types! {
    Object "object": Object = Instance;
    Type "type": Object = Class;
    Int "int": Object = Int;
    Bool "bool": Int [final];
    Float "float": Object;
    Complex "complex": Object = Complex;
    NoneType "NoneType": Object [final];
    EllipsisType "ellipsis": Object [final];
    NotImplementedType "NotImplementedType": Object [final];
    Str "str": Object = Str;
    Bytes "bytes": Object = Bytes;
    ByteArray "bytearray": Object = ByteArray;
    List "list": Object = List;
    Tuple "tuple": Object = Tuple;
    Dict "dict": Object = Dict;
    Set "set": Object = Set;
    FrozenSet "frozenset": Object;
    Range "range": Object = Range [final];
    Slice "slice": Object = Slice [final];
    Function "function": Object = Function [final];
    BuiltinFunction "builtin_function_or_method": Object = Native [final];
    MethodDescriptor "method_descriptor": Object [final];
    WrapperDescriptor "wrapper_descriptor": Object [final];
    MethodWrapper "method-wrapper": Object [final];
    Method "method": Object = BoundMethod [final];
    Property "property": Object;
    StaticMethod "staticmethod": Object;
    ClassMethod "classmethod": Object;
    GetSetDescriptor "getset_descriptor": Object [final];
    MemberDescriptor "member_descriptor": Object [final];
    Super "super": Object = Super;
    Module "module": Object = Module;
    Cell "cell": Object = Cell [final];
    Spill "spill": Object = Spill [final];
    StrBuf "str_buffer": Object = StrBuf [final];
    Code "code": Object = Code [final];
    Traceback "traceback": Object = Traceback [final];
    Frame "frame": Object = Frame [final];
    Coroutine "coroutine": Object = Coroutine [final];
    Generator "generator": Object [final];
    AsyncGenerator "async_generator": Object [final];
    AsyncGenASend "async_generator_asend": Object [final];
    AsyncGenAThrow "async_generator_athrow": Object [final];
    CoroutineWrapper "coroutine_wrapper": Object [final];
    AnextAwaitable "anext_awaitable": Object [final];
    Iterator "iterator": Object = Iter [final];
    ListIterator "list_iterator": Object [final];
    ListReverseIterator "list_reverseiterator": Object [final];
    TupleIterator "tuple_iterator": Object [final];
    RangeIterator "range_iterator": Object [final];
    StrIterator "str_iterator": Object [final];
    BytesIterator "bytes_iterator": Object [final];
    ByteArrayIterator "bytearray_iterator": Object [final];
    ArrayIterator "array.arrayiterator": Object [final];
    DictKeyIterator "dict_keyiterator": Object [final];
    DictValueIterator "dict_valueiterator": Object [final];
    DictItemIterator "dict_itemiterator": Object [final];
    DictReverseKeyIterator "dict_reversekeyiterator": Object [final];
    SetIterator "set_iterator": Object [final];
    CallableIterator "callable_iterator": Object [final];
    Enumerate "enumerate": Object;
    Zip "zip": Object;
    Map "map": Object;
    Filter "filter": Object;
    Reversed "reversed": Object;
    DictKeys "dict_keys": Object = View [final];
    DictValues "dict_values": Object [final];
    DictItems "dict_items": Object [final];
    MappingProxy "mappingproxy": Object [final];
    Future "_asyncio.Future": Object = Future;
    Task "_asyncio.Task": Future;
    Opaque "native_object": Object = Opaque;
    GenericAlias "types.GenericAlias": Object;
    UnionType "types.UnionType": Object [final];
    Generic "typing.Generic": Object;
    TypeVar "typing.TypeVar": Object [final];
    TypeVarTuple "typing.TypeVarTuple": Object [final];
    ParamSpec "typing.ParamSpec": Object [final];
    TypeAliasType "typing.TypeAliasType": Object [final];

    BaseException "BaseException": Object = Exception;
    Exception "Exception": BaseException;
    BaseExceptionGroup "BaseExceptionGroup": BaseException;
    ExceptionGroup "ExceptionGroup": BaseExceptionGroup;
    GeneratorExit "GeneratorExit": BaseException;
    KeyboardInterrupt "KeyboardInterrupt": BaseException;
    SystemExit "SystemExit": BaseException;
    CancelledError "CancelledError": BaseException;
    ArithmeticError "ArithmeticError": Exception;
    FloatingPointError "FloatingPointError": ArithmeticError;
    OverflowError "OverflowError": ArithmeticError;
    ZeroDivisionError "ZeroDivisionError": ArithmeticError;
    AssertionError "AssertionError": Exception;
    AttributeError "AttributeError": Exception;
    BufferError "BufferError": Exception;
    EOFError "EOFError": Exception;
    ImportError "ImportError": Exception;
    ModuleNotFoundError "ModuleNotFoundError": ImportError;
    LookupError "LookupError": Exception;
    IndexError "IndexError": LookupError;
    KeyError "KeyError": LookupError;
    MemoryError "MemoryError": Exception;
    NameError "NameError": Exception;
    UnboundLocalError "UnboundLocalError": NameError;
    OSError "OSError": Exception;
    BlockingIOError "BlockingIOError": OSError;
    ChildProcessError "ChildProcessError": OSError;
    ConnectionError "ConnectionError": OSError;
    BrokenPipeError "BrokenPipeError": ConnectionError;
    ConnectionAbortedError "ConnectionAbortedError": ConnectionError;
    ConnectionRefusedError "ConnectionRefusedError": ConnectionError;
    ConnectionResetError "ConnectionResetError": ConnectionError;
    FileExistsError "FileExistsError": OSError;
    FileNotFoundError "FileNotFoundError": OSError;
    InterruptedError "InterruptedError": OSError;
    IsADirectoryError "IsADirectoryError": OSError;
    NotADirectoryError "NotADirectoryError": OSError;
    PermissionError "PermissionError": OSError;
    ProcessLookupError "ProcessLookupError": OSError;
    TimeoutError "TimeoutError": OSError;
    ReferenceError "ReferenceError": Exception;
    RuntimeError "RuntimeError": Exception;
    NotImplementedError "NotImplementedError": RuntimeError;
    RecursionError "RecursionError": RuntimeError;
    PythonFinalizationError "PythonFinalizationError": RuntimeError;
    StopAsyncIteration "StopAsyncIteration": Exception;
    StopIteration "StopIteration": Exception;
    SyntaxError "SyntaxError": Exception;
    IncompleteInputError "_IncompleteInputError": SyntaxError;
    IndentationError "IndentationError": SyntaxError;
    TabError "TabError": IndentationError;
    SystemError "SystemError": Exception;
    TypeError "TypeError": Exception;
    ValueError "ValueError": Exception;
    UnicodeError "UnicodeError": ValueError;
    UnicodeDecodeError "UnicodeDecodeError": UnicodeError;
    UnicodeEncodeError "UnicodeEncodeError": UnicodeError;
    UnicodeTranslateError "UnicodeTranslateError": UnicodeError;
    Warning "Warning": Exception;
    BytesWarning "BytesWarning": Warning;
    DeprecationWarning "DeprecationWarning": Warning;
    EncodingWarning "EncodingWarning": Warning;
    FutureWarning "FutureWarning": Warning;
    ImportWarning "ImportWarning": Warning;
    PendingDeprecationWarning "PendingDeprecationWarning": Warning;
    ResourceWarning "ResourceWarning": Warning;
    RuntimeWarning "RuntimeWarning": Warning;
    SyntaxWarning "SyntaxWarning": Warning;
    UnicodeWarning "UnicodeWarning": Warning;
    UserWarning "UserWarning": Warning;
    InvalidStateError "InvalidStateError": Exception;
}

impl Builtin {
    /// All builtin classes.
    pub fn all() -> impl Iterator<Item = Builtin> {
        ROWS.iter().map(|row| row.id)
    }

    /// The class's name, for some with that of its module.
    pub fn name(self) -> &'static str {
        ROWS[self as usize].name
    }

    /// `__name__`: without the module that messages name, too.
    pub fn short_name(self) -> &'static str {
        let name = self.name();
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The class it derives from; `Object` for itself.
    pub fn base(self) -> Builtin {
        ROWS[self as usize].base
    }

    /// Whether it is this class or derives from it.
    pub fn derives_from(self, other: Builtin) -> bool {
        self == other || (self != Builtin::Object && self.base().derives_from(other))
    }

    /// The Rust type under its instances.
    fn layout(self) -> Kind {
        match ROWS[self as usize].kind {
            Some(kind) => kind,
            None => match self {
                Builtin::Float => Kind::Free,
                Builtin::FrozenSet => Kind::Set,
                Builtin::Property | Builtin::StaticMethod | Builtin::ClassMethod => {
                    Kind::Descriptor
                }
                Builtin::Enumerate
                | Builtin::Zip
                | Builtin::Map
                | Builtin::Filter
                | Builtin::Reversed => Kind::Iter,
                _ => self.base().layout(),
            },
        }
    }
}

/// Makes the class objects; shapes are numbered in the order of the table, beginning with 1, two a class.
pub(super) fn create(heap: &Heap) {
    let meta_shape = shape_number(Builtin::Type);
    for row in ROWS {
        let bases = if row.id == Builtin::Object {
            vec![]
        } else {
            vec![heap.types.class(heap, row.base).value()]
        };
        let class = heap.new_class(row.name, &bases, row.id.layout(), Some(row.id), meta_shape);
        debug_assert_eq!(class.root_shape(), shape_number(row.id));
        class.qualname.set(heap.intern(row.id.short_name()).value());
        heap.types.classes[row.id as usize].set(class.value());
        class.mro.push(heap, class.value());
        if let Some(base) = bases.first().and_then(|b| b.as_gc::<Class>()) {
            for ancestor in base.mro(heap) {
                class.mro.push(heap, ancestor.value());
            }
        }
        if row.is_final {
            class.add_flags(class_flag::FINAL);
        }
    }
    for bare in [Builtin::Object, Builtin::Generic] {
        heap.types.class(heap, bare).add_flags(class_flag::NO_DICT);
    }
    mix_exception_into_groups(heap);
}

/// ExceptionGroup is the one builtin class with two bases.
fn mix_exception_into_groups(heap: &Heap) {
    let class = |builtin| heap.types.class(heap, builtin);
    let (group, exception) = (class(Builtin::ExceptionGroup), class(Builtin::Exception));
    group.bases.set(
        heap.tuple(&[
            class(Builtin::BaseExceptionGroup).value(),
            exception.value(),
        ])
        .value(),
    );
    group.mro.insert(heap, 2, exception.value());
    exception.subclasses.push(heap, group.value());
}

/// `new_class` makes two shapes, the root one first.
const fn shape_number(builtin: Builtin) -> u32 {
    1 + 2 * builtin as u32
}
