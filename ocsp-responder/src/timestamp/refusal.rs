//! Refusals, in the words of RFC 3161 section 2.4.2.

use der::asn1::BitString;

/// Why there is no token: PKIFailureInfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The digest's algorithm is unknown or weak.
    #[error("the digest's algorithm is not accepted: use SHA-256, SHA-384 or SHA-512")]
    BadAlgorithm,
    /// The request is not permitted or not supported.
    #[error("the request is not one of version 1, or its nonce is too long")]
    BadRequest,
    /// The data is not in the form it should be.
    #[error("the request cannot be read, or the digest is not of its algorithm's length")]
    BadDataFormat,
    /// The clock cannot be trusted.
    #[error("the time cannot be told at present")]
    TimeNotAvailable,
    /// Another policy is wished.
    #[error("no token is given under this policy")]
    UnacceptedPolicy,
    /// The request has an extension, and none is known here.
    #[error("extensions are not supported")]
    UnacceptedExtension,
    /// What is asked for besides cannot be had. npki is never asked for anything that it could know and not tell.
    #[error("the additional information asked for is not available")]
    AdditionalInformation,
    /// Our fault.
    #[error("the unit cannot sign at present")]
    SystemFailure,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::BadAlgorithm,
        Self::BadRequest,
        Self::BadDataFormat,
        Self::TimeNotAvailable,
        Self::UnacceptedPolicy,
        Self::UnacceptedExtension,
        Self::AdditionalInformation,
        Self::SystemFailure,
    ];

    /// The standard's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadAlgorithm => "badAlg",
            Self::BadRequest => "badRequest",
            Self::BadDataFormat => "badDataFormat",
            Self::TimeNotAvailable => "timeNotAvailable",
            Self::UnacceptedPolicy => "unacceptedPolicy",
            Self::UnacceptedExtension => "unacceptedExtension",
            Self::AdditionalInformation => "addInfoNotAvailable",
            Self::SystemFailure => "systemFailure",
        }
    }

    /// Its bit, counted from the most significant one.
    const fn bit(self) -> usize {
        match self {
            Self::BadAlgorithm => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::AdditionalInformation => 17,
            Self::SystemFailure => 25,
        }
    }

    /// The BIT STRING with this bit alone; X.690 section 11.2.2: nothing after the last one that is set.
    pub(super) fn bits(self) -> der::Result<BitString> {
        let mut octets = vec![0_u8; self.bit() / 8 + 1];
        let unused = 7 - self.bit() % 8;
        if let Some(last) = octets.last_mut() {
            *last = 1 << unused;
        }
        BitString::new(u8::try_from(unused).unwrap_or_default(), octets)
    }

    /// The one that a BIT STRING names; `None` when it names none that is known.
    pub(super) fn of_bits(bits: &BitString) -> Option<Self> {
        let set = |place: usize| bits.bits().nth(place).unwrap_or(false);
        Self::ALL.into_iter().find(|refusal| set(refusal.bit()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn each_is_read_as_it_is_written() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::of_bits(&refusal.bits().unwrap()), Some(refusal));
        }
        assert_eq!(Refusal::of_bits(&BitString::new(0, [0]).unwrap()), None);
        assert_eq!(Refusal::SystemFailure.bits().unwrap().raw_bytes(), [0, 0, 0, 0x40]);
    }
}
