//! Signs Mini App init data as Telegram does: the hash that the bot's token checks, and the Ed25519 signature that
//! anybody can check who knows the bot's id and the public key.
//!
//! The key pair is the simulator's own and has no secret in it: it is derived from a sentence, so that every
//! simulator signs alike and a configuration can name its public key beforehand.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// What the simulator's key pair is derived from.
const KEY_SENTENCE: &str = "lambdagram: the simulated Telegram's Mini App signing key";

/// What a client leaves unencoded in init data: the unreserved characters of `encodeURIComponent`.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A field of init data, decoded.
pub(super) type Field = (String, String);

#[derive(Debug)]
pub(super) struct InitDataSigner {
    key: SigningKey,
}

impl InitDataSigner {
    pub(super) fn new() -> Self {
        Self { key: SigningKey::from_bytes(&Sha256::digest(KEY_SENTENCE).into()) }
    }

    pub(super) fn public_key_hex(&self) -> String {
        hex::encode(self.key.verifying_key().to_bytes())
    }

    /// The fields in their order, then `signature`, then `hash`, as a query string.
    pub(super) fn sign(&self, token: &str, bot_id: i64, mut fields: Vec<Field>) -> String {
        let signature = self.key.sign(signed_text(bot_id, &fields).as_bytes());
        fields.push(("signature".to_owned(), URL_SAFE_NO_PAD.encode(signature.to_bytes())));
        let hash = hash(token, &fields);
        fields.push(("hash".to_owned(), hash));
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)))
            .collect();
        pairs.join("&")
    }
}

/// Every field but `hash`, sorted, as the hash covers them.
fn hash(token: &str, fields: &[Field]) -> String {
    let key = hmac(b"WebAppData", token.as_bytes());
    hex::encode(hmac(&key, check_string(fields, &["hash"]).as_bytes()))
}

/// Every field but `hash` and `signature`, sorted, behind the bot's id, as the signature covers them.
fn signed_text(bot_id: i64, fields: &[Field]) -> String {
    format!("{bot_id}:WebAppData\n{}", check_string(fields, &["hash", "signature"]))
}

fn check_string(fields: &[Field], without: &[&str]) -> String {
    let mut lines: Vec<String> = fields
        .iter()
        .filter(|(name, _)| !without.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, VerifyingKey};
    use percent_encoding::percent_decode_str;

    use super::*;

    /// Published vectors (init-data-golang, tma.js); all hashes are valid.
    const WITHOUT_SIGNATURE: (&str, &str) = (
        "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8",
        "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2",
    );
    const WITH_SIGNATURE: (&str, &str) = (
        "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4",
        "user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%20%2B%20-%20%3F%20%5C%2F%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%2C%22allows_write_to_pm%22%3Atrue%2C%22photo_url%22%3A%22https%3A%5C%2F%5C%2Ft.me%5C%2Fi%5C%2Fuserpic%5C%2F320%5C%2F4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg%22%7D&chat_instance=8134722200314281151&chat_type=private&auth_date=1733509682&signature=TYJxVcisqbWjtodPepiJ6ghziUL94-KNpG8Pau-X7oNNLNBM72APCpi_RKiUlBvcqo5L-LAxIc3dnTzcZX_PDg&hash=a433d8f9847bd6addcc563bff7cc82c89e97ea0d90c11fe5729cae6796a36d73",
    );
    const EMPTY_SIGNATURE: (&str, &str) = (
        "1234567890:TEST-derived-not-a-real-token_AAAAAAAA",
        "auth_date=1767225600&query_id=AAE&start_param=&user=%7B%22id%22%3A9007199254740991%2C%22first_name%22%3A%22A%2BB%20C%22%2C%22last_name%22%3A%22%5Cu00e9%C3%A9%20%F0%9F%98%80%22%2C%22allows_write_to_pm%22%3Atrue%7D&hash=d711712191080e217815957f6dcc64ad7a2354755c293e9030b3014dd1d67c84",
    );
    /// Telegram's production key for Mini App signatures (core.telegram.org/bots/webapps).
    const TELEGRAM_KEY: &str = "e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d";

    fn decode(init: &str) -> Vec<Field> {
        init.split('&')
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap();
                (name.to_owned(), percent_decode_str(value).decode_utf8().unwrap().into_owned())
            })
            .collect()
    }

    fn field<'a>(fields: &'a [Field], name: &str) -> &'a str {
        &fields.iter().find(|(found, _)| found == name).unwrap().1
    }

    fn is_signed(key: &[u8; 32], bot_id: i64, fields: &[Field]) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(field(fields, "signature")).unwrap();
        let signature = Signature::from_slice(&signature).unwrap();
        let key = VerifyingKey::from_bytes(key).unwrap();
        key.verify_strict(signed_text(bot_id, fields).as_bytes(), &signature).is_ok()
    }

    #[test]
    fn the_hash_is_that_of_the_published_vectors() {
        for (token, init) in [WITHOUT_SIGNATURE, WITH_SIGNATURE, EMPTY_SIGNATURE] {
            let fields = decode(init);
            assert_eq!(hash(token, &fields), field(&fields, "hash"));
        }
    }

    #[test]
    fn the_signed_text_is_that_of_the_published_vector() {
        let key: [u8; 32] = hex::decode(TELEGRAM_KEY).unwrap().try_into().unwrap();
        assert!(is_signed(&key, 7_342_037_359, &decode(WITH_SIGNATURE.1)));
    }

    #[test]
    fn what_is_signed_here_passes_both_checks_and_decodes_to_what_went_in() {
        let signer = InitDataSigner::new();
        let fields: Vec<Field> =
            [("query_id", "AAE"), ("user", r#"{"id":1,"first_name":"A+B é 😀 \/"}"#), ("auth_date", "7")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let init = signer.sign("42:token", 42, fields.clone());
        let decoded = decode(&init);
        assert_eq!(decoded[..3], fields);
        assert_eq!(hash("42:token", &decoded), field(&decoded, "hash"));
        let key: [u8; 32] = hex::decode(signer.public_key_hex()).unwrap().try_into().unwrap();
        assert!(is_signed(&key, 42, &decoded));
        assert!(!is_signed(&key, 43, &decoded));
        assert!(init.contains("A%2BB%20%C3%A9%20%F0%9F%98%80%20%5C%2F"), "{init}");
    }
}
