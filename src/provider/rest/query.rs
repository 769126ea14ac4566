//! Values in the query of a URL.

/// `text` as the value of a query's key: everything but unreserved characters is escaped (RFC 3986, section 2.3).
pub(in crate::provider) fn query_value(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
            out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::query_value;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(query_value("a-b_c.d~1"), "a-b_c.d~1");
        assert_eq!(query_value("^a b&ü=*$"), "%5Ea%20b%26%C3%BC%3D%2A%24");
    }
}
