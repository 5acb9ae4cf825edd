//! Values and the heap: representation only, never runs user code.

pub mod text;
