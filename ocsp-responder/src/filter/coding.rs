//! Lists of ascending numbers as Golomb-Rice codes of their distances.

/// Writes a list, ascending and each number once; `rice` is the length of the rest in bits.
pub(super) fn write(ascending: &[u64], rice: u8) -> Vec<u8> {
    let mut bits = Writer::default();
    let mut least = 0;
    for number in ascending {
        let distance = number - least;
        (0..distance >> rice).for_each(|_| bits.push(true));
        bits.push(false);
        (0..rice).rev().for_each(|place| bits.push(distance >> place & 1 == 1));
        least = number.saturating_add(1);
    }
    bits.octets
}

/// Reads a list of so many numbers, each below `limit`; `None` of anything but what [`write`] writes.
pub(super) fn read(octets: &[u8], count: u64, rice: u8, limit: u128) -> Option<Vec<u64>> {
    // Each takes a bit at least: nobody is made to set aside more than the octets are worth.
    let room = u64::try_from(octets.len()).ok()?.checked_mul(8)?;
    if count > room {
        return None;
    }
    let mut bits = Reader { octets, next: 0 };
    let mut numbers = Vec::with_capacity(usize::try_from(count).ok()?);
    let mut least = 0_u128;
    for _ in 0..count {
        let mut quotient = 0_u128;
        while bits.pull()? {
            quotient += 1;
        }
        let rest = (0..rice).try_fold(0_u128, |rest, _| Some(rest << 1 | u128::from(bits.pull()?)))?;
        let number = least + (quotient << rice | rest);
        if number >= limit {
            return None;
        }
        numbers.push(u64::try_from(number).ok()?);
        least = number + 1;
    }
    bits.is_at_its_end().then_some(numbers)
}

/// Bits into octets, the highest first.
#[derive(Default)]
struct Writer {
    octets: Vec<u8>,
    filled: u8,
}

impl Writer {
    fn push(&mut self, bit: bool) {
        if self.filled == 0 {
            self.octets.push(0);
        }
        if let Some(last) = self.octets.last_mut().filter(|_| bit) {
            *last |= 0x80 >> self.filled;
        }
        self.filled = (self.filled + 1) % 8;
    }
}

/// Bits out of octets.
struct Reader<'a> {
    octets: &'a [u8],
    next: usize,
}

impl Reader<'_> {
    fn pull(&mut self) -> Option<bool> {
        let octet = self.octets.get(self.next / 8)?;
        let bit = octet << (self.next % 8) & 0x80 != 0;
        self.next += 1;
        Some(bit)
    }

    /// Less than an octet is left, and all of it is zero.
    fn is_at_its_end(&mut self) -> bool {
        if self.next.div_ceil(8) != self.octets.len() {
            return false;
        }
        while let Some(bit) = self.pull() {
            if bit {
                return false;
            }
        }
        true
    }
}
