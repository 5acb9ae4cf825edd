//! `Output`: the bytes of a pickle that were not written to the file yet, cut into frames from protocol 4 on.
//!
//! A frame begins with room for its header; `commit` fills that in, or takes it out again where the frame is too short to be worth it.
//! Memory is asked for first, so a pickle that is too large ends in MemoryError.

use super::opcode::FRAME;
use crate::runtime::{Heap, Raised};

/// A frame ends after so many bytes; what is as long alone stands outside of frames.
pub const FRAME_SIZE: usize = 64 * 1024;
/// Shorter frames have no header.
const FRAME_MIN: usize = 4;
/// A code and eight bytes of length.
const HEADER: usize = 9;

/// Whether what is written goes into frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    #[default]
    Off,
    On,
}

#[derive(Default)]
pub struct Output {
    data: Vec<u8>,
    framing: Framing,
    /// Where the header of the open frame stands.
    frame: Option<usize>,
}

impl Output {
    /// Begins a pickle.
    pub fn reset(&mut self) {
        *self = Output::default();
    }

    /// Switches frames on or off; returns how it was.
    pub fn set_framing(&mut self, framing: Framing) -> Framing {
        std::mem::replace(&mut self.framing, framing)
    }

    /// Appends bytes, to a new frame if none is open.
    ///
    /// # Errors
    /// MemoryError.
    #[inline]
    pub fn write(&mut self, heap: &Heap, bytes: &[u8]) -> Result<(), Raised> {
        heap.grow_vec(&mut self.data, bytes.len() + HEADER)?;
        if self.framing == Framing::On && self.frame.is_none() {
            self.frame = Some(self.data.len());
            self.data.extend_from_slice(&[0; HEADER]);
        }
        self.data.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether the open frame has its length.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.frame
            .is_some_and(|start| self.data.len() - start - HEADER >= FRAME_SIZE)
    }

    /// Ends the open frame.
    pub fn commit(&mut self) {
        let Some(start) = self.frame.take() else {
            return;
        };
        let len = self.data.len() - start - HEADER;
        if len >= FRAME_MIN {
            self.data[start] = FRAME;
            self.data[start + 1..start + HEADER].copy_from_slice(&(len as u64).to_le_bytes());
        } else {
            self.data.drain(start..start + HEADER);
        }
    }

    /// Takes what was written, to hand it on.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.data)
    }
}
