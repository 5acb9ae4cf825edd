//! State of the layers above: each keeps one value in the VM and finds it without a search.
//!
//! The scheduler asks for its state at each step, so a layer has a fixed place. To add a layer: a row of `LayerPlace`, and the
//! `impl Layer` beside its state; the code that makes the VM calls `Vm::extend`.

use std::any::Any;

use super::Vm;
use crate::runtime::heap::{Trace, known_box};

/// A layer above that keeps values of its own: the scheduler, the modules' state.
pub trait Extension: Trace + Any {}

/// An extension with its place among the others.
pub trait Layer: Extension {
    /// Its place, which no other layer has.
    const PLACE: LayerPlace;
}

/// The places, one for each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerPlace {
    /// The scheduler.
    Scheduler,
    /// What the native modules and classes were made of.
    NativeClasses,
    /// Where random numbers come from.
    Entropy,
    /// The program's name, arguments and paths.
    Program,
    /// Where sources are found and kept.
    Loader,
    /// What was registered with abstract classes.
    AbstractClasses,
    /// Open files.
    OpenFiles,
    /// Settings of the collector.
    Collector,
    /// The context of decimal arithmetic.
    Decimals,
    /// The classes of dates and times.
    Dates,
    /// The functions of the embedding program.
    HostFunctions,
}

/// How many places there are.
const PLACES: usize = LayerPlace::HostFunctions as usize + 1;

/// The state of all layers, by place.
pub(in crate::vm) type Layers = [Option<Known>; PLACES];

known_box!(
    /// A layer's state in its box.
    pub(in crate::vm) struct Known of Extension
);

impl Vm {
    /// Adds a layer's state.
    pub fn extend<T: Layer>(&mut self, extension: T) {
        let place = &mut self.layers[T::PLACE as usize];
        debug_assert!(place.is_none(), "the place of another layer");
        *place = Some(Known::new(extension));
    }

    /// A layer's state; the layer added it when the VM was made.
    #[inline]
    pub fn extension<T: Layer>(&self) -> &T {
        let found = self.layers[T::PLACE as usize].as_ref();
        found
            .and_then(Known::find)
            .expect("the layer extended the VM before anything ran")
    }
}
