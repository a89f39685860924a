//! The names under which limits count people.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// The stored key of what is counted (`what`, a constant) for one `subject`: HMAC-SHA-256 in hexadecimal. A plain hash
/// of a phone number or an address could be guessed. A new master secret starts all counts anew.
#[expect(clippy::missing_panics_doc, reason = "HMAC takes a key of any length")]
pub fn limit_subject(master: &Secret, what: &str, subject: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(master.expose().as_bytes()).expect("HMAC takes a key of any length");
    for part in ["lambdagram limit", what, subject] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_depends_on_the_secret_on_what_is_counted_and_on_whom() {
        let (master, other) = (Secret::new("a"), Secret::new("b"));
        let subject = limit_subject(&master, "codes", "+15551234567");
        assert_eq!(subject, limit_subject(&master, "codes", "+15551234567"));
        assert_ne!(subject, limit_subject(&other, "codes", "+15551234567"));
        assert_ne!(subject, limit_subject(&master, "logins", "+15551234567"));
        assert_ne!(subject, limit_subject(&master, "codes", "+15551234568"));
        assert_ne!(limit_subject(&master, "ab", "c"), limit_subject(&master, "a", "bc"));
    }

    #[test]
    fn a_subject_shows_nothing_of_whom_it_counts() {
        let subject = limit_subject(&Secret::new("a"), "codes", "+15551234567");
        assert_eq!(subject.len(), 64);
        assert!(subject.bytes().all(|byte| byte.is_ascii_hexdigit()), "{subject}");
    }
}
