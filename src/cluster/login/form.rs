//! Form decoding of URL queries and fragments; URL types drop fragments, and that is where OAuth puts its token.

/// The value of `key` in `access_token=...&expires_in=...`, decoded.
pub(super) fn value(form: &str, key: &str) -> Option<String> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| decode(name) == key).map(|(_, value)| decode(value)).next()
}

/// `%41` and `+` as what they stand for; broken escapes are kept as they are.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let escaped = (byte == b'%').then(|| bytes.get(index + 1..index + 3)).flatten().and_then(hex);
        decoded.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        index += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn values_are_decoded() {
        let form = "access_token=sha256%7Eab%2Bc&expires_in=86400&scope=user%3Afull+x&bad=%zz%4";
        for (key, expected) in [
            ("access_token", Some("sha256~ab+c")),
            ("expires_in", Some("86400")),
            ("scope", Some("user:full x")),
            ("bad", Some("%zz%4")),
            ("token", None),
        ] {
            assert_eq!(value(form, key).as_deref(), expected, "{key}");
        }
    }
}
