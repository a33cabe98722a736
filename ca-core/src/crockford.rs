//! Crockford's base 32: no I, L, O or U, so that what people write down and type in again is understood.

/// The characters, each at the place of its value.
pub const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The character of a value below 32; `?` for any other.
pub fn character(value: u8) -> char {
    ALPHABET.get(usize::from(value)).map_or('?', |octet| char::from(*octet))
}

/// The value of a character as people write it: either case, and the letters that look like digits are those digits.
pub fn value_of(character: char) -> Option<u8> {
    let meant = match character.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|known| char::from(*known) == meant)?;
    u8::try_from(at).ok()
}
