//! Pictures as Mini Apps send them: in a data URL.

use data_url::DataUrl;

use super::PictureError;

/// The bytes of a base64 data URL (RFC 2397, in the WHATWG's reading). What media type it claims is not looked at.
///
/// # Errors
///
/// [`PictureError::NotADataUrl`].
pub fn decode_data_url(text: &str) -> Result<Vec<u8>, PictureError> {
    let (header, _) = text.split_once(',').ok_or(PictureError::NotADataUrl)?;
    // The crate reads data URLs without base64 too, as text.
    let last_parameter = header.rsplit(';').next().unwrap_or_default().trim();
    if !header.contains(';') || !last_parameter.eq_ignore_ascii_case("base64") {
        return Err(PictureError::NotADataUrl);
    }
    let url = DataUrl::process(text).map_err(|_| PictureError::NotADataUrl)?;
    let (bytes, _fragment) = url.decode_to_vec().map_err(|_| PictureError::NotADataUrl)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base64_data_url_is_decoded_whatever_type_it_claims() {
        for text in
            ["data:image/jpeg;base64,aGk=", "data:;base64,aGk=", "DATA:text/plain;charset=x;BASE64,aGk"]
        {
            assert_eq!(decode_data_url(text), Ok(b"hi".to_vec()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "aGk=",
            "data:image/png,hi",
            "data:base64,aGk=",
            "data:;base64,a",
            "https://a.example/;base64,aGk=",
        ] {
            assert_eq!(decode_data_url(text), Err(PictureError::NotADataUrl), "{text}");
        }
    }
}
