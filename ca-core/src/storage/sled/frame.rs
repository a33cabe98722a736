//! One batch as it lies in a journal file: a frame.
//!
//! | octets | what |
//! |---|---|
//! | 16 | SHA-256 of all that follows, cut to 16 octets |
//! | 8 | the frame's number, one more than that of the frame before |
//! | 8 | octets of the payload |
//! | … | the payload, see `ops.rs` |
//!
//! A frame is cut into blocks of 4096 octets, each marked in its first octet as the first of its frame or a later one,
//! and filled up with zeros. So
//! - no write touches a block that holds an acknowledged frame: a drive that tears the block it writes when the power
//!   fails cannot harm what was acknowledged before;
//! - a frame's beginning is recognised without trusting what was stored: a value made to look like a frame cannot be
//!   mistaken for one, because no payload ever lies at a block's first octet. This counts, as journal files are used
//!   again and hold old payloads behind their last frame.
//!
//! The checksum is SHA-256 and not a CRC: the search for later frames after a broken one tests every block of a file,
//! where 32 bits would be few; and `ring`, which does it, is here already. It costs a few per cent of the writing.

use ring::digest::{Context, SHA256};

/// Octets that are written at once, at multiples of this.
pub(super) const BLOCK: usize = 4096;
const ROOM: usize = BLOCK - 1;
const FIRST: u8 = 1;
const LATER: u8 = 2;
const SUM: usize = 16;
const HEAD: usize = SUM + 8 + 8;

/// The blocks of a frame, one after the other.
pub(super) fn encode(number: u64, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; HEAD];
    head[SUM..SUM + 8].copy_from_slice(&number.to_be_bytes());
    head[SUM + 8..].copy_from_slice(&(payload.len() as u64).to_be_bytes());
    let sum = checksum(&head[SUM..], payload);
    head[..SUM].copy_from_slice(&sum);
    let mut blocks = Vec::with_capacity((HEAD + payload.len()).div_ceil(ROOM) * BLOCK);
    blocks.push(FIRST);
    blocks.extend_from_slice(&head);
    let (beside, rest) = payload.split_at(payload.len().min(ROOM - HEAD));
    blocks.extend_from_slice(beside);
    for piece in rest.chunks(ROOM) {
        blocks.push(LATER);
        blocks.extend_from_slice(piece);
    }
    blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
    blocks
}

/// A frame that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its number.
    pub(super) number: u64,
    /// Its payload.
    pub(super) payload: Vec<u8>,
    /// Octets of its blocks.
    pub(super) length: usize,
}

/// The frame at the beginning of `blocks`, if a whole one is there.
pub(super) fn decode(blocks: &[u8]) -> Option<Frame> {
    let (kind, rest) = blocks.split_first()?;
    let head: &[u8; HEAD] = rest.first_chunk()?;
    let (sum, told) = head.split_at(SUM);
    let (number, size) = told.split_first_chunk()?;
    let size = usize::try_from(u64::from_be_bytes(size.try_into().ok()?)).ok()?;
    let length = HEAD.checked_add(size)?.div_ceil(ROOM).checked_mul(BLOCK)?;
    let mut pieces = blocks.get(..length)?.chunks_exact(BLOCK);
    let mut payload = Vec::with_capacity(size);
    payload.extend_from_slice(pieces.next()?.get(1 + HEAD..)?);
    for piece in pieces {
        let (kind, piece) = piece.split_first()?;
        payload.extend_from_slice(piece);
        (*kind == LATER).then_some(())?;
    }
    payload.truncate(size);
    let whole = *kind == FIRST && payload.len() == size && checksum(told, &payload) == *sum;
    whole.then_some(Frame { number: u64::from_be_bytes(*number), payload, length })
}

fn checksum(told: &[u8], payload: &[u8]) -> [u8; SUM] {
    let mut sum = Context::new(&SHA256);
    sum.update(told);
    sum.update(payload);
    let mut cut = [0; SUM];
    cut.copy_from_slice(&sum.finish().as_ref()[..SUM]);
    cut
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn frames_of_every_size_survive_their_encoding() {
        for size in [0, 1, ROOM - HEAD - 1, ROOM - HEAD, ROOM - HEAD + 1, 2 * ROOM - HEAD, 2 * ROOM, 100_000]
        {
            let payload: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let mut blocks = encode(7, &payload);
            let length = blocks.len();
            assert_eq!(length % BLOCK, 0);
            blocks.extend_from_slice(&[3; 5_000]);
            assert_eq!(decode(&blocks).unwrap(), Frame { number: 7, payload, length }, "{size}");
        }
    }

    #[test]
    fn any_changed_octet_is_noticed() {
        let payload = vec![5; 6_000];
        let good = encode(7, &payload);
        for at in 0..HEAD + 1 + payload.len() + 1 {
            let mut bad = good.clone();
            bad[at] ^= 0x10;
            assert_eq!(decode(&bad), None, "{at}");
        }
        for length in (0..BLOCK + 1).chain([good.len() - 1]) {
            assert_eq!(decode(&good[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_payload_that_looks_like_a_frame_is_not_taken_for_one() {
        // At every place in the payload, a frame: none lies where a frame may begin.
        let forged = encode(8, b"forged");
        for shift in 0..BLOCK {
            let payload = [vec![FIRST; shift], forged.clone(), forged.clone()].concat();
            let blocks = encode(7, &payload);
            let found = blocks
                .chunks(BLOCK)
                .enumerate()
                .skip(1)
                .find(|(at, _)| decode(&blocks[at * BLOCK..]).is_some());
            assert_eq!(found, None, "{shift}");
        }
    }
}
