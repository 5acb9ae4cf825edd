//! Boxes of trait objects that know the type inside: to find it costs two comparisons, and no call through a table.
//!
//! `Any::downcast_ref` asks the object for its type by a virtual call. The scheduler and the payloads of primitives are looked up
//! several times in each turn of a loop, so such a box keeps the type's id beside the object. To make one:
//! `known_box!(KnownPayload, Payload, "doc");` beside the trait.

/// Declares a box of `dyn Trait` whose inside is found by its type.
macro_rules! known_box {
    ($(#[$doc:meta])* $vis:vis struct $name:ident of $trait:path) => {
        $(#[$doc])*
        $vis struct $name {
            id: std::any::TypeId,
            inside: Box<dyn $trait>,
        }

        impl $name {
            /// A box around a value.
            pub fn new<T: $trait>(value: T) -> $name {
                $name {
                    id: std::any::TypeId::of::<T>(),
                    inside: Box::new(value),
                }
            }

            /// The value inside, if it is a `T`.
            #[inline(always)]
            #[expect(unsafe_code, reason = "a cast that the id has checked")]
            pub fn find<T: $trait>(&self) -> Option<&T> {
                if self.id != std::any::TypeId::of::<T>() {
                    return None;
                }
                let inside = std::ptr::from_ref(&*self.inside).cast::<T>();
                // SAFETY: `new` is the only maker: `id` is the id of the type that `inside` was made of, and never changes.
                Some(unsafe { &*inside })
            }
        }

        impl std::ops::Deref for $name {
            type Target = dyn $trait;

            fn deref(&self) -> &Self::Target {
                &*self.inside
            }
        }

        $crate::runtime::heap::traced!($name { inside } plain { id });
    };
}

pub(crate) use known_box;
