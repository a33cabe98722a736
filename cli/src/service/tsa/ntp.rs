//! Asking an NTP server how far the clock is off (RFC 5905, as a client that asks now and then: RFC 4330).

use std::net::UdpSocket;
use std::time::Duration as StdDuration;

use ca_core::clock::{Clock, Entropy};
use time::{Duration, OffsetDateTime};

/// How long a server has to answer.
const PATIENCE: StdDuration = StdDuration::from_secs(2);
/// The length of a packet without extensions (RFC 5905 section 7.3).
const PACKET: usize = 48;
/// Version 4, mode 3: a client (RFC 5905 section 7.3).
const CLIENT: u8 = 4 << 3 | 3;
/// Seconds from 1900, where NTP begins, to 1970.
const FROM_1900: i64 = 2_208_988_800;
/// Seconds of one era of NTP (RFC 5905 section 6).
const ERA: i64 = 1 << 32;

/// A server did not say the time.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTime {
    #[error("{0}")]
    Unreachable(#[from] std::io::Error),
    #[error("{0}")]
    Entropy(#[from] ca_core::clock::EntropyError),
    #[error("what came is no answer to the question")]
    Foreign,
    #[error("the server says that it does not know the time itself")]
    Unsynchronised,
    #[error("the answer took {:.3} s, too long to tell the time by", .0.as_seconds_f64())]
    TooSlow(Duration),
}

/// By how much `clock` is ahead of a server's. The error is at most half of the time that the answer took, which is at most
/// `worst`.
pub(super) fn offset(
    server: &str,
    worst: Duration,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Duration, NoTime> {
    // It comes back in the answer (RFC 5905 section 8, origin timestamp): random, so that nobody off the path can answer.
    let mut question = [0; PACKET];
    question[0] = CLIENT;
    let mut cookie = [0; 8];
    entropy.fill(&mut cookie)?;
    question[40..].copy_from_slice(&cookie);

    let socket = open(server)?;
    let sent = clock.now();
    socket.send(&question)?;
    let mut answer = [0; PACKET + 1];
    let length = socket.recv(&mut answer)?;
    let came = clock.now();
    let answer = answer.get(..length).filter(|answer| answer.len() >= PACKET).ok_or(NoTime::Foreign)?;
    read(answer, cookie, sent, came, worst)
}

fn open(server: &str) -> std::io::Result<UdpSocket> {
    use std::net::ToSocketAddrs;
    let address = server.to_socket_addrs()?.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(own)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    // Packets of others are not even seen.
    socket.connect(address)?;
    Ok(socket)
}

fn read(
    answer: &[u8],
    cookie: [u8; 8],
    sent: OffsetDateTime,
    came: OffsetDateTime,
    worst: Duration,
) -> Result<Duration, NoTime> {
    let part = |place: usize| answer.get(place..place + 8).and_then(|part| <[u8; 8]>::try_from(part).ok());
    let (Some([leap_and_mode, stratum, ..]), Some(origin)) = (part(0), part(24)) else {
        return Err(NoTime::Foreign);
    };
    // Mode 4: a server.
    if leap_and_mode & 7 != 4 || origin != cookie {
        return Err(NoTime::Foreign);
    }
    // RFC 5905 sections 7.3 and 7.4: leap indicator 3, stratum 0 (a kiss of death) and from 16 on know no time.
    if leap_and_mode >> 6 == 3 || !(1..16).contains(&stratum) {
        return Err(NoTime::Unsynchronised);
    }
    let (Some(received), Some(answered)) = (part(32), part(40)) else { return Err(NoTime::Foreign) };
    let (received, answered) = (moment(received, sent), moment(answered, sent));
    // RFC 5905 section 8: the way there and back without what the server itself took.
    let took = (came - sent) - (answered - received);
    if took < Duration::ZERO || took / 2 > worst {
        return Err(NoTime::TooSlow(took));
    }
    // Of ours against the server's, where RFC 5905 has the server's against ours.
    Ok(((sent - received) + (came - answered)) / 2)
}

/// A timestamp of NTP in the era that is nearest to `near`: 32 bits of seconds, 32 of fractions.
fn moment(octets: [u8; 8], near: OffsetDateTime) -> OffsetDateTime {
    let number = u64::from_be_bytes(octets);
    let seconds = i64::try_from(number >> 32).unwrap_or_default() - FROM_1900;
    let fraction = i64::try_from(((number & 0xffff_ffff) * 1_000_000_000) >> 32).unwrap_or_default();
    let eras = (near.unix_timestamp() - seconds + ERA / 2).div_euclid(ERA);
    let whole = OffsetDateTime::from_unix_timestamp(seconds + eras * ERA).unwrap_or(near);
    whole + Duration::nanoseconds(fraction)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::thread;

    use ca_core::clock::{SetClock, SystemEntropy};
    use time::macros::datetime;

    use super::*;

    const WORST: Duration = Duration::milliseconds(250);

    fn written(at: OffsetDateTime) -> [u8; 8] {
        let seconds = u64::try_from((at.unix_timestamp() + FROM_1900).rem_euclid(ERA)).unwrap();
        let fraction = (u64::from(at.nanosecond()) << 32) / 1_000_000_000;
        (seconds << 32 | fraction).to_be_bytes()
    }

    /// A server whose clock shows this, once; what it answers is changed by `spoil`.
    fn server(shows: OffsetDateTime, spoil: fn(&mut [u8; PACKET])) -> String {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        thread::spawn(move || {
            let mut asked = [0; PACKET];
            let (_, from) = socket.recv_from(&mut asked).unwrap();
            let mut answer = [0; PACKET];
            (answer[0], answer[1]) = (4 << 3 | 4, 2);
            answer[24..32].copy_from_slice(&asked[40..]);
            answer[32..40].copy_from_slice(&written(shows));
            answer[40..].copy_from_slice(&written(shows));
            spoil(&mut answer);
            socket.send_to(&answer, from).unwrap();
        });
        address
    }

    fn asked(shows: OffsetDateTime, spoil: fn(&mut [u8; PACKET])) -> Result<Duration, NoTime> {
        let clock = SetClock::at(datetime!(2027-01-01 12:00 UTC));
        offset(&server(shows, spoil), WORST, &clock, &SystemEntropy)
    }

    #[test]
    fn the_difference_is_told_with_its_sign_and_over_the_end_of_an_era() {
        let ahead = asked(datetime!(2027-01-01 11:59:57.5 UTC), |_| {}).unwrap();
        assert!((ahead - Duration::milliseconds(2_500)).abs() < Duration::milliseconds(1), "{ahead}");
        let behind = asked(datetime!(2027-01-01 12:00:01 UTC), |_| {}).unwrap();
        assert!((behind + Duration::SECOND).abs() < Duration::milliseconds(1), "{behind}");
        // 32 bits of seconds are over on 7 February 2036.
        let late = datetime!(2036-03-01 0:00 UTC);
        assert_eq!(moment(written(late), late + Duration::HOUR), late);
        assert_eq!(moment(written(late), late - Duration::days(100)), late);
    }

    #[test]
    fn what_is_no_answer_or_of_a_server_that_does_not_know_is_refused() {
        let noon = datetime!(2027-01-01 12:00 UTC);
        assert!(matches!(asked(noon, |answer| answer[24] ^= 1), Err(NoTime::Foreign)));
        assert!(matches!(asked(noon, |answer| answer[0] = 4 << 3 | 3), Err(NoTime::Foreign)));
        assert!(matches!(asked(noon, |answer| answer[0] |= 0xc0), Err(NoTime::Unsynchronised)));
        assert!(matches!(asked(noon, |answer| answer[1] = 0), Err(NoTime::Unsynchronised)));
        assert!(matches!(asked(noon, |answer| answer[1] = 16), Err(NoTime::Unsynchronised)));
        // It claims to have answered before it was asked.
        assert!(matches!(asked(noon, |answer| answer[35] ^= 0x10), Err(NoTime::TooSlow(_))));
        let clock = SetClock::at(noon);
        assert!(matches!(offset("127.0.0.1:1", WORST, &clock, &SystemEntropy), Err(NoTime::Unreachable(_))));
    }
}
