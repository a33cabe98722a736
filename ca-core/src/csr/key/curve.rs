//! Points of elliptic curves.

use crate::csr::CsrError;

/// SEC 1 section 3.2.2.1: not the point at infinity, coordinates in the field, on the curve. P-256 and P-384 have
/// cofactor 1, so every such point has the right order.
pub(super) fn p256(point: &[u8]) -> Result<(), CsrError> {
    uncompressed(point, "P-256", 65)?;
    p256::PublicKey::from_sec1_bytes(point).map_err(|_| CsrError::PointNotOnCurve { curve: "P-256" })?;
    Ok(())
}

/// As [`p256()`].
pub(super) fn p384(point: &[u8]) -> Result<(), CsrError> {
    uncompressed(point, "P-384", 97)?;
    p384::PublicKey::from_sec1_bytes(point).map_err(|_| CsrError::PointNotOnCurve { curve: "P-384" })?;
    Ok(())
}

/// RFC 5480 section 2.2: the uncompressed form MUST be supported, the compressed one MAY. Keys go into certificates
/// byte for byte and many relying parties read uncompressed points only, so these are refused while there is still a
/// person to tell.
fn uncompressed(point: &[u8], curve: &'static str, expected: usize) -> Result<(), CsrError> {
    match point {
        [0x02 | 0x03, x @ ..] if x.len() == expected / 2 => Err(CsrError::PointCompressed { curve }),
        [0x04, ..] if point.len() == expected => Ok(()),
        [0x04, ..] => Err(CsrError::PointLength { curve, expected, found: point.len() }),
        _ => Err(CsrError::KeyEncoding { key: curve, why: "it is no uncompressed point (04, x, y)" }),
    }
}

/// 2²⁵⁵ − 19, little-endian.
const FIELD: [u8; 32] = {
    let mut field = [0xff; 32];
    field[0] = 0xed;
    field[31] = 0x7f;
    field
};

/// y of the points of order 8, little-endian; they are each other's negatives.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// RFC 8032 section 5.1.3: 32 octets, y below the field's prime. Points of order 1, 2, 4 and 8 are refused whatever
/// their sign: signatures under them verify for messages that nobody signed. That y belongs to the curve at all shows
/// in the signature, which does not verify otherwise.
pub(super) fn ed25519(octets: &[u8]) -> Result<(), CsrError> {
    let malformed = |why| CsrError::KeyEncoding { key: "Ed25519", why };
    let mut y: [u8; 32] = octets.try_into().map_err(|_| malformed("it must have 32 octets"))?;
    // The highest bit is the sign of x.
    y[31] &= 0x7f;
    if y.iter().rev().ge(FIELD.iter().rev()) {
        return Err(malformed("its coordinate is not reduced"));
    }
    let [lowest, higher @ ..] = y;
    let zero_or_one = lowest <= 1 && higher.iter().all(|octet| *octet == 0);
    let minus_one = lowest == FIELD[0] - 1 && higher == FIELD[1..];
    if zero_or_one || minus_one || ORDER_8.contains(&y) { Err(CsrError::SmallOrderPoint) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn points_of_small_order_are_refused_with_either_sign() {
        let mut one = [0; 32];
        one[0] = 1;
        let mut minus_one = FIELD;
        minus_one[0] -= 1;
        for mut y in [[0; 32], one, minus_one, ORDER_8[0], ORDER_8[1]] {
            for sign in [0, 0x80] {
                y[31] = y[31] & 0x7f | sign;
                assert_eq!(ed25519(&y), Err(CsrError::SmallOrderPoint), "{y:02x?}");
            }
        }
    }

    #[test]
    fn coordinates_are_reduced_and_whole() {
        let mut next = FIELD;
        next[0] += 1;
        for bad in [&FIELD[..], &next, &[0xff; 32], &[9; 31], &[9; 33]] {
            assert!(matches!(ed25519(bad), Err(CsrError::KeyEncoding { .. })), "{bad:02x?}");
        }
        assert_eq!(ed25519(&[9; 32]), Ok(()));
    }
}
