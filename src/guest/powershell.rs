//! PowerShell scripts as command lines, which `cmd.exe` and PowerShell read alike.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The command line that runs `script`. Encoded, since the two shells quote differently.
pub(super) fn command(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!("powershell -NoProfile -NonInteractive -EncodedCommand {}", BASE64_STANDARD.encode(bytes))
}

/// `text` as a literal. PowerShell takes typographic single quotes for plain ones, so all of them are doubled.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::from("'");
    for letter in text.chars() {
        literal.push(letter);
        if matches!(letter, '\'' | '\u{2018}'..='\u{201b}') {
            literal.push(letter);
        }
    }
    literal + "'"
}

/// What an encoded script says on standard error: it comes as XML, in pieces of a line.
pub(super) fn said(stderr: &str) -> String {
    let Some((_, xml)) = stderr.split_once("#< CLIXML") else { return stderr.to_owned() };
    let pieces = xml.split("<S S=\"Error\">").skip(1).filter_map(|piece| piece.split_once("</S>"));
    let text: String = pieces.map(|(piece, _)| piece).collect();
    let plain =
        [("_x000D__x000A_", "\n"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    plain.iter().fold(text, |text, (coded, letter)| text.replace(coded, letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_utf_16_in_base_64() {
        assert_eq!(command("dir"), "powershell -NoProfile -NonInteractive -EncodedCommand ZABpAHIA");
    }

    #[test]
    fn errors_are_read_out_of_their_xml() {
        let xml = "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\
                   <Obj S=\"progress\" RefId=\"0\"><MS><I64 N=\"SourceId\">1</I64></MS></Obj>\
                   <S S=\"Error\">Get-Item : Cannot find 'C:\\a &amp; b_x000D__x000A_</S>\
                   <S S=\"Error\">' because it does not exist._x000D__x000A_</S></Objs>";
        assert_eq!(said(xml), "Get-Item : Cannot find 'C:\\a & b\n' because it does not exist.\n");
        assert_eq!((said("plain"), said("#< CLIXML")), ("plain".into(), String::new()));
    }

    #[test]
    fn no_quote_ends_a_literal() {
        assert_eq!(quoted(r"C:\a b"), r"'C:\a b'");
        assert_eq!(quoted("it's \u{2019}so\u{2018}"), "'it''s \u{2019}\u{2019}so\u{2018}\u{2018}'");
    }
}
